import GRDB
import GRDBSQLite
import Glibc
import LeewayCore

/// One read snapshot or one transaction: what `Ledger.read` and `Ledger.write` hand to their bodies. Lives as long as the
/// body, on the body's thread. The calls are in the extensions of `SQLSession`, and in its own where SQLite is fast at
/// something else than PostgreSQL.
final class SQLiteSession: SQLSession {
  typealias Row = PreparedStatement

  private let db: Database
  let place: String
  private let clock: @Sendable () -> EventTime
  private let wallClock: @Sendable () -> EventTime
  var failure: LedgerError?
  var scopes: [[String]: Int64] = [:]
  let waitingMemory: WaitingRuns
  let lines: SessionLines

  /// - Parameters:
  ///   - wallClock: the time that people read; nil: `clock`.
  ///   - waitingMemory: of the writing connection, from transaction to transaction.
  ///   - dictionaries: of the ledger.
  init(
    _ db: Database, path: String, clock: @escaping @Sendable () -> EventTime,
    wallClock: (@Sendable () -> EventTime)? = nil,
    waitingMemory: WaitingRuns = WaitingRuns(), dictionaries: LineDictionaries = LineDictionaries()
  ) {
    lines = SessionLines(dictionaries)
    self.db = db
    place = path
    self.clock = clock
    self.wallClock = wallClock ?? clock
    self.waitingMemory = waitingMemory
  }

  // MARK: What SQLite says differently

  static let medium = "file"
  static let keepsScopes = false
  static let waitingTables = ["waiting_runs", "waiting_departed"]
  static func longKey(_ column: String) -> String { column }

  /// There is one process, so its clock will do.
  static func clock(_ placeholder: String) -> String { placeholder }
  var time: EventTime? { clock() }
  func now() throws -> EventTime { clock() }
  var wall: EventTime? { wallClock() }
  func wallTime() throws -> EventTime { wallClock() }

  /// One transaction at a time writes, so reading is locking.
  var hasRivals: Bool { false }
  func lock(_ lock: LedgerLock, shared: Bool) throws {}

  // MARK: Statements

  /// Prepares `sql`, or takes it from the connection's cache, and hands it to `body`.
  func statement<T>(_ doing: StaticString, _ sql: String, _ body: (PreparedStatement) throws -> T) throws -> T {
    let statement: Statement
    do {
      let cached = try db.cachedStatement(sql: sql)
      // A visitor of rows may make the very call again that hands it the rows.
      statement = sqlite3_stmt_busy(cached.sqliteStatement) == 0 ? cached : try db.makeStatement(sql: sql)
    } catch let error as DatabaseError {
      throw failed(doing, code: error.extendedResultCode.rawValue, message: error.message)
    }
    let prepared = PreparedStatement(handle: statement.sqliteStatement, session: self, doing: doing)
    defer {
      prepared.reset()
      sqlite3_clear_bindings(prepared.handle)
    }
    return try withExtendedLifetime(statement) { try body(prepared) }
  }

  /// Runs one statement and returns the number of rows changed.
  @discardableResult
  func run<each V: SQLiteBindable>(_ doing: StaticString, _ sql: String, _ values: repeat each V) throws -> Int {
    try statement(doing, sql) { try $0.run(repeat each values) }
  }

  /// All rows of one query.
  func rows<T, each V: SQLiteBindable>(
    _ doing: StaticString, _ sql: String, _ values: repeat each V, as row: (PreparedStatement) throws -> T
  ) throws -> [T] {
    try statement(doing, sql) { statement in
      try statement.bind(repeat each values)
      var rows: [T] = []
      while try statement.step() { rows.append(try row(statement)) }
      return rows
    }
  }

