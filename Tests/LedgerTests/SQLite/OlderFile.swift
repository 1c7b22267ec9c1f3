import GRDB

@testable import LeewayLedger

/// A ledger as an older program left it.
enum OlderFile {
  /// - Parameters:
  ///   - version: of the tables.
  ///   - rows: SQL that fills them.
  static func make(_ path: String, version: Int64, rows: String) throws {
    let raw = try DatabaseQueue(path: path)
    try raw.writeWithoutTransaction { try SQLiteSchema.migrate($0, path: path, to: version) }
    try raw.write { try $0.execute(sql: rows) }
    try raw.close()
  }
}
