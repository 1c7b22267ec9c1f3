import Glibc
import LeewayCore
import LeewayLedger

extension Main {
  /// Judges a window of a week in panes of five minutes that moves on by a pane each time: every subject's distances,
  /// and a check of all features. Cold is the first round after a start, warm the median of those that follow.
  static func evaluation(_ arguments: Arguments) throws {
    var traffic = Traffic()
    traffic.features = try arguments.integer("features", 100)
    let days = try arguments.integer("days", 7)
    let rounds = max(try arguments.integer("rounds", 15), 1)
    let window = WindowDefinition(name: "week", size: .days(Int64(days)), every: .minutes(5))
    let check = Check(
      name: "drift", on: .features(except: []), metric: .psi, window: window.name,
      limits: [TierLimit(.warning, .above(.absolute(0.2)))])
    let plan = try traffic.plan(windows: [window], checks: [check])
    guard let all = try panes(of: traffic, plan: plan).first(where: { $0.slice == Slice.all })?.block else {
      throw BenchmarkFailure("the ledger has no slice all")
    }
    let stage = try EvaluationStage(plan: plan, block: all)

    let panes = days * 288
    try stage.put(panes: 0..<panes)
    // The windows before the last have been judged by another.
    try stage.setProgress(through: panes - 1)
    let processor = Measurement.processorSeconds()
    let cold = try stage.judge(through: panes)
    let coldProcessor = Measurement.processorSeconds() - processor
    var warm: [Double] = []
    for next in panes..<panes + rounds {
      try stage.put(panes: next..<next + 1)
      warm.append(try stage.judge(through: next + 1))
    }
    warm.sort()
    var json = JSONWriter()
    json.beginObject()
    json.key("features")
    json.number(traffic.features)
    json.key("panes")
    json.number(panes)
    json.key("cold_milliseconds")
    json.number((cold * 1e4).rounded() / 10)
    json.key("cold_processor_milliseconds")
    json.number((coldProcessor * 1e4).rounded() / 10)
    json.key("warm_milliseconds")
    json.number((warm[warm.count / 2] * 1e4).rounded() / 10)
    json.endObject()
    print(json.text)
  }
}

/// A ledger on the disk with panes, all alike, and one who judges them.
private struct EvaluationStage {
  let plan: MonitorPlan
  let block: [UInt8]
  private let ledger: SQLiteLedger
  private let lease: EvaluationLease
  private let merges = WindowMerges()
  private let start = EventTime(milliseconds: Traffic.start).floor(to: .days(7))

  init(plan: MonitorPlan, block: [UInt8]) throws {
    self.plan = plan
    self.block = block
    ledger = try SQLiteLedger.temporary()
    let name = EvaluationLease.name(monitor: plan.monitor.name)
    let epoch = try ledger.write { tx in
      try tx.put(
        generation: GenerationRecord(
          monitor: plan.monitor.name, generation: plan.generation, startsAt: .distantPast,
          baseline: plan.baseline.identity))
      try tx.register(writer: "bench", instance: InstanceIdentity(host: "bench", process: 1))
      return try tx.acquire(lease: name, holder: "bench", lasting: .days(1))
    }
    guard let epoch else { throw BenchmarkFailure("the lease is held") }
    lease = EvaluationLease(name: name, epoch: epoch)
  }

  private func time(_ pane: Int) -> EventTime { start + .minutes(Int64(pane) * 5) }

  func put(panes: Range<Int>) throws {
    let monitor = plan.monitor.name
    try ledger.write { tx in
      try tx.put(
        .drift, monitor: monitor, generation: plan.generation, writer: "bench",
        blocks: panes.map { (PaneKey(pane: time($0), slice: Slice.all), block) })
      try tx.mark(dirty: panes.map { (.drift, time($0)) }, monitor: monitor, generation: plan.generation)
    }
  }

  func setProgress(through pane: Int) throws {
    var progress = EvaluationProgress(
      closedThrough: time(pane), finalThrough: time(pane), maturedThrough: time(pane))
    progress.firstPane = time(0)
    let monitor = plan.monitor.name
    try ledger.write { tx in
      let marks = try tx.dirtyMarks(monitor: monitor, generation: plan.generation).map(\.id)
      try tx.delete(dirtyMarks: marks)
      try tx.put(progress: progress, monitor: monitor, generation: plan.generation)
    }
  }

  /// Judges the window that ends with the pane before; seconds of the wall clock, commit included.
  func judge(through pane: Int) throws -> Double {
    let reached = time(pane) + plan.monitor.lateness
    let clock = ContinuousClock()
    let began = clock.now
    let report = try Evaluator(plan: plan).evaluate(
      ledger, lease: lease, now: reached, watermarks: Watermarks(predictions: reached, labels: reached), merges: merges)
    let seconds = began.duration(to: clock.now) / .seconds(1)
    guard report.progress?.closedThrough == time(pane), report.isComplete, report.windows > 0,
      report.verdicts.contains(where: { $0.end == time(pane) })
    else { throw BenchmarkFailure("the window that ends at \(time(pane)) was not judged") }
    return seconds
  }
}
