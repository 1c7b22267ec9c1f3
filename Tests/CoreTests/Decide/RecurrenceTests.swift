import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Incidents that come back: what clears late, what reopens, and what stays open because it comes and goes.
@Suite struct RecurrenceTests {
  private typealias Desk = IncidentTests.Desk

  private func desk(
    reopen: TimeSpan = .zero, flapping: IncidentPolicy.Flapping? = nil, retrain: RetrainPolicy? = nil
  ) throws -> Desk {
    var desk = try Desk(retrain: retrain)
    try desk.reload { $0.incidents = IncidentPolicy(reopen: reopen, flapping: flapping) }
    return desk
  }

  /// One hour each, from 1 on: `i`, `w` and `c` fire, `.` is well, `?` cannot be judged, ` ` has no verdict.
  private func hours(_ desk: Desk, _ text: String, from first: Int64 = 1, _ check: String = "drift") throws -> [String]
  {
    var out: [String] = []
    for (i, letter) in text.enumerated() where letter != " " {
      let tier: Tier =
        letter == "w"
        ? .warning
        : letter == "c"
          ? .critical
          : letter == "i"
            ? .info
            : letter == "?" ? .insufficientData : .ok
      let hour = first + Int64(i)
      out += try desk.decide(hour, [(check, check == "auc" ? "performance" : "amount", tier)]).map {
        "\(hour) " + $0.split(separator: " ").dropFirst().joined(separator: " ")
      }
    }
    return out
  }

  private func machine(_ desk: Desk, _ group: CauseGroup = .drift) throws -> IncidentMachine {
    try IncidentMachine(encoded: #require(try desk.ledger.read { try $0.machine(monitor: "fraud", group: group) }))
  }

  // MARK: Clearing

  private func clearing(_ windows: Int, clear: Double? = nil) throws -> Desk {
    var check = IncidentTests.check("drift", .psi)
    check.clears = clear.map { [.above(.absolute($0))] } ?? []
    check.clearWindows = windows
    return try Desk(checks: [check])
  }

  private func value(_ desk: Desk, _ hour: Int64, _ value: Double?, minutes: Int64 = 0) throws -> [String] {
    let tier: Tier = value.map { $0 >= 0.2 ? .warning : .ok } ?? .insufficientData
    var verdict = try #require(desk.verdict(hour, "drift", "amount", tier, value: value))
    verdict.value = value
    verdict.end = verdict.end + .minutes(minutes)
    verdict.judge(clears: desk.plan.monitor.checks[0].clears, reference: nil)
    return try desk.decide([verdict])
  }

  @Test func aValueHasToBeBackBeyondClear() throws {
    let desk = try clearing(1, clear: 0.05)
    #expect(try value(desk, 1, 0.3) == ["drift opened warning"])
    // The limit is 0.1: within it, and at `clear`.
    for (hour, number) in [(2, 0.09), (3, 0.06), (4, 0.05)] {
      #expect(try value(desk, Int64(hour), number) == [], "\(number)")
    }
    #expect(try desk.incidents().map(\.state) == [.open])
    #expect(try value(desk, 5, 0.049) == ["drift resolved warning"])
    // What is short of it opens nothing.
    #expect(try value(desk, 6, 0.09) == [])
  }

  @Test func itClearsAfterSoManyWindowsInARow() throws {
    let desk = try clearing(3, clear: 0.05)
    #expect(try value(desk, 1, 0.3) == ["drift opened warning"])
    #expect(try value(desk, 2, 0.01) == [])
    #expect(try value(desk, 3, 0.01) == [])
    // Short of `clear`, beyond the limit, and fired: each starts the count again.
    for (hour, number) in [(4, 0.07), (7, 0.15), (10, 0.3)] {
      #expect(try value(desk, Int64(hour), number) == [])
      #expect(try value(desk, Int64(hour) + 1, 0.01) == [])
      #expect(try value(desk, Int64(hour) + 2, 0.01) == [])
    }
    #expect(try machine(desk).active.values.map(\.clearing?.windows) == [2])
    // What could not be judged, and what is missing, neither counts nor starts the count again.
    #expect(try value(desk, 13, nil) == [])
    #expect(try value(desk, 15, 0.01) == ["drift resolved warning"])
    #expect(try machine(desk).active.isEmpty)
  }

  /// Windows that share rows say the same thing twice.
  @Test func windowsThatOverlapCountOnce() throws {
    let desk = try clearing(2)
    #expect(try value(desk, 1, 0.3) == ["drift opened warning"])
    #expect(try value(desk, 2, 0.01) == [])
    #expect(try value(desk, 2, 0.01, minutes: 30) == [])
    #expect(try value(desk, 2, 0.01, minutes: 59) == [])
    #expect(try value(desk, 3, 0.01) == ["drift resolved warning"])
    // What lies between them and is beyond the limit still breaks the run.
    let other = try clearing(2)
    #expect(try value(other, 1, 0.3) == ["drift opened warning"])
    #expect(try value(other, 2, 0.01) == [])
    #expect(try value(other, 2, 0.15, minutes: 30) == [])
    #expect(try value(other, 3, 0.01) == [])
    #expect(try value(other, 4, 0.01) == ["drift resolved warning"])
  }

  /// What only waits to clear asks for no retrain: where a guard lets go meanwhile, nothing is asked for.
  @Test func whatWaitsToClearAsksForNoRetrain() throws {
    var desk = try desk(
      retrain: RetrainPolicy(cooldown: .hours(5), maximumPerWeek: 9, deadline: .hours(6)))
    var check = IncidentTests.check("auc", .auc)
    check.clearWindows = 2
    try desk.reload { $0.checks = [check] }
    #expect(
      try hours(desk, "c..c.??c", "auc") == [
        "1 opened critical", "1 retraining critical", "3 resolved critical", "4 opened critical",
        "4 retrain_held critical", "8 retraining critical",
      ])
  }

