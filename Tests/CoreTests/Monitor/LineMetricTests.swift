import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// What the API lists of a monitor's lines is what the lines have.
@Suite struct LineMetricTests {
  private static func checks(_ task: ModelTask) -> [Check] {
    func check(_ name: String, _ on: Check.Subjects, _ metric: Metric, place: Double? = nil) -> Check {
      Check(
        name: name, on: on, metric: metric, window: "15m", limits: [Check.above(1)], slices: .all, partial: true,
        place: place)
    }
    var out: [Check] = Metric.all.filter { $0.family == .detector && $0.applies(to: task) }
      .map { check($0.name, .errors, $0) }
    guard task == .binary else { return out }
    out.append(check("top", .performance, .precisionAtTop, place: 0.01))
    out.append(check("tops", .performance, .precisionAtTop, place: 0.01))
    out.append(check("half", .performance, .precisionAtTop, place: 0.5))
    out.append(check("held", .performance, .precisionAtRecall, place: 0.8))
    out.append(check("kept", .performance, .recallAtPrecision, place: 0.9))
    out.append(
      check(
        "fair", .fairness(FairnessGroups(segment: "channel", reference: "web", favourable: .positive)),
        .disparateImpact))
    return out
  }

  private static func plan(_ task: ModelTask) throws -> MonitorPlan {
    let monitor = try SampleMonitor.monitor(task, checks: checks(task))
    var baseline = SampleMonitor.baseline(monitor)
    switch task {
    case .binary:
      baseline.estimation = EstimationBaseline(
        rows: 20, inSample: true,
        basis: .scores(try #require(IsotonicMap(scores: [0.2, 0.9], probabilities: [0.1, 0.7]))))
    case .regression:
      guard case .numeric(let domain) = try #require(baseline.subject(named: "prediction")).domain else { break }
      let bins = domain.binning.psiBins([Int64](repeating: 0, count: domain.binning.cellCount)).count
      baseline.estimation = EstimationBaseline(
        rows: 20, inSample: true,
        basis: .errors(
          rows: [Int64](repeating: 2, count: bins), absoluteErrors: [Double](repeating: 1, count: bins)))
    case .multiclass: break
    }
    return try MonitorPlan(monitor: monitor, baseline: baseline)
  }

  private static func scene(_ task: ModelTask) throws -> Scene {
    let events = Scene.predictions(600, to: 60) { i, event in
      event.channel = i % 2 == 0 ? "\"web\"" : "\"app\""
      guard task == .multiclass else { return }
      event.output = "\"\(SampleMonitor.classes[i % 3])\""
      event.probabilities = #"{"bird":0.5,"cat":0.3,"dog":0.2}"#
    }
    let labels = events.enumerated().map { i, event in
      LabelEvent(
        id: event.id ?? "", time: event.time + .minutes(1),
        value: task == .multiclass ? "\"\(SampleMonitor.classes[i % 2])\"" : i % 3 == 0 ? "1" : "0")
    }
    let scene = try Scene(plan: plan(task), predictions: [events], labels: [labels])
    try scene.read()
    _ = try scene.judge(at: Scene.minute(200), labels: Scene.minute(200))
    return scene
  }

  private struct Place: Hashable, CustomStringConvertible {
    var line: ResultType
    var path: [String]
    var description: String { "\(line.rawValue) \(path.joined(separator: "."))" }
  }

  /// Every number that the lines have under `metrics` and `estimated`, null or not.
  private static func places(_ scene: Scene) throws -> Set<Place> {
    var out: Set<Place> = []
    for type in [ResultType.drift, .performance] {
      for record in try scene.lines(type) {
        let line = JSONReader(try JSONValue(parsing: Array(record.line.utf8)))
        for (name, _) in try line.member("metrics").members() {
          out.insert(Place(line: type, path: ["metrics", name]))
        }
        // Performance lines have estimates too; those of drift lines come first and are the ones that are judged.
        guard type == .drift, let estimated = try? line.member("estimated").member("metrics").members() else {
          continue
        }
        for (name, _) in estimated { out.insert(Place(line: type, path: ["estimated", "metrics", name])) }
      }
    }
    return out
  }

  @Test(arguments: ModelTask.allCases) func theListIsWhatTheLinesHave(task: ModelTask) throws {
    let scene = try Self.scene(task)
    let list = LineMetric.all(of: scene.plan.monitor, estimates: scene.plan.baseline.estimation != nil)
    #expect(Set(list.map(\.name)).count == list.count, "a name is listed twice")
    let listed = Set(list.filter { $0.path.count > 1 }.map { Place(line: $0.line, path: $0.path) })
    let found = try Self.places(scene)
    #expect(found.subtracting(listed).map(\.description).sorted() == [], "in lines and not in the list")
    #expect(listed.subtracting(found).map(\.description).sorted() == [], "in the list and not in lines")
    // What stands in the line itself.
    #expect(list.filter { $0.path.count == 1 }.map(\.name) == ["rows", "coverage"])
    #expect(list.count == [.binary: 78, .multiclass: 40, .regression: 42][task])
  }

  /// A numeric metric is in the lines of numbers, an estimate in those of the output, one of groups in their slices.
  @Test func subjectsSayWhichLinesHaveIt() throws {
    let scene = try Self.scene(.binary)
    let list = LineMetric.all(of: scene.plan.monitor, estimates: true)
    for record in try scene.lines(.drift) {
      let line = JSONReader(try JSONValue(parsing: Array(record.line.utf8)))
      let expected = list.filter { metric in
        switch metric.subjects {
        case .any: true
        case .numeric: record.subject != "country"
        case .output: record.subject == "score"
        case .performance, .slices: false
        }
      }
      for metric in list where metric.line == .drift {
        let value = (try? metric.path.reduce(line) { reader, name throws(JSONFailure) in try reader.member(name) })?
          .value
        #expect((value != nil) == expected.contains(metric), "\(metric.name) of \(record.subject)")
      }
    }
  }

  @Test func everyMetricIsDescribedInOneLine() {
    let texts = Metric.all.map(\.summary) + MetricDetail.all.map(\.summary)
    for text in texts {
      #expect(text.hasSuffix(".") && !text.contains("\n") && (20...130).contains(text.count), "\(text)")
    }
    #expect(Set(texts).count == texts.count)
    #expect(Metric.all.filter { $0.direction == .eitherSide }.map(\.direction.name) == ["either", "either"])
  }

  @Test func aMonitorWithoutLabelsListsNoPerformance() throws {
    var monitor = try SampleMonitor.monitor(.binary)
    monitor.labels = nil
    let list = LineMetric.all(of: monitor, estimates: false)
    #expect(list.allSatisfy { $0.line == .drift })
    #expect(list.count == 25)
  }
}
