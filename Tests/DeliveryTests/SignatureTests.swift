import LeewayDelivery
import Testing

/// The expected digests are Python's: `hmac.new(key, message, hashlib.sha256).hexdigest()`.
@Suite struct SignatureTests {
  private let body = Array(#"{"version":1,"event":"incident.opened","monitor":"fräud"}"#.utf8)

  @Test func webhookSignatureIsThatOfTimestampAndBody() {
    let signature = WebhookSignature(of: body, secret: "whsec-loopback", now: 1_767_225_600_999)
    #expect(
      signature.headers == [
        HTTPHeader("X-Leeway-Timestamp", "1767225600"),
        HTTPHeader(
          "X-Leeway-Signature", "v1=b2633f33182dd818c275ea5fe63ff7f06d816f101f650e5fcbae7840eb48f1fc"),
      ])
    #expect(
      WebhookSignature(of: [], secret: "whsec-loopback", now: 1_767_225_600_000).digest
        == "28c44b764d0d64ec2ebd6a9fb0d46475766d515c81e23cd5e115ec788f125b8e")
  }

  private let key = Array(0..<32) as [UInt8]
  private let deadline: Int64 = 1_767_225_600_000
  private let expected = "44e0ffbb1031b508716f8f67046997398b4b5fcbc001c11575ac8390986b87d2"

  @Test func callbackTokenIsGoodForItsRetrainUntilItsDeadline() throws {
    let tokens = try CallbackToken(key: key)
    #expect(tokens.token(retrain: "rt-7f3a", deadline: deadline) == expected)
    #expect(tokens.isValid(expected, retrain: "rt-7f3a", deadline: deadline, requested: 0, now: deadline - 1))
    #expect(tokens.isValid(expected, retrain: "rt-7f3a", deadline: deadline, requested: 0, now: deadline))
    #expect(!tokens.isValid(expected, retrain: "rt-7f3a", deadline: deadline, requested: 0, now: deadline + 1))
    #expect(!tokens.isValid(expected, retrain: "rt-7f3b", deadline: deadline, requested: 0, now: 0))
    #expect(!tokens.isValid(expected, retrain: "rt-7f3a", deadline: deadline + 1, requested: 0, now: 0))
    let others = try CallbackToken(key: key.reversed())
    #expect(!others.isValid(expected, retrain: "rt-7f3a", deadline: deadline, requested: 0, now: 0))
  }

  @Test func callbackTokensOutliveAChangeOfKeys() throws {
    let (old, new) = (Array<UInt8>(0..<32), Array<UInt8>(100..<140))
    let token = try CallbackToken(key: old).token(retrain: "rt-1", deadline: 9)
    let changed = try CallbackToken(keys: [new, old])
    #expect(
      changed.token(retrain: "rt-1", deadline: 9) == (try CallbackToken(key: new)).token(retrain: "rt-1", deadline: 9))
    #expect(changed.isValid(token, retrain: "rt-1", deadline: 9, requested: 0, now: 9))
    #expect(try !CallbackToken(key: new).isValid(token, retrain: "rt-1", deadline: 9, requested: 0, now: 9))
    #expect(throws: CallbackToken.WeakKey.self) { try CallbackToken(keys: [new, Array(0..<31)]) }
  }

  /// Who has read it can answer for no retrain that is called for once there are other keys.
  @Test func aFormerKeyIsGoodForOlderRetrainsAlone() throws {
    let (old, new) = (Array<UInt8>(0..<32), Array<UInt8>(100..<140))
    let token = try CallbackToken(key: old).token(retrain: "rt-1", deadline: 99)
    let changed = try CallbackToken(keys: [new], former: .init(key: old, until: 50))
    #expect(
      changed.token(retrain: "rt-1", deadline: 99) == (try CallbackToken(key: new)).token(retrain: "rt-1", deadline: 99)
    )
    #expect(changed.isValid(token, retrain: "rt-1", deadline: 99, requested: 49, now: 99))
    #expect(!changed.isValid(token, retrain: "rt-1", deadline: 99, requested: 49, now: 100))
    #expect(!changed.isValid(token, retrain: "rt-1", deadline: 99, requested: 50, now: 50))
    #expect(!changed.isValid(token, retrain: "rt-1", deadline: 99, requested: 51, now: 60))
    #expect(throws: CallbackToken.WeakKey.self) {
      try CallbackToken(keys: [new], former: .init(key: Array(0..<31), until: 50))
    }
  }

  /// No row of the ledger holds it.
  @Test func callbackTokenIsAddedToTheBodyThatIsSent() throws {
    let token = try CallbackToken(key: Array(0..<32))
    let secret = token.token(retrain: "rt-1", deadline: 99)
    #expect(
      token.add(to: #"{"version":1,"retrain":"rt-1"}"#, retrain: "rt-1", deadline: 99)
        == #"{"version":1,"retrain":"rt-1","callback_token":"\#(secret)"}"#)
    // Of an older release, which stored it.
    let old = #"{"callback_token":"old"}"#
    #expect(token.add(to: old, retrain: "rt-1", deadline: 99) == old)
  }

  @Test func callbackTokenIsTakenInOneSpellingOnly() throws {
    let tokens = try CallbackToken(key: key)
    let wrong = [
      "", expected.uppercased(), String(expected.dropLast()), expected + "0", "0x" + expected.dropFirst(2),
      String(repeating: "é", count: 32), "5" + expected.dropFirst(), expected.dropLast() + "3",
    ]
    for token in wrong {
      #expect(!tokens.isValid(token, retrain: "rt-7f3a", deadline: deadline, requested: 0, now: 0), "\(token)")
    }
  }

  @Test func shortKeyIsRefused() {
    let refusal = #expect(throws: CallbackToken.WeakKey.self) { try CallbackToken(key: Array(0..<31)) }
    #expect(refusal?.description == "the service's key has 31 bytes; it needs at least 32 random ones")
  }
}
