import Foundation
import LeewayConfiguration
import LeewayCore
import LeewaySource

/// A value of a training row. Text is a view, valid until the next row.
enum TrainingValue {
  case missing
  /// And as it is written.
  case number(Double, UnsafeRawBufferPointer)
  case text(UnsafeRawBufferPointer)
  case bool(Bool)
  /// A kind that no feature has: an array or an object.
  case unusable
}

/// A column by the names it may go by, the first that is there.
struct TrainingColumn {
  /// As a field of JSON Lines; in CSV its keys with dots between them. At most two; none for what is in no file.
  var candidates: [FieldPath]
  /// For errors: `feature amount`.
  var purpose: String
  var isRequired: Bool
  /// Empty text is a value, and not missing.
  var emptyIsText: Bool
}

extension TrainingColumn {
  /// What a column of a CSV file may be called, and errors call it.
  var names: [String] {
    candidates.flatMap { path in
      path.description == path.columnName ? [path.columnName] : [path.columnName, path.description]
    }
  }
}

/// Rows of a training file, CSV or JSON Lines, plain or gzip.
final class TrainingReader {
  private enum Source {
    case csv(CSVReader, columns: [Int?])
    case lines(LineReader, JSONExtractor)
  }

  private let columns: [TrainingColumn]
  private let source: Source
  private var row: CSVReader.Row?
  private var lineNumber = 0
  let stream: ByteStream
  let path: String
  /// Names of a CSV file's columns; nil of JSON Lines.
  let header: [String]?
  /// JSON Lines: whether any row had the column.
  private(set) var seen: [Bool]
  private var hasRows = false

  /// A training file is not what it should be.
  struct Unusable: Error, CustomStringConvertible {
    var description: String
  }

