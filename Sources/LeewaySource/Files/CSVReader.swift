internal import Glibc

/// Reads RFC 4180: a header row, then rows of as many fields. Quoted fields may hold commas, doubled quotes and
/// newlines; rows end with LF or CRLF; a byte order mark and, in files of several columns, empty lines are left out.
/// A quote inside a field that doesn't start with one is a character like any other.
///
/// Not Sendable: one thread reads.
package final class CSVReader {
  package struct Limits: Sendable {
    /// Bytes of one field as stored.
    package var field = 1 << 20
    /// Bytes of one row as stored.
    package var row = 16 << 20
    /// Fields of one row.
    package var columns = 10_000

    package init() {}
  }

  /// A row's fields: a view, valid until `next` is called again.
  package struct Row {
    fileprivate let base: UnsafeRawPointer
    fileprivate let fields: UnsafePointer<FieldRange>
    /// As many as the header has names.
    package let count: Int
    /// Counted from 1, without the header.
    package let number: Int
    /// The line the row starts on, counted from 1.
    package let line: Int

    /// The field's bytes, unquoted; nothing tells an empty field from `""`.
    package subscript(column: Int) -> UnsafeRawBufferPointer {
      precondition(column >= 0 && column < count)
      let field = fields[column]
      return UnsafeRawBufferPointer(start: base + field.start, count: field.end - field.start)
    }

    fileprivate func isQuoted(_ column: Int) -> Bool {
      let start = fields[column].start
      return start > 0 && base.load(fromByteOffset: start - 1, as: UInt8.self) == UInt8(ascii: "\"")
    }
  }

  package let stream: ByteStream
  /// The names of the columns, all different.
  package private(set) var header: [String] = []

  private var window: ReadWindow
  private var parser: CSVRowParser
  private var line = 1
  private var number = 0
  private var failure: FileError?

  /// Reads the header.
  ///
  /// - Parameter buffer: bytes to start with; grows to what the longest row needs.
  /// - Throws: `FileError` if the file is empty, or a name comes twice or isn't UTF-8.
  package init(_ stream: ByteStream, limits: Limits = Limits(), buffer: Int = 256 << 10) throws(FileError) {
    precondition(buffer > 0)
    self.stream = stream
    window = ReadWindow(capacity: buffer)
    parser = CSVRowParser(limits)
    try window.skipByteOrderMark(stream)
    if window.unread.starts(with: [0xFF, 0xFE]) || window.unread.starts(with: [0xFE, 0xFF]) {
      throw error(1, "is UTF-16; save it as UTF-8")
    }
    // Such a file is one row, and may have more fields than a row may.
    if let first = window.unread.firstIndex(of: UInt8(ascii: "\r")), !window.unread.contains(UInt8(ascii: "\n")),
      !window.unread[..<first].contains(UInt8(ascii: "\"")), window.unread.index(after: first) < window.unread.endIndex
    {
      throw error(1, "the lines end in CR; end them in LF or CR LF")
    }
    // Empty lines before the header are left out, whatever its number of columns.
    guard let row = try parse(columns: nil) else {
      throw error(1, "is empty; the first line must name the columns")
    }
    header.reserveCapacity(row.count)
    var seen: [String: Int] = [:]
    for column in 0..<row.count {
      // The whole file is one row then.
      guard line > 1 || row.isQuoted(column) || !row[column].contains(UInt8(ascii: "\r")) else {
        throw error(row.line, "the lines end in CR; end them in LF or CR LF")
      }
      guard let name = String(validating: row[column], as: UTF8.self) else {
        throw error(row.line, "the name of column \(column + 1) isn't UTF-8; save the file as UTF-8")
      }
      if let first = seen.updateValue(column, forKey: name) {
        throw error(row.line, "columns \(first + 1) and \(column + 1) are both named '\(name)'; rename one")
      }
      header.append(name)
    }
  }

  /// nil at the end. After an error every further call throws it again.
  ///
  /// - Throws: `FileError` naming the line, for a wrong number of fields, an open quote, text behind a closing quote, or
  ///   a field or row over its limit.
  package func next() throws(FileError) -> Row? {
    if let failure { throw failure }
    do throws(FileError) {
      guard let row = try parse(columns: header.count) else { return nil }
      number += 1
      return row
    } catch {
      failure = error
      throw error
    }
  }

  /// - Parameter columns: how many fields there must be; nil takes any number.
  private func parse(columns: Int?) throws(FileError) -> Row? {
    while true {
      var isEnd = false
      var outcome = parser.parse(window.unreadMutable, isEnd: isEnd)
      while outcome == .incomplete {
        // Rows are parsed again once there are twice as many bytes, so that long ones cost no more than a few passes.
        let wanted = window.unread.count * 2
        repeat { isEnd = try !window.fill(stream) } while !isEnd && window.unread.count < wanted
        outcome = parser.parse(window.unreadMutable, isEnd: isEnd)
      }
      let bytes = window.unread
      switch outcome {
      case .end, .incomplete:
        return nil
      case .failed(let problem, let offset):
        throw error(line + Self.newlines(in: bytes[..<offset]), problem)
      case .row(let length, let newlines):
        let start = line
        window.consume(length)
        line += newlines
        if parser.isBlank, columns != 1 { continue }
        if let columns, parser.count != columns {
          throw error(start, "the row has \(parser.count) \(Self.fields(parser.count)), the header \(columns)")
        }
        guard let base = bytes.baseAddress else { return nil }
        return Row(base: base, fields: parser.fields, count: parser.count, number: number + 1, line: start)
      }
    }
  }

  private func error(_ line: Int, _ problem: String) -> FileError {
    FileError(file: stream.name, place: .line(line), problem: problem)
  }

  private static func fields(_ count: Int) -> String { count == 1 ? "field" : "fields" }

  private static func newlines(in bytes: Slice<UnsafeRawBufferPointer>) -> Int {
    bytes.count { $0 == UInt8(ascii: "\n") }
  }
}
