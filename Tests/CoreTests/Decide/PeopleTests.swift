import LeewayTestSupport
import Testing

@testable import LeewayCore

/// What people do about incidents: queued, folded in the log with everything else, and repeated by it.
@Suite struct PeopleTests {
  private typealias Desk = IncidentTests.Desk
  private static let policy = RetrainPolicy(cooldown: .hours(24), maximumPerWeek: 3, deadline: .hours(6))
  private static let wall = IncidentTests.wall + .hours(1)

  /// Queues acts as the API does.
  private func ask(_ desk: Desk, _ deed: PersonAct.Deed, by name: String = "alice", of incident: String? = nil) throws
    -> ActRecord
  {
    let id = try incident ?? #require(try desk.incidents().first { $0.state != .resolved }?.id)
    return try desk.ledger.write {
      try PersonActs.queue(PersonAct(incident: id, by: name, deed), now: Self.wall, in: $0)
    }
  }

  /// Folds what waits, as an evaluator does that has judged every cause up to the hour.
  @discardableResult
  private func fold(_ desk: Desk, decided hour: Int64) throws -> [String] {
    let decided = Dictionary(uniqueKeysWithValues: CauseGroup.allCases.map { ($0, IncidentTests.hour(hour)) })
    return try desk.ledger.write { tx in
      try Decision(plan: desk.plan, context: desk.context)
        .fold(queued: tx.queuedActs(monitor: "fraud", limit: 100), decided: decided, now: Self.wall, in: tx)
    }.transitions.map { "\($0.group.rawValue) \($0.transition) \($0.input ?? 0)" }
  }

  private func acts(_ desk: Desk, of incident: String) throws -> [ActRecord] {
    try desk.ledger.read { try $0.acts(incident: incident, limit: 100) }
  }

  private func muted(_ desk: Desk, _ group: CauseGroup = .drift) throws -> [String] {
    let bytes = try #require(try desk.ledger.read { try $0.machine(monitor: "fraud", group: group) })
    return try IncidentMachine(encoded: bytes).muted.keys.map(\.subject).sorted()
  }

