import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Verdicts in, transitions out, with everything that goes with them in the ledger.
@Suite struct IncidentTests {
  static let start = EventTime(milliseconds: 1_750_000_000_000).floor(to: .hours(1))
  static func hour(_ hours: Int64) -> EventTime { start + .hours(hours) }
  static let wall = EventTime(milliseconds: 1_800_000_000_000)

  static func check(_ name: String, _ metric: Metric) -> Check {
    Check(name: name, on: .features(except: []), metric: metric, window: "1h", limits: [Check.above(0.1)])
  }

  static let checks = [check("drift", .psi), check("missing", .missingRatio), check("auc", .auc), check("ece", .ece)]

  /// A ledger and a monitor that tells `chat` of warnings and `pager` and `retrain` of what is critical.
  struct Desk {
    var plan: MonitorPlan
    var ledger = InMemoryLedger()
    var context = DecisionContext(
      receivers: ["chat", "pager", "retrain"], publicURL: "https://leeway.example.com")

    init(checks: [Check] = IncidentTests.checks, retrain: RetrainPolicy? = nil) throws {
      var monitor = try SampleMonitor.monitor(.binary, name: "fraud", checks: checks)
      monitor.alerts = [.info: ["log"], .warning: ["chat"], .critical: ["chat", "pager", "retrain"]]
      monitor.retrain = retrain
      plan = try SampleMonitor.plan(monitor)
    }

    /// The same monitor with an empty ledger; making a baseline takes longer than most tests.
    var again: Desk {
      var desk = self
      desk.ledger = InMemoryLedger()
      return desk
    }

    /// As after a reload.
    mutating func reload(_ change: (inout Monitor) -> Void) throws {
      var monitor = plan.monitor
      change(&monitor)
      plan = try SampleMonitor.plan(monitor)
    }

    /// The verdicts of the hour's end: check, subject, tier.
    @discardableResult
    func decide(
      _ hour: Int64, _ verdicts: [(String, String, Tier)], now: EventTime = IncidentTests.wall
    ) throws -> [String] {
      try decide(made(hour, verdicts), now: now)
    }

    func decide(_ made: [Verdict], now: EventTime = IncidentTests.wall) throws -> [String] {
      try ledger.write {
        try Decision(plan: plan, context: context).decide(made.sorted(by: Verdict.precedes), now: now, in: $0)
      }.transitions.map { "\($0.group.rawValue) \($0.transition) \($0.tier.name)" }
    }

    func made(_ hour: Int64, _ verdicts: [(String, String, Tier)]) -> [Verdict] {
      verdicts.compactMap { name, subject, tier in verdict(hour, name, subject, tier) }
    }

    /// The value is 0.25 where the check fires, else 0.05; the limit is 0.1.
    func verdict(
      _ hour: Int64, _ name: String, _ subject: String, _ tier: Tier, slice: String = "all", stage: Stage = .final,
      value: Double? = nil
    ) -> Verdict? {
      guard let check = plan.monitor.checks.first(where: { $0.name == name }) else { return nil }
      let window = WindowDefinition(name: "1h", size: .hours(1), every: .hours(1))
      var verdict = Verdict(
        check: check, window: window, end: IncidentTests.hour(hour), slice: slice, subject: subject,
        value: value ?? (tier == .ok ? 0.05 : 0.25), rows: 500, tier: tier)
      verdict.threshold = 0.1
      verdict.stage = stage
      return verdict
    }

