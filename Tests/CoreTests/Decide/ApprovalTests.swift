import LeewayTestSupport
import Testing

@testable import LeewayCore

/// What people decide about a model that a retrain has made, and what becomes of a deadline.
@Suite struct ApprovalTests {
  private typealias Desk = IncidentTests.Desk
  private static let wall = IncidentTests.wall

  private static func policy(_ approvals: Int) -> RetrainPolicy {
    RetrainPolicy(
      cooldown: .hours(24), maximumPerWeek: 3, deadline: .hours(6), approvals: approvals, promote: "registry",
      fallBack: "rules")
  }

  private func desk(approvals: Int) throws -> Desk {
    var desk = try Desk(retrain: Self.policy(approvals))
    desk.context.receivers.formUnion(["registry", "rules"])
    return desk
  }

  private static let answer =
    #"{"status":"succeeded","model_version":"7","metrics":{"auc":0.84},"scorecard":[]}"#

  private func answer(_ desk: Desk, passes: Bool = true) throws -> [String] {
    let record = try #require(try desk.retrains().first)
    return try desk.ledger.write { tx in
      try RetrainActs.answer(
        record, passes: passes, because: passes ? nil : "auc was 0.5", answer: Self.answer, monitor: desk.plan.monitor,
        context: desk.context, now: Self.wall + .hours(1), in: tx
      ).transitions
    }.map { "\($0.transition) \($0.input ?? 0)" }
  }

  private func decide(_ desk: Desk, _ name: String, approves: Bool, reason: String? = nil) throws -> [String] {
    let id = try #require(try desk.retrains().first?.id)
    func monitor(_ name: String) -> Monitor? { desk.plan.monitor }
    return try desk.ledger.write { tx in
      approves
        ? try RetrainActs.approve(
          id, by: name, reason: reason, monitor: monitor, context: desk.context, now: Self.wall + .hours(2), in: tx)
        : try RetrainActs.reject(
          id, by: name, reason: reason ?? "", monitor: monitor, context: desk.context, now: Self.wall + .hours(2),
          in: tx)
    }.transitions.map { "\($0.transition) \($0.by ?? "") \($0.because ?? $0.note ?? "")" }
  }

  private func keys(_ desk: Desk, _ receiver: String) throws -> [String] {
    try desk.deliveries().filter { $0.receiver == receiver }.sorted { $0.sequence < $1.sequence }.map(\.message)
  }

  @Test func aCandidateWaitsForTwoPeople() throws {
    let desk = try desk(approvals: 2)
    try desk.decide(1, [("auc", "performance", .critical)])
    #expect(try answer(desk) == ["candidate 3"])
    #expect(try desk.incidents().first?.state == .retraining)
    #expect(try desk.incidents().first?.retrain.hasPrefix(#"{"state":"candidate","#) == true)
    #expect(try keys(desk, "registry") == [])
    let told = try #require(try desk.deliveries().first { $0.key.hasSuffix("/2-candidate/pager") })
    #expect(told.body.contains(#""evaluation":\#(Self.answer)"#))

    #expect(try decide(desk, "alice", approves: true, reason: "fine") == [])
    #expect(try desk.retrains().first?.state == .candidate)
    #expect(throws: RetrainActs.Refusal.approved(by: "alice")) { try decide(desk, "alice", approves: true) }
    #expect(try decide(desk, "bob", approves: true, reason: "better") == ["verifying bob better"])
    #expect(try desk.retrains().first?.state == .approved)
    #expect(throws: RetrainActs.Refusal.notCandidate(.approved)) { try decide(desk, "carol", approves: false) }
    #expect(try desk.incidents().first?.state == .verifying)

    let call = try #require(try desk.deliveries().first { $0.receiver == "registry" })
    let body = JSONReader(try JSONValue(parsing: Array(call.body.utf8)))
    #expect(try body.member("event").string() == "model.promote")
    #expect(try body.member("model_version").string() == "7")
    #expect(try body.member("approved_by").texts() == ["alice", "bob"])
    // What verdicts do next is as ever.
    #expect(try desk.decide(2, [("auc", "performance", .ok)]) == ["performance/final resolved critical"])
    #expect(try desk.incidents().first?.retrain.hasPrefix(#"{"state":"succeeded","#) == true)
    #expect(try keys(desk, "registry").count == 1)
  }

