import LeewayCore
import NIOCore

/// What the holder of a token may do; each includes those before it.
package enum Role: String, Sendable, Comparable, CaseIterable {
  /// Reads.
  case viewer
  /// Answers for retrains.
  case trainer
  /// Changes incidents and retrains.
  case `operator`

  package static func < (a: Role, b: Role) -> Bool { a.rank < b.rank }
  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// The bearer tokens of a `tokens_file`. Only their SHA-256 is kept, so that comparing takes the same time for all.
package struct AccessTokens: Sendable {
  /// Shorter tokens can be guessed.
  package static let minimumLength = 16

  private var roles: [SHA256.Digest: Role] = [:]

  /// Reads lines `role:token`; empty lines and those that begin with `#` are passed over.
  ///
  /// - Parameter file: Names the file in errors.
  /// - Throws: ``AccessTokensFailure`` with every line that is wrong. It never holds a token.
  package init(parsing text: String, file: String) throws(AccessTokensFailure) {
    var problems: [String] = []
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() where !line.isEmpty && line.first != "#" {
      let place = "\(file):\(index + 1)"
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let role = Role(rawValue: String(parts[0])) else {
        problems.append("\(place): expected viewer, trainer or operator, a colon and the token")
        continue
      }
      let token = String(parts[1])
      guard token.utf8.count >= Self.minimumLength else {
        problems.append("\(place): the token is shorter than \(Self.minimumLength) bytes; make a longer one")
        continue
      }
      guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
        problems.append("\(place): the token holds a space or a character out of ASCII; a header cannot carry it")
        continue
      }
      guard roles.updateValue(role, forKey: Self.digest(token)) == nil else {
        problems.append("\(place): the token is given twice; keep one role for it")
        continue
      }
    }
    if problems.isEmpty, roles.isEmpty { problems.append("\(file): holds no token; add a line as viewer:TOKEN") }
    guard problems.isEmpty else { throw AccessTokensFailure(problems: problems) }
  }

  /// nil for a token that is not in the file.
  package func role(of token: String) -> Role? { roles[Self.digest(token)] }

  private static func digest(_ token: String) -> SHA256.Digest { SHA256.hash(Array(token.utf8)) }
}

package struct AccessTokensFailure: Error, Equatable, CustomStringConvertible {
  /// One for every line that is wrong: place, what, and the fix.
  package let problems: [String]
  package var description: String { problems.joined(separator: "\n") }
}

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
    if host == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}