    func incidents() throws -> [IncidentRecord] { try ledger.read { try $0.incidents(IncidentQuery()) } }
    func deliveries() throws -> [OutboxRecord] {
      try ledger.read { try $0.deliveries(incident: nil, limit: 1000) }.sorted { utf8Order($0.key, $1.key) }
    }
    func inputs() throws -> [OutsideInput] {
      try ledger.read { try $0.inputs(monitor: nil, incident: nil, limit: 100) }
    }
    func retrains() throws -> [RetrainRecord] { try ledger.read { try $0.retrains(monitor: nil, limit: 100) } }
    /// What the log of a group leads to.
    func transitions(_ group: CauseGroup) throws -> [IncidentTransition] {
      let log = try ledger.read {
        try $0.decisions(monitor: "fraud", group: group, outside: false, after: nil, limit: .max)
      }
      return try DecisionLog.fold(log, monitor: "fraud", group: group).transitions
    }
    func lines() throws -> [String] {
      try ledger.read { try $0.results(ResultQuery(type: .incident, limit: 100)) }.map(\.line)
    }
    func allLines() throws -> [String] {
      try ledger.read { try $0.results(ResultQuery(type: .incident, limit: .max)) }.map(\.line)
    }
  }

  @Test func anIncidentOpensEscalatesAndResolves() throws {
    let desk = try Desk()
    #expect(try desk.decide(1, [("drift", "amount", .ok)]) == [])
    #expect(try desk.decide(2, [("drift", "amount", .warning), ("drift", "country", .ok)]) == ["drift opened warning"])
    #expect(try desk.decide(3, [("drift", "amount", .warning), ("drift", "country", .info)]) == [])
    #expect(
      try desk.decide(4, [("drift", "amount", .critical), ("drift", "country", .info)]) == ["drift escalated critical"])
    // Lower is not resolved, and not an escalation when it comes back.
    #expect(try desk.decide(5, [("drift", "amount", .info), ("drift", "country", .ok)]) == [])
    #expect(try desk.decide(6, [("drift", "amount", .critical), ("drift", "country", .ok)]) == [])
    // Too little to judge, and nothing at all, change nothing.
    #expect(try desk.decide(7, [("drift", "amount", .insufficientData), ("drift", "country", .ok)]) == [])
    #expect(try desk.decide(9, [("drift", "country", .ok)]) == [])
    #expect(try desk.decide(10, [("drift", "amount", .ok), ("drift", "country", .ok)]) == ["drift resolved critical"])
    #expect(try desk.decide(11, [("drift", "amount", .ok)]) == [])
    #expect(try desk.decide(12, [("drift", "amount", .info)]) == ["drift opened info"])