  @Test func aCheckThatClearsSoonerAfterAReloadNeedsOnlyWhatItSaysNow() throws {
    var desk = try clearing(5)
    #expect(try value(desk, 1, 0.3) == ["drift opened warning"])
    for hour in 2...4 { #expect(try value(desk, Int64(hour), 0.01) == []) }
    try desk.reload { $0.checks[0].clearWindows = 2 }
    #expect(try value(desk, 5, 0.01) == ["drift resolved warning"])
  }

  // MARK: Reopening

  /// By hours: what happens with no grace, and with one of six hours.
  @Test(
    arguments: [
      ("w..w.", TimeSpan.zero, ["1 opened warning", "2 resolved warning", "4 opened warning", "5 resolved warning"]),
      ("w..w.", .hours(6), ["1 opened warning", "2 resolved warning", "4 reopened warning", "5 resolved warning"]),
      // Six hours after the end it is another one.
      ("w.     w", .hours(6), ["1 opened warning", "2 resolved warning", "8 opened warning"]),
      ("w.    w", .hours(6), ["1 opened warning", "2 resolved warning", "7 reopened warning"]),
      // Its tier is that of what fires now, so that it can escalate once more.
      (
        "c.wc.", .hours(6),
        [
          "1 opened critical", "2 resolved critical", "3 reopened warning", "4 escalated critical",
          "5 resolved critical",
        ]
      ),
      (
        "w.c.i.", .hours(6),
        [
          "1 opened warning", "2 resolved warning", "3 reopened critical", "4 resolved critical", "5 reopened info",
          "6 resolved info",
        ]
      ),
      // The grace begins with each end.
      (
        "w.    w.    w", .hours(6),
        ["1 opened warning", "2 resolved warning", "7 reopened warning", "8 resolved warning", "13 reopened warning"]
      ),
    ] as [(String, TimeSpan, [String])])
  func anIncidentReopensWithinItsGrace(_ verdicts: String, _ grace: TimeSpan, _ wanted: [String]) throws {
    let desk = try desk(reopen: grace)
    #expect(try hours(desk, verdicts) == wanted)
    let reopened = wanted.count { $0.contains("reopened") }
    #expect(try desk.incidents().count == wanted.count { $0.contains("opened") } - reopened)
    #expect(try desk.transitions(.drift).map(\.line) == desk.lines())
  }

  @Test func itsIDStaysAndItsReceiversHearOfIt() throws {
    let desk = try desk(reopen: .hours(6))
    _ = try hours(desk, "c.w.")
    let incident = try #require(try desk.incidents().first)
    #expect(incident.openedAt == IncidentTests.hour(1) && incident.tier == .warning)
    #expect(incident.state == .resolved && incident.resolvedAt == IncidentTests.hour(4))
    // The pager heard of what was critical, and of its end; what comes back is a warning.
    #expect(
      try desk.deliveries().map(\.key)
        == [
          "0-opened/chat", "0-opened/pager", "1-resolved/chat", "1-resolved/pager", "2-reopened/chat",
          "3-resolved/chat",
        ].map { "\(incident.id)/\($0)" })
    #expect(
      try desk.lines()[2]
        == #"{"type":"incident","monitor":"fraud","incident":"\#(incident.id)","at":"2025-06-15T18:00:00.000Z","transition":"reopened","tier":"warning","reason":"drift","checks":["drift"],"subjects":["amount"],"slices":["all"]}"#
    )
    let body = try #require(try desk.deliveries().first { $0.message == "2-reopened" }?.body)
    #expect(
      body.hasPrefix(#"{"version":1,"event":"incident.reopened","incident":"\#(incident.id)","monitor":"fraud","#))
    #expect(body.contains(#""opened_at":"2025-06-15T16:00:00.000Z""#) && body.contains(#""value":0.25"#))
  }

