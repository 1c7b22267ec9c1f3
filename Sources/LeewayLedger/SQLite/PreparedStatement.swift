import GRDB
import GRDBSQLite
import LeewayCore

/// A value that a statement's parameter takes.
protocol SQLiteBindable {
  /// Returns SQLite's result code.
  func bind(to statement: OpaquePointer, at index: CInt) -> CInt
}

/// Steps a statement by SQLite's own calls: GRDB's rows and argument lists cost more than the statement in a batch of
/// 100,000. Valid inside the closure it was handed to, on that thread.
struct PreparedStatement: SQLRow {
  let handle: OpaquePointer
  let session: SQLiteSession
  /// Such as `storing panes`.
  let doing: StaticString

  /// Binds from parameter 1 on; those left out keep their value from before.
  func bind<each V: SQLiteBindable>(_ values: repeat each V) throws {
    var index: CInt = 0
    for value in repeat each values {
      index += 1
      try bind(value, at: index)
    }
  }

  func bind(_ value: some SQLiteBindable, at index: CInt) throws {
    let code = value.bind(to: handle, at: index)
    if code != SQLITE_OK { throw session.failed(doing, code: code) }
  }

  /// Whether there is a row.
  func step() throws -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw session.failed(doing, code: code)
    }
  }

  /// Ready for the next values. What a failed step said has been thrown already.
  func reset() { sqlite3_reset(handle) }

  /// Binds, steps to the end and returns the number of rows changed.
  @discardableResult
  func run<each V: SQLiteBindable>(_ values: repeat each V) throws -> Int {
    try bind(repeat each values)
    while try step() {}
    let changed = Int(sqlite3_changes(sqlite3_db_handle(handle)))
    reset()
    return changed
  }

  // MARK: Columns

  func isNull(_ column: CInt) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

  func integer(_ column: CInt) throws -> Int64 {
    guard sqlite3_column_type(handle, column) == SQLITE_INTEGER else { throw damaged(column, "is not an integer") }
    return sqlite3_column_int64(handle, column)
  }

  func flag(_ column: CInt) throws -> Bool { try integer(column) != 0 }

  func optionalReal(_ column: CInt) throws -> Double? {
    switch sqlite3_column_type(handle, column) {
    case SQLITE_NULL: return nil
    case SQLITE_FLOAT, SQLITE_INTEGER: return sqlite3_column_double(handle, column)
    default: throw damaged(column, "is not a number")
    }
  }

  func text(_ column: CInt) throws -> String {
    guard sqlite3_column_type(handle, column) == SQLITE_TEXT, let start = sqlite3_column_text(handle, column) else {
      throw damaged(column, "is not a text")
    }
    let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    guard let text = String(validating: bytes, as: UTF8.self) else { throw damaged(column, "is not UTF-8") }
    return text
  }

  func blob(_ column: CInt) throws -> [UInt8] {
    guard sqlite3_column_type(handle, column) == SQLITE_BLOB else { throw damaged(column, "is not a blob") }
    guard let start = sqlite3_column_blob(handle, column) else { return [] }
    return [UInt8](UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
  }

  /// The bytes where SQLite has them, valid during the call.
  func withBlob<T>(_ column: CInt, _ body: (UnsafeRawBufferPointer) throws -> T) throws -> T {
    guard sqlite3_column_type(handle, column) == SQLITE_BLOB else { throw damaged(column, "is not a blob") }
    let start = sqlite3_column_blob(handle, column)
    return try body(
      UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(handle, column))))
  }

  func damaged(_ column: CInt, _ what: String) -> LedgerError {
    let name = sqlite3_column_name(handle, column).map { String(cString: $0) } ?? "\(column)"
    return session.damaged(doing, "column \(name) \(what)")
  }
}

/// Tells SQLite to copy what it is given before the call returns.
private let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

extension Int64: SQLiteBindable {
  func bind(to statement: OpaquePointer, at index: CInt) -> CInt { sqlite3_bind_int64(statement, index, self) }
}

extension Int: SQLiteBindable {
  func bind(to statement: OpaquePointer, at index: CInt) -> CInt { Int64(self).bind(to: statement, at: index) }
}

extension Int32: SQLiteBindable {
  func bind(to statement: OpaquePointer, at index: CInt) -> CInt { Int64(self).bind(to: statement, at: index) }
}

extension Bool: SQLiteBindable {
  func bind(to statement: OpaquePointer, at index: CInt) -> CInt { (self ? 1 : 0).bind(to: statement, at: index) }
}

extension EventTime: SQLiteBindable {
  func bind(to statement: OpaquePointer, at index: CInt) -> CInt { milliseconds.bind(to: statement, at: index) }
}

extension Double: SQLiteBindable {
  // SQLite stores NaN as NULL.
  func bind(to statement: OpaquePointer, at index: CInt) -> CInt { sqlite3_bind_double(statement, index, self) }
}

extension String: SQLiteBindable {
  func bind(to statement: OpaquePointer, at index: CInt) -> CInt {
    var text = self
    return text.withUTF8 { bytes in
      // Without an address SQLite would bind NULL.
      guard let start = bytes.baseAddress, !bytes.isEmpty else {
        return sqlite3_bind_text(statement, index, "", 0, copied)
      }
      return start.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
        sqlite3_bind_text64(statement, index, $0, UInt64(bytes.count), copied, UInt8(SQLITE_UTF8))
      }
    }
  }
}

extension [UInt8]: SQLiteBindable {
  func bind(to statement: OpaquePointer, at index: CInt) -> CInt {
    withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress, !bytes.isEmpty else { return sqlite3_bind_zeroblob(statement, index, 0) }
      return sqlite3_bind_blob64(statement, index, start, UInt64(bytes.count), copied)
    }
  }
}

extension Optional: SQLiteBindable where Wrapped: SQLiteBindable {
  func bind(to statement: OpaquePointer, at index: CInt) -> CInt {
    switch self {
    case .some(let value): value.bind(to: statement, at: index)
    case .none: sqlite3_bind_null(statement, index)
    }
  }
}
