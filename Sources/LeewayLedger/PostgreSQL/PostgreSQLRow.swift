import CPostgres
import LeewayCore

/// The rows that a statement gave. Its memory is libpq's and goes with it.
final class PostgreSQLResult {
  private let handle: OpaquePointer

  init(_ handle: OpaquePointer) { self.handle = handle }

  deinit { PQclear(handle) }

  var count: Int { Int(PQntuples(handle)) }

  /// Rows inserted, changed or deleted.
  var changed: Int { PQcmdTuples(handle).flatMap { Int(String(cString: $0)) } ?? 0 }

  /// Such as `COMMIT`.
  var tag: String { PQcmdStatus(handle).map { String(cString: $0) } ?? "" }

  fileprivate func isNull(_ row: Int, _ column: CInt) -> Bool { PQgetisnull(handle, CInt(row), column) == 1 }

  fileprivate func bytes(_ row: Int, _ column: CInt) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: PQgetvalue(handle, CInt(row), column), count: Int(PQgetlength(handle, CInt(row), column)))
  }

  fileprivate func name(_ column: CInt) -> String {
    PQfname(handle, column).map { String(cString: $0) } ?? "\(column)"
  }

  fileprivate func type(_ column: CInt) -> UInt32 { PQftype(handle, column) }
}

/// One row of a result, in binary.
struct PostgreSQLRow: SQLRow {
  let result: PostgreSQLResult
  let index: Int
  let session: PostgreSQLSession
  let doing: StaticString

  func isNull(_ column: CInt) -> Bool { result.isNull(index, column) }

  private func value(_ column: CInt, _ type: UInt32, _ what: String) throws -> UnsafeRawBufferPointer {
    guard !isNull(column), result.type(column) == type else { throw damaged(column, what) }
    return result.bytes(index, column)
  }

  func integer(_ column: CInt) throws -> Int64 {
    let bytes = try value(column, Int64.oid, "is not a bigint")
    guard bytes.count == 8 else { throw damaged(column, "is not a bigint") }
    return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
  }

  func flag(_ column: CInt) throws -> Bool {
    let bytes = try value(column, Bool.oid, "is not a boolean")
    guard bytes.count == 1 else { throw damaged(column, "is not a boolean") }
    return bytes[0] != 0
  }

  func optionalReal(_ column: CInt) throws -> Double? {
    if isNull(column) { return nil }
    let bytes = try value(column, Double.oid, "is not a number")
    guard bytes.count == 8 else { throw damaged(column, "is not a number") }
    return Double(bitPattern: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)))
  }

  func text(_ column: CInt) throws -> String {
    guard let text = String(postgreSQL: try value(column, String.oid, "is not a text")) else {
      throw damaged(column, "is not UTF-8")
    }
    return text
  }

  func blob(_ column: CInt) throws -> [UInt8] { [UInt8](try value(column, [UInt8].oid, "is not a bytea")) }

  func damaged(_ column: CInt, _ what: String) -> LedgerError {
    session.damaged(doing, "column \(result.name(column)) \(what)")
  }
}
