import Crypto

/// What proves to a webhook's receiver who sent a body, and when.
///
/// `X-Leeway-Timestamp` is Unix time in seconds; `X-Leeway-Signature` is `v1=` and the lowercase hex HMAC-SHA256, under
/// the receiver's secret, of the timestamp's digits, a full stop and the body's bytes. A receiver compares in constant
/// time and refuses a timestamp it finds too old, so each attempt is signed again.
package struct WebhookSignature: Sendable, Equatable {
  /// Seconds since the epoch.
  package let timestamp: Int64
  /// Lowercase hex, 64 digits.
  package let digest: String

  /// - Parameter now: milliseconds since the epoch.
  package init(of body: [UInt8], secret: String, now: Int64) {
    timestamp = now / 1000
    var code = HMAC<SHA256>(key: SymmetricKey(data: Array(secret.utf8)))
    code.update(data: Array("\(timestamp).".utf8))
    code.update(data: body)
    digest = hexadecimal(code.finalize())
  }

  package var headers: [HTTPHeader] {
    [HTTPHeader("X-Leeway-Timestamp", String(timestamp)), HTTPHeader("X-Leeway-Signature", "v1=\(digest)")]
  }
}