  init(path: String, columns: [TrainingColumn]) throws {
    self.path = path
    self.columns = columns
    stream = try ByteStream(path: path)
    var name = path.lowercased()
    if name.hasSuffix(".gz") { name.removeLast(3) }
    if name.hasSuffix(".csv") {
      let reader = try CSVReader(stream)
      if let format = Self.binaryFormat(reader.header) {
        throw Unusable(description: "\(path): is \(format), whatever its name; write it as CSV or JSON Lines")
      }
      let found = columns.map { column in
        column.names.lazy.compactMap(reader.header.firstIndex(of:)).first
      }
      for (column, index) in zip(columns, found) where column.isRequired && index == nil {
        if let separator = Self.separator(reader.header, of: column) {
          throw Unusable(
            description: "\(path):1: the columns are separated by \(separator); separate them by commas")
        }
        throw Unusable(
          description:
            "\(path):1: no column for \(column.purpose): looked for \(ShortList.text(column.names, atMost: 12)); the file has \(ShortList.text(reader.header, atMost: 12))"
        )
      }
      seen = found.map { $0 != nil }
      header = reader.header
      source = .csv(reader, columns: found)
    } else if name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson") || name.hasSuffix(".json") {
      // Two slots a column: its name, and its field where that differs. No key is empty, so none is found where there is none.
      let none = try FieldPath(key: "\u{0}")
      let fields = columns.flatMap { column in
        [column.candidates.first ?? none, column.candidates.last ?? none]
      }
      seen = Array(repeating: false, count: columns.count)
      header = nil
      source = .lines(LineReader(stream), JSONExtractor(fields: fields))
    } else {
      for (ending, format) in [("avro", "Avro"), ("parquet", "Parquet"), ("orc", "ORC"), ("feather", "Feather")]
      where name.hasSuffix("." + ending) {
        throw Unusable(description: "\(path): is \(format); write it as CSV or JSON Lines")
      }
      throw Unusable(description: "\(path): cannot tell its format; name it .csv, .jsonl, .csv.gz or .jsonl.gz")
    }
  }

  /// What a file is whose first bytes are no names of columns.
  private static func binaryFormat(_ header: [String]) -> String? {
    guard let first = header.first?.utf8 else { return nil }
    for (magic, name) in [("Obj\u{1}", "an Avro file"), ("PAR1", "a Parquet file"), ("ORC\u{8}", "an ORC file")]
    where first.starts(with: magic.utf8) { return name }
    return nil
  }

  /// What stands between names in a header that has no commas where it should, as `semicolons`.
  private static func separator(_ header: [String], of column: TrainingColumn) -> String? {
    for (separator, name) in [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")] as [(Character, String)] {
      let parts = header.flatMap { $0.split(separator: separator) }.map { $0.trimmingCharacters(in: ["\"", " "]) }
      if parts.count > header.count, column.names.contains(where: parts.contains) { return name }
    }
    return nil
  }

  /// The line that the latest row begins on, from 1.
  var line: Int {
    switch source {
    case .csv: row?.line ?? 1
    case .lines: lineNumber
    }
  }

  /// Advances to the next row; false at the end.
  func next() throws -> Bool {
    switch source {
    case .csv(let reader, _):
      row = try reader.next()
      return row != nil
    case .lines(let reader, let extractor):
      while let line = try reader.next() {
        switch line {
        case .tooLong(let number):
          throw Unusable(description: "\(path):\(number): the line is longer than 1 MiB; shorten or remove it")
        case .text(let text, let number):
          if text.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
          lineNumber = number
          do { try extractor.extract(text) } catch {
            throw Unusable(description: "\(path):\(number): \(error.reason)")
          }
          for i in columns.indices where !seen[i] {
            seen[i] = extractor[2 * i].kind != .absent || extractor[2 * i + 1].kind != .absent
          }
          hasRows = true
          return true
        }
      }
      return false
    }
  }

  /// The value of `columns[i]` in this row.
  func value(_ i: Int) -> TrainingValue {
    switch source {
    case .csv(_, let columns):
      guard let row, let column = columns[i] else { return .missing }
      return value(row[column], i)
    case .lines(_, let extractor): return value(i, in: extractor)
    }
  }

  private func value(_ i: Int, in extractor: some MessageExtractor) -> TrainingValue {
    let field = extractor[2 * i].kind != .absent ? extractor[2 * i] : extractor[2 * i + 1]
    switch field.kind {
    case .absent, .null: return .missing
    case .true: return .bool(true)
    case .false: return .bool(false)
    case .int64, .uint64, .double, .overflow:
      return extractor.numberText(of: field).map { .number(field.double ?? .infinity, $0) } ?? .unusable
    case .string: return field.text.map { value($0, i) } ?? .unusable
    default: return .unusable
    }
  }

  /// Empty text is missing in every format, unless the monitor says that it is a category.
  private func value(_ text: UnsafeRawBufferPointer, _ i: Int) -> TrainingValue {
    text.isEmpty && !columns[i].emptyIsText ? .missing : .text(text)
  }

  var isCSV: Bool { if case .csv = source { true } else { false } }

  /// After the last row: columns that no row of a JSON Lines file had. A file without rows lacks none.
  func requireSeenColumns() throws {
    guard hasRows else { return }
    for (column, seen) in zip(columns, seen) where column.isRequired && !seen {
      throw Unusable(
        description: "\(path): no row has \(column.purpose): looked for \(ShortList.text(column.names, atMost: 12))")
    }
  }
}