  /// Who has it in hand says so once more; who is to see to it stays.
  @Test func itStartsAgainForPeople() throws {
    let desk = try desk(reopen: .hours(6))
    _ = try hours(desk, "w")
    let id = try #require(try desk.incidents().first?.id)
    for deed in [PersonAct.Deed.assign(to: "bob", note: nil), .acknowledge(note: nil)] {
      try desk.ledger.write { tx in
        let act = try PersonActs.queue(
          PersonAct(incident: id, by: "alice", deed), now: IncidentTests.wall, in: tx)
        _ = try Decision(plan: desk.plan, context: desk.context).fold(
          queued: [act], decided: [:], now: IncidentTests.wall, in: tx)
      }
    }
    #expect(try desk.incidents().first?.state == .acknowledged)
    #expect(try hours(desk, ".w", from: 2) == ["2 resolved warning", "3 reopened warning"])
    let incident = try #require(try desk.incidents().first)
    #expect(incident.state == .open)
    #expect(incident.people == #"{"acknowledged_by":null,"assigned_to":"bob","resolved_by":null,"reason":null}"#)
    // An acknowledgement changes nothing about what verdicts do.
    #expect(try desk.lines().filter { $0.contains("\"input\"") }.count == 1)
  }

  /// A person who has ended it has said that it is over.
  @Test func oneResolvedByHandStaysResolved() throws {
    let desk = try desk(reopen: .hours(6))
    _ = try hours(desk, "w")
    let id = try #require(try desk.incidents().first?.id)
    try desk.ledger.write { tx in
      let act = try PersonActs.queue(
        PersonAct(incident: id, by: "alice", .resolve(.mended, note: nil, decided: [:])), now: IncidentTests.wall,
        in: tx)
      _ = try Decision(plan: desk.plan, context: desk.context).fold(
        queued: [act], decided: [:], now: IncidentTests.wall, in: tx)
    }
    #expect(try hours(desk, ".w", from: 2) == ["3 opened warning"])
    // Verdicts only would have reopened the first, so that this line rests on what the person did.
    let line = try #require(try desk.lines().last)
    #expect(line.contains(#""input":3"#), "\(line)")
    let incidents = try desk.incidents().map(\.id)
    #expect(incidents.count == 2 && incidents.contains(id))
    // Six hours after nothing fired any more, verdicts lead to the same again.
    #expect(try hours(desk, ".       w", from: 4) == ["4 resolved warning", "12 opened warning"])
    #expect(try desk.lines().last?.contains("input") == false)
  }

