import CPostgres
import Glibc
import LeewayCore

/// A connection string as libpq reads it: hosts, TLS, `.pgpass`, service files and PG… variables mean what they mean
/// to every user of libpq. The string itself, which may hold a password, is shown nowhere.
struct PostgreSQLAddress: Sendable {
  private let text: String
  /// Who and where, without the password: `leeway at db.example.com:5432`.
  let place: String

  /// - Throws: `LedgerError` if libpq cannot read it.
  init(_ text: String) throws {
    guard Self.isUnambiguous(text), let options = PQconninfoParse(text, nil) else {
      // libpq's own words quote the string, and with it perhaps the password.
      throw LedgerError(
        "opening the ledger: the PostgreSQL address cannot be read; it takes "
          + "postgres://USER@HOST:5432/DATABASE?sslmode=verify-full, with % codes for special characters")
    }
    defer { PQconninfoFree(options) }
    var values: [String: String] = [:]
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
      option += 1
    }
    self.text = text
    place = Self.place(values)
  }

  /// A password with a bare `@`, `/` or `?` in it would end where it should not, and the rest of it pass for a host's
  /// name, which everybody may see.
  private static func isUnambiguous(_ text: String) -> Bool {
    guard let scheme = text.firstRange(of: "://") else { return true }
    let rest = text[scheme.upperBound...]
    let place = rest.prefix { $0 != "?" }
    let user = place.prefix { $0 != "@" }
    if user.endIndex == place.endIndex { return !rest.contains("@") }
    return !user.contains("/") && !place[user.endIndex...].dropFirst().contains("@")
  }

  private static func place(_ values: [String: String]) -> String {
    let hosts = (values["host"] ?? values["hostaddr"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
    let ports = (values["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
    let places = hosts.enumerated().map { i, host in
      let port = ports.count == 1 ? ports.first : i < ports.count ? ports[i] : nil
      return port.map { $0.isEmpty ? String(host) : "\(host):\($0)" } ?? String(host)
    }.filter { !$0.isEmpty }
    var words: [String] = []
    if let name = values["dbname"] ?? values["user"] { words.append(name) }
    if !places.isEmpty { words.append("at \(places.joined(separator: ","))") }
    if let service = values["service"] { words.append("of the service \(service)") }
    return words.isEmpty ? "of libpq's defaults" : words.joined(separator: " ")
  }

  /// A connection in whatever state it got to; nil if there is no memory for one.
  func connect() -> OpaquePointer? {
    // What comes before dbname gives way to what the string says.
    var options = [
      ("fallback_application_name", "leeway"), ("keepalives_idle", "10"), ("keepalives_interval", "5"),
      ("keepalives_count", "3"), ("tcp_user_timeout", "20000"),
    ]
    if getenv("PGCONNECT_TIMEOUT") == nil { options.append(("connect_timeout", "10")) }
    options += [("dbname", text), ("client_encoding", "UTF8")]
    let keywords = options.map { strdup($0.0) }
    let values = options.map { strdup($0.1) }
    defer { for pointer in keywords + values { free(pointer) } }
    return PQconnectdbParams(
      keywords.map { UnsafePointer($0) } + [nil], values.map { UnsafePointer($0) } + [nil], 1)
  }
}
