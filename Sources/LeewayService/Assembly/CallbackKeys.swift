import LeewayConfiguration
import LeewayCore
import LeewayDelivery

/// The keys of trainers' callback tokens: those of the configuration (`http.callback_keys`), else one of the ledger's own.
///
/// Whoever has read an old ledger, or a copy of it, has the ledger's key. So it is good no longer than it must be: once the
/// configuration has keys, for the answers to retrains that were called for before.
enum CallbackKeys {
  /// 32 random bytes, made at the first start without keys in the configuration.
  private static let ownKey = "service_key"
  /// Milliseconds since the epoch, in decimal digits: since when the configuration has keys; empty while it has none.
  private static let since = "callback_keys_since"

  /// - Parameters:
  ///   - configured: each of at least 32 bytes; the first signs.
  ///   - now: stored as the moment since when there are configured keys, where none is stored yet.
  static func token(configured: [Secret], ledger: any Ledger, now: EventTime) throws -> CallbackToken {
    let configured = configured.map { Array($0.revealed.utf8) }
    return try ledger.write { tx in
      let own = try tx.setting(ownKey)
      guard !configured.isEmpty else {
        // The ledger's key is in use again, so what it signs from now on must outlive another change to configured keys.
        if try tx.setting(since) ?? [] != [] { try tx.put(setting: since, value: []) }
        return try CallbackToken(keys: [own ?? newKey(tx)])
      }
      guard let own else { return try CallbackToken(keys: configured) }
      let known = try tx.setting(since).flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
      if known == nil { try tx.put(setting: since, value: Array(String(now.milliseconds).utf8)) }
      return try CallbackToken(keys: configured, former: .init(key: own, until: known ?? now.milliseconds))
    }
  }

  private static func newKey(_ tx: any LedgerWriter) throws -> [UInt8] {
    var random = SystemRandomNumberGenerator()
    let key = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    try tx.put(setting: ownKey, value: key)
    return key
  }
}