  @Test func anAcknowledgementIsTheStateAndATransitionAndNothingElse() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .warning)])
    let act = try ask(desk, .acknowledge(note: "looking at the \"feed\""))
    #expect(act.number == 1 && act.state == .queued)
    #expect(try desk.incidents().first?.state == .open)
    #expect(try fold(desk, decided: 1) == ["drift acknowledged 2"])
    let incident = try #require(try desk.incidents().first)
    #expect(incident.state == .acknowledged)
    #expect(
      incident.people == #"{"acknowledged_by":"alice","assigned_to":null,"resolved_by":null,"reason":null}"#)
    #expect(
      try desk.lines().last
        == #"{"type":"incident","monitor":"fraud","incident":"\#(incident.id)","at":"2025-06-15T16:00:00.000Z","transition":"acknowledged","tier":"warning","reason":"drift","by":"alice","note":"looking at the \"feed\"","input":2,"checks":["drift"],"subjects":["amount"],"slices":["all"]}"#
    )
    // Those who heard of the incident hear who has it in hand.
    let row = try #require(try desk.deliveries().first { $0.key == "\(incident.id)/1-acknowledged/chat" })
    #expect(
      row.body.contains(#""event":"incident.acknowledged""#) && row.body.contains(#""by":"alice""#)
        && row.body.contains(#""note":"looking at the \"feed\"""#))
    // What verdicts say after it is what they say without it.
    #expect(
      try desk.decide(2, [("drift", "amount", .critical)]) == ["drift escalated critical"])
    #expect(try desk.decide(3, [("drift", "amount", .ok)]) == ["drift resolved critical"])
    #expect(try desk.lines().map { $0.contains("\"input\"") } == [false, true, false, false])
    #expect(try acts(desk, of: incident.id).map(\.state) == [.folded])
    #expect(try acts(desk, of: incident.id).first?.input == 2)
  }

  @Test func assignmentsAndCommentsAreInputsWithoutALine() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .warning)])
    let id = try #require(try desk.incidents().first?.id)
    _ = try ask(desk, .assign(to: "bob", note: nil))
    _ = try ask(desk, .comment("the promotion of June?"), by: "carol")
    #expect(try fold(desk, decided: 1) == [])
    #expect(try desk.incidents().first?.people.contains(#""assigned_to":"bob""#) == true)
    #expect(try desk.incidents().first?.state == .open)
    try desk.decide(2, [("drift", "amount", .ok)])
    // There is more to say about an incident that has ended, but nothing to do.
    _ = try ask(desk, .comment("it was"), of: id)
    #expect(throws: PersonActs.Refusal.resolved(by: nil)) { try ask(desk, .assign(to: "bob", note: nil), of: id) }
    #expect(throws: PersonActs.Refusal.unknownIncident) { try ask(desk, .comment("what?"), of: "fraud-0") }
    try fold(desk, decided: 2)
    #expect(
      try acts(desk, of: id).map { "\($0.number) \($0.kind) \($0.state) \($0.input ?? 0)" } == [
        "1 assign folded 2", "2 comment folded 3", "3 comment folded 5",
      ])
    let log = try desk.ledger.read {
      try $0.decisions(monitor: "fraud", group: .drift, outside: true, after: nil, limit: 9)
    }
    #expect(log.map(\.kind) == ["assign", "comment", "comment"] && log.allSatisfy { $0.wall == Self.wall })
    #expect(log.first?.body == #"{"by":"alice","incident":"\#(id)","to":"bob"}"#)
  }

  @Test func whoComesSecondIsToldWhoCameFirst() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .warning)])
    let id = try #require(try desk.incidents().first?.id)
    _ = try ask(desk, .acknowledge(note: nil), by: "alice")
    _ = try ask(desk, .acknowledge(note: nil), by: "bob")
    _ = try ask(desk, .resolve(.falseAlarm, note: nil, decided: [:]), by: "carol")
    _ = try ask(desk, .assign(to: "dave", note: nil), by: "dave")
    #expect(try fold(desk, decided: 1) == ["drift acknowledged 2", "drift resolved 3"])
    #expect(
      try acts(desk, of: id).map { "\($0.state) \($0.because)" } == [
        "folded ", "void alice has acknowledged it already", "folded ", "void the incident is resolved already",
      ])
    #expect(throws: PersonActs.Refusal.resolved(by: "carol")) { try ask(desk, .acknowledge(note: nil), of: id) }
    #expect(
      try desk.incidents().first?.people
        == #"{"acknowledged_by":"alice","assigned_to":null,"resolved_by":"carol","reason":"false alarm"}"#)
  }

  @Test func aResolveByHandMutesWhatFiresUntilItIsWellOnceOrWorse() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .warning), ("drift", "country", .critical)])
    let first = try #require(try desk.incidents().first)
    // It is less now than it was: what counts is the worst that it has been.
    try desk.decide(2, [("drift", "amount", .warning), ("drift", "country", .warning)])
    _ = try ask(desk, .resolve(.expectedChange, note: "summer sale", decided: [:]))
    #expect(try fold(desk, decided: 2) == ["drift resolved 3"])
    let resolved = try #require(try desk.incidents().first)
    #expect(resolved.state == .resolved && resolved.resolvedAt == IncidentTests.hour(2))
    #expect(resolved.evidence.contains(#""subject":"amount""#))
    #expect(
      try desk.lines().last?.contains(#""because":"expected change","by":"alice","note":"summer sale","input":3"#)
        == true)
    #expect(try muted(desk) == ["amount", "country"])
    #expect(try desk.deliveries().map(\.key).contains("\(first.id)/1-resolved/chat"))

    #expect(try desk.decide(3, [("drift", "amount", .warning), ("drift", "country", .critical)]) == [])
    // Another one opens an incident, and is all that it is about.
    #expect(try desk.decide(4, [("drift", "score", .info), ("drift", "country", .critical)]) == ["drift opened info"])
    #expect(try desk.incidents().first?.subjects == ["score"])
    let row = try #require(try desk.ledger.read { try $0.incidents(IncidentQuery()) }.first)
    #expect(!row.evidence.contains("country"))
    // What follows while something fires is marked by the resolve.
    #expect(try desk.lines().last?.contains(#""input":3"#) == true)
    // Worse than it was.
    #expect(try desk.decide(5, [("drift", "amount", .critical)]) == ["drift escalated critical"])
    #expect(try muted(desk) == ["country"])
    // Within its limit once, then it is as new.
    #expect(try desk.decide(6, [("drift", "country", .ok), ("drift", "amount", .critical)]) == [])
    #expect(try muted(desk) == [])
    #expect(
      try desk.decide(7, [("drift", "country", .critical), ("drift", "amount", .critical)]) == ["drift spread critical"]
    )
    #expect(
      try desk.decide(
        8, [("drift", "country", .ok), ("drift", "amount", .ok), ("drift", "score", .ok)]) == [
          "drift resolved critical"
        ])
    #expect(try desk.lines().last?.contains("\"input\":3") == true)
    // After that nothing depends on it any more.
    #expect(try desk.decide(9, [("drift", "amount", .warning)]) == ["drift opened warning"])
    #expect(try desk.lines().last?.contains("\"input\"") == false)
  }

  @Test func nothingIsMutedForMoreThanSevenDays() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .warning)])
    _ = try ask(desk, .resolve(.falseAlarm, note: nil, decided: [:]))
    // All had been judged by then, so it counts from there.
    try fold(desk, decided: 10)
    for day in Int64(1)...6 {
      #expect(try desk.decide(10 + 24 * day, [("drift", "amount", .warning)]) == [])
    }
    #expect(try desk.decide(9 + 24 * 7, [("drift", "amount", .warning)]) == [])
    #expect(try muted(desk) == ["amount"])
    #expect(try desk.decide(10 + 24 * 7, [("drift", "amount", .warning)]) == ["drift opened warning"])
    #expect(try muted(desk) == [])
  }

  /// A data incident that a person has ended holds no retrain back from the next end on, and the line says that it took part.
  @Test func aDataIncidentThatAPersonEndedHoldsNoRetrainBack() throws {
    let desk = try Desk(retrain: Self.policy)
    let bad: [(String, String, Tier)] = [("missing", "amount", .warning), ("auc", "performance", .critical)]
    #expect(
      try desk.decide(1, bad) == [
        "data opened warning", "performance/final opened critical", "performance/final retrain_held critical",
      ])
    let data = try #require(try desk.incidents().first { $0.group == .dataQuality }?.id)
    _ = try ask(desk, .resolve(.falseAlarm, note: nil, decided: [:]), of: data)
    #expect(try fold(desk, decided: 1) == ["data resolved 2"])
    // The window of hour 2 begins where the incident was open, that of hour 3 behind it.
    #expect(try desk.decide(2, bad) == [])
    #expect(
      try desk.incidents().first { $0.group == .performanceFinal }?.retrain.contains("overlapped the window") == true)
    #expect(try desk.decide(3, bad) == ["performance/final retraining critical"])
    let marks = try desk.transitions(.performanceFinal).map { "\($0.transition) \($0.input ?? 0)" }
    #expect(marks == ["opened 0", "retrain_held 0", "retraining 6"])
  }

  @Test func logsWithPeopleAreRepeated() throws {
    let tiers: [Tier] = [.insufficientData, .ok, .ok, .info, .warning, .critical]
    let scratch = try Desk(retrain: RetrainPolicy(cooldown: .hours(1), maximumPerWeek: 9, deadline: .hours(6)))
    var kinds: Set<String> = []
    var plainSeeds = 0
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
        for incident in try desk.incidents().prefix(3) where Int.random(in: 0..<4, using: &random) == 0 {
          let deeds: [PersonAct.Deed] = [
            .acknowledge(note: nil), .assign(to: "bob", note: "n"), .comment("c"),
            .resolve(.mended, note: nil, decided: [:]),
          ]
          let deed = deeds[Int.random(in: 0..<(seed % 2 == 0 ? 4 : 3), using: &random)]
          if (try? ask(desk, deed, of: incident.id)) != nil { kinds.insert(PersonAct(incident: "", by: "", deed).kind) }
        }
        try fold(desk, decided: Int64(hour))
      }
      let stored = try desk.allLines()
      var lines: [String] = []
      for group in CauseGroup.allCases {
        let log = try desk.ledger.read {
          try $0.decisions(monitor: "fraud", group: group, outside: false, after: nil, limit: .max)
        }
        let outcome = try DecisionLog.fold(log, monitor: "fraud", group: group)
        let bytes = try desk.ledger.read { try $0.machine(monitor: "fraud", group: group) }
        #expect(bytes.map { $0 == outcome.machine.encoded() } ?? true, "seed \(seed)")
        #expect(try IncidentMachine(encoded: outcome.machine.encoded()) == outcome.machine, "seed \(seed)")
        lines += outcome.transitions.map(\.line)
      }
      #expect(lines.sorted() == stored.sorted(), "seed \(seed)")
      // `replay --inputs`: all verdicts in one round.
      let inputs = try desk.ledger.read { try $0.outsideDecisions(monitor: "fraud", after: nil, limit: .max) }
      let read = try inputs.map { try DecisionRecord(line: $0.line.utf8) }
      #expect(read.map(\.line) == inputs.map(\.line), "seed \(seed)")
      #expect(try replayed(made, read, desk) == stored, "seed \(seed)")
      // Plain `replay`.
      let plain = try replayed(made, [], desk)
      let unmarked = stored.filter { !$0.contains("\"input\"") }
      #expect(Set(unmarked).isSubset(of: plain), "seed \(seed): \(Set(unmarked).subtracting(plain).sorted())")
      guard !inputs.contains(where: { $0.kind == "resolve_by_hand" }) else { continue }
      plainSeeds += 1
      #expect(unmarked == plain, "seed \(seed)")
    }
    #expect(kinds == Set(PersonAct.kinds).subtracting(["accept", "undo_accept"]) && plainSeeds >= 50)
  }

  /// Final verdicts come a horizon later: in the service after what people did, in a replay of all messages before it.
  @Test func anActOnAnEarlyIncidentHasItsPlaceWhereverFinalVerdictsStand() throws {
    let desk = try Desk()
    func verdict(_ hour: Int64, _ stage: Stage, _ tier: Tier) throws -> Verdict {
      try #require(desk.verdict(hour, "auc", "performance", tier, stage: stage))
    }
    var made = [try verdict(1, .early, .critical), try verdict(2, .early, .ok), try verdict(3, .early, .warning)]
    for one in made { _ = try desk.decide([one]) }
    _ = try ask(desk, .acknowledge(note: nil))
    #expect(try fold(desk, decided: 3) == ["performance/early acknowledged 4"])
    let late = [
      try verdict(4, .early, .critical), try verdict(1, .final, .critical), try verdict(3, .final, .ok),
    ]
    for one in late { _ = try desk.decide([one]) }
    _ = try ask(desk, .resolve(.expectedChange, note: nil, decided: [:]))
    // Two final verdicts stand before it in the log, and count for no place.
    #expect(try fold(desk, decided: 4) == ["performance/early resolved 6"])
    made += late
    let inputs = try desk.ledger.read { try $0.outsideDecisions(monitor: "fraud", after: nil, limit: .max) }
    #expect(inputs.map(\.number) == [4, 8] && inputs.map(\.place) == [4, 6])
    let read = try inputs.map { try DecisionRecord(line: $0.line.utf8) }
    #expect(try replayed(made, read, desk).sorted() == desk.allLines().sorted())
  }

  private func replayed(_ made: [Verdict], _ inputs: [DecisionRecord], _ desk: Desk) throws -> [String] {
    let again = desk.again
    _ = try again.ledger.write {
      try Decision(plan: again.plan, context: again.context, recorded: inputs)
        .decide(made.sorted(by: Verdict.precedes), now: IncidentTests.wall, in: $0)
    }
    return try again.allLines()
  }

  @Test func anActOfAMonitorThatIsGoneSaysSo() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .warning)])
    let id = try #require(try desk.incidents().first?.id)
    _ = try ask(desk, .acknowledge(note: nil))
    let steps = try desk.ledger.write {
      try Withdrawal.apply(plans: [], context: desk.context, now: Self.wall, in: $0) { _ in true }
    }
    #expect(steps.map(\.transition) == ["resolved"])
    #expect(
      try acts(desk, of: id).map { "\($0.state) \($0.because)" } == [
        "void the monitor was removed from the configuration"
      ])
  }

  @Test func theStoredFormsAreReadBack() throws {
    let deeds: [PersonAct.Deed] = [
      .acknowledge(note: nil), .acknowledge(note: "é\n\""), .assign(to: "bob", note: nil), .assign(to: "b", note: "c"),
      .comment("x"), .resolve(.falseAlarm, note: nil, decided: [:]),
      .resolve(
        .retrained, note: "v4",
        decided: [.dataQuality: IncidentTests.hour(9), .performanceFinal: IncidentTests.hour(3)]),
    ]
    for deed in deeds {
      let input = DecisionInput(
        at: IncidentTests.hour(1), .person(PersonAct(incident: "fraud-1", by: "alice", deed)))
      #expect(DecisionInput.outsideKinds.contains(input.kind) && input.isFromOutside)
      #expect(try DecisionInput(at: input.at, kind: input.kind, body: input.body) == input)
    }
    func problem(_ kind: String, _ body: String) -> String? {
      #expect(throws: JSONFailure.self) {
        try DecisionInput(at: IncidentTests.hour(1), kind: kind, body: body)
      }?.description
    }
    #expect(
      problem("resolve_by_hand", #"{"incident":"i","by":"a","reason":"bored"}"#)
        == "reason: expected one of false alarm, expected change, mended, retrained")
    #expect(
      problem("resolve_by_hand", #"{"incident":"i","by":"a","reason":"mended","decided":{"weather":1}}"#)
        == "decided.weather: no cause has this name")
    #expect(
      problem("dance", "{}")
        == "document: the kind \"dance\" was written by a newer version of leeway; run that version")
  }

  /// An instance of the version before goes on as long as nobody has done anything.
  @Test func theFormWithoutPeopleStays() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .warning)])
    func version() throws -> String? {
      try desk.ledger.read { try $0.machine(monitor: "fraud", group: .drift) }
        .map { String(decoding: $0.prefix(13), as: UTF8.self) }
    }
    #expect(try version() == #"{"version":2,"#)
    _ = try ask(desk, .comment("hm"))
    try fold(desk, decided: 1)
    #expect(try version() == #"{"version":2,"#)
    _ = try ask(desk, .acknowledge(note: nil))
    try fold(desk, decided: 1)
    #expect(try version() == #"{"version":3,"#)
    try desk.decide(2, [("drift", "amount", .ok)])
    #expect(try version() == #"{"version":2,"#)
  }

  @Test func anIncidentTakesAThousandActs() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .warning)])
    for _ in 0..<PersonActs.mostOfIncident { _ = try ask(desk, .comment("again")) }
    #expect(throws: PersonActs.Refusal.tooMany) { try ask(desk, .comment("again")) }
  }
}