  /// Others look at the machine as it was after an end: between its end and its reopening a data incident held nothing back.
  @Test func itWasNotOpenInBetween() throws {
    var machine = IncidentMachine()
    let name = { (act: DecisionInput.Act, hour: Int64) in DecisionInput(at: IncidentTests.hour(hour), act) }
    func fold(_ act: DecisionInput.Act, _ hour: Int64) {
      _ = machine.fold(name(act, hour), monitor: "m", group: .dataQuality)
    }
    let desk = try Desk()
    fold(.policy(IncidentPolicy(reopen: .hours(6))), 1)
    for (hour, tier) in [(1, Tier.warning), (2, .ok), (4, .warning), (5, .ok)] {
      let verdict = try #require(desk.verdict(Int64(hour), "missing", "amount", tier))
      fold(
        .verdicts(machine.batch(of: [verdict], in: .dataQuality) { _, _ in .back(windows: 1, apart: .hours(1)) }),
        Int64(hour))
    }
    let open = (0...6).map { machine.span(openAt: IncidentTests.hour($0)) != nil }
    #expect(open == [false, true, false, false, true, false, false])
    #expect(machine.past.map(\.id).count == 2 && Set(machine.past.map(\.id)).count == 1)
  }

  // MARK: Retrains of an incident that reopens

  private static let often = RetrainPolicy(cooldown: .hours(1), maximumPerWeek: 9, deadline: .hours(6))

  private func answer(_ desk: Desk, _ succeeded: Bool) throws {
    try desk.ledger.write { tx in
      let record = try #require(try tx.retrains(monitor: "fraud", limit: 9).first { $0.state == .requested })
      _ = try RetrainActs.answer(
        record, passes: succeeded, monitor: desk.plan.monitor, context: desk.context, now: IncidentTests.wall, in: tx)
    }
  }

