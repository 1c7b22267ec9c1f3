import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Incidents are a fold over a log: the same log gives the same machines and lines, byte for byte.
@Suite struct DecisionLogTests {
  private typealias Desk = IncidentTests.Desk
  private static let policy = RetrainPolicy(cooldown: .hours(24), maximumPerWeek: 3, deadline: .hours(6))

  private func answer(_ desk: Desk, _ succeeded: Bool, because reason: String? = nil) throws -> [String] {
    let record = try #require(try desk.retrains().first)
    return try desk.ledger.write { tx in
      try RetrainActs.answer(
        record, passes: succeeded, because: reason, monitor: desk.plan.monitor, context: desk.context,
        now: IncidentTests.wall + .hours(1), in: tx
      ).transitions
    }.map { "\($0.transition) \($0.input ?? 0)" }
  }

  private func log(_ desk: Desk, _ group: CauseGroup = .performanceFinal) throws -> [DecisionRecord] {
    try desk.ledger.read { try $0.decisions(monitor: "fraud", group: group, outside: false, after: nil, limit: .max) }
  }

  @Test func aFailedRetrainIsNotRetrainingAgain() throws {
    let desk = try Desk(retrain: Self.policy)
    try desk.decide(1, [("auc", "performance", .critical)])
    #expect(try answer(desk, false, because: "too few rows") == ["failed 3"])
    #expect(try desk.incidents().first?.state == .open)
    #expect(try desk.lines().last?.contains(#""because":"too few rows""#) == true)
    #expect(try desk.decide(2, [("auc", "performance", .critical)]) == [])
    #expect(try desk.incidents().first?.state == .open)
    #expect(try desk.retrains().count == 1)
    let row = try #require(try desk.deliveries().first { $0.key.hasSuffix("/2-failed/pager") })
    #expect(row.body.contains(#""event":"incident.failed""#) && row.body.contains(#""because":"too few rows""#))
    // What follows an act from outside is marked by it: no verdicts alone lead there.
    #expect(try desk.decide(3, [("auc", "performance", .ok)]) == ["performance/final resolved critical"])
    #expect(
      try desk.lines().map { $0.contains(#""input":3"#) } == [false, false, true, true])
  }

  @Test func aRetrainThatSucceededIsVerified() throws {
    let desk = try Desk(retrain: Self.policy)
    try desk.decide(1, [("auc", "performance", .critical)])
    #expect(try answer(desk, true) == ["verifying 3"])
    #expect(try desk.decide(2, [("auc", "performance", .critical)]) == [])
    #expect(try desk.incidents().first?.state == .verifying)
    // A second answer, which the callback refuses, would change nothing.
    #expect(try answer(desk, false) == [])
    #expect(try desk.decide(3, [("auc", "performance", .ok)]) == ["performance/final resolved critical"])
    #expect(try answer(desk, false) == [])
    #expect(try desk.incidents().first?.state == .resolved)
  }

  /// The incident's own record says how the retrain ended, before and after its end.
  @Test(arguments: [(true, "succeeded"), (false, "failed")])
  func anAnswerAfterTheEndIsInTheIncident(_ succeeded: Bool, _ state: String) throws {
    let desk = try Desk(retrain: Self.policy)
    try desk.decide(1, [("auc", "performance", .critical)])
    #expect(try desk.decide(2, [("auc", "performance", .ok)]) == ["performance/final resolved critical"])
    let before = try #require(try desk.incidents().first)
    #expect(before.state == .resolved && before.retrain.hasPrefix(#"{"state":"requested","retrain":"#))
    #expect(try answer(desk, succeeded) == [])
    var after = before
    after.retrain = before.retrain.replacing("requested", with: state)
    #expect(try desk.incidents() == [after])
    // No second answer changes it.
    #expect(try answer(desk, !succeeded) == [])
    #expect(try desk.incidents() == [after])
  }

  @Test func aModelThatWasVerifiedByTheEndHasSucceeded() throws {
    let desk = try Desk(retrain: Self.policy)
    try desk.decide(1, [("auc", "performance", .critical)])
    #expect(try answer(desk, true) == ["verifying 3"])
    #expect(try desk.incidents().first?.retrain.hasPrefix(#"{"state":"verifying","#) == true)
    try desk.decide(2, [("auc", "performance", .ok)])
    let incident = try #require(try desk.incidents().first)
    #expect(incident.state == .resolved && incident.retrain.hasPrefix(#"{"state":"succeeded","#), "\(incident.retrain)")
  }

  @Test func onlyWhatChangesSomethingIsLogged() throws {
    let desk = try Desk()
    try desk.decide(1, [("auc", "performance", .ok)])
    try desk.decide(2, [("auc", "performance", .warning), ("ece", "performance", .ok)])
    try desk.decide(3, [("auc", "performance", .insufficientData), ("ece", "performance", .ok)])
    try desk.decide(4, [("auc", "performance", .ok)])
    try desk.decide(5, [("auc", "performance", .ok)])
    #expect(try log(desk).map(\.number) == [1, 2])
    #expect(
      try log(desk).last?.body
        == #"{"fired":[],"cleared":[{"check":"auc","slice":"all","subject":"performance"}]}"#)
  }

  @Test func aLogFoldsToTheStoredMachinesAndLines() throws {
    let tiers: [Tier] = [.insufficientData, .ok, .ok, .info, .warning, .critical]
    var acts = 0
    let scratch = try Desk(retrain: RetrainPolicy(cooldown: .hours(1), maximumPerWeek: 9, deadline: .hours(6)))
    for seed in Mutation.seeds(100) {
      var random = SeededGenerator(seed: seed)
      let desk = scratch.again
      var made: [Verdict] = []
      for hour in 1...30 {
        let verdicts = [("missing", "amount"), ("drift", "a"), ("drift", "b"), ("auc", "performance")].flatMap {
          check, subject in
          (check == "auc" ? Stage.allCases : [.final]).compactMap { stage in
            desk.verdict(
              Int64(hour), check, subject, tiers[Int.random(in: 0..<tiers.count, using: &random)], stage: stage)
          }
        }
        made += verdicts
        _ = try desk.decide(verdicts, now: IncidentTests.wall + .hours(Int64(hour)))
        if Int.random(in: 0..<3, using: &random) == 0, try desk.retrains().first?.state == .requested {
          acts += try answer(desk, Bool.random(using: &random)).count
        }
      }
      var lines: [String] = []
      for group in CauseGroup.allCases {
        let outcome = try DecisionLog.fold(try log(desk, group), monitor: "fraud", group: group)
        let stored = try desk.ledger.read { try $0.machine(monitor: "fraud", group: group) }
        #expect(
          stored.map { $0 == outcome.machine.encoded() } ?? (outcome.machine == IncidentMachine()), "seed \(seed)")
        lines += outcome.transitions.map(\.line)
      }
      let stored = try desk.allLines()
      #expect(lines.sorted() == stored.sorted(), "seed \(seed)")
      #expect(try replayed(made, inputsOf: desk) == desk.allLines(), "seed \(seed)")
    }
    #expect(acts > 20)
  }

  /// The same verdicts in one round, with what came from outside as `/api/v1/inputs` gives it.
  private func replayed(_ made: [Verdict], inputsOf desk: Desk) throws -> [String] {
    let inputs = try desk.ledger.read {
      try $0.decisions(monitor: "fraud", group: nil, outside: true, after: nil, limit: .max)
    }
    let read = try inputs.map { try DecisionRecord(line: $0.line.utf8) }
    #expect(read.map(\.line) == inputs.map(\.line))
    let again = desk.again
    _ = try again.ledger.write {
      try Decision(plan: again.plan, context: again.context, recorded: read)
        .decide(made.sorted(by: Verdict.precedes), now: IncidentTests.wall, in: $0)
    }
    return try again.allLines()
  }

  @Test func aGapAndADamagedLineAreNamed() throws {
    let desk = try Desk()
    try desk.decide(1, [("auc", "performance", .warning)])
    try desk.decide(2, [("auc", "performance", .ok)])
    let log = try log(desk)
    let gap = #expect(throws: DecisionLog.Gap.self) {
      try DecisionLog.fold(Array(log.dropFirst()), monitor: "fraud", group: .performanceFinal)
    }
    #expect(gap?.description == "the log goes on with entry 2 where 1 is next")
    func problem(_ line: String) -> String? {
      #expect(throws: JSONFailure.self) { try DecisionRecord(line: line.utf8) }?.description
    }
    #expect(
      problem(#"{"monitor":"m","group":"performance","number":1,"kind":"resolve","at":"2026-01-01T00:00:00Z"}"#)
        == "group: expected one of data, drift, concept, performance/early, performance/final")
    #expect(
      problem(#"{"monitor":"m","group":"data","number":1,"kind":"verdicts","at":"2026-01-01T00:00:00Z","input":{}}"#)
        == "kind: expected one of accept, acknowledge, approve, assign, candidate, comment, hand_on, overdue, policy, reject, remind, resolve, resolve_by_hand, retrain_result, undo_accept"
    )
    #expect(
      problem(#"{"monitor":"m","group":"data","number":0,"kind":"resolve","at":"2026-01-01T00:00:00Z","input":{}}"#)
        == "number: numbers begin at 1")
    // Which of the two was decided, nothing says.
    #expect(
      problem(
        #"{"monitor":"m","group":"data","number":1,"kind":"resolve","at":"2026-01-01T00:00:00Z","at":"2026-02-01T00:00:00Z","input":{"because":"done"}}"#
      ) == "at: comes twice in one object; write it once")
  }

  /// An open incident that was written before the log goes on.
  @Test func theFirstFormIsRead() throws {
    let old =
      #"{"version":1,"active":[{"check":"auc","slice":"all","subject":"performance","metric":"auc","value":0.25,"threshold":0.1,"p_value":null,"q_value":null,"window":"1h","end":"2025-06-15T16:00:00.000Z","rows":500,"tier":"critical","size_ms":3600000,"end_ms":1750003200000}],"incident":{"id":"fraud-1","opened_at_ms":1750003200000,"tier":"critical","sequence":1,"checks":["auc"],"subjects":["performance"],"receivers":["chat"],"retrain":"rt-1","held_back":""}}"#
    let machine = try IncidentMachine(encoded: Array(old.utf8))
    let incident = try #require(machine.incident)
    #expect(incident.checks == ["auc"] && incident.told.keys.sorted() == ["chat"])
    #expect(incident.retrain?.id == "rt-1" && incident.state == .retraining && machine.number == 0)
    #expect(try IncidentMachine(encoded: machine.encoded()) == machine)
  }
}
