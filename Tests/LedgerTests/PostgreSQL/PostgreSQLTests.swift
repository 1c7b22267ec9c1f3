import Foundation
import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayLedger

/// What the tests of the PostgreSQL ledger have in common. They are skipped, each by its name, where PostgreSQL is not
/// installed; `deploy/setup.sh test` installs it.
enum PostgreSQLTests {
  static let condition = ConditionTrait.enabled(
    if: TemporaryPostgreSQL.isInstalled, "needs PostgreSQL 15: deploy/setup.sh test")

  static func server() throws -> TemporaryPostgreSQL { try TemporaryPostgreSQL.shared.get() }

  /// What opening says.
  static func refusal(_ address: String, within seconds: Int = 0) -> String {
    do {
      _ = try PostgreSQLLedger(address: address, options: .init(connectWithinSeconds: seconds))
      return "opened"
    } catch {
      return "\(error)"
    }
  }

  struct TookTooLong: Error {}

  /// Asks again and again, for minutes if need be, for what other processes do in their own time.
  static func wait(for condition: () throws -> Bool) throws {
    let holds = try eventually(within: .seconds(180), every: .milliseconds(2)) { try condition() ? true : nil }
    if holds == nil { throw TookTooLong() }
  }

  static func store(_ value: UInt8, in ledger: any Ledger) throws {
    try ledger.write { try $0.put(setting: "s", value: [value]) }
  }

  static func stored(in ledger: any Ledger) throws -> [UInt8]? { try ledger.read { try $0.setting("s") } }

  /// Until the ledger has found its way back.
  static func untilStored(_ value: UInt8, in ledger: any Ledger) throws {
    try wait {
      do {
        try store(value, in: ledger)
        return true
      } catch is LedgerError {
        return false
      }
    }
    #expect(try stored(in: ledger) == [value])
  }
}

/// A piece of work on a thread of its own, as instances have them: ledgers block.
final class Work: @unchecked Sendable {
  private let lock = NSLock()
  private var outcome: Result<Void, any Error>?
  private let done = DispatchSemaphore(value: 0)

  init(_ body: @escaping @Sendable () throws -> Void) {
    Thread.detachNewThread { [self] in
      let result = Result { try body() }
      lock.withLock { outcome = result }
      done.signal()
    }
  }

  var isDone: Bool { lock.withLock { outcome != nil } }

  func finish() throws {
    done.wait()
    try lock.withLock { outcome }?.get()
  }
}
