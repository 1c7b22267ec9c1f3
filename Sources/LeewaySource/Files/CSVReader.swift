/// Reads RFC 4180: a header row, then rows of as many fields. Quoted fields may hold commas, doubled quotes and
/// newlines; rows end with LF or CRLF; a byte order mark and, in files of several columns, empty lines are left out.
package final class CSVReader {
  package struct Limits: Sendable {
    /// Bytes of one field.
    package var field = 1 << 20
    /// Bytes of one row.
    package var row = 16 << 20
    /// Fields of one row.
    package var columns = 10_000

    package init() {}
  }

  /// A row's fields: a view, valid until `next` is called again.
  package struct Row {
    /// As many as the header has names.
    package var count: Int { 0 }
    /// Counted from 1, without the header.
    package let number: Int
    /// The line the row starts on, counted from 1.
    package let line: Int

    /// The field's bytes, unquoted; nothing tells an empty field from `""`.
    package subscript(column: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }
  }

  package let stream: ByteStream
  /// The names of the columns, all different.
  package let header: [String]

  /// Reads the header.
  ///
  /// - Throws: `FileError` if the file is empty, or a name comes twice or isn't UTF-8.
  package init(_ stream: ByteStream, limits: Limits = Limits()) throws(FileError) {
    self.stream = stream
    header = []
  }

  /// nil at the end. After an error every further call throws it again.
  ///
  /// - Throws: `FileError` naming the line, for a wrong number of fields, an open quote, text behind a closing quote, or
  ///   a field or row over its limit.
  package func next() throws(FileError) -> Row? { nil }
}
