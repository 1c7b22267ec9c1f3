import LeewayCore

/// One read snapshot or one transaction: what `Ledger.read` and `Ledger.write` hand to their bodies. Lives as long as the
/// body, on the body's thread. The calls are in the extensions of `SQLSession`, and in its own where PostgreSQL is fast at
/// something else than SQLite.
final class PostgreSQLSession: SQLSession {
  typealias Row = PostgreSQLRow

  private let connection: PostgreSQLConnection
  let place: String
  private let schema: String
  /// In place of the server's; for tests.
  private let clock: (@Sendable () -> EventTime)?
  let hasRivals: Bool
  var failure: LedgerError?
  /// It lost against another transaction: it may be run again.
  private(set) var isConflict = false
  var scopes: [[String]: Int64]
  private var held: Set<Int64> = []
  /// Marks are stored last: every flush marks the current pane, and whoever has stored a mark holds the others' flushes
  /// up until its end.
  var marks: [(scope: Int64, kind: PaneKind, pane: EventTime)] = []
  let lines: SessionLines

  /// - Parameter dictionaries: of the ledger.
  init(
    _ connection: PostgreSQLConnection, place: String, schema: String, writes: Bool,
    clock: (@Sendable () -> EventTime)? = nil, dictionaries: LineDictionaries = LineDictionaries()
  ) {
    lines = SessionLines(dictionaries)
    self.clock = clock
    self.connection = connection
    self.place = place
    self.schema = schema
    hasRivals = writes
    scopes = connection.scopes
  }

  /// What is left to do before the end of the transaction.
  func finish() throws {
    guard failure == nil else { return }
    try storeMarks()
  }

  // MARK: What PostgreSQL says differently

  static let medium = "database"
  /// Connections remember their numbers.
  static let keepsScopes = true
  static let waitingTables = ["waiting"]
  static func longKey(_ column: String) -> String { "\(column)_key" }

  /// The server's time in milliseconds, when it gets there: after the statement has waited for locks, not before. Where a
  /// test has a clock of its own, the statement's parameter is that.
  static func clock(_ placeholder: String) -> String {
    "coalesce(\(placeholder)::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)"
  }

  var time: EventTime? { clock?() }
  var wall: EventTime? { time }
  func wallTime() throws -> EventTime { try now() }

  func now() throws -> EventTime {
    let doing: StaticString = "reading the clock"
    guard let now = try first(doing, "SELECT \(Self.clock("?"))", time, as: { try $0.time(0) }) else {
      throw damaged(doing, "the server has no clock")
    }
    return now
  }

  // MARK: Statements

  @discardableResult
  func execute(_ doing: StaticString, _ sql: String, _ parameters: PostgreSQLParameters) throws -> PostgreSQLResult {
    // The server refuses everything after a failure, and its reason would hide the first one.
    if let failure { throw failure }
    do { return try connection.execute(sql, parameters) } catch { throw failed(doing, error) }
  }

  @discardableResult
  func run<each V: PostgreSQLValue>(_ doing: StaticString, _ sql: String, _ values: repeat each V) throws -> Int {
    try execute(doing, sql, PostgreSQLParameters(repeat each values)).changed
  }

  func rows<T, each V: PostgreSQLValue>(
    _ doing: StaticString, _ sql: String, _ values: repeat each V, as row: (PostgreSQLRow) throws -> T
  ) throws -> [T] {
    try rows(doing, sql, PostgreSQLParameters(repeat each values), as: row)
  }

  func rows<T>(
    _ doing: StaticString, _ sql: String, _ parameters: PostgreSQLParameters, as row: (PostgreSQLRow) throws -> T
  ) throws -> [T] {
    let result = try execute(doing, sql, parameters)
    return try (0..<result.count).map {
      try row(PostgreSQLRow(result: result, index: $0, session: self, doing: doing))
    }
  }

  func first<T, each V: PostgreSQLValue>(
    _ doing: StaticString, _ sql: String, _ values: repeat each V, as row: (PostgreSQLRow) throws -> T
  ) throws -> T? {
    let result = try execute(doing, sql, PostgreSQLParameters(repeat each values))
    guard result.count > 0 else { return nil }
    return try row(PostgreSQLRow(result: result, index: 0, session: self, doing: doing))
  }

