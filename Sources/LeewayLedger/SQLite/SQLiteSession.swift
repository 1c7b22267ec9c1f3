import GRDB
import GRDBSQLite
import Glibc
import LeewayCore

/// One read snapshot or one transaction: what `Ledger.read` and `Ledger.write` hand to their bodies. Lives as long as the
/// body, on the body's thread. The calls are in the extensions, by subject.
final class SQLiteSession {
  private let db: Database
  private let path: String
  private let clock: @Sendable () -> EventTime
  /// The first call that failed. The transaction is then doomed.
  private(set) var failure: LedgerError?
  /// Scopes never change, so each is looked up once.
  private var scopes: [[String]: Int64] = [:]
  let waitingMemory: WaitingRuns
  let lines: SessionLines

  /// - Parameters:
  ///   - waitingMemory: of the writing connection, from transaction to transaction.
  ///   - dictionaries: of the ledger.
  init(
    _ db: Database, path: String, clock: @escaping @Sendable () -> EventTime,
    waitingMemory: WaitingRuns = WaitingRuns(), dictionaries: LineDictionaries = LineDictionaries()
  ) {
    lines = SessionLines(dictionaries)
    self.db = db
    self.path = path
    self.clock = clock
    self.waitingMemory = waitingMemory
  }

  func now() throws -> EventTime { clock() }

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
      return try statement.step() ? try row(statement) : nil
    }
  }

  // MARK: Scopes

  /// The number of (monitor, generation); nil if nothing has been stored under it.
  func scope(_ monitor: String, _ generation: String) throws -> Int64? {
    if let known = scopes[[monitor, generation]] { return known }
    let found = try first(
      "looking up a monitor's generation", "SELECT id FROM scopes WHERE monitor = ? AND generation = ?", monitor,
      generation
    ) { try $0.integer(0) }
    if let found { scopes[[monitor, generation]] = found }
    return found
  }

  /// The number of (monitor, generation), made if there is none.
  func scopeForWriting(_ monitor: String, _ generation: String) throws -> Int64 {
    if let known = try scope(monitor, generation) { return known }
    try run(
      "storing a monitor's generation", "INSERT INTO scopes (monitor, generation) VALUES (?, ?)", monitor, generation)
    let made = db.lastInsertedRowID
    scopes[[monitor, generation]] = made
    return made
  }

  /// After its row has been deleted.
  func forget(_ monitor: String, _ generation: String) { scopes[[monitor, generation]] = nil }

  // MARK: Failures

  func failed(_ doing: StaticString, code: CInt, message: String? = nil) -> LedgerError {
    let said = message ?? db.lastErrorMessage ?? String(cString: sqlite3_errstr(code))
    let error = LedgerError.sqlite(
      "\(doing)", path: path, code: code, message: said, errno: sqlite3_system_errno(db.sqliteConnection))
    if failure == nil { failure = error }
    return error
  }

  func damaged(_ doing: StaticString, _ what: String) -> LedgerError {
    let error = LedgerError(
      "\(doing) in the ledger \(path): \(what); the file is damaged, restore it from a backup", isDamage: true)
    if failure == nil { failure = error }
    return error
  }

  /// A call that its words forbid, such as settling a delivery that was never owed.
  func refused(_ doing: StaticString, _ why: String) -> LedgerError {
    let error = LedgerError("\(doing) in the ledger \(path): \(why)")
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
