import LeewayConfiguration
import NIOCore

/// Where a request came from, as far as access depends on it.
struct RequestOrigin: Sendable {
  /// The connection's other end is this machine, the name that was asked for is this machine's, and no proxy says that
  /// somebody else is behind it. A page of another site that makes a browser on this machine ask (DNS rebinding) names
  /// its own host, so it is no loopback request.
  var isLoopback: Bool

  init(remote: SocketAddress?, authority: String?, isForwarded: Bool) {
    isLoopback = Self.isLoopback(remote) && !isForwarded && (authority.map(Self.namesLoopback) ?? true)
  }

  private static func isLoopback(_ address: SocketAddress?) -> Bool {
    guard let ip = address?.ipAddress else { return false }
    return ip == "::1" || ip.hasPrefix("127.") || ip.hasPrefix("::ffff:127.")
  }

  private static func namesLoopback(_ authority: String) -> Bool {
    let text = Substring(authority.lowercased())
    var (host, port) = (text, Substring())
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return false }
      // Brackets are of addresses.
      guard text[text.index(after: text.startIndex)..<end] == "::1" else { return false }
      (host, port) = ("::1", text[text.index(after: end)...])
    } else if let colon = text.firstIndex(of: ":") {
      (host, port) = (text[..<colon], text[colon...])
    }
    guard port.isEmpty || (port.hasPrefix(":") && port.dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) })
    else { return false }
    return ServiceConfigurationReading.isLoopback(String(host))
  }
}
