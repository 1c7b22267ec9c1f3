internal import CZlib

/// Unpacks gzip from a file, of one member or several in a row; owns a `z_stream`.
///
/// Zero bytes behind the last member are padding, as gzip takes them; anything else there is an error, lest half of a
/// file be taken for the whole.
final class Inflater {
  static let magic: [UInt8] = [0x1F, 0x8B]

  private let input: InputFile
  /// Where zlib keeps its state: it remembers the address, so the struct may not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private let buffer: UnsafeMutableRawBufferPointer
  private var isInsideMember = true
  private var isFinished = false

  /// - Parameters:
  ///   - chunk: the most bytes asked of the system at once.
  ///   - head: what was read of the file already.
  init(_ input: InputFile, chunk: Int, head: [UInt8]) throws(FileError) {
    self.input = input
    buffer = .allocate(byteCount: max(chunk, head.count), alignment: 16)
    buffer.copyBytes(from: head)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15: the largest window there is; + 16: gzip and nothing else.
    let code = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    supply(head.count)
    guard code == Z_OK else {
      throw FileError(file: input.name, place: nil, problem: "zlib can't start: \(Self.reason(code, stream))")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    buffer.deallocate()
  }

  /// Bytes read of the file and not unpacked yet.
  var unread: Int { Int(stream.pointee.avail_in) }

  /// The next byte to unpack, in the file as stored.
  private var position: Int64 { input.offset - Int64(unread) }

  /// - Returns: how many bytes; 0 only at the end.
  func read(into output: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    // zlib counts in 32 bits.
    let room = min(output.count, 1 << 30)
    stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: Bytef.self)
    stream.pointee.avail_out = uInt(room)
    while !isFinished {
      if unread == 0 {
        let count = try input.read(into: buffer)
        supply(count)
        if count == 0 {
          guard !isInsideMember else {
            throw error("the gzip data breaks off here; is the file complete?")
          }
          isFinished = true
          break
        }
      }
      guard isInsideMember else {
        try startMember()
        continue
      }
      let code = inflate(stream, Z_NO_FLUSH)
      switch code {
      case Z_OK: break
      // It wants more input, and no more than that can be wrong: there is room for output.
      case Z_BUF_ERROR where unread == 0: break
      case Z_STREAM_END: isInsideMember = false
      default: throw error("the gzip data is damaged here: \(Self.reason(code, stream))")
      }
      let written = room - Int(stream.pointee.avail_out)
      if written > 0 { return written }
    }
    return 0
  }

  /// Skips padding; what comes next must be another member.
  private func startMember() throws(FileError) {
    while unread > 0, let next = stream.pointee.next_in, next.pointee == 0 {
      stream.pointee.next_in = next + 1
      stream.pointee.avail_in -= 1
    }
    guard unread > 0, let next = stream.pointee.next_in else { return }
    // inflate itself checks the rest of the header.
    guard next.pointee == Self.magic[0] else {
      throw error("something that isn't gzip follows the gzip data")
    }
    // Leaves the input where it is.
    let code = inflateReset(stream)
    guard code == Z_OK else { throw error("zlib can't go on: \(Self.reason(code, stream))") }
    isInsideMember = true
  }

  private func supply(_ count: Int) {
    stream.pointee.next_in = buffer.baseAddress?.assumingMemoryBound(to: Bytef.self)
    stream.pointee.avail_in = uInt(count)
  }

  private func error(_ problem: String) -> FileError {
    FileError(file: input.name, place: .byte(position), problem: problem)
  }

  private static func reason(_ code: Int32, _ stream: UnsafePointer<z_stream>) -> String {
    stream.pointee.msg.map { String(cString: $0) } ?? zError(code).map { String(cString: $0) } ?? "code \(code)"
  }
}
