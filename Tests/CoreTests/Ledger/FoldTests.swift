import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct FoldTests {
  /// Two instances that have each read a share of two hours of predictions and their labels.
  private struct Stage {
    let scene: Scene
    let one: SimulatedInstance
    let two: SimulatedInstance
    let lease: EvaluationLease
    let fold: Fold

    init() throws {
      let predictions = Scene.predictions(60, from: 0, to: 120)
      scene = try Scene(
        predictions: [
          predictions + [PredictionEvent(id: "\"end\"", time: Scene.minute(600), output: "0.5")],
          Scene.predictions(40, from: 0, to: 120, id: "q") { $1.version = "\"v\($0 % 7)\"" },
        ],
        labels: [predictions.map { LabelEvent(id: $0.id ?? "", time: $0.time + .minutes(1), value: "1") }])
      one = try scene.instance()
      two = try scene.instance2()
      try one.claim([TopicPartition("predictions", 0)])
      try two.claim([TopicPartition("predictions", 1), TopicPartition("labels", 0)])
      let name = EvaluationLease.name(monitor: "m")
      let epoch = try scene.ledger.write { try $0.acquire(lease: name, holder: "evaluator", lasting: .days(1)) }
      lease = EvaluationLease(name: name, epoch: try #require(epoch))
      fold = Fold(plan: scene.plan, deadAfter: .minutes(1))
    }

    func readAll() throws {
      for instance in [one, two] {
        instance.readAll()
        try instance.flush()
      }
    }

    /// The sums that windows see, by kind, pane and slice, after the cap.
    func sums() throws -> [[NameKey: CellBlock]] {
      try scene.ledger.read { reader in
        var out: [[NameKey: CellBlock]] = []
        for (kind, shape) in [
          (PaneKind.drift, scene.plan.drift.shape), (.performance, try #require(scene.plan.performance).shape),
        ] {
          var merge = WindowMerge(kind, plan: scene.plan, shape: shape)
          for minute in stride(from: Int64(0), to: 120, by: 5) {
            try merge.move(to: Scene.minute(minute)..<Scene.minute(minute + 5), in: reader)
            out.append(try merge.view())
          }
        }
        return out
      }
    }

    func owners() throws -> Set<String> {
      try scene.ledger.read { reader in
        Set(
          try (reader.writers().map(\.id) + [Fold.writer]).filter { writer in
            try PaneKind.allCases.contains {
              try !reader.ownKeys(
                $0, monitor: "m", generation: scene.plan.generation, writer: writer, before: .distantFuture, limit: 1
              ).isEmpty
            }
          })
      }
    }

    func judge() throws {
      try SimulatedInstance.evaluate(
        scene.plan, scene.ledger, watermarks: Watermarks(predictions: Scene.minute(600), labels: Scene.minute(900)))
    }
  }

  @Test(arguments: [1, 7, 512])
  func closedPanesOfTheLivingBecomeOneRowAndSumsStay(_ limit: Int) throws {
    let stage = try Stage()
    try stage.readAll()
    let sums = try stage.sums()
    #expect(try stage.fold.step(stage.scene.ledger, lease: stage.lease) == Fold.Report(), "nothing is closed yet")
    try stage.scene.ledger.write {
      try $0.put(
        progress: EvaluationProgress(
          closedThrough: Scene.minute(300), finalThrough: Scene.minute(300), maturedThrough: Scene.minute(300)),
        monitor: "m", generation: stage.scene.plan.generation)
    }
    var rows = 0
    while true {
      let report = try stage.fold.step(stage.scene.ledger, lease: stage.lease, limit: limit)
      #expect(report.retired.isEmpty)
      if report.rows == 0 { break }
      rows += report.rows
      #expect(try stage.sums() == sums)
    }
    #expect(rows > 100)
    // The last message's pane is open still.
    #expect(try stage.owners() == [Fold.writer, stage.one.intake.writer])
  }

  @Test func aSilentWriterIsDeadBeforeItsRowsAreRead() throws {
    let stage = try Stage()
    stage.one.readAll()
    try stage.one.flush()
    stage.two.readAll()
    try stage.two.flush()
    let sums = try stage.sums()
    stage.scene.clock.advance(.minutes(2))
    try stage.two.intake.beat(in: stage.scene.ledger)
    let report = try stage.fold.step(stage.scene.ledger, lease: stage.lease)
    #expect(report.retired == [stage.one.intake.writer] && report.rows > 0)
    #expect(try stage.sums() == sums)
    #expect(try stage.owners() == [Fold.writer, stage.two.intake.writer])
    // It slept, and finds out.
    #expect(throws: WriterFenced.self) { try stage.one.intake.beat(in: stage.scene.ledger) }
    let partitions = try stage.scene.ledger.read { try $0.partitions(of: "m") }
    #expect(partitions.filter { $0.owner == nil }.map(\.key.partition) == [0])
    #expect(try stage.scene.ledger.write { try $0.reclaimWriters(limit: 9) } == 1)
  }

  @Test func aWriterThatFlushesBesideTheFoldLosesNothing() throws {
    let stage = try Stage()
    stage.one.read(TopicPartition("predictions", 0), 30)
    try stage.one.flush()
    stage.scene.clock.advance(.minutes(2))
    // Silent when the writers are read, and not any more when its death would be declared.
    let connection = FaultyLedger(stage.scene.ledger)
    let one = stage.one
    connection.interrupt(call: 1) {
      one.readAll()
      #expect(throws: Never.self) { try one.flush() }
    }
    let report = try stage.fold.step(connection, lease: stage.lease)
    #expect(report.retired == [stage.two.intake.writer])
    #expect(try stage.scene.ledger.read { try $0.writer(one.intake.writer) }?.alive == true)
    #expect(try IntakeTests.rows(stage.scene.plan, stage.scene.ledger) == 61)
  }

  @Test func whoHasLostTheLeaseFoldsAndReclaimsNothing() throws {
    let stage = try Stage()
    try stage.readAll()
    stage.scene.clock.advance(.days(2))
    let name = stage.lease.name
    _ = try stage.scene.ledger.write { try $0.acquire(lease: name, holder: "other", lasting: .days(1)) }
    #expect(throws: LeaseLost.self) { try stage.fold.step(stage.scene.ledger, lease: stage.lease) }
    #expect(try stage.scene.ledger.read { try $0.writers() }.allSatisfy(\.alive))
    let reclaim = Reclaim(plan: stage.scene.plan, results: .days(1), deliveries: .days(1))
    #expect(throws: LeaseLost.self) {
      try reclaim.step(stage.scene.ledger, lease: stage.lease, now: Scene.minute(0) + .days(9))
    }
  }

  /// A partition that never had an event holds rows only until its owner says that it is idle.
  @Test(arguments: [(0, false), (1, false), (1, true)])
  func labelsWhosePredictionNeverCameAreOrphans(_ silent: Int, _ isIdle: Bool) throws {
    let orphans = (0..<5).map { LabelEvent(id: "\"nobody\($0)\"", time: Scene.minute(Int64($0)), value: "1") }
    let again = [LabelEvent(id: "\"nobody0\"", time: Scene.minute(9), value: "0")]
    let labels = Scene.predictions(3).map { LabelEvent(id: $0.id ?? "", time: $0.time, value: "0") }
    let scene = try Scene(
      predictions: [Scene.predictions(3) + [PredictionEvent(id: "\"end\"", time: Scene.minute(600), output: "0.5")]]
        + Array(repeating: [], count: silent),
      labels: [orphans + again + labels + [LabelEvent(id: "\"end\"", time: Scene.minute(600), value: "1")]])
    let instance = try scene.read()
    if isIdle {
      instance.intake.claimIdle(TopicPartition("predictions", 1), lasting: .days(1), at: .zero)
      try instance.flush()
    }
    try scene.judge(at: Scene.minute(600), labels: Scene.minute(600))
    let name = EvaluationLease.name(monitor: "m")
    let epoch = try #require(
      try scene.ledger.write { try $0.acquire(lease: name, holder: "evaluator", lasting: .days(1)) })
    let reclaim = Reclaim(plan: scene.plan, results: .days(900), deliveries: .days(900), limit: 2)
    var orphaned: Int64 = 0
    while true {
      let report = try reclaim.step(
        scene.ledger, lease: EvaluationLease(name: name, epoch: epoch), now: Scene.minute(0))
      orphaned += report.orphanedLabels
      if report.rows == 0 { break }
    }
    #expect(orphaned == (silent == 0 || isIdle ? 6 : 0))
  }

  @Test func whatNobodyNeedsIsReclaimedAndAnOldGenerationWithIt() throws {
    let stage = try Stage()
    try stage.readAll()
    try stage.judge()
    let old = stage.scene.plan
    let plan = try MonitorPlan(
      monitor: old.monitor,
      baseline: SampleMonitor.baseline(old.monitor, rows: SampleMonitor.trainingRows(500, seed: 9)))
    let startsAt = try stage.scene.ledger.write { try Generations.current(plan, in: $0).startsAt }
    #expect(startsAt == Scene.minute(605))
    let reclaim = Reclaim(plan: plan, results: .days(1), deliveries: .days(1), limit: 7)
    var steps = 0
    while try reclaim.step(stage.scene.ledger, lease: stage.lease, now: Scene.minute(0)).rows > 0 { steps += 1 }
    #expect(steps > 3)
    // Results are kept for a day behind what is closed, which is nothing yet.
    #expect(try stage.scene.ledger.read { try $0.generations(of: "m") }.count == 2)
    #expect(try stage.sums().allSatisfy(\.isEmpty))
    try stage.scene.ledger.write {
      try $0.put(
        progress: EvaluationProgress(closedThrough: Scene.minute(9000), finalThrough: Scene.minute(9000)), monitor: "m",
        generation: plan.generation)
    }
    while try reclaim.step(stage.scene.ledger, lease: stage.lease, now: Scene.minute(0)).rows > 0 {}
    #expect(try stage.scene.ledger.read { try $0.generations(of: "m") }.map(\.generation) == [plan.generation])
    #expect(try stage.scene.lines(.drift).isEmpty)
    // An evaluator that is behind the times touches nothing.
    #expect(
      try Reclaim(plan: old, results: .days(1), deliveries: .days(1))
        .step(stage.scene.ledger, lease: stage.lease, now: Scene.minute(0)).rows == 0)
  }
}
