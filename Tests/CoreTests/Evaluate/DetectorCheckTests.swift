import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct DetectorCheckTests {
  private static func check(
    _ metric: Metric = .adwin, window: String = "15m", slices: Check.Slices = .all, minimumRows: Int64 = 10,
    partial: Bool = false
  ) -> Check {
    Check(
      name: metric.name, on: .errors, metric: metric, window: window, limits: [Check.above(1)], slices: slices,
      minimumRows: minimumRows, partial: partial)
  }

  /// Predictions of 0.9 over an hour, right in the first half and wrong in the second, labelled a minute later.
  private static func events(_ count: Int = 800) -> (predictions: [PredictionEvent], labels: [LabelEvent]) {
    let events = Scene.predictions(count, to: 60) { i, event in
      event.output = "0.9"
      event.version = i % 4 == 0 ? "\"v2\"" : "\"v1\""
    }
    let labels = events.enumerated().map { i, event in
      LabelEvent(id: event.id ?? "", time: event.time + .minutes(1), value: i < count / 2 ? "1" : "0")
    }
    return (events, labels)
  }

  private static func feed(_ scene: Scene) throws -> ErrorFeed {
    let bytes = try scene.ledger.read {
      try $0.errorFeed(monitor: scene.plan.monitor.name, generation: scene.plan.generation)
    }
    return try ErrorFeed(encoded: try #require(bytes))
  }

  private static func line(_ scene: Scene, _ end: Int64, slice: String = "all") throws -> String {
    try #require(
      try scene.lines(.performance).first {
        $0.end == Scene.minute(end) && $0.window == "15m" && $0.slice == slice
      }?.line)
  }

  private static func evaluate(_ scene: Scene, _ minutes: Int64, maximumErrors: Int = 250_000) throws -> [Verdict] {
    try scene.judge(at: Scene.minute(minutes), labels: Scene.minute(minutes), maximumErrors: maximumErrors)
  }

  @Test func aChangeOfTheErrorsFiresOnceInItsWindows() throws {
    let (events, labels) = Self.events()
    let scene = try Scene(checks: [Self.check(partial: true)], predictions: [events], labels: [labels])
    try scene.read()
    let verdicts = try Self.evaluate(scene, 200)

    // The same detector, fed by hand.
    var detector = ChangeDetector(.adwin)
    let changes = events.enumerated().compactMap { i, event in
      detector.update(i < 400 ? 0 : 1) == .change ? event.time : nil
    }
    try #require(!changes.isEmpty && changes.allSatisfy { $0 >= Scene.minute(30) })
    for end in stride(from: Int64(5), through: 70, by: 5) {
      let range = Scene.minute(end - 15)..<Scene.minute(end)
      let mine = changes.filter(range.contains)
      let verdict = try verdicts.only("adwin", end)
      #expect(verdict.value == Double(mine.count) && verdict.changedAt == mine.last, "\(end)")
      #expect(verdict.tier == (mine.isEmpty ? .ok : .warning), "\(end)")
      #expect(verdict.rows == Int64(events.count { range.contains($0.time) }))
    }
    #expect(try Self.feed(scene).watches.map(\.detector) == [detector])
    #expect(try Self.evaluate(scene, 200).isEmpty)
    let incident = try #require(try scene.lines(.incident).first)
    #expect(incident.line.contains(#""transition":"opened","tier":"warning","reason":"concept""#))
    // What was fed is not kept twice.
    try scene.ledger.read {
      try $0.errors(
        monitor: scene.plan.monitor.name, generation: scene.plan.generation,
        in: .distantPast..<EventTime.distantFuture
      ) { Issue.record("\($0) is still there") }
    }
  }

  @Test func roundsOfAnyLengthFeedAlike() throws {
    let (events, labels) = Self.events()
    let checks = [Self.check(), Self.check(.eddm, slices: .listed(["version=v2", "all"]))]
    var found: [[String]] = []
    for (step, most) in [(Int64(200), 250_000), (200, 1), (3, 1), (7, 100)] {
      let scene = try Scene(checks: checks, predictions: [events], labels: [labels])
      try scene.read()
      for minute in stride(from: Int64(0), to: 200, by: Int64.Stride(step)) {
        _ = try Self.evaluate(scene, minute, maximumErrors: most)
      }
      _ = try Self.evaluate(scene, 200, maximumErrors: most)
      found.append(try (scene.lines(.verdict) + scene.lines(.performance)).map(\.line))
      #expect(try Self.feed(scene).late == 0)
    }
    #expect(found.allSatisfy { $0 == found[0] })
    #expect(found[0].contains { $0.contains(#""slice":"version=v2","subject":"errors","metric":"eddm""#) })
  }

  /// A slice has a detector from its first error on, in rounds of any length; a cap keeps those that come first.
  @Test func eachSliceHasDetectorsOfItsOwn() throws {
    var (events, labels) = Self.events()
    for i in events.indices where i % 3 == 0 { events[i].shop = i < 600 ? "\"a\"" : "\"b\"" }
    let slices = events.indices.map { i in
      ["version=\(i % 4 == 0 ? "v2" : "v1")"] + (i % 3 == 0 ? ["shop=\(i < 600 ? "a" : "b")"] : [])
    }
    let checks = [Self.check(slices: .each)]
    var found: [[String]] = []
    for (step, most) in [(Int64(200), 250_000), (3, 1), (7, 100)] {
      let scene = try Scene(checks: checks, predictions: [events], labels: [labels])
      try scene.read()
      for minute in stride(from: Int64(0), to: 200, by: Int64.Stride(step)) {
        _ = try Self.evaluate(scene, minute, maximumErrors: most)
      }
      _ = try Self.evaluate(scene, 200, maximumErrors: most)
      found.append(try (scene.lines(.verdict) + scene.lines(.performance)).map(\.line))
      let watches = try Self.feed(scene).watches
      #expect(Set(watches.map(\.key.slice.name)) == ["all", "version=v1", "version=v2", "shop=a", "shop=b"])
      for watch in watches {
        // Of the slice's own errors, and by a detector that saw nothing else.
        var expected = ChangeDetector(.adwin)
        for i in events.indices where watch.key.isOfAll || slices[i].contains(watch.key.slice.name) {
          _ = expected.update(i < 400 ? 0 : 1)
        }
        #expect(watch.detector == expected, "\(watch.key)")
      }
      // What came at three quarters of the hour has been watched since, and not before.
      #expect(watches.first { $0.key.slice.name == "shop=b" }?.since == Scene.minute(45))
    }
    #expect(found.allSatisfy { $0 == found[0] })
    #expect(
      found[0].contains {
        $0.contains(#""slice":"shop=a","subject":"errors","metric":"adwin","stage":"final","value":1.0"#)
      })
    #expect(
      found[0].contains {
        $0.contains(#""slice":"shop=b","subject":"errors","metric":"adwin","stage":"final","value":null"#)
      })
    let capped = try Scene(checks: checks, predictions: [events], labels: [labels]) { $0.maximumSegments = 1 }
    try capped.read()
    _ = try Self.evaluate(capped, 200)
    #expect(try Set(Self.feed(capped).watches.map(\.key.slice.name)) == ["all", "version=v2", "shop=a"])
  }

  @Test func labelsAfterMaturityAreCountedAndNeverFed() throws {
    let (events, labels) = Self.events(400)
    let late = labels.prefix(3).map { LabelEvent(id: $0.id, time: $0.time + .minutes(1), value: "0") }
    let scene = try Scene(checks: [Self.check()], predictions: [events], labels: [labels + late])
    let instance = try scene.instance()
    try instance.claimAll()
    instance.read(TopicPartition("predictions", 0), 400)
    instance.read(TopicPartition("labels", 0), 400)
    try instance.flush()
    _ = try Self.evaluate(scene, 80)
    let (before, fed) = (try Self.line(scene, 15), try Self.feed(scene))
    let detectors = #""detectors":{"adwin":{"errors":100,"warnings":0,"changes":0,"last_change":null}}"#
    #expect(before.contains(detectors) && before.contains(#""accuracy":1.0"#))
    instance.readAll()
    try instance.flush()
    _ = try Self.evaluate(scene, 80)
    let after = try Self.line(scene, 15)
    // The line is revised, and what the detectors said stays.
    #expect(after.contains(detectors) && after.contains(#""accuracy":0.97"#))
    #expect(try Self.feed(scene).late == 3)
    #expect(try Self.feed(scene).watches == fed.watches)
  }

  @Test func aDetectorThatIsAddedSaysNothingOfWhatItHasNotSeen() throws {
    let (events, labels) = Self.events()
    let scene = try Scene(predictions: [events], labels: [labels])
    let instance = try scene.read()
    _ = instance
    #expect(try Self.evaluate(scene, 95).isEmpty)
    var monitor = scene.plan.monitor
    monitor.checks = [Self.check(partial: true)]
    let plan = try MonitorPlan(monitor: monitor, baseline: scene.plan.baseline)
    #expect(plan.generation == scene.plan.generation)
    let verdicts = try SimulatedInstance.evaluate(
      plan, scene.ledger, maximumWindows: 512, now: Scene.minute(0), context: DecisionContext(),
      watermarks: Watermarks(predictions: Scene.minute(200), labels: Scene.minute(200))
    ).flatMap(\.verdicts)
    // 95 minutes less an hour and five minutes: mature until minute 30.
    for end in stride(from: Int64(35), to: 60, by: 5) {
      #expect(try verdicts.only("adwin", end).tier == .insufficientData)
      #expect(try verdicts.only("adwin", end).value == (end < 45 ? nil : 0), "\(end)")
    }
  }

  /// Half of the predictions have no label, which says 0; scores of 0.9 are then wrong.
  @Test func absentLabelsAreErrorsToo() throws {
    let (events, labels) = Self.events(400)
    let scene = try Scene(checks: [Self.check()], predictions: [events], labels: [Array(labels.prefix(200))]) {
      $0.labels?.absent = .number(0)
    }
    try scene.read()
    _ = try Self.evaluate(scene, 200)
    let feed = try Self.feed(scene)
    #expect(feed.watches.first?.detector.count == 400 && feed.watches.first?.detector.changes ?? 0 > 0)
    #expect(try Self.line(scene, 60).contains(#""implied":100"#))
  }

  @Test(arguments: [ModelTask.multiclass, .regression])
  func errorsAreWrongClassesOrDistances(_ task: ModelTask) throws {
    let events = Scene.predictions(60) { i, event in
      event.output = task == .regression ? "\(i).5" : #""cat""#
      if task == .multiclass { event.probabilities = #"{"cat":1}"# }
    }
    let labels = events.enumerated().map { i, event in
      LabelEvent(
        id: event.id ?? "", time: event.time + .minutes(1),
        value: task == .regression ? "\(i % 7)" : i % 3 == 0 ? #""dog""# : #""cat""#)
    }
    let scene = try Scene(task, checks: [Self.check(.pageHinkley)], predictions: [events], labels: [labels])
    try scene.read()
    _ = try Self.evaluate(scene, 200)
    var detector = ChangeDetector(.pageHinkley)
    for i in 0..<60 {
      _ = detector.update(task == .regression ? abs(Double(i) + 0.5 - Double(i % 7)) : i % 3 == 0 ? 1 : 0)
    }
    #expect(try Self.feed(scene).watches.map(\.detector) == [detector])
  }

  @Test func damagedStatesAreRefused() throws {
    var feed = ErrorFeed(from: .at(minute: 5))
    feed.watch([DetectorKey(method: .adwin, slice: "all"), DetectorKey(method: .ddm, slice: "version=v2")])
    var counts = [FedCounts](repeating: FedCounts(), count: 2)
    for i in 0..<500 {
      feed.take(
        i < 250 ? 0 : 1, [NameKey("version=v2")], time: .at(minute: Int64(i)), pane: .at(minute: Int64(i / 5 * 5)),
        into: &counts)
    }
    feed.late = 7
    let bytes = feed.encoded()
    #expect(try ErrorFeed(encoded: bytes) == feed)
    let pane: [DetectorKey: FedCounts] = [feed.watches[0].key: counts[0], feed.watches[1].key: counts[1]]
    #expect(try [DetectorKey: FedCounts](fedPane: pane.encodedFedPane()) == pane)
    for end in bytes.indices { #expect(throws: ErrorFeedDamaged.self) { try ErrorFeed(encoded: Array(bytes[..<end])) } }
    var random = SeededGenerator(seed: 5)
    for _ in 0..<5000 {
      var damaged = Bool.random(using: &random) ? bytes : pane.encodedFedPane()
      damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      // Refused or read: nothing may end the process.
      _ = try? ErrorFeed(encoded: damaged)
      _ = try? [DetectorKey: FedCounts](fedPane: damaged)
    }
  }
}

extension EventTime {
  fileprivate static func at(minute: Int64) -> EventTime { Scene.minute(minute) }
}