    let incidents = try desk.incidents()
    try #require(incidents.count == 2)
    let old = incidents[1]
    #expect(old.state == .resolved && old.tier == .critical && old.group == .drift)
    #expect(old.openedAt == Self.hour(2) && old.changedAt == Self.hour(10) && old.resolvedAt == Self.hour(10))
    #expect(old.checks == ["drift"] && old.subjects == ["amount", "country"])
    #expect(incidents[0].state == .open && incidents[0].openedAt == Self.hour(12))
    #expect(
      try desk.lines() == [
        #"{"type":"incident","monitor":"fraud","incident":"fraud-\#(old.id.suffix(12))","at":"2025-06-15T17:00:00.000Z","transition":"opened","tier":"warning","reason":"drift","checks":["drift"],"subjects":["amount"],"slices":["all"]}"#,
        #"{"type":"incident","monitor":"fraud","incident":"fraud-\#(old.id.suffix(12))","at":"2025-06-15T19:00:00.000Z","transition":"escalated","tier":"critical","reason":"drift","checks":["drift"],"subjects":["amount","country"],"slices":["all"]}"#,
        #"{"type":"incident","monitor":"fraud","incident":"fraud-\#(old.id.suffix(12))","at":"2025-06-16T01:00:00.000Z","transition":"resolved","tier":"critical","reason":"drift","checks":["drift"],"subjects":["amount","country"],"slices":["all"]}"#,
        #"{"type":"incident","monitor":"fraud","incident":"\#(incidents[0].id)","at":"2025-06-16T03:00:00.000Z","transition":"opened","tier":"info","reason":"drift","checks":["drift"],"subjects":["amount"],"slices":["all"]}"#,
      ])
  }

  @Test func anIdIsAHashOfMonitorCauseAndOpening() throws {
    let desk = try Desk()
    try desk.decide(2, [("drift", "amount", .warning), ("missing", "amount", .warning)])
    for incident in try desk.incidents() {
      let text = "fraud\n\(incident.group.rawValue)\n\(Self.hour(2).milliseconds)"
      #expect(incident.id == "fraud-\(SHA256.hash(Array(text.utf8)).hex.prefix(12))")
    }
  }

  @Test func everyCauseHasAnIncidentOfItsOwn() throws {
    let desk = try Desk()
    #expect(
      try desk.decide(1, [("drift", "amount", .info), ("missing", "amount", .warning), ("auc", "performance", .ok)])
        == [
          "data opened warning", "drift opened info",
        ])
    #expect(
      try desk.decide(2, [("drift", "amount", .ok), ("missing", "amount", .critical), ("auc", "performance", .info)])
        == [
          "data escalated critical", "drift resolved info", "performance/final opened info",
        ])
    #expect(
      try desk.incidents().filter { $0.state != .resolved }.map(\.group.rawValue).sorted() == [
        "data", "performance/final",
      ])
  }

  @Test func howVerdictsAreBatchedChangesNothing() throws {
    let tiers: [Tier] = [.insufficientData, .ok, .info, .warning, .critical]
    for seed in UInt64(1)...12 {
      var random = SeededGenerator(seed: seed)
      let verdicts = (1...25).map { hour in
        (
          Int64(hour),
          ["amount", "country", "score"].filter { _ in Int.random(in: 0..<5, using: &random) > 0 }.map {
            ("drift", $0, tiers[Int.random(in: 0..<5, using: &random)])
          }
        )
      }
      let single = try Desk()
      for (hour, batch) in verdicts { try single.decide(hour, batch) }
      let many = try Desk()
      var rest = verdicts[...]
      while !rest.isEmpty {
        let part = rest.prefix(Int.random(in: 1...rest.count, using: &random))
        rest = rest.dropFirst(part.count)
        let made = part.flatMap { hour, batch in
          many.made(hour, batch)
        }.sorted(by: Verdict.precedes)
        _ = try many.ledger.write {
          try Decision(plan: many.plan, context: many.context).decide(made, now: Self.wall, in: $0)
        }
      }
      #expect(try many.lines() == single.lines(), "seed \(seed)")
      #expect(try many.incidents() == single.incidents(), "seed \(seed)")
      #expect(try many.deliveries() == single.deliveries(), "seed \(seed)")
    }
  }

  @Test func aSliceThatIsGoneHoldsNoIncidentOpenForEver() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .warning), ("drift", "country", .ok)])
    #expect(try desk.decide(72, [("drift", "country", .ok)]) == [])
    #expect(try desk.decide(73, [("drift", "country", .ok)]) == ["drift resolved warning"])
  }

  // MARK: Deliveries

  @Test func receiversOfATierAreToldOnceAStepAndOfTheEnd() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .warning)])
    try desk.decide(2, [("drift", "amount", .warning)])
    try desk.decide(3, [("drift", "amount", .critical)])
    try desk.decide(4, [("drift", "amount", .ok)])
    let id = try #require(try desk.incidents().first).id
    // `log` is not among the receivers that exist; `retrain` is told by a call to retrain alone.
    #expect(
      try desk.deliveries().map(\.key) == [
        "\(id)/0-opened/chat", "\(id)/1-escalated/chat", "\(id)/1-escalated/pager", "\(id)/2-resolved/chat",
        "\(id)/2-resolved/pager",
      ])
    #expect(try desk.deliveries().map(\.sequence) == [0, 1, 1, 2, 2])
    #expect(try desk.deliveries().allSatisfy { $0.createdAt == Self.wall && $0.state == .owed && $0.incident == id })
  }

  @Test func aDeliveryThatExistsIsLeftAlone() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .warning)])
    var sent = try #require(try desk.deliveries().first)
    sent.state = .delivered
    for receiver in Set(try desk.deliveries().map(\.receiver)) {
      for row in try desk.ledger.write({
        try $0.leaseDeliveries(receiver: receiver, due: .distantFuture, lasting: .minutes(1), limit: 9)
      }) where row.key == sent.key {
        sent.leases = row.leases
        let settled = try desk.ledger.write { [sent] in try $0.settle(delivery: sent) }
        #expect(settled)
      }
    }
    // As after a crash: the machine is as it was, and the verdicts come again.
    try desk.ledger.write {
      try $0.put(machine: IncidentMachine().encoded(), monitor: "fraud", group: .drift)
      _ = try $0.reclaimDecisions(monitor: "fraud", before: .distantFuture, limit: 9)
    }
    try desk.decide(1, [("drift", "amount", .warning)])
    #expect(try desk.deliveries().map(\.state) == [.delivered])
    #expect(try desk.incidents().count == 1)
  }

  /// The body is what interfaces promise, byte for byte.
  @Test func aNotificationReadsAsPromised() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .warning), ("drift", "country", .info)])
    let row = try #require(try desk.deliveries().first)
    let id = row.incident
    let identity = desk.plan.baseline.identity
    #expect(
      row.body == #"{"version":1,"event":"incident.opened","incident":"\#(id)","monitor":"fraud","tier":"warning","#
        + #""opened_at":"2025-06-15T16:00:00.000Z","model_version":null,"reason":"drift","evidence":["#
        + #"{"check":"drift","subject":"amount","slice":"all","metric":"psi","value":0.25,"threshold":0.1,"p_value":null,"q_value":null,"window":"1h","end":"2025-06-15T16:00:00.000Z","rows":500,"tier":"warning"},"#
        + #"{"check":"drift","subject":"country","slice":"all","metric":"psi","value":0.25,"threshold":0.1,"p_value":null,"q_value":null,"window":"1h","end":"2025-06-15T16:00:00.000Z","rows":500,"tier":"info"}],"#
        + #""window":{"start":"2025-06-15T15:00:00.000Z","end":"2025-06-15T16:00:00.000Z"},"baseline":"\#(identity)","#
        + #""at":"2025-06-15T16:00:00.000Z","checks":["drift"],"subjects":["amount","country"],"url":"https://leeway.example.com/incidents/\#(id)"}"#
    )
  }

  // MARK: The stored form

  @Test func machinesReadBackTheSame() throws {
    let desk = try Desk(retrain: RetrainPolicy(cooldown: .hours(24), maximumPerWeek: 3, deadline: .hours(6)))
    try desk.decide(1, [("auc", "performance", .critical), ("ece", "é\n\"", .info)])
    let bytes = try #require(try desk.ledger.read { try $0.machine(monitor: "fraud", group: .performanceFinal) })
    let machine = try IncidentMachine(encoded: bytes)
    #expect(machine.active.count == 2 && machine.incident?.retrain != nil)
    #expect(machine.encoded() == bytes)
    #expect(try IncidentMachine(encoded: IncidentMachine().encoded()) == IncidentMachine())
    for length in bytes.indices {
      #expect(throws: JSONFailure.self) { try IncidentMachine(encoded: Array(bytes[..<length])) }
    }
    for seed in UInt64(1)...1000 {
      var random = SeededGenerator(seed: seed)
      var damaged = bytes
      damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 32...126, using: &random)
      _ = try? IncidentMachine(encoded: damaged).encoded()
    }
    let newer = String(decoding: bytes, as: UTF8.self).replacing("{\"version\":2", with: "{\"version\":6")
    let failure = #expect(throws: JSONFailure.self) { try IncidentMachine(encoded: Array(newer.utf8)) }
    #expect(
      failure?.description
        == "document: the incident's state was written by a newer version of leeway; run that version")
  }
}
