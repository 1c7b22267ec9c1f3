import GRDB
import LeewayCore

/// The tables, and how older files get them. Only forward: a file of a newer program is refused.
///
/// PostgreSQL has the same tables, columns and keys; `INTEGER`, `REAL` and `BLOB` are its `bigint`, `double precision` and
/// `bytea`, and its text columns compare by bytes (`COLLATE "C"`), as SQLite's do. Times are milliseconds since the epoch.
/// One table differs: PostgreSQL keeps `waiting`, a row for each id, where SQLite has `waiting_runs` and `waiting_blocks`.
enum SQLiteSchema {
  /// `Leew`: tells our files from other programs' SQLite files.
  static let applicationID: Int64 = 0x4C65_6577
  static var version: Int64 { Int64(steps.count) }

  /// Brings a file to this program's version, each step in a transaction of its own.
  ///
  /// - Parameter last: the version to stop at, for tests of what older programs wrote.
  static func migrate(_ db: Database, path: String, to last: Int64 = version) throws {
    var version = try Int64.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    while version < last {
      try db.inTransaction(.immediate) {
        try db.execute(sql: steps[Int(version)])
        version += 1
        if version == 4 { try moveWaitingRows(SQLiteSession(db, path: path, clock: { .distantPast })) }
        try db.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version)")
        return .commit
      }
    }
  }

  /// Step `i` leads from version `i` to `i + 1`.
  static let steps = [firstTables] + changes

  /// To version 4: what had been a row for each id becomes runs.
  private static func moveWaitingRows(_ session: SQLiteSession) throws {
    let doing: StaticString = "moving waiting predictions"
    let page = "SELECT id, reclaim_after, state FROM waiting WHERE scope = ? AND id > ? ORDER BY id LIMIT 100000"
    for scope in try session.rows(doing, "SELECT id FROM scopes", as: { try $0.integer(0) }) {
      var last: [UInt8]?
      repeat {
        let sql = last == nil ? page.replacing("id > ?", with: "id >= ?") : page
        let rows = try session.rows(doing, sql, scope, last ?? []) {
          WaitingRow(id: try $0.blob(0), state: try $0.blob(2), reclaimAfter: try $0.time(1))
        }
        last = rows.last?.id
        if last != nil { try session.put(waiting: rows, scope: scope) }
      } while last != nil
    }
    try session.run(doing, "DROP TABLE waiting")
  }
}
