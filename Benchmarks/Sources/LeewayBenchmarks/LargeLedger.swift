import LeewayConfiguration
import LeewayCore
import LeewayLedger
import LeewayService
import LeewayTestSupport

extension Main {
  /// An SQLite ledger of many gigabytes for the monitors of a stage's folder, as if they had been watched for a week:
  /// panes up to the first event, judged so far, and waiting rows, in the tables of the service.
  static func ledger(_ arguments: Arguments) throws {
    let folder = try arguments.path("folder")
    let bytes = Double(try arguments.integer("gigabytes", 10)) * 1e9
    let traffic = try arguments.traffic()
    let (configuration, problems) = Configuration.load(
      configPath: "\(folder)/leeway.yaml", monitorsDirectory: "\(folder)/monitors", environment: [:],
      now: WallClock.now())
    guard let plans = configuration?.plans else { throw BenchmarkFailure("\(problems)") }
    let path = "\(folder)/ledger.db"
    let ledger = try SQLiteLedger(path: path, options: SQLiteLedger.Options(durability: .process))
    try ledger.write { try $0.register(writer: "before", instance: InstanceIdentity(host: "bench", process: 1)) }
    let end = EventTime(milliseconds: Traffic.start)
    for plan in plans {
      let monitor = plan.monitor.name
      let blocks = try panes(of: traffic, plan: plan)
      var progress = EvaluationProgress(closedThrough: end, finalThrough: end, maturedThrough: end)
      progress.firstPane = end - .days(7)
      try ledger.write { tx in
        _ = try Generations.current(plan, in: tx)
        try tx.put(progress: progress, monitor: monitor, generation: plan.generation)
      }
      var pane = end - .days(7)
      while pane < end, try TextFile.size(path) < bytes {
        try ledger.write { tx in
          for _ in 0..<16 where pane < end {
            try tx.put(
              .drift, monitor: monitor, generation: plan.generation, writer: "before",
              blocks: blocks.map { (PaneKey(pane: pane, slice: $0.slice), $0.block) })
            pane = pane + plan.monitor.pane
          }
        }
      }
    }
    var random = SeededGenerator(seed: 3)
    var waiting = 0
    while try TextFile.size(path) < bytes, let plan = plans.first {
      let rows = (0..<100_000).map { _ in
        WaitingRow(
          id: (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) },
          state: (0..<70).map { _ in UInt8.random(in: .min ... .max, using: &random) }, reclaimAfter: end + .days(30))
      }
      try ledger.write {
        try $0.put(waiting: rows, monitor: plan.monitor.name, generation: plan.generation)
      }
      waiting += rows.count
    }
    ledger.close()
    var json = JSONWriter()
    json.beginObject()
    json.key("gigabytes")
    json.number(try TextFile.size(path) / 1e9)
    json.key("waiting")
    json.number(waiting)
    json.endObject()
    print(json.text)
  }

  /// What 2,000 events leave in a pane, by slice.
  static func panes(of traffic: Traffic, plan: MonitorPlan) throws -> [(slice: String, block: [UInt8])] {
    var bench = try BenchmarkIntake(plan: plan)
    bench.take(traffic.events(2000))
    _ = try bench.intake.flush(to: bench.ledger)
    return try bench.merged().map { ($0.slice, $0.block.encoded()) }
  }
}
