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
    var host = Substring(authority.lowercased())
    if host.hasPrefix("[") {
      host = host.dropFirst().prefix { $0 != "]" }
    } else if let colon = host.lastIndex(of: ":") {
      host = host[..<colon]
    }
    return ServiceConfigurationReading.isLoopback(String(host))
  }
}
