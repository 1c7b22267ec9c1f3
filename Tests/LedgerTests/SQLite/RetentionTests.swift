import LeewayTestSupport
import Testing

@testable import LeewayCore
@testable import LeewayLedger

/// Years of a monitor's life in a few seconds: what each day writes, and what is removed behind it.
@Suite("SQLite: what is kept")
struct RetentionTests {
  /// Writes of each day some of everything that a ledger keeps, and removes as the service does.
  private struct Life {
    let plan: MonitorPlan
    let reclaim: Reclaim
    let start = EventTime(milliseconds: 1_767_225_600_000)
    private var lease: EvaluationLease?
    private var numbers = SeededGenerator(seed: 5)

    init(results: TimeSpan, whole: TimeSpan, deliveries: TimeSpan) throws {
      plan = try SampleMonitor.plan(SampleMonitor.monitor(.binary, name: "m"))
      reclaim = Reclaim(plan: plan, results: results, wholeResults: whole, deliveries: deliveries)
    }

    mutating func begin(in ledger: any Ledger) throws {
      let generation = GenerationRecord(
        monitor: "m", generation: plan.generation, startsAt: start, baseline: plan.baseline.identity, pairs: plan.pairs)
      let epoch = try ledger.write {
        try $0.put(generation: generation)
        return try $0.acquire(lease: "l", holder: "h", lasting: .days(9999))
      }
      lease = EvaluationLease(name: "l", epoch: try #require(epoch))
    }

    /// - Parameter step: minutes between the ends of windows.
    mutating func live(_ day: Int64, step: Int64, in ledger: any Ledger) throws {
      let now = start + .days(day)
      var lines: [ResultRecord] = []
      for minutes in stride(from: 0 as Int64, to: 1440, by: Int64.Stride(step)) {
        for subject in ["x", "y"] {
          var line = DriftLines.line(now + .minutes(minutes), subject: subject, &numbers)
          line.generation = plan.generation
          lines.append(line)
        }
      }
      let block = (PaneKey(pane: now, slice: "all"), [UInt8](repeating: 7, count: 5000))
      try ledger.write { tx in
        try tx.put(results: lines)
        try tx.put(.drift, monitor: "m", generation: plan.generation, writer: "w", blocks: [block])
        try tx.put(.performance, monitor: "m", generation: plan.pairs, writer: "w", blocks: [block])
        try tx.put(
          errors: (0..<20).map { ErrorRow(time: now, id: [UInt8($0)], version: [], error: 1) }, monitor: "m",
          generation: plan.pairs)
        for key in Set([plan.generation, plan.pairs]) {
          try tx.put(
            progress: EvaluationProgress(
              closedThrough: now, finalThrough: now, maturedThrough: now, firstPane: start), monitor: "m",
            generation: key)
        }
        // The first incident stays open, and the first delivery is owed for ever.
        try tx.put(
          incident: IncidentRecord(
            id: "i\(day)", monitor: "m", group: .drift, state: day == 1 ? .open : .resolved, tier: .critical,
            openedAt: now, changedAt: now, resolvedAt: day == 1 ? nil : now, checks: ["c"], subjects: ["x"],
            evidence: String(repeating: "{}", count: 400)))
        try tx.put(
          retrain: RetrainRecord(
            id: "r\(day)", monitor: "m", incident: "i\(day)", state: .succeeded, requestedAt: now, deadline: now,
            requestedWall: now, completedWall: now))
        try tx.record(
          input: OutsideInput(monitor: "m", incident: "i\(day)", at: now, kind: "callback", detail: "{}"))
        try tx.append(
          decision: DecisionRecord(
            monitor: "m", group: .drift, number: day, kind: "verdicts", at: now,
            body: String(repeating: "{}", count: 400)))
        try tx.enqueue([
          OutboxRecord(
            key: "d\(day)", monitor: "m", incident: "i\(day)", receiver: "r", sequence: 1,
            body: String(repeating: "{}", count: 400), createdAt: now, state: day == 1 ? .owed : .delivered,
            nextAttemptAt: now)
        ])
      }
      let lease = try #require(lease)
      while try !reclaim.step(ledger, lease: lease, now: now).isComplete {}
    }
  }

  /// Of each kind what is left after a year of days must be left after four, and the file's room with it.
  @Test func fourYearsLeaveAsMuchAsOneAndABitAndWhatIsOpenOrOwed() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    var ledger = try SQLiteLedger(path: path)
    var life = try Life(results: .days(400), whole: .days(35), deliveries: .days(90))
    try life.begin(in: ledger)
    var sizes: [Int] = []
    for day in 1...1461 as ClosedRange<Int64> {
      try life.live(day, step: 240, in: ledger)
      if day == 500 || day == 1461 {
        // Its log is folded into it.
        ledger.close()
        sizes.append(try folder.bytes(of: "ledger.db").count)
        ledger = try SQLiteLedger(path: path)
      }
    }
    let plan = life.plan
    let all = EventTime.at(0)..<EventTime.at(.max)
    try ledger.read { reader in
      let lines = try reader.results(ResultQuery(limit: 1_000_000)).count
      #expect(lines == 401 * 12)
      let incidents = try reader.incidents(IncidentQuery(limit: 9999)).map(\.id)
      let wanted = (1061...1461 as ClosedRange<Int>).reversed().map { "i\($0)" } + ["i1"]
      #expect(incidents == wanted)
      #expect(try reader.retrains(monitor: "m", limit: 9999).count == 402)
      #expect(try reader.inputs(monitor: "m", incident: nil, limit: 9999).count == 402)
      let log = try reader.decisions(monitor: "m", group: nil, outside: false, after: nil, limit: 9999).map(\.number)
      #expect(log == Array(1061...1461))
      let deliveries = try reader.deliveries(incident: nil, limit: 9999)
      let owed = deliveries.filter { $0.state == .owed }.map(\.key)
      #expect(deliveries.count == 92)
      #expect(owed == ["d1"])
      for (kind, key) in [(PaneKind.drift, plan.generation), (.performance, plan.pairs)] {
        let panes = try reader.paneStarts(kind, monitor: "m", generation: key, in: all)
        #expect(panes.count == 1)
      }
      var errors = 0
      try reader.errors(monitor: "m", generation: plan.pairs, in: all) { _ in errors += 1 }
      #expect(errors == 20)
    }
    #expect(sizes[1] <= sizes[0] * 11 / 10, "\(sizes)")
    ledger.close()
  }

  @Test func whatIsThinnedMakesRoomForWhatComes() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    var ledger = try SQLiteLedger(path: path)
    var life = try Life(results: .days(40), whole: .days(10), deliveries: .days(30))
    try life.begin(in: ledger)
    var sizes: [Int] = []
    for day in 1...160 as ClosedRange<Int64> {
      try life.live(day, step: 15, in: ledger)
      if day == 60 || day == 160 {
        ledger.close()
        sizes.append(try folder.bytes(of: "ledger.db").count)
        ledger = try SQLiteLedger(path: path)
      }
    }
    // Ten days whole, the others an hour a line, forty in all.
    let found = try ledger.read { try $0.results(ResultQuery(limit: 1_000_000)) }.count
    let range = (10 * 192 + 29 * 48)...(12 * 192 + 31 * 48)
    #expect(range.contains(found), "\(found)")
    #expect(sizes[1] <= sizes[0] * 11 / 10, "\(sizes)")
    ledger.close()
  }
}