  @Test func aRejectedModelIsPagedAndNotPromoted() throws {
    let desk = try desk(approvals: 1)
    try desk.decide(1, [("auc", "performance", .critical)])
    #expect(try answer(desk) == ["candidate 3"])
    #expect(
      try decide(desk, "alice", approves: false, reason: "worse abroad") == ["failed alice rejected: worse abroad"])
    #expect(try desk.retrains().first?.state == .rejected)
    #expect(try desk.incidents().first?.state == .open)
    #expect(try keys(desk, "registry") == [])
    #expect(try keys(desk, "pager") == ["0-opened", "2-candidate", "3-failed"])
    let told = try #require(try desk.deliveries().first { $0.key.hasSuffix("/3-failed/pager") })
    #expect(told.body.contains(#""because":"rejected: worse abroad","by":"alice","evaluation":"#))
  }

  /// Approval may come when verdicts have ended the incident already.
  @Test func aCandidateOfAnEndedIncidentIsPromotedToo() throws {
    let desk = try desk(approvals: 1)
    try desk.decide(1, [("auc", "performance", .critical)])
    try desk.decide(2, [("auc", "performance", .ok)])
    #expect(try answer(desk) == [])
    #expect(try desk.incidents().first?.retrain.hasPrefix(#"{"state":"candidate","#) == true)
    #expect(try decide(desk, "alice", approves: true) == [])
    #expect(try desk.incidents().first?.retrain.hasPrefix(#"{"state":"succeeded","#) == true)
    #expect(try keys(desk, "registry").count == 1)
  }

  @Test func withoutApprovalAModelThatPassesIsPromotedAtOnce() throws {
    let desk = try desk(approvals: 0)
    try desk.decide(1, [("auc", "performance", .critical)])
    #expect(try answer(desk) == ["verifying 3"])
    #expect(try desk.retrains().first?.state == .succeeded)
    #expect(try keys(desk, "registry").count == 1)
  }

  // MARK: Deadlines

  private func expire(_ desk: Desk, hours: Int64) throws -> [String] {
    let now = Self.wall + .hours(hours)
    return try desk.ledger.write { tx in
      try Decision(plan: desk.plan, context: desk.context).fold(
        overdue: try RetrainActs.overdue(of: "fraud", now: now, in: tx), now: now, in: tx)
    }.transitions.map { "\($0.transition) \($0.tier.name)" }
  }

  @Test func aRetrainWithoutAnAnswerIsOverdueOnce() throws {
    let desk = try desk(approvals: 0)
    try desk.decide(1, [("auc", "performance", .critical)])
    #expect(try expire(desk, hours: 6) == [])
    #expect(try expire(desk, hours: 7) == ["overdue critical"])
    #expect(try expire(desk, hours: 8) == [])
    #expect(try desk.retrains().first?.state == .expired)
    #expect(try desk.incidents().first?.state == .open)
    #expect(try desk.incidents().first?.retrain.contains(#""state":"failed""#) == true)
    #expect(try desk.incidents().first?.retrain.contains(#""overdue":true"#) == true)
    #expect(try keys(desk, "pager") == ["0-opened", "2-overdue"])
    // It asks for no second one.
    #expect(try desk.decide(2, [("auc", "performance", .critical)]) == [])
  }

  @Test func aCandidateThatIsOverdueCanStillBeApproved() throws {
    let desk = try desk(approvals: 1)
    try desk.decide(1, [("auc", "performance", .critical)])
    #expect(try answer(desk) == ["candidate 3"])
    #expect(try expire(desk, hours: 7) == ["overdue critical"])
    #expect(try expire(desk, hours: 8) == [])
    #expect(try desk.incidents().first?.state == .retraining)
    #expect(try decide(desk, "alice", approves: true) == ["verifying alice "])
    #expect(try keys(desk, "registry").count == 1)
  }

  // MARK: Going back to what was before

  @Test func theFirstCriticalIncidentFallsBackAndTheLastReturns() throws {
    let desk = try desk(approvals: 0)
    try desk.decide(1, [("auc", "performance", .warning)])
    #expect(try keys(desk, "rules") == [])
    try desk.decide(2, [("auc", "performance", .critical)])
    #expect(try keys(desk, "rules") == ["1-fall_back"])
    // A second incident that is critical changes nothing, nor does the end of the first.
    try desk.decide(3, [("missing", "amount", .critical), ("auc", "performance", .critical)])
    try desk.decide(4, [("missing", "amount", .critical), ("auc", "performance", .ok)])
    #expect(try keys(desk, "rules") == ["1-fall_back"])
    try desk.decide(5, [("missing", "amount", .ok), ("auc", "performance", .ok)])
    #expect(try keys(desk, "rules").sorted() == ["1-fall_back", "1-restore"])
    let body = try #require(try desk.deliveries().first { $0.key.hasSuffix("-restore/rules") }?.body)
    #expect(body.hasPrefix(#"{"version":1,"event":"model.restore","incident":"fraud-"#))
  }

  // MARK: The champion

  @Test func marksAreReadAndWrittenAlike() {
    for (text, mark) in [
      ("0.8", RetrainPolicy.Mark.value(0.8)), ("champion", .champion(plus: 0)),
      ("champion - 0.005", .champion(plus: -0.005)), ("champion + 5", .champion(plus: 5)),
    ] {
      #expect(RetrainPolicy.Mark(text) == mark)
      #expect(mark.description == text)
    }
    for text in ["", "champion-0.005", "champion * 2", "champion - x", "champion - -1", "nan", "1 2"] {
      #expect(RetrainPolicy.Mark(text) == nil, "\(text)")
    }
    #expect(RetrainPolicy.Mark.champion(plus: -0.25).limit(champion: 0.75) == 0.5)
    #expect(RetrainPolicy.Mark.champion(plus: -0.25).limit(champion: nil) == nil)
  }
}
