import Testing

@testable import LeewayCore
@testable import LeewayReplay

/// The last sentence of a replay.
@Suite struct VerdictTallyTests {
  @Test func incidentsThatComeBackAreCounted() {
    var report = EvaluationReport()
    let kinds: [IncidentTransition.Kind] = [
      .opened, .resolved, .reopened, .escalated, .retraining, .resolved, .reopened, .flapping,
    ]
    report.decisions.transitions = kinds.enumerated().map { i, kind in
      IncidentTransition(
        incident: "m-1", monitor: "m", group: .drift, at: EventTime(milliseconds: Int64(i)), kind: kind, tier: .warning,
        checks: [], subjects: [], slices: [], sequence: Int64(i))
    }
    var tally = VerdictTally()
    tally.add(report)
    #expect(
      tally.sentence
        == "0 verdicts; 1 incident opened, 2 reopened, 2 resolved, 1 flapping, 1 retrain asked for")
  }
}
