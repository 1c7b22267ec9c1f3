/// A buffer that slides over a stream: unread bytes lie in a row, and more can be read behind them.
struct ReadWindow: ~Copyable {
  private var buffer: UnsafeMutableRawBufferPointer
  private var start = 0
  private var end = 0

  init(capacity: Int) { buffer = .allocate(byteCount: capacity, alignment: 16) }

  deinit { buffer.deallocate() }

  /// Valid until the next `fill`. Writable, so that a reader may undo quoting in place.
  var unreadMutable: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: buffer[start..<end]) }
  var unread: UnsafeRawBufferPointer { UnsafeRawBufferPointer(unreadMutable) }

  /// Leaves the bytes where they are; a view of them stays valid until the next `fill`.
  mutating func consume(_ count: Int) { start += count }

  /// Reads more behind the unread bytes, first moving them to the front, and into twice the room, where there is none.
  ///
  /// - Returns: false at the stream's end.
  mutating func fill(_ stream: ByteStream) throws(FileError) -> Bool {
    if start == end { (start, end) = (0, 0) }
    if end == buffer.count {
      if start > 0 {
        // Frees at least a part; with nearly all of it unread, growing comes next time.
        buffer.copyMemory(from: unread)
        (start, end) = (0, end - start)
      } else {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: buffer.count * 2, alignment: 16)
        larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
        buffer.deallocate()
        buffer = larger
      }
    }
    let count = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
    end += count
    return count > 0
  }

  /// To be called before anything else was read.
  mutating func skipByteOrderMark(_ stream: ByteStream) throws(FileError) {
    while unread.count < 3, try fill(stream) {}
    if unread.starts(with: [0xEF, 0xBB, 0xBF]) { consume(3) }
  }
}