  /// The first row of one query.
  func first<T, each V: SQLiteBindable>(
    _ doing: StaticString, _ sql: String, _ values: repeat each V, as row: (PreparedStatement) throws -> T
  ) throws -> T? {
    try statement(doing, sql) { statement in
      try statement.bind(repeat each values)
      guard try statement.step() else { return nil }
      let found = try row(statement)
      if sqlite3_stmt_readonly(statement.handle) == 0 { while try statement.step() {} }
      return found
    }
  }

  func store<R>(_ doing: StaticString, _ batch: SQLBatch<R>) throws {
    let columns = batch.columns.filter { $0.sqlite != nil }
    let names = columns.map(\.name).joined(separator: ", ")
    let marks = columns.map { _ in "?" }.joined(separator: ", ")
    let conflict = SQLBatch<R>.onConflict(columns.map { ($0.name, $0.sqlite ?? .fixed) })
    let sql = "INSERT INTO \(batch.table) (\(names)) VALUES (\(marks))\(conflict)"
    try statement(doing, sql) { insert in
      for row in batch.rows {
        for (i, column) in columns.enumerated() { try column.bind(row, insert, CInt(i + 1)) }
        try insert.run()
      }
    }
  }

  func blobs(of table: SliceTable, monitor: String, keys: [SliceKey]) throws -> [[UInt8]?] {
    let sql = "SELECT \(table.blob) FROM \(table.name) WHERE monitor = ? AND hash = ? AND slice = ?"
    return try keys.map { try first(table.reading, sql, monitor, $0.hash, $0.slice) { try $0.blob(0) } }
  }

  // MARK: Failures

  func failed(_ doing: StaticString, code: CInt, message: String? = nil) -> LedgerError {
    let said = message ?? db.lastErrorMessage ?? String(cString: sqlite3_errstr(code))
    let error = LedgerError.sqlite(
      "\(doing)", path: place, code: code, message: said, errno: sqlite3_system_errno(db.sqliteConnection))
    if failure == nil { failure = error }
    return error
  }
}

extension LedgerError {
  /// What SQLite said, in words that name the place, the cause and the fix.
  static func sqlite(_ doing: String, path: String, code: CInt, message: String, errno: CInt = 0) -> LedgerError {
    let place = doing == "opening" ? "opening the ledger \(path)" : "\(doing) in the ledger \(path)"
    let said = "SQLite \(code): \(message)"
    let full = code & 0xFF == SQLITE_FULL || (code & 0xFF == SQLITE_IOERR && errno == ENOSPC)
    if full {
      return LedgerError(
        "\(place): the disk, or the size that the ledger may have, is full (\(said)); make room or raise the limit",
        storageFull: true)
    }
    switch code & 0xFF {
    case SQLITE_BUSY, SQLITE_LOCKED:
      return LedgerError(
        "\(place): another program holds the file in a transaction (\(said)); end it, or copy the file before looking into it",
        mayPass: true)
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN, SQLITE_AUTH:
      return LedgerError(
        "\(place): the file cannot be opened for writing (\(said)); give this user the right to write the file and its folder"
      )
    case SQLITE_CORRUPT:
      return LedgerError("\(place): the file is damaged (\(said)); restore it from a backup", isDamage: true)
    case SQLITE_NOTADB:
      return LedgerError(
        "\(place): the file is not an SQLite database (\(said)); name another file, or restore it from a backup",
        isDamage: true)
    // SQLITE_IOERR_SHORT_READ
    case SQLITE_IOERR where code == SQLITE_IOERR | 2 << 8:
      return LedgerError(
        "\(place): the file and those beside it (-wal, -shm) do not belong together (\(said)); was the file removed or replaced while a "
          + "process has it open? End that process, then put the file back as it was or restore a copy with leeway ledger restore"
      )
    case SQLITE_IOERR:
      let cause = errno == EROFS ? "the file system has become read-only" : "the disk does not read or write"
      return LedgerError(
        "\(place): \(cause) (\(said)); see the kernel's log (dmesg), repair the disk or its file system, and start again"
      )
    default:
      return LedgerError("\(place): \(said)")
    }
  }
}
