import GRDB
import Glibc
import LeewayCore

import struct Synchronization.Atomic

/// Looks through the pages of an SQLite ledger on a read connection of its own, beside whoever writes the file.
///
/// SQLite's pages have no checksums. `PRAGMA quick_check` finds pages, cells and rows that cannot be right; it does not find a
/// byte that has changed within a text or a number. A look at a table is one read snapshot, in which the writer's log grows
/// and cannot be folded into the file, so a caller limits its time.
///
/// One thread at a time looks; ``stop()`` may be called from any other.
package final class LedgerPages: Sendable {
  /// What a look at one table has found.
  package enum Found: Sendable, Equatable {
    case sound
    /// What SQLite says, a line for each place; never empty.
    case damage([String])
    /// ``LedgerPages/stop()`` ended it.
    case stopped
  }

  private let queue: DatabaseQueue
  private let path: String
  private let isStopped = Atomic(false)

  /// - Throws: `LedgerError` if there is no ledger of ours, or none that this program reads.
  package init(path: String) throws {
    self.path = path
    guard access(path, R_OK) == 0 else {
      throw LedgerError("opening the ledger \(path): \(String(cString: strerror(errno))); check the path")
    }
    var configuration = Configuration()
    configuration.label = "ledger-pages"
    configuration.readonly = true
    configuration.busyMode = .timeout(10)
    configuration.prepareDatabase { db in
      // Pages are read once each: a large cache would only take the place of what others read again.
      try db.execute(sql: "PRAGMA cache_size = -2048; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY")
    }
    do {
      queue = try DatabaseQueue(path: path, configuration: configuration)
      let (application, version) = try queue.read { db in
        (
          try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0,
          try Int64.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        )
      }
      guard application != 0 || SQLiteLedger.isBlank(path) != true else {
        let wasHeld = (SQLiteLedger.size(path + "-lock") ?? 0) > 0
        throw LedgerError(
          "opening the ledger \(path): "
            + (wasHeld
              ? SQLiteLedger.emptied(path)
              : "the file has no tables; start leeway, which makes its ledger there, or name another file"))
      }
      guard application == SQLiteSchema.applicationID else {
        throw LedgerError("opening the ledger \(path): it is no ledger of leeway; name another file")
      }
      guard version <= SQLiteSchema.version else {
        throw LedgerError(
          "opening the ledger \(path): it was written by a newer leeway (schema \(version); this one knows "
            + "\(SQLiteSchema.version)); use the newer one")
      }
    } catch let error as DatabaseError {
      throw failure("opening", path, error)
    }
  }

  /// The tables in the order in which they are to be looked at: what is small and what counting needs first.
  package func tables() throws -> [String] {
    do {
      let names = try queue.read { db in
        try String.fetchAll(
          db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name = 'results', name")
      }
      return ["sqlite_schema"] + names
    } catch let error as DatabaseError {
      throw failure("looking through", path, error)
    }
  }

  /// Looks at a table and its indices.
  ///
  /// - Parameter limit: of places that are named.
  package func look(at table: String, limit: Int = 10) throws -> Found {
    // A name cannot be bound here; it is one of `tables()`.
    let found = try run("PRAGMA quick_check('\(table.replacing("'", with: "''"))')")
    guard case .damage(let places) = found, places.count > limit else { return found }
    return .damage(Array(places.prefix(limit)) + ["and \(places.count - limit) more"])
  }

  /// Looks at everything, also whether indices agree with their tables, pages that nothing uses and the list of free ones.
  package func lookAtAll(limit: Int = 20) throws -> Found { try run("PRAGMA integrity_check(\(limit))") }

  /// Ends the look that is under way; from any thread. One that begins later is not ended.
  package func stop() {
    isStopped.store(true, ordering: .releasing)
    queue.interrupt()
  }

  package func close() { try? queue.close() }

  /// Hands one read snapshot to `body`.
  func read<T>(_ body: (SQLiteSession) throws -> T) throws -> T {
    do {
      return try queue.read { try body(SQLiteSession($0, path: path, clock: { .distantPast })) }
    } catch let error as DatabaseError {
      throw failure("reading", path, error)
    }
  }

  /// The online backup of all pages, as they are at one moment, into another connection.
  func backup(to target: DatabaseQueue) throws { try queue.backup(to: target) }

  private func run(_ pragma: String) throws -> Found {
    isStopped.store(false, ordering: .releasing)
    var places: [String] = []
    do {
      try queue.read { db in
        let rows = try Row.fetchCursor(db, sql: pragma)
        while let row = try rows.next() {
          // Lines that SQLite has in one row.
          let text: String? = row[0]
          places += (text ?? "").split(separator: "\n").map(String.init)
        }
      }
    } catch let error as DatabaseError {
      switch error.resultCode {
      case .SQLITE_INTERRUPT, .SQLITE_ABORT: return .stopped
      // Some damage ends the check itself, after it has named what it saw.
      case .SQLITE_CORRUPT, .SQLITE_NOTADB: if places.isEmpty { places = [error.message ?? "the file is damaged"] }
      default: throw failure("looking through", path, error)
      }
    }
    // What an interrupted check has said is not the file's fault.
    guard !isStopped.load(ordering: .acquiring) else { return .stopped }
    places.removeAll { $0 == "ok" || $0.hasPrefix("*** in database") }
    return places.isEmpty ? .sound : .damage(places)
  }
}

private func failure(_ doing: String, _ path: String, _ error: DatabaseError) -> LedgerError {
  .sqlite(doing, path: path, code: error.extendedResultCode.rawValue, message: error.message ?? "no text")
}
