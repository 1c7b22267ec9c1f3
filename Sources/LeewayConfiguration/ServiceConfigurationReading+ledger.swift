import LeewayLedger

extension ServiceConfigurationReading {
  /// Where the ledger is; the other keys are not looked at.
  func ledgerOnly() -> ServiceConfiguration.LedgerLocation? {
    reading.root(.service, example: "kafka: {bootstrap: \"localhost:9092\"}").flatMap(readLedger)
  }

  func readLedger(_ top: ConfigurationMap) -> ServiceConfiguration.LedgerLocation? {
    func sqlite(_ name: String) -> ServiceConfiguration.LedgerLocation {
      .sqlite(path: TextFile.path(name, in: TextFile.folder(of: path)))
    }
    guard let value = top.value("ledger") else { return sqlite("leeway.db") }
    ledgerPlace = value.place
    guard let text = value.text(limit: 4096) else { return nil }
    // Addresses of databases hold passwords, so none of these messages shows the value.
    if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
      guard PostgreSQLLedger.isAddress(text) else {
        value.complain(
          "is no PostgreSQL address; it takes postgres://USER:PASSWORD@HOST:5432/DATABASE, with % codes for special "
            + "characters")
        return nil
      }
      return .postgres(address: Secret(text))
    }
    guard text.hasPrefix("sqlite:"), text.utf8.count > 7 else {
      value.complain("must be sqlite: and the path of a file, as sqlite:leeway.db, or postgres://USER@HOST/DATABASE")
      return nil
    }
    return sqlite(String(text.dropFirst(7)))
  }
}
