import CPostgres
import Glibc
import LeewayCore

/// What the server or the connection said, before it is put in an operator's words.
struct PostgreSQLFailure: Error {
  /// nil: said by libpq, not by the server.
  var state: String?
  var message: String
  var connectionLost: Bool

  /// Worth another attempt at the whole transaction: nothing of it was committed.
  var isConflict: Bool { state == "40001" || state == "40P01" }
}

/// One connection and the statements prepared on it.
///
/// `@unchecked Sendable`: it belongs to the thread that took it from the pool, until that gives it back; the pool's
/// mutex hands it from one to the next.
final class PostgreSQLConnection: @unchecked Sendable {
  private let handle: OpaquePointer
  private var prepared: [String: String] = [:]
  /// Numbers of scopes that are committed; scopes never change.
  var scopes: [[String]: Int64] = [:]
  private let patience: Int
  /// Not to be used again, though it answers: it leads to a server that has become read-only, and libpq shall choose
  /// again among the hosts of the address.
  var isSpent = false

  /// Connects.
  ///
  /// - Parameter patience: seconds after which an answer that has not come counts as lost.
  init(_ address: PostgreSQLAddress, patience: Int) throws(PostgreSQLFailure) {
    guard let handle = address.connect() else {
      throw PostgreSQLFailure(message: "libpq has no memory for a connection", connectionLost: true)
    }
    self.handle = handle
    self.patience = patience
    guard PQstatus(handle) == CONNECTION_OK else {
      throw PostgreSQLFailure(message: Self.text(PQerrorMessage(handle)), connectionLost: true)
    }
    // libpq would print the server's notices on standard error.
    PQsetNoticeReceiver(handle, { _, _ in }, nil)
    guard PQsetnonblocking(handle, 1) == 0 else { throw lost() }
  }

  deinit { PQfinish(handle) }

  var isAlive: Bool { PQstatus(handle) == CONNECTION_OK }
  var isIdle: Bool { PQtransactionStatus(handle) == PQTRANS_IDLE }
  /// Such as 150020.
  var serverVersion: Int { Int(PQserverVersion(handle)) }
  var processID: Int { Int(PQbackendPID(handle)) }
  var isEncrypted: Bool { PQsslInUse(handle) == 1 }

  // MARK: Statements

  /// Runs statements without parameters, as text; for those that begin and end transactions, and for tables.
  @discardableResult
  func run(_ sql: String) throws(PostgreSQLFailure) -> PostgreSQLResult {
    try answer { PQsendQuery(handle, sql) }
  }

  /// Prepares `sql` at its first use and runs it with binary parameters and results.
  ///
  /// - Parameter sql: with placeholders as in `SQLSession`, or PostgreSQL's own.
  func execute(_ sql: String, _ parameters: PostgreSQLParameters) throws(PostgreSQLFailure) -> PostgreSQLResult {
    let name: String
    if let known = prepared[sql] {
      name = known
    } else {
      name = "s\(prepared.count)"
      _ = try answer { PQsendPrepare(handle, name, Self.numbered(sql), 0, nil) }
      prepared[sql] = name
    }
    let count = parameters.parts.count
    let lengths = parameters.parts.map { CInt(clamping: $0?.count ?? 0) }
    let formats = [CInt](repeating: 1, count: count)
    return try answer {
      parameters.bytes.withUnsafeBytes { bytes in
        // A value of no bytes needs an address too: without one it would be NULL.
        let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? Self.somewhere
        let values: [UnsafePointer<CChar>?] = parameters.parts.map { part in part.map { start + $0.offset } }
        return PQsendQueryPrepared(handle, name, CInt(clamping: count), values, lengths, formats, 1)
      }
    }
  }

  /// `?` and `?1` as `$1`. As in SQLite a `?` without a number is one more than the greatest before it.
  static func numbered(_ sql: String) -> String {
    guard sql.utf8.contains(UInt8(ascii: "?")) else { return sql }
    var text = ""
    var greatest = 0
    var isQuoted = false
    var rest = sql[...]
    while let character = rest.popFirst() {
      if character == "'" { isQuoted.toggle() }
      guard character == "?", !isQuoted else {
        text.append(character)
        continue
      }
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      let number = Int(digits) ?? greatest + 1
      greatest = max(greatest, number)
      text += "$\(number)"
    }
    return text
  }

  private nonisolated(unsafe) static let somewhere: UnsafePointer<CChar> = UnsafePointer(
    UnsafeMutablePointer<CChar>.allocate(capacity: 1))

  /// Sends and waits for the answer. libpq's own waiting has no end: a server that hangs would hold a thread without end.
  private func answer(_ send: () -> CInt) throws(PostgreSQLFailure) -> PostgreSQLResult {
    guard send() == 1 else { throw lost() }
    let deadline = ContinuousClock.now + .seconds(patience)
    var unsent = PQflush(handle)
    while unsent == 1 {
      let ready = try wait(for: Int16(POLLIN | POLLOUT), until: deadline)
      if ready & Int16(POLLIN) != 0 { guard PQconsumeInput(handle) == 1 else { throw lost() } }
      unsent = PQflush(handle)
    }
    guard unsent == 0 else { throw lost() }
    var last: PostgreSQLResult?
    var failure: PostgreSQLFailure?
    while true {
      while PQisBusy(handle) == 1 {
        _ = try wait(for: Int16(POLLIN), until: deadline)
        guard PQconsumeInput(handle) == 1 else {
          failure?.connectionLost = true
          throw failure ?? lost()
        }
      }
      guard let handle = PQgetResult(self.handle) else { break }
      let result = PostgreSQLResult(handle)
      switch PQresultStatus(handle) {
      case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: last = result
      default:
        let state = leeway_pg_sqlstate(handle).map { String(cString: $0) }
        let message = leeway_pg_primary_message(handle).map { Self.text($0) }
        failure =
          failure
          ?? PostgreSQLFailure(
            state: state, message: message ?? Self.text(PQresultErrorMessage(handle)), connectionLost: false)
      }
    }
    if var failure {
      // The server's farewell comes as an answer; whether the connection outlived it is known after.
      failure.connectionLost = !isAlive
      throw failure
    }
    guard let last else { throw lost() }
    return last
  }

  /// - Returns: what poll says is possible.
  private func wait(for events: Int16, until deadline: ContinuousClock.Instant) throws(PostgreSQLFailure) -> Int16 {
    while true {
      let left = deadline - ContinuousClock.now
      guard left > .zero else {
        throw PostgreSQLFailure(message: "no answer within \(patience) s", connectionLost: true)
      }
      var descriptor = pollfd(fd: PQsocket(handle), events: events, revents: 0)
      let ready = poll(&descriptor, 1, CInt(clamping: left.components.seconds &* 1000 &+ 1000))
      if ready > 0 { return descriptor.revents | (descriptor.revents & Int16(POLLHUP | POLLERR) != 0 ? events : 0) }
      if ready < 0, errno != EINTR { throw lost() }
    }
  }

  private func lost() -> PostgreSQLFailure {
    PostgreSQLFailure(message: Self.text(PQerrorMessage(handle)), connectionLost: true)
  }

  /// libpq ends lines, and repeats itself on several.
  private static func text(_ message: UnsafePointer<CChar>?) -> String {
    guard let message else { return "" }
    return String(cString: message).split(separator: "\n").map { line in
      String(line.drop { $0 == " " || $0 == "\t" })
    }.joined(separator: "; ")
  }
}