  @Test func itWaitsForTheRetrainThatItHasAskedFor() throws {
    let desk = try desk(reopen: .hours(6), retrain: Self.often)
    #expect(
      try hours(desk, "c.c.c", "auc") == [
        "1 opened critical", "1 retraining critical", "2 resolved critical", "3 reopened critical",
        "4 resolved critical", "5 reopened critical",
      ])
    #expect(try desk.retrains().count == 1)
    #expect(try desk.incidents().map(\.state) == [.retraining])
    // The answer is about the incident that has reopened.
    try answer(desk, true)
    #expect(try desk.incidents().map(\.state) == [.verifying])
    #expect(try hours(desk, "c.", from: 6, "auc") == ["7 resolved critical"])
    #expect(try desk.incidents().first?.retrain.contains(#""state":"succeeded""#) == true)
  }

  /// Answered while it was open, or while it was resolved: it may ask once more, and what it asks rests on the answer.
  @Test(arguments: [true, false], [true, false])
  func itAsksAgainOnceTheRetrainHasEnded(_ succeeded: Bool, whileOpen: Bool) throws {
    let desk = try desk(reopen: .hours(6), retrain: Self.often)
    _ = try hours(desk, "c", "auc")
    if whileOpen { try answer(desk, succeeded) }
    _ = try hours(desk, ".", from: 2, "auc")
    if !whileOpen { try answer(desk, succeeded) }
    #expect(try hours(desk, "c", from: 3, "auc") == ["3 reopened critical", "3 retraining critical"])
    let incident = try #require(try desk.incidents().first)
    let retrains = try desk.retrains()
    #expect(retrains.count == 2 && Set(retrains.map(\.id)).count == 2)
    #expect(retrains.allSatisfy { $0.incident == incident.id })
    #expect(incident.state == .retraining && incident.retrain.contains(#""state":"requested""#))
    let line = try #require(try desk.lines().last)
    #expect(line.contains(#""transition":"retraining""#) && line.contains(#""input":"#), "\(line)")
    // Once each time: not while this one is out.
    try answer(desk, false)
    #expect(try hours(desk, "cc", from: 4, "auc") == [])
    #expect(try desk.retrains().count == 2)
  }

  @Test func theGuardsHoldIt() throws {
    let desk = try desk(
      reopen: .hours(6), retrain: RetrainPolicy(cooldown: .hours(4), maximumPerWeek: 9, deadline: .hours(6)))
    _ = try hours(desk, "c", "auc")
    try answer(desk, false)
    #expect(
      try hours(desk, ".ccc", from: 2, "auc") == [
        "2 resolved critical", "3 reopened critical", "3 retrain_held critical", "5 retraining critical",
      ])
    let held = try #require(try desk.lines().first { $0.contains("retrain_held") })
    #expect(held.contains("was requested less than the cooldown of 4h ago") && held.contains(#""input":"#))
  }

  /// The call to go back is for what is critical now.
  @Test func itFallsBackAgain() throws {
    var policy = Self.often
    policy.fallBack = "rules"
    var desk = try desk(reopen: .hours(6), retrain: policy)
    desk.context.receivers.insert("rules")
    _ = try hours(desk, "c.w.c.", "auc")
    let id = try #require(try desk.incidents().first?.id)
    #expect(
      try desk.deliveries().filter { $0.receiver == "rules" }.map(\.key).sorted()
        == [
          "0-fall_back/rules", "2-restore/rules", "5-fall_back/rules", "6-restore/rules",
        ].map { "\(id)/\($0)" })
  }

  // MARK: Flapping

  @Test(
    arguments: [
      // Twice in four hours is not more than twice.
      ("w.w.   ", 2, ["1 opened", "2 resolved", "3 opened", "4 resolved"]),
      ("w.w.w.", 2, ["1 opened", "2 resolved", "3 opened", "4 resolved", "5 opened", "6 flapping"]),
      ("w.w.", 1, ["1 opened", "2 resolved", "3 opened", "4 flapping"]),
      // No more words until nothing has fired for eight hours, and then as before.
      (
        "w.w.w.w.......w.........w.", 1,
        ["1 opened", "2 resolved", "3 opened", "4 flapping", "24 resolved", "25 opened", "26 resolved"]
      ),
      // What is worse, or new, is told of.
      ("w.w.c..", 1, ["1 opened", "2 resolved", "3 opened", "4 flapping", "5 escalated"]),
      // The first is eight hours ago when the second ends.
      ("w.      w.", 1, ["1 opened", "2 resolved", "9 opened", "10 resolved"]),
      ("w.     w.", 1, ["1 opened", "2 resolved", "8 opened", "9 flapping"]),
      // The end that is needed comes late.
      ("w.w.           .", 1, ["1 opened", "2 resolved", "3 opened", "4 flapping", "16 resolved"]),
    ] as [(String, Int, [String])])
  func anIncidentThatComesAndGoesStaysOpen(_ verdicts: String, _ moreThan: Int, _ wanted: [String]) throws {
    for reopen in [TimeSpan.zero, .hours(20)] {
      let desk = try desk(
        reopen: reopen, flapping: IncidentPolicy.Flapping(moreThan: moreThan, within: .hours(8)))
      let found = try hours(desk, verdicts).map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
      // With a grace, all but the first are the same incident.
      let firstEnd = reopen > .zero ? "reopened" : "opened"
      let expected = wanted.enumerated().map { i, line in
        i > 0 ? line.replacing(" opened", with: " \(firstEnd)") : line
      }
      #expect(found == expected, "reopen \(reopen)")
      #expect(try desk.transitions(.drift).map(\.line) == desk.lines())
    }
  }

  @Test func aFlappingIncidentSaysSo() throws {
    let desk = try desk(flapping: IncidentPolicy.Flapping(moreThan: 1, within: .hours(8)))
    _ = try hours(desk, "w.c.........")
    let lines = try desk.lines()
    let flapping = try #require(lines.first { $0.contains("flapping") })
    #expect(
      flapping.contains(
        #""transition":"flapping","tier":"critical","reason":"drift","because":"what fires has come and gone more than once within 8h; it stays open until nothing has fired for 8h","checks":["drift"],"subjects":["amount"],"slices":["all"]"#
      ), "\(flapping)")
    let resolved = try #require(lines.last)
    #expect(resolved.contains(#""because":"nothing has fired for 8h""#), "\(resolved)")
    let id = try #require(try desk.incidents().first?.id)
    #expect(
      try desk.deliveries().map(\.key).filter { $0.hasPrefix(id) }
        == [
          "0-opened/chat", "0-opened/pager", "1-flapping/chat", "1-flapping/pager", "2-resolved/chat",
          "2-resolved/pager",
        ].map { "\(id)/\($0)" })
  }

  /// It is open as long as it flaps: a person can take it in hand, and end it.
  @Test func aPersonEndsIt() throws {
    let desk = try desk(flapping: IncidentPolicy.Flapping(moreThan: 1, within: .hours(8)))
    _ = try hours(desk, "w.w.")
    let open = try #require(try desk.incidents().first { $0.state != .resolved })
    #expect(open.resolvedAt == nil && open.state == .open)
    try desk.ledger.write { tx in
      let act = try PersonActs.queue(
        PersonAct(incident: open.id, by: "alice", .resolve(.falseAlarm, note: nil, decided: [:])),
        now: IncidentTests.wall, in: tx)
      _ = try Decision(plan: desk.plan, context: desk.context).fold(
        queued: [act], decided: [:], now: IncidentTests.wall, in: tx)
    }
    #expect(try desk.incidents().allSatisfy { $0.state == .resolved })
    // What comes and goes has done so often enough for the next one to flap at its first end.
    #expect(try hours(desk, "w.", from: 5) == ["5 opened warning", "6 flapping warning"])
  }

  /// Without the rule nothing keeps it open any more.
  @Test func aPolicyThatIsTakenBackEndsIt() throws {
    var desk = try desk(
      reopen: .hours(6), flapping: IncidentPolicy.Flapping(moreThan: 1, within: .hours(8)))
    _ = try hours(desk, "w.w.")
    try desk.reload { $0.incidents = IncidentPolicy() }
    #expect(try hours(desk, ".w", from: 5) == ["5 resolved warning", "6 opened warning"])
    let log = try desk.ledger.read {
      try $0.decisions(monitor: "fraud", group: .drift, outside: false, after: nil, limit: 99)
    }
    #expect(
      log.filter { $0.kind == "policy" }.map(\.body) == [
        #"{"flapping":{"more_than":1,"within_ms":28800000},"reopen_ms":21600000}"#, #"{"reopen_ms":0}"#,
      ])
    #expect(String(decoding: try machine(desk).encoded(), as: UTF8.self).hasPrefix(#"{"version":2,"#))
  }

  // MARK: The stored form

  @Test func machinesReadBackTheSame() throws {
    let desk = try desk(
      reopen: .hours(6), flapping: IncidentPolicy.Flapping(moreThan: 2, within: .hours(8)), retrain: Self.often)
    var states: [IncidentMachine] = []
    for (i, letter) in "c.cc.c..c.".enumerated() {
      _ = try hours(desk, String(letter), from: Int64(i) + 1, "auc")
      if i == 2 { try answer(desk, false) }
      states.append(try machine(desk, .performanceFinal))
    }
    #expect(states.contains { $0.ended != nil } && states.contains { $0.incident?.flapping?.quiet != nil })
    #expect(states.contains { $0.incident?.retrain?.isOver == true || $0.requests.contains(where: \.isOfPeople) })
    for state in states {
      let bytes = state.encoded()
      #expect(bytes.starts(with: Array(#"{"version":5,"#.utf8)))
      #expect(try IncidentMachine(encoded: bytes) == state)
    }
    let bytes = try #require(states.last).encoded()
    for length in bytes.indices {
      #expect(throws: JSONFailure.self) { try IncidentMachine(encoded: Array(bytes[..<length])) }
    }
    for seed in UInt64(1)...1000 {
      var random = SeededGenerator(seed: seed)
      var damaged = bytes
      damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 32...126, using: &random)
      _ = try? IncidentMachine(encoded: damaged).encoded()
    }
  }

  /// Machines of monitors that say nothing of it are stored as they were before.
  @Test func withoutAPolicyNothingOfItIsStored() throws {
    let desk = try desk()
    _ = try hours(desk, "w.w.w.w.w.w")
    let text = String(decoding: try machine(desk).encoded(), as: UTF8.self)
    #expect(text.hasPrefix(#"{"version":2,"#))
    for word in ["policy", "ended", "recoveries", "reopened", "clearing"] { #expect(!text.contains(word), "\(word)") }
  }
}
