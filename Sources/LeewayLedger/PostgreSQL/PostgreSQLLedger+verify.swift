import LeewayCore

extension PostgreSQLLedger {
  /// Reads everything that this program has encoded, and says what does not decode; empty if all does. Pages are the server's
  /// own to check (`amcheck`, data checksums). A service may be running.
  ///
  /// - Parameters:
  ///   - address: `postgres://…`. Nothing is changed there, the version of the tables either.
  ///   - limit: of problems that are named.
  /// - Throws: `LedgerError` if the server cannot be reached, or has no ledger or one of another version.
  package static func verify(address: String, limit: Int = 20) throws -> [String] {
    let address = try PostgreSQLAddress(address)
    let pool = PostgreSQLPool(address, Options(connections: 1))
    defer { pool.close() }
    do {
      let connection: PostgreSQLConnection
      do { connection = try pool.connect() } catch {
        throw LedgerError.postgresConnecting(place: address.place, error)
      }
      try connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
      defer { if !connection.isIdle, connection.isAlive { _ = try? connection.run("ROLLBACK") } }
      // A large table takes its time.
      try connection.run("SET LOCAL statement_timeout = 0")
      let session = PostgreSQLSession(connection, place: address.place, schema: "", writes: false)
      try session.expectCurrentSchema(place: address.place)
      return try session.undecodable(limit: limit)
    } catch let failure as PostgreSQLFailure {
      throw LedgerError.postgres("verifying what is stored", place: address.place, failure)
    }
  }
}

extension PostgreSQLSession {
  private static let doing: StaticString = "verifying what is stored"
  /// Rows that the server sends at a time.
  private static let pageRows = 500

  fileprivate func expectCurrentSchema(place: String) throws {
    func refuse(_ why: String) -> LedgerError { LedgerError("verifying the ledger \(place): \(why)") }
    let known = try first(Self.doing, "SELECT to_regclass('leeway_schema') IS NOT NULL") { try $0.flag(0) }
    guard known == true,
      let version = try first(Self.doing, "SELECT version FROM leeway_schema", as: { try $0.integer(0) })
    else { throw refuse("there is no ledger of leeway; name another database, or correct search_path in the address") }
    guard version == PostgreSQLSchema.version else {
      throw refuse(
        "its tables are of schema \(version), and this leeway knows \(PostgreSQLSchema.version); "
          + (version > PostgreSQLSchema.version ? "use the newer one" : "leeway run brings them there"))
    }
  }

  fileprivate func undecodable(limit: Int) throws -> [String] {
    var found: [String] = []
    let waiting = StoredBlock(
      table: "waiting", column: "state", key: "scope || '/' || encode(id, 'hex')", problem: StoredBlock.joinProblem)
    for block in StoredBlock.ofBoth + [waiting] {
      try look(at: block, [block.column], &found, limit) { row in block.problem(try row.blob(1)) }
    }
    for block in StoredBlock.documents {
      try look(at: block, [block.column], &found, limit) { row in block.problem(Array(try row.text(1).utf8)) }
    }
    try look(at: .lines, ["line", "packed"], &found, limit) { row in
      try StoredBlock.lineProblem(
        plain: try row.text(1), packed: row.isNull(2) ? nil : try row.blob(2), unpack: unpacked)
    }
    return Array(found.prefix(limit))
  }

  /// Goes through a table by pages of rows.
  private func look(
    at block: StoredBlock, _ columns: [String], _ found: inout [String], _ limit: Int,
    _ problem: (PostgreSQLRow) throws -> String?
  ) throws {
    let columns = ([block.key] + columns).joined(separator: ", ")
    try run(Self.doing, "DECLARE blocks NO SCROLL CURSOR FOR SELECT \(columns) FROM \(block.table)")
    var count = 0
    repeat {
      let page = try rows(Self.doing, "FETCH \(Self.pageRows) FROM blocks") { row in
        try problem(row).map { block.sentence(try row.text(0), $0) }
      }
      found += page.compactMap { $0 }
      count = page.count
    } while count == Self.pageRows && found.count < limit
    try run(Self.doing, "CLOSE blocks")
  }
}
