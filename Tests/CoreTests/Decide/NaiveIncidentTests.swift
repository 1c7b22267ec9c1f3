import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Random verdicts, in rounds of any size: what the machine makes of them is what the documents say.
@Suite struct NaiveIncidentTests {
  @Test func incidentsAreWhatTheDocumentsSay() throws {
    var reached: [String: Int] = [:]
    let base = try IncidentTests.Desk(checks: [IncidentTests.check("drift", .psi)])
    for seed in Mutation.seeds(300) {
      var random = SeededGenerator(seed: seed)
      let naive = Self.history(&random)
      var monitor = base.plan.monitor
      monitor.checks[0].clears = [.above(.absolute(0.05))]
      monitor.checks[0].clearWindows = naive.clearWindows
      monitor.incidents = IncidentPolicy(
        reopen: .hours(Int64(naive.reopen)),
        flapping: naive.moreThan.map { .init(moreThan: $0, within: .hours(Int64(naive.within))) })
      var desk = base.again
      desk.plan = try MonitorPlan(monitor: monitor, baseline: base.plan.baseline)
      var hour = 0
      while hour < naive.said.count {
        let end = min(naive.said.count, hour + Int.random(in: 1...6, using: &random))
        _ = try desk.decide((hour..<end).flatMap { Self.verdicts(naive.said[$0], $0, desk) })
        hour = end
      }
      let found = try Self.steps(of: desk)
      let wanted = naive.steps()
      #expect(found == wanted, "seed \(seed): \(naive)")
      for step in wanted { reached[step.kind, default: 0] += 1 }
      guard found == wanted else { return }
    }
    for kind in ["opened", "escalated", "spread", "reopened", "flapping", "resolved"] {
      #expect(reached[kind, default: 0] > 50, "\(kind) in \(reached)")
    }
  }

  /// Sixty hours: nothing expires in them.
  private static func history(_ random: inout SeededGenerator) -> NaiveIncidents {
    let keys = Int.random(in: 1...3, using: &random)
    // Some come and go, some stay for long.
    let stays = Int.random(in: 0...80, using: &random)
    var said: [[NaiveIncidents.Said]] = []
    for hour in 0..<60 {
      said.append(
        (0..<keys).map { key in
          if hour > 0, Int.random(in: 0..<100, using: &random) < stays { return said[hour - 1][key] }
          let isWell = Int.random(in: 0..<10, using: &random) < 6
          return isWell ? .back : NaiveIncidents.Said.allCases.randomElement(using: &random) ?? .back
        })
    }
    return NaiveIncidents(
      said: said, clearWindows: Int.random(in: 1...3, using: &random),
      reopen: [0, 0, 3, 8].randomElement(using: &random) ?? 0,
      moreThan: Bool.random(using: &random) ? Int.random(in: 1...3, using: &random) : nil,
      within: Int.random(in: 4...20, using: &random))
  }

  private static func verdicts(_ said: [NaiveIncidents.Said], _ hour: Int, _ desk: IncidentTests.Desk) -> [Verdict] {
    // One that is always well, so that every hour is decided.
    let others = said.enumerated().compactMap { key, said -> Verdict? in
      let (tier, value): (Tier, Double?) =
        switch said {
        case .nothing: (.ok, nil)
        case .tooFew: (.insufficientData, nil)
        case .back: (.ok, 0.01)
        case .short: (.ok, 0.08)
        case .uncertain: (.ok, 0.15)
        case .info, .warning, .critical: (said.tier ?? .ok, 0.3)
        }
      guard said != .nothing else { return nil }
      var verdict = desk.verdict(Int64(hour), "drift", "key\(key)", tier)
      verdict?.value = value
      return verdict
    }
    return (others + [desk.verdict(Int64(hour), "drift", "well", .ok)].compactMap { $0 }).map { verdict in
      var verdict = verdict
      verdict.judge(clears: desk.plan.monitor.checks[0].clears, reference: nil)
      return verdict
    }
  }

  private static func steps(of desk: IncidentTests.Desk) throws -> [NaiveIncidents.Step] {
    var ids: [String] = []
    return try desk.transitions(.drift).map { step in
      if !ids.contains(step.incident) { ids.append(step.incident) }
      let hours = (step.at.milliseconds - IncidentTests.start.milliseconds) / TimeSpan.hours(1).milliseconds
      return NaiveIncidents.Step(
        hour: Int(hours), kind: step.transition, tier: step.tier, incident: ids.firstIndex(of: step.incident) ?? -1)
    }
  }
}
