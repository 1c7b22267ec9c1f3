import LeewayCore

extension Main {
  /// Decodes and aggregates events from memory in one thread, as the service's intake does.
  static func decode(_ arguments: Arguments) throws {
    let traffic = try arguments.traffic()
    let segments = try arguments.integer("segments", 0)
    let format = try arguments.format()
    var events = traffic.events(try arguments.integer("events", 200_000))
    if let format { events = try traffic.encoded(events, format) }
    let plan = try traffic.plan(
      version: segments > 0, segments: segments, schemas: try format.map(traffic.schemas))
    let rate = try DecodeRate(plan: plan, events: events, passes: try arguments.integer("passes", 5))
    var json = JSONWriter()
    json.beginObject()
    json.key("events_per_second")
    json.number((1 / rate.secondsPerEvent).rounded())
    json.key("allocations")
    json.number(Int64(clamping: rate.allocations))
    json.key("allocation_events")
    json.number(Int64(events.count * rate.passes))
    json.key("bytes_per_event")
    json.number(Double(events.bytes.count) / Double(events.count))
    json.key("counts")
    json.beginArray()
    for subject in plan.drift.subjects {
      json.beginArray()
      let cells = plan.drift.cells(of: subject, in: rate.all)
      for count in cells.counts + [cells.missing, cells.invalid] { json.number(count) }
      json.endArray()
    }
    json.endArray()
    json.endObject()
    print(json.text)
  }
}

/// How fast one monitor takes events in, and what it counted.
struct DecodeRate {
  /// Of the processor; the best pass.
  let secondsPerEvent: Double
  /// In all passes together.
  let allocations: UInt64
  let passes: Int
  /// Slice `all` of the events, taken once.
  let all: CellBlock

  init(plan: MonitorPlan, events: EventBuffer, passes: Int) throws {
    var bench = try BenchmarkIntake(plan: plan)
    bench.take(events)
    let report = try bench.intake.flush(to: bench.ledger)
    guard report.events[plan.monitor.name]?.accepted == Int64(events.count) else {
      throw BenchmarkFailure("not every event was accepted: \(report.events)")
    }
    guard let all = try bench.merged().first(where: { $0.slice == Slice.all }) else {
      throw BenchmarkFailure("the ledger has no slice all")
    }
    self.all = all.block
    // Buffers and deltas grow to the traffic before anything is measured.
    bench.take(events)
    var best = Double.infinity
    var allocations: UInt64 = 0
    self.passes = max(passes, 1)
    for _ in 0..<self.passes {
      let measured = Measurement.of { bench.take(events) }
      best = min(best, measured.seconds)
      allocations += measured.allocations
    }
    secondsPerEvent = best / Double(events.count)
    self.allocations = allocations
  }
}
