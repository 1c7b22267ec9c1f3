import LeewayCore

/// What a parameter of a statement may be: a value that both databases take.
typealias SQLValue = PostgreSQLValue & SQLiteBindable

/// One read snapshot or one transaction of either database. What both do alike is written once, in extensions of this
/// protocol by subject, in SQL that both understand. Where they differ is said here; panes, waiting rows and the storing of
/// results are in the sessions, because each database is fast at something else there.
///
/// Placeholders are SQLite's: `?`, or `?1` for one that is used more than once. PostgreSQL must know the type of each, so one
/// that is compared with nothing but NULL is cast (`CAST(?1 AS TEXT) IS NULL`).
protocol SQLSession: AnyObject, LedgerWriter {
  associatedtype Row: SQLRow

  // MARK: Statements. `doing` is such as `storing panes`, for errors.

  /// Runs one statement and returns the number of rows changed.
  @discardableResult
  func run<each V: SQLValue>(_ doing: StaticString, _ sql: String, _ values: repeat each V) throws -> Int
  /// All rows of one query.
  func rows<T, each V: SQLValue>(
    _ doing: StaticString, _ sql: String, _ values: repeat each V, as row: (Row) throws -> T
  ) throws -> [T]
  /// The first row of one query.
  func first<T, each V: SQLValue>(
    _ doing: StaticString, _ sql: String, _ values: repeat each V, as row: (Row) throws -> T
  ) throws -> T?
  /// Inserts or replaces rows of one table.
  func store<R>(_ doing: StaticString, _ batch: SQLBatch<R>) throws
  /// The blobs with some keys, parallel to them; nil: there is no such row.
  func blobs(of table: SliceTable, monitor: String, keys: [SliceKey]) throws -> [[UInt8]?]
  /// Stores lines of a series packed that are there as they came.
  func store(packed: [(end: EventTime, sequence: Int64, line: [UInt8])], series: Int64) throws

  // MARK: The clock

  /// SQL for the time now, in milliseconds.
  ///
  /// - Parameter placeholder: of the parameter `time`.
  static func clock(_ placeholder: String) -> String
  /// What `clock` takes as its parameter.
  var time: EventTime? { get }
  /// The same for the time that people read.
  var wall: EventTime? { get }

  // MARK: Locks

  /// Whether this one writes beside others: a read that a write may rest on must lock.
  var hasRivals: Bool { get }
  /// Holds what `lock` names until the end of the transaction; nothing where there are no rivals.
  func lock(_ lock: LedgerLock, shared: Bool) throws

  // MARK: Scopes

  /// Numbers of (monitor, generation) that are known; scopes never change, so each is looked up once.
  var scopes: [[String]: Int64] { get set }
  /// Whether a scope's row stays when its generation has gone.
  static var keepsScopes: Bool { get }

  // MARK: What differs in the tables

  /// Tables that hold the predictions and labels of a scope that wait.
  static var waitingTables: [String] { get }
  /// The column that stands for a text of any length in a key; see `SQLBatch.longKey`.
  static func longKey(_ column: String) -> String

  // MARK: Errors

  /// Where the ledger is.
  var place: String { get }
  /// What is damaged when something is: `file` or `database`.
  static var medium: String { get }
  /// The first call that failed. The transaction is then doomed.
  var failure: LedgerError? { get set }

  /// Packing and unpacking of result lines.
  var lines: SessionLines { get }
}

// MARK: - Locks

extension SQLSession {
  func lock(_ lock: LedgerLock) throws { try self.lock(lock, shared: false) }

  /// For reads by key of rows that exist before anybody changes them.
  var forUpdate: String { hasRivals ? " FOR UPDATE" : "" }
  /// Passes over rows that another transaction has locked.
  var skipLocked: String { hasRivals ? " FOR UPDATE SKIP LOCKED" : "" }
}

// MARK: - Scopes

extension SQLSession {
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
    let doing: StaticString = "storing a monitor's generation"
    // If another instance is making it, this waits for that, and then reads what it made.
    try run(
      doing, "INSERT INTO scopes (monitor, generation) VALUES (?, ?) ON CONFLICT (monitor, generation) DO NOTHING",
      monitor, generation)
    guard let made = try scope(monitor, generation) else { throw damaged(doing, "a scope has no number") }
    return made
  }
}

// MARK: - Errors

extension SQLSession {
  func damaged(_ doing: StaticString, _ what: String) -> LedgerError {
    let error = LedgerError(
      "\(doing) in the ledger \(place): \(what); the \(Self.medium) is damaged, restore it from a backup",
      isDamage: true)
    if failure == nil { failure = error }
    return error
  }

  /// A call that its words forbid, such as settling a delivery that was never owed.
  func refused(_ doing: StaticString, _ why: String) -> LedgerError {
    let error = LedgerError("\(doing) in the ledger \(place): \(why)")
    if failure == nil { failure = error }
    return error
  }
}
