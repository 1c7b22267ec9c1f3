/// Hosts, ports and web addresses.
extension ServiceConfigurationReading {
  /// `127.0.0.1:8080`, `localhost:8080`, `[::1]:8080`
  static func hostAndPort(_ text: Substring) -> (host: String, port: Int)? {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let digits = text[text.index(after: colon)...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits) else {
      return nil
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    guard !host.isEmpty, !host.unicodeScalars.contains(where: { $0.value <= 0x20 || $0 == "/" }) else { return nil }
    return (String(host), Int(port))
  }

  /// Whether the name can only mean this machine: a name that only begins as an address of it may be anybody's.
  package static func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  /// Whether it is http or https with a host, and has neither blanks nor control characters.
  static func isWebAddress(_ text: String) -> Bool {
    let lowercased = text.lowercased()
    guard let scheme = ["http://", "https://"].first(where: lowercased.hasPrefix) else { return false }
    let authority = text.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    return !host.isEmpty && !host.hasPrefix(":")
      && !text.unicodeScalars.contains { $0.value <= 0x20 || $0.value == 0x7F }
  }
}
