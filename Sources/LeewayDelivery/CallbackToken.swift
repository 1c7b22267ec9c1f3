import Crypto

/// Issues and verifies the bearer token with which a trainer answers on its `callback_url`.
///
/// The token is the lowercase hex HMAC-SHA256, under the service's own key, of a fixed label, the deadline and the
/// retrain's id. Nothing is stored: the deadline comes from the retrain's row, and a token made for another id or
/// deadline does not verify.
package struct CallbackToken: Sendable {
  /// The first signs; all are good for verifying, so that a key can be changed while answers are on their way.
  private let keys: [SymmetricKey]
  private let former: (key: SymmetricKey, until: Int64)?

  /// A key that no longer signs. It verifies only answers to retrains that were requested before `until`.
  package struct FormerKey: Sendable {
    var key: [UInt8]
    var until: Int64

    /// - Parameters:
    ///   - key: at least 32 random bytes.
    ///   - until: milliseconds since the epoch; retrains that were called for at this moment or later are not its own.
    package init(key: [UInt8], until: Int64) {
      self.key = key
      self.until = until
    }
  }

  /// - Parameters:
  ///   - keys: at least one, each of at least 32 random bytes, the same on all instances.
  ///   - former: the key that signed before all of them, if there was one.
  /// - Throws: `WeakKey` for a shorter key.
  package init(keys: [[UInt8]], former: FormerKey? = nil) throws(WeakKey) {
    precondition(!keys.isEmpty, "nothing can be signed without a key")
    for key in keys + [former?.key].compactMap({ $0 }) {
      guard key.count >= 32 else { throw WeakKey(bytes: key.count) }
    }
    self.keys = keys.map { SymmetricKey(data: $0) }
    self.former = former.map { (SymmetricKey(data: $0.key), $0.until) }
  }

  package init(key: [UInt8]) throws(WeakKey) { try self.init(keys: [key]) }

  /// - Parameter deadline: milliseconds since the epoch.
  package func token(retrain: String, deadline: Int64) -> String {
    hexadecimal(HMAC<SHA256>.authenticationCode(for: message(retrain, deadline), using: keys[0]))
  }

  /// The body of a call to retrain with the token in it, as the last member; as it is where it has one, or is no object.
  ///
  /// - Parameter deadline: milliseconds since the epoch.
  package func add(to body: String, retrain: String, deadline: Int64) -> String {
    guard body.hasSuffix("}"), !body.contains("\"callback_token\":") else { return body }
    return "\(body.dropLast()),\"callback_token\":\"\(token(retrain: retrain, deadline: deadline))\"}"
  }

  /// Whether `token` was issued for this retrain and deadline, and the deadline has not passed (`now` may equal it).
  /// Takes the same time wherever a wrong token differs from the right one.
  ///
  /// - Parameters:
  ///   - deadline: milliseconds since the epoch, as all times here.
  ///   - requested: when the retrain was called for, by the wall clock.
  package func isValid(_ token: String, retrain: String, deadline: Int64, requested: Int64, now: Int64) -> Bool {
    guard token.utf8.count == 64, let code = bytes(fromHexadecimal: token) else { return false }
    let message = message(retrain, deadline)
    // Each of them is tried, so that the time does not say which one it was.
    let old = former.map { requested < $0.until ? [$0.key] : [] } ?? []
    let matches = (keys + old).count {
      HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: message, using: $0)
    }
    return matches > 0 && now <= deadline
  }

  package struct WeakKey: Error, Equatable, CustomStringConvertible {
    package let bytes: Int
    package var description: String { "the service's key has \(bytes) bytes; it needs at least 32 random ones" }
  }

  /// The label keeps these codes apart from all others under the same key, and the deadline goes before the id because
  /// digits end at the line break, so no two pairs share a message.
  private func message(_ retrain: String, _ deadline: Int64) -> [UInt8] {
    Array("leeway callback v1\n\(deadline)\n\(retrain)".utf8)
  }
}
