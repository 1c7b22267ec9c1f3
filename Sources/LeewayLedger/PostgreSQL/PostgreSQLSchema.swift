import LeewayCore

/// The tables, and how older databases get them. Only forward: a database of a newer program is refused.
///
/// The same tables, columns and keys as `SQLiteSchema`; its comments say what each is for. Text compares by bytes
/// (`COLLATE "C"`), as it does there. Where a key could be longer than the 2.7 KB that an index entry holds (ids and
/// slices come from messages), the index has `PostgreSQLKey` in its place. Times are milliseconds since the epoch.
enum PostgreSQLSchema {
  static var version: Int64 { Int64(steps.count) }

  /// Brings the database to this program's version, all in one transaction. Among several instances that start at once, one
  /// does it and the others wait.
  ///
  /// - Returns: the schema that holds the tables.
  static func migrate(_ connection: PostgreSQLConnection, place: String) throws -> String {
    try connection.run("BEGIN ISOLATION LEVEL READ COMMITTED")
    defer { if !connection.isIdle, connection.isAlive { _ = try? connection.run("ROLLBACK") } }
    let session = PostgreSQLSession(connection, place: place, schema: "", writes: true)
    func refuse(_ why: String) -> LedgerError { LedgerError("opening the ledger \(place): \(why)") }
    let doing: StaticString = "opening tables"
    let found = try session.first(
      doing,
      """
      SELECT current_setting('server_version_num')::bigint, current_setting('server_encoding'),
        coalesce(current_schema()::text, '')
      """
    ) { (version: try $0.integer(0), encoding: try $0.text(1), schema: try $0.text(2)) }
    guard let found else { throw refuse("the server does not say what it is") }
    guard found.version >= oldestServer * 10_000 else {
      throw refuse("the server is PostgreSQL \(found.version / 10_000); use \(oldestServer) or newer")
    }
    guard found.encoding == "UTF8" else {
      throw refuse("the database is encoded in \(found.encoding); make one with ENCODING 'UTF8'")
    }
    guard !found.schema.isEmpty else {
      throw refuse("none of the schemas in search_path exists; make one, or correct search_path in the address")
    }
    // No other instance may look until it is decided and done.
    try session.lock(.migration, named: found.schema)
    try connection.run("SET LOCAL statement_timeout = 0")
    var version: Int64 = 0
    let known = try session.first(
      doing, "SELECT to_regclass(quote_ident($1) || '.leeway_schema') IS NOT NULL", found.schema
    ) { try $0.flag(0) }
    if known == true {
      version = try session.first(doing, "SELECT version FROM leeway_schema") { try $0.integer(0) } ?? 0
    } else {
      let strangers = try session.rows(
        doing,
        """
        SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname::text = $1 AND c.relname::text = ANY ($2)
        """, found.schema, PostgreSQLArray(["writers", "partitions", "waiting", "results", "settings"])
      ) { try $0.text(0) }
      if let stranger = strangers.sorted(by: utf8Order).first {
        throw refuse("the schema \(found.schema) has another program's table \(stranger); name a database of its own")
      }
    }
    guard (0...self.version).contains(version) else {
      throw refuse(
        "it was written by a newer leeway (schema \(version); this one knows \(self.version)); start the newer one, or "
          + "name another database")
    }
    if version < self.version {
      for step in steps[Int(version)...] { try connection.run(step) }
      try session.run(doing, "DELETE FROM leeway_schema")
      try session.run(doing, "INSERT INTO leeway_schema (version) VALUES ($1)", self.version)
    }
    try connection.run("COMMIT")
    return found.schema
  }

  private static let oldestServer: Int64 = 14

  /// Step `i` leads from version `i` to `i + 1`.
  static let steps = [firstTables] + changes
}
