internal import Glibc

/// Splits a stream into lines that end with LF or CRLF; the last needs no end. A byte order mark is left out.
/// Not Sendable: one thread reads.
package final class LineReader {
  package enum Line {
    /// Without its end; a view, valid until `next` is called again. Numbers count from 1.
    case text(UnsafeRawBufferPointer, number: Int)
    /// Longer than the limit, and skipped.
    case tooLong(number: Int)
  }

  package let stream: ByteStream
  /// Lines skipped so far because they were longer than the limit.
  package private(set) var tooLongLines = 0

  private let limit: Int
  private var window: ReadWindow
  private var number = 0

  /// - Parameters:
  ///   - limit: the longest line, in bytes without its end.
  ///   - buffer: bytes to start with; grows to what the longest line needs.
  package init(_ stream: ByteStream, limit: Int = 1 << 20, buffer: Int = 256 << 10) {
    precondition(limit > 0 && buffer > 0)
    self.stream = stream
    self.limit = limit
    window = ReadWindow(capacity: buffer)
  }

  /// nil at the end. Lines are handed out where they were read, uncopied but for those that cross the buffer's end.
  package func next() throws(FileError) -> Line? {
    if number == 0 { try window.skipByteOrderMark(stream) }
    var scanned = 0
    while true {
      let bytes = window.unread
      if let end = newline(in: bytes, from: scanned) {
        window.consume(end + 1)
        return line(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
      }
      scanned = bytes.count
      // A line of exactly the limit may have a CR before its end.
      guard scanned <= limit + 1 else { return try skipLine() }
      if try !window.fill(stream) {
        guard scanned > 0 else { return nil }
        let bytes = window.unread
        window.consume(scanned)
        return line(bytes)
      }
    }
  }

  private func line(_ bytes: UnsafeRawBufferPointer) -> Line {
    number += 1
    let hasReturn = bytes.last == UInt8(ascii: "\r")
    let text = hasReturn ? UnsafeRawBufferPointer(rebasing: bytes.dropLast()) : bytes
    guard text.count <= limit else {
      tooLongLines += 1
      return .tooLong(number: number)
    }
    return .text(text, number: number)
  }

  /// Drops the rest of a line that is over the limit already, a buffer at a time.
  private func skipLine() throws(FileError) -> Line {
    number += 1
    tooLongLines += 1
    while true {
      let bytes = window.unread
      if let end = newline(in: bytes, from: 0) {
        window.consume(end + 1)
        break
      }
      window.consume(bytes.count)
      if try !window.fill(stream) { break }
    }
    return .tooLong(number: number)
  }

  private func newline(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard let base = bytes.baseAddress, start < bytes.count,
      let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
    else { return nil }
    return UnsafeRawPointer(found) - base
  }
}
