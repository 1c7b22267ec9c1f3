/// Reads a file front to back, unpacking gzip, which it knows by its first two bytes and not by its name.
/// Not Sendable: one thread reads.
package final class ByteStream {
  /// The path as given, or `standard input`.
  package let name: String
  /// Bytes of the file as stored; nil where it is unknown, as with a pipe.
  package let totalBytes: Int64?
  /// Bytes taken of the file as stored, for a progress bar.
  package var consumedBytes: Int64 { input.offset - Int64(inflater?.unread ?? start.count) }

  private let input: InputFile
  private let chunk: Int
  /// What was read to recognise gzip and has not been handed out; at most two bytes.
  private var start: [UInt8] = []
  private var inflater: Inflater?
  private var isRecognised = false

  /// - Parameters:
  ///   - path: `-` is standard input.
  ///   - chunk: the most bytes asked of the system at once, at least 1.
  package init(path: String, chunk: Int = 256 << 10) throws(FileError) {
    precondition(chunk > 0)
    self.chunk = chunk
    input = try InputFile(path: path)
    name = input.name
    totalBytes = input.size
  }

  /// Fills the buffer from its start, perhaps not to its end.
  ///
  /// - Parameter buffer: of at least one byte.
  /// - Returns: how many bytes; 0 only at the end.
  /// - Throws: if the file can't be read, or is gzip and damaged or cut off.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    precondition(!buffer.isEmpty)
    if !isRecognised { try recognise() }
    if let inflater { return try inflater.read(into: buffer) }
    guard start.isEmpty else {
      let count = min(start.count, buffer.count)
      buffer.copyBytes(from: start[..<count])
      start.removeFirst(count)
      return count
    }
    return try input.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(chunk)))
  }

  private func recognise() throws(FileError) {
    isRecognised = true
    // A pipe may give only the first byte.
    while start.count < 2 {
      var byte: UInt8 = 0
      let count = try withUnsafeMutableBytes(of: &byte) { (buffer) throws(FileError) in
        try input.read(into: buffer)
      }
      guard count > 0 else { return }
      start.append(byte)
    }
    if start == Inflater.magic {
      inflater = try Inflater(input, chunk: chunk, head: start)
      start = []
    }
  }
}
