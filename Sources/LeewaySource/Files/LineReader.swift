/// Splits a stream into lines that end with LF or CRLF; the last needs no end. A byte order mark is left out.
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

  /// - Parameter limit: the longest line, in bytes without its end.
  package init(_ stream: ByteStream, limit: Int = 1 << 20) { self.stream = stream }

  /// nil at the end.
  package func next() throws(FileError) -> Line? { nil }
}
