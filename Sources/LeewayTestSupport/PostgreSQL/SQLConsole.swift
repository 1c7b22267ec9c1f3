import CPostgres

/// A connection for what tests say to a server beside the ledger. Guarded by its owner's mutex.
package final class SQLConsole: @unchecked Sendable {
  private let handle: OpaquePointer

  package init(_ address: String) throws {
    guard let handle = PQconnectdb(address) else { throw TemporaryPostgreSQL.Failure(description: "no memory") }
    self.handle = handle
    guard PQstatus(handle) == CONNECTION_OK else {
      throw TemporaryPostgreSQL.Failure(description: String(cString: PQerrorMessage(handle)))
    }
    PQsetNoticeReceiver(handle, { _, _ in }, nil)
  }

  deinit { PQfinish(handle) }

  @discardableResult
  package func execute(_ sql: String) throws -> [[String?]] {
    let result = PQexec(handle, sql)
    defer { PQclear(result) }
    guard [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(PQresultStatus(result)) else {
      throw TemporaryPostgreSQL.Failure(description: "\(sql.prefix(200)): \(String(cString: PQerrorMessage(handle)))")
    }
    return (0..<PQntuples(result)).map { row in
      (0..<PQnfields(result)).map { column in
        PQgetisnull(result, row, column) == 1 ? nil : PQgetvalue(result, row, column).map { String(cString: $0) }
      }
    }
  }
}