  func store<R>(_ doing: StaticString, _ batch: SQLBatch<R>) throws {
    let columns = batch.columns
    let names = columns.map(\.name).joined(separator: ", ")
    let arrays = columns.enumerated().map { "$\($0 + 1)::\($1.arrayType)" }.joined(separator: ", ")
    // Rows that the table numbers are numbered in their order.
    let source =
      batch.precedes == nil
      ? "unnest(\(arrays)) WITH ORDINALITY AS k (\(names), n) ORDER BY n" : "unnest(\(arrays)) AS k (\(names))"
    let conflict = SQLBatch<R>.onConflict(columns.map { ($0.name, $0.postgreSQL) })
    let sql = "INSERT INTO \(batch.table) (\(names)) SELECT \(names) FROM \(source)\(conflict)"
    // A statement changes a row once, and rows are locked in the order of their keys.
    let rows = batch.precedes.map { lastOfEach(batch.rows, precedes: $0) } ?? batch.rows
    try PostgreSQLBatches.of(rows, size: batch.size) { part in
      var parameters = PostgreSQLParameters()
      for column in columns { column.append(part, &parameters) }
      try execute(doing, sql, parameters)
    }
  }

  func blobs(of table: SliceTable, monitor: String, keys: [SliceKey]) throws -> [[UInt8]?] {
    let sql = """
      SELECT k.n, t.\(table.blob) FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS k (hash, slice_key, n)
      CROSS JOIN LATERAL (
        SELECT \(table.blob) FROM \(table.name) r
        WHERE r.monitor = $1 AND r.hash = k.hash AND r.slice_key = k.slice_key OFFSET 0) t
      """
    return try blobs(table.reading, sql, for: keys, size: { _ in 8192 }) { batch in
      var parameters = PostgreSQLParameters(monitor)
      parameters.append(batch) { $0.hash }
      parameters.append(batch) { PostgreSQLKey.bounded($0.slice) }
      return parameters
    }
  }

  /// One blob for each key, parallel to them; nil: there is none.
  ///
  /// - Parameters:
  ///   - sql: gives the place of a key in its batch, from 1, and the blob.
  ///   - size: of a blob and its key, about, in bytes.
  func blobs<Key>(
    _ doing: StaticString, _ sql: String, for keys: [Key], size: (Key) -> Int,
    _ parameters: (ArraySlice<Key>) -> PostgreSQLParameters
  ) throws -> [[UInt8]?] {
    var found = [[UInt8]?](repeating: nil, count: keys.count)
    try PostgreSQLBatches.of(keys, size: size) { batch in
      _ = try rows(doing, sql, parameters(batch)) { row in
        let index = batch.startIndex + Int(clamping: try row.integer(0)) - 1
        guard found.indices.contains(index) else { throw row.damaged(0, "is not a place in the batch") }
        found[index] = try row.blob(1)
      }
    }
    return found
  }

  // MARK: Locks

  func lock(_ lock: LedgerLock, shared: Bool) throws { try self.lock(lock, named: schema, shared: shared) }

  func lock(_ lock: LedgerLock, named schema: String, shared: Bool = false) throws {
    guard hasRivals else { return }
    let key = lock.key(schema: schema)
    // Held shared and wanted exclusively are two locks.
    guard held.insert(shared ? ~key : key).inserted else { return }
    try run("locking", "SELECT pg_advisory_xact_lock\(shared ? "_shared" : "")(?)", key)
  }

  // MARK: Failures

  private func failed(_ doing: StaticString, _ failure: PostgreSQLFailure) -> LedgerError {
    let error = LedgerError.postgres("\(doing)", place: place, failure)
    isConflict = failure.isConflict
    connection.isSpent = connection.isSpent || failure.state == "25006"
    self.failure = error
    return error
  }
}

/// An array for one parameter.
struct PostgreSQLArray<Element: PostgreSQLValue>: PostgreSQLValue {
  private let elements: [Element]

  init(_ elements: [Element]) { self.elements = elements }

  static var oid: UInt32 { 0 }

  func encode(into bytes: inout [UInt8]) {
    var array = PostgreSQLParameters()
    array.append(elements) { $0 }
    bytes.append(contentsOf: array.bytes)
  }
}

/// Batches of rows that one statement takes: neither of the two ends shall hold hundreds of megabytes for it.
enum PostgreSQLBatches {
  private static let rows = 20_000
  private static let bytes = 8 << 20

  static func of<Row>(_ rows: [Row], size: (Row) -> Int, _ body: (ArraySlice<Row>) throws -> Void) rethrows {
    var start = 0
    while start < rows.count {
      var end = start
      var held = 0
      while end < rows.count, end - start < self.rows, held < bytes || end == start {
        held += size(rows[end])
        end += 1
      }
      try body(rows[start..<end])
      start = end
    }
  }
}
