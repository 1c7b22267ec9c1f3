import LeewayCore

/// One row of a result, valid inside the closure it was handed to. A row that this program cannot have written is an error,
/// whatever made it.
protocol SQLRow {
  func isNull(_ column: CInt) -> Bool
  func integer(_ column: CInt) throws -> Int64
  func flag(_ column: CInt) throws -> Bool
  func optionalReal(_ column: CInt) throws -> Double?
  func text(_ column: CInt) throws -> String
  func blob(_ column: CInt) throws -> [UInt8]
  func damaged(_ column: CInt, _ what: String) -> LedgerError
}

extension SQLRow {
  func optionalInteger(_ column: CInt) throws -> Int64? { isNull(column) ? nil : try integer(column) }

  func count(_ column: CInt) throws -> Int {
    guard let value = Int(exactly: try integer(column)) else { throw damaged(column, "is too large") }
    return value
  }

  func small(_ column: CInt) throws -> Int32 {
    guard let value = Int32(exactly: try integer(column)) else { throw damaged(column, "is too large") }
    return value
  }

  func time(_ column: CInt) throws -> EventTime { EventTime(milliseconds: try integer(column)) }

  func optionalTime(_ column: CInt) throws -> EventTime? { isNull(column) ? nil : try time(column) }

  func optionalText(_ column: CInt) throws -> String? { isNull(column) ? nil : try text(column) }

  func optionalBlob(_ column: CInt) throws -> [UInt8]? { isNull(column) ? nil : try blob(column) }

  func named<E: RawRepresentable>(_ column: CInt, as type: E.Type = E.self) throws -> E where E.RawValue == String {
    let name = try text(column)
    guard let value = E(rawValue: name) else { throw damaged(column, "has the unknown value \"\(name)\"") }
    return value
  }

  func numbered<E: RawRepresentable>(_ column: CInt, as type: E.Type = E.self) throws -> E where E.RawValue == Int {
    let number = try count(column)
    guard let value = E(rawValue: number) else { throw damaged(column, "has the unknown value \(number)") }
    return value
  }

  func optionalNumbered<E: RawRepresentable>(_ column: CInt, as type: E.Type = E.self) throws -> E?
  where E.RawValue == Int { isNull(column) ? nil : try numbered(column) }
}
