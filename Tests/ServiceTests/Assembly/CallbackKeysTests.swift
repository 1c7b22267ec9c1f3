import Foundation
import LeewayCore
import LeewayLedger
import LeewayTestSupport
import Testing

@testable import LeewayConfiguration
@testable import LeewayDelivery
@testable import LeewayService

@Suite struct CallbackKeysTests {
  private let key = Secret(String(repeating: "k", count: 32))

  /// What the token of a ledger's and a configuration's keys makes of the tokens of one that signs.
  private func takes(
    _ verifier: CallbackToken, from signer: CallbackToken, requested: Int64
  ) -> Bool {
    verifier.isValid(
      signer.token(retrain: "rt-1", deadline: 9_000), retrain: "rt-1", deadline: 9_000, requested: requested, now: 0)
  }

  /// An old copy of the ledger is good for forging no answer to a retrain of later.
  @Test func theLedgersKeyIsGoodForRetrainsFromBeforeThereWereOthers() throws {
    let ledger = InMemoryLedger()
    let own = try CallbackKeys.token(configured: [], ledger: ledger, now: EventTime(milliseconds: 1_000))
    let again = try CallbackKeys.token(configured: [], ledger: ledger, now: EventTime(milliseconds: 1_500))
    #expect(takes(again, from: own, requested: 5_000))
    // Later starts leave the moment where it was.
    for start in [Int64(2_000), 3_000] {
      let changed = try CallbackKeys.token(configured: [key], ledger: ledger, now: EventTime(milliseconds: start))
      #expect(takes(changed, from: changed, requested: 5_000))
      #expect(takes(changed, from: own, requested: 1_999))
      #expect(!takes(changed, from: own, requested: 2_000))
      #expect(!takes(changed, from: own, requested: 2_500))
      // It signs nothing any more.
      #expect(!takes(own, from: changed, requested: 0))
    }
    // Back to the ledger's, and away again.
    let back = try CallbackKeys.token(configured: [], ledger: ledger, now: EventTime(milliseconds: 4_000))
    #expect(takes(back, from: own, requested: 4_500))
    let later = try CallbackKeys.token(configured: [key], ledger: ledger, now: EventTime(milliseconds: 5_000))
    #expect(takes(later, from: own, requested: 4_999))
    #expect(!takes(later, from: own, requested: 5_000))
  }

  @Test func aConfiguredKeyIsNotInTheLedger() throws {
    try TemporaryFolder.use { folder in
      let path = "\(folder.path)/leeway.db"
      let ledger = try SQLiteLedger(path: path)
      let token = try CallbackKeys.token(configured: [key], ledger: ledger, now: EventTime(milliseconds: 1_000))
      #expect(takes(token, from: try CallbackToken(key: Array(key.revealed.utf8)), requested: 0))
      #expect(try ledger.read { try $0.setting("service_key") } == nil)
      ledger.close()
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(name)"))
        #expect(bytes.firstRange(of: Data(key.revealed.utf8)) == nil, "\(name)")
      }
    }
  }
}
