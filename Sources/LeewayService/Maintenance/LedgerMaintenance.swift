package import LeewayConfiguration
import LeewayCore
import LeewayLedger

/// What an operator does with a ledger as a whole: `leeway ledger verify`, `backup` and `restore`.
package struct LedgerMaintenance: Sendable {
  private let configPath: String
  private let location: ServiceConfiguration.LedgerLocation

  /// - Parameters:
  ///   - configPath: of the configuration that names the ledger, for errors.
  ///   - location: where the ledger is.
  package init(configPath: String, location: ServiceConfiguration.LedgerLocation) {
    self.configPath = configPath
    self.location = location
  }

  /// Reads all of the ledger.
  ///
  /// - Returns: a sentence that says what was found to be good.
  /// - Throws: `EnvironmentProblem` that names what is damaged; `LedgerError` if the ledger cannot be opened.
  package func verify() throws -> String {
    let (name, problems, rest): (String, [String], String)
    switch location {
    case .sqlite(let path):
      (name, problems, rest) = (path, try LedgerFile(path).verify(), "")
    case .postgres(let address):
      name = "the ledger in PostgreSQL"
      problems = try PostgreSQLLedger.verify(address: address.revealed)
      rest = "; pages and indices are for the server to check: pg_amcheck, and data checksums (pg_checksums)"
    }
    guard problems.isEmpty else {
      let lines = problems.map { "  \($0)\n" }.joined()
      throw EnvironmentProblem(
        "\(name) is damaged, \(problems.count) \(problems.count == 1 ? "place" : "places"):\n\(lines)restore a backup"
          + (isFile ? " with leeway ledger restore" : ""))
    }
    return "\(name): no damage found, and everything that leeway has stored can be read\(rest)"
  }

  /// Copies the ledger into a new file, while a service may be running.
  ///
  /// - Returns: a sentence that says what was copied.
  package func backup(to copy: String) throws -> String {
    guard case .sqlite(let path) = location else {
      throw InputProblem(
        "\(configPath): the ledger is in PostgreSQL, which has its own backups; use pg_dump --format=custom --file=FILE "
          + "DATABASE, or pg_basebackup")
    }
    let bytes = try LedgerFile(path).backup(to: copy)
    return "\(path): copied to \(copy), \(bytes) bytes, and verified"
  }

  /// Puts a copy in the ledger's place, while no service has it.
  ///
  /// - Returns: a sentence that says what was done.
  package func restore(from copy: String) throws -> String {
    guard case .sqlite(let path) = location else {
      throw InputProblem(
        "\(configPath): the ledger is in PostgreSQL, which has its own backups; stop all instances and use pg_restore "
          + "--clean --if-exists --dbname=DATABASE FILE")
    }
    let kept = try LedgerFile(path).restore(from: copy)
    return "\(path): restored from \(copy)" + (kept.map { "; what was there is now \($0)" } ?? "")
  }

  private var isFile: Bool { if case .sqlite = location { true } else { false } }
}
