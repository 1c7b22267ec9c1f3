import Testing

@testable import LeewayCore
@testable import LeewayReplay

/// When a change is found: where the run with it fires and the run without it does not.
@Suite struct AlarmLogTests {
  private static func log(_ tiers: [(hour: Int64, tier: Tier)]) -> AlarmLog {
    let check = Check(
      name: "auc", on: .performance, metric: .auc, window: "1h", limits: [TierLimit(.warning, .below(.absolute(0.7)))])
    let window = WindowDefinition(name: "1h", size: .hours(1), every: .hours(1))
    var log = AlarmLog()
    var report = EvaluationReport()
    report.verdicts = tiers.map {
      Verdict(
        check: check, window: window, end: hour($0.hour), slice: "all", subject: "performance", value: 0.5, rows: 500,
        tier: $0.tier)
    }
    log.add(report)
    return log
  }

  private static func hour(_ hour: Int64) -> EventTime { EventTime(milliseconds: hour * 3_600_000) }

  @Test func itIsFoundWhereOnlyTheRunWithItFires() {
    let clean = Self.log([(1, .ok), (4, .warning), (5, .ok), (9, .ok)])
    func found(_ tiers: [(hour: Int64, tier: Tier)], from start: Int64 = 3) -> [EventTime] {
      Self.log(tiers).firstBeyond(clean, from: Self.hour(start)).map(\.end)
    }
    #expect(found([(1, .ok), (6, .warning), (9, .warning)]) == [Self.hour(6)])
    #expect(found([(1, .ok), (4, .warning), (9, .warning)]) == [Self.hour(5)], "the other one has ended there")
    #expect(found([(1, .ok), (4, .warning), (5, .ok)]) == [])
    // Flipped labels that come from hour 3 on are of predictions made before.
    #expect(found([(1, .ok), (2, .warning), (9, .warning)]) == [Self.hour(3)])
    #expect(found([(1, .ok), (2, .warning), (3, .ok)]) == [])
  }
}
