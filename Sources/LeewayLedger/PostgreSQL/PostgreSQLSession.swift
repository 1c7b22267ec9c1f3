import LeewayCore

/// One read snapshot or one transaction: what `Ledger.read` and `Ledger.write` hand to their bodies. Lives as long as the
/// body, on the body's thread. The calls are in the extensions, by subject.
final class PostgreSQLSession {
  private let connection: PostgreSQLConnection
  private let place: String
  private let schema: String
  /// In place of the server's; for tests.
  private let clock: (@Sendable () -> EventTime)?
  /// Reads that a write may rest on are locked.
  let writes: Bool
  /// The first call that failed. The transaction is then doomed.
  private(set) var failure: LedgerError?
  /// It lost against another transaction: it may be run again.
  private(set) var isConflict = false
  private(set) var scopes: [[String]: Int64]
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
    self.writes = writes
    scopes = connection.scopes
  }

  /// What is left to do before the end of the transaction.
  func finish() throws {
    guard failure == nil else { return }
    try storeMarks()
  }

  // MARK: The clock

  /// The server's time in milliseconds, when it gets there: after the statement has waited for locks, not before. Where a
  /// test has a clock of its own, the statement's parameter is that.
  static func clock(_ parameter: String) -> String {
    "coalesce(\(parameter)::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)"
  }

  /// The parameter that goes with it.
  var testTime: EventTime? { clock?() }

  func now() throws -> EventTime {
    let doing: StaticString = "reading the clock"
    guard let now = try first(doing, "SELECT \(Self.clock("$1"))", testTime, as: { try $0.time(0) }) else {
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

  /// Runs one statement and returns the number of rows changed.
  @discardableResult
  func run<each V: PostgreSQLValue>(_ doing: StaticString, _ sql: String, _ values: repeat each V) throws -> Int {
    try execute(doing, sql, PostgreSQLParameters(repeat each values)).changed
  }

  /// All rows of one query.
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

  /// The first row of one query.
  func first<T, each V: PostgreSQLValue>(
    _ doing: StaticString, _ sql: String, _ values: repeat each V, as row: (PostgreSQLRow) throws -> T
  ) throws -> T? {
    let result = try execute(doing, sql, PostgreSQLParameters(repeat each values))
    guard result.count > 0 else { return nil }
    return try row(PostgreSQLRow(result: result, index: 0, session: self, doing: doing))
  }

  // MARK: Locks

  /// Holds what `lock` names until the end of the transaction; nothing in a read snapshot.
  func lock(_ lock: PostgreSQLLock, named schema: String? = nil, shared: Bool = false) throws {
    guard writes else { return }
    let key = lock.key(schema: schema ?? self.schema)
    // Held shared and wanted exclusively are two locks.
    guard held.insert(shared ? ~key : key).inserted else { return }
    try run("locking", "SELECT pg_advisory_xact_lock\(shared ? "_shared" : "")($1)", key)
  }

  /// For reads by key of rows that exist before anybody changes them.
  var forUpdate: String { writes ? " FOR UPDATE" : "" }

  // MARK: Scopes

  /// The number of (monitor, generation); nil if nothing has been stored under it.
  func scope(_ monitor: String, _ generation: String) throws -> Int64? {
    if let known = scopes[[monitor, generation]] { return known }
    let found = try first(
      "looking up a monitor's generation", "SELECT id FROM scopes WHERE monitor = $1 AND generation = $2", monitor,
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
      doing, "INSERT INTO scopes (monitor, generation) VALUES ($1, $2) ON CONFLICT DO NOTHING", monitor, generation)
    guard let made = try scope(monitor, generation) else { throw damaged(doing, "a scope has no number") }
    return made
  }

  // MARK: Failures

  private func failed(_ doing: StaticString, _ failure: PostgreSQLFailure) -> LedgerError {
    let error = LedgerError.postgres("\(doing)", place: place, failure)
    isConflict = failure.isConflict
    connection.isSpent = connection.isSpent || failure.state == "25006"
    self.failure = error
    return error
  }

  func damaged(_ doing: StaticString, _ what: String) -> LedgerError {
    let error = LedgerError(
      "\(doing) in the ledger \(place): \(what); the database is damaged, restore it from a backup", isDamage: true)
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

extension PostgreSQLSession: LedgerWriter {}

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

  /// The last row of each key, ascending by key. A statement changes a row once, and rows are locked in the order of
  /// their keys.
  static func lastOfEach<Row>(_ rows: [Row], precedes: (Row, Row) -> Bool) -> [Row] {
    let ascends = zip(rows, rows.dropFirst()).allSatisfy(precedes)
    if ascends { return rows }
    let order = rows.indices.sorted { a, b in
      precedes(rows[a], rows[b]) || (!precedes(rows[b], rows[a]) && a < b)
    }
    var kept: [Row] = []
    for index in order {
      if let last = kept.last, !precedes(last, rows[index]) { kept.removeLast() }
      kept.append(rows[index])
    }
    return kept
  }
}