extension TrainingValue {
  /// As a numeric subject takes it: nil is missing, NaN text too; infinite is invalid.
  var numeric: Double? {
    switch self {
    case .missing: return nil
    case .number(let x, _): return x
    case .bool, .unusable: return .infinity
    case .text(let text):
      guard text.count <= 64 else { return .infinity }
      return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65) { buffer in
        var length = 0
        for byte in text {
          // strtod also reads hexadecimal, `infinity` and leading blanks, which no training file means.
          guard (0x30...0x39).contains(byte) || byte == 0x2e || byte == 0x2d || byte == 0x2b || byte | 0x20 == 0x65
          else {
            return Self.isNaN(text) ? nil : .infinity
          }
          buffer[length] = CChar(bitPattern: byte)
          length += 1
        }
        buffer[length] = 0
        var end: UnsafeMutablePointer<CChar>?
        let x = strtod(buffer.baseAddress!, &end)
        return end == buffer.baseAddress! + length ? x : .infinity
      }
    }
  }

  private static func isNaN(_ text: UnsafeRawBufferPointer) -> Bool {
    text.count == 3 && text[0] | 0x20 == 0x6e && text[1] | 0x20 == 0x61 && text[2] | 0x20 == 0x6e
  }

  /// Calls `body` with the text of a category; nil where there is none.
  func withCategory<R>(csv: Bool, _ body: (UnsafeRawBufferPointer) -> R) -> R? {
    func call(_ text: String) -> R {
      var text = text
      return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
    switch self {
    case .missing, .unusable: return nil
    case .number(_, let text):
      var bytes: [UInt8] = []
      return ShortestText.append(decimal: text, to: &bytes) ? bytes.withUnsafeBytes(body) : nil
    case .bool(let bool): return call(ShortestText.of(bool))
    case .text(let text):
      // Types are lost in CSV: any spelling of a boolean is the boolean.
      if csv, text.count == 4 || text.count == 5 {
        let lower = String(decoding: text, as: UTF8.self).lowercased()
        if lower == "true" || lower == "false" { return call(lower) }
      }
      if csv, Self.isScientific(text) {
        var bytes: [UInt8] = []
        if ShortestText.append(decimal: text, to: &bytes) { return bytes.withUnsafeBytes(body) }
      }
      let kept = ShortestText.withoutZeroFraction(text)
      // Python writes −0.0 so, which is 0.
      return csv && kept.elementsEqual("-0".utf8) ? call("0") : body(kept)
    }
  }

  /// Whether a cell is a number as Python writes very large and very small ones, `1e+16` or `-2.5e-05`: a digit, perhaps a
  /// point and more of them, and an exponent with a sign and two digits or more.
  private static func isScientific(_ text: UnsafeRawBufferPointer) -> Bool {
    guard text.count >= 5, text.count <= 32, let e = text.firstIndex(of: UInt8(ascii: "e")) else { return false }
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    let digits = text[(text[0] == UInt8(ascii: "-") ? 1 : 0)..<e]
    let exponent = text[(e + 1)...]
    let fraction = digits.dropFirst()
    return digits.first.map(isDigit) == true
      && (fraction.isEmpty
        || (fraction.first == UInt8(ascii: ".") && fraction.count > 1 && fraction.dropFirst().allSatisfy(isDigit)))
      && (exponent.first == UInt8(ascii: "+") || exponent.first == UInt8(ascii: "-")) && exponent.count >= 3
      && exponent.dropFirst().allSatisfy(isDigit)
  }

  /// As messages show it: text as it is, a number in its shortest form.
  var shown: String {
    switch self {
    case .missing: "missing"
    case .number(_, let text): String(decoding: text.prefix(64), as: UTF8.self)
    case .bool(let bool): ShortestText.of(bool)
    case .text(let text): ConfigurationNode.shown(String(decoding: text, as: UTF8.self))
    case .unusable: "an array or an object"
    }
  }

  /// Why text is no number, and the fix; nil where no guess is near.
  var numberProblem: String? {
    guard case .text(let bytes) = self, bytes.count <= 64 else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    let trimmed = text.trimmingCharacters(in: .whitespaces)
    if trimmed != text, Double(trimmed) != nil { return "a number with a space beside it; remove the space" }
    if Self.absences.contains(trimmed.lowercased()) {
      return "which is text; leave the cell empty where there is no value"
    }
    guard trimmed.contains(","), trimmed.allSatisfy({ $0.isNumber || "+-.,".contains($0) }) else { return nil }
    return "a number with a comma; write the decimals after a point, and no separators of thousands"
  }

  /// What programs write where there is no value; `nan` is read as that.
  private static let absences = ["na", "n/a", "null", "none", "nil", "-", "?", "missing"]

  var isMissing: Bool { if case .missing = self { true } else { false } }
}
