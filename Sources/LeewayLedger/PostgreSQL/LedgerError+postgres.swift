import LeewayCore

extension LedgerError {
  /// What PostgreSQL said, in words that name the place, the cause and the fix.
  static func postgres(_ doing: String, place: String, _ failure: PostgreSQLFailure) -> LedgerError {
    let state = failure.state.map { "PostgreSQL \($0): " } ?? ""
    let said = "\(state)\(failure.message.isEmpty ? "no reason given" : failure.message)"
    // What is done about it (another attempt, or the end) is for the caller to say.
    func error(
      _ cause: String, _ fix: String, full: Bool = false, mayPass: Bool = false, isDamage: Bool = false
    ) -> LedgerError {
      LedgerError(
        "\(doing) in the ledger \(place): \(cause) (\(said)); \(fix)", storageFull: full,
        mayPass: mayPass || failure.connectionLost, isDamage: isDamage)
    }
    switch failure.state ?? "" {
    case "53100": return error("the server's disk is full", "make room there", full: true)
    case "53300": return error("the server has no connection left", connectionAdvice, mayPass: true)
    case "25006":
      return error(
        "the server is read-only",
        "it is a standby, or default_transaction_read_only is on; turn that off, or name the primary", mayPass: true)
    case "57P01", "57P02", "57P03", "57P04":
      return error("the server is stopping or starting", "wait for it, or start it", mayPass: true)
    case "55P03", "57014":
      return error(
        "a lock or a statement took too long", "end what holds the locks (pg_stat_activity, pg_locks)", mayPass: true)
    case "25P03":
      return error(
        "the transaction stood still for too long", "this process was stopped or starved", mayPass: true)
    case "42501": return error("the role may not", "make it the owner of the tables, or of its own database")
    case "40001", "40P01":
      return error(
        "others changed the same rows again and again", "fewer instances collide less", mayPass: true)
    case "42P01", "42703", "3F000":
      return error("tables are gone or changed", "restore them from a backup, or start with an empty database")
    case "XX001", "XX002", "58030", "58P01":
      return error("the server's files are damaged or cannot be read", "restore them from a backup", isDamage: true)
    default:
      if failure.connectionLost {
        return error("the connection was lost", "see the server's log for why, and start it if it is down")
      }
      return LedgerError("\(doing) in the ledger \(place): \(said)")
    }
  }

  private static let connectionAdvice = "raise max_connections, or run fewer instances; each takes up to 8"

  /// Why there is no connection. libpq gives no code before there is one, so this reads the server's English.
  static func postgresConnecting(place: String, _ failure: PostgreSQLFailure) -> LedgerError {
    let said = failure.message
    let words = wordsAlone(said)
    func has(_ texts: String...) -> Bool { texts.contains(where: words.contains) }
    let fix =
      if brokenOff.contains(where: words.contains) {
        "start the server, or correct the address"
      } else if has("received invalid response", "expected authentication request") {
        "what answers there is no PostgreSQL server; correct the host and the port in the address"
      } else if has("password authentication failed", "no password supplied") {
        "correct the password in the address, PGPASSWORD or .pgpass"
      } else if has("certificate", "SSL", "sslmode", "root.crt") {
        "check sslmode and sslrootcert in the address against the server's certificate"
      } else if has("definition of service", "service file") {
        "check PGSERVICE and the service file"
      } else if has("pg_hba.conf") {
        "let this host and user in, in the server's pg_hba.conf"
      } else if has("does not exist") && has("FATAL:  database") {
        "create it (createdb), or name another one"
      } else if has("does not exist") && has("FATAL:  role") {
        "create it (createuser), or name another one"
      } else if has("too many clients", "remaining connection slots", "too many connections") {
        connectionAdvice
      } else if has("could not translate host name") {
        "correct the host's name in the address"
      } else {
        "start the server, or correct the address"
      }
    return LedgerError("connecting to the ledger \(place): \(said); \(fix)", mayPass: mayPass(failure))
  }

  /// Whether waiting can help: the server is not there yet, or is full.
  static func mayPass(_ failure: PostgreSQLFailure) -> Bool {
    let words = wordsAlone(failure.message)
    return (brokenOff + ["Is the server running"]).contains(where: words.contains)
      || !lasting.contains(where: words.contains)
  }

  /// A host, a database or a role may be called whatever is looked for.
  private static func wordsAlone(_ message: String) -> String { message.replacing(/"[^"]*"/, with: "\"\"") }

  /// A server that ends or begins just now also answers so, and means nothing about certificates.
  private static let brokenOff = [
    "error response during SSL exchange", "SSL SYSCALL error",
    "SSL connection has been closed unexpectedly", "could not send SSL negotiation packet",
  ]

  private static let lasting = [
    "authentication failed", "no password supplied", "certificate", "SSL", "sslmode", "root.crt",
    "definition of service",
    "service file", "pg_hba.conf", "does not exist", "invalid",
  ]
}
