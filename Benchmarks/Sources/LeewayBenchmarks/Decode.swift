import LeewayCore
import LeewayStatistics

extension Main {
  /// Writes the events and the bins that the peers are to use.
  static func generate(_ arguments: Arguments) throws {
    let traffic = Traffic(features: try arguments.integer("features", 20), shape: try arguments.shape())
    let events = traffic.events(try arguments.integer("events", 200_000))
    try TextFile.write(events.bytes, to: try arguments.path("out"))
    let plan = try traffic.plan()
    var json = JSONWriter()
    json.beginArray()
    for (index, subject) in plan.drift.subjects.enumerated() {
      json.beginObject()
      json.key("path")
      json.string(index == plan.outputSubject ? "score" : traffic.path(index))
      switch subject.domain {
      case .numeric(let domain):
        json.key("knots")
        json.beginArray()
        for knot in domain.binning.knots { json.number(knot) }
        json.endArray()
      case .categorical(let domain):
        json.key("categories")
        json.beginArray()
        for category in domain.categories { json.string(category) }
        json.endArray()
      }
      json.endObject()
    }
    json.endArray()
    try TextFile.write(json.bytes, to: try arguments.path("bins"))
  }

  /// Decodes and aggregates a million events and more, in one thread, as the service's intake does.
  static func decode(_ arguments: Arguments) throws {
    let traffic = Traffic(features: try arguments.integer("features", 20), shape: try arguments.shape())
    let segments = try arguments.integer("segments", 0)
    let events = traffic.events(try arguments.integer("events", 200_000))
    let plan = try traffic.plan(version: segments > 0, segments: segments)
    var bench = try BenchmarkIntake(plan: plan)
    // Buffers grow to the traffic first.
    bench.take(events)
    let report = try bench.intake.flush(to: bench.ledger)
    guard report.events["bench"]?.accepted == Int64(events.count) else {
      throw BenchmarkFailure("not every event was accepted: \(report.events)")
    }
    let counts = try bench.merged()
    let passes = max(1, try arguments.integer("passes", 5))
    var best = Double.infinity
    var allocations = UInt64.max
    for _ in 0..<passes {
      let measured = Measurement.of { bench.take(events) }
      best = min(best, measured.seconds)
      allocations = min(allocations, measured.allocations)
      _ = try bench.intake.flush(to: bench.ledger)
    }
    var json = JSONWriter()
    json.beginObject()
    json.key("events_per_second")
    json.number((Double(events.count) / best).rounded())
    json.key("nanoseconds")
    json.number(best / Double(events.count) * 1e9)
    json.key("allocations")
    json.number(Int64(allocations))
    json.key("events")
    json.number(Int64(events.count))
    json.key("bytes")
    json.number(Double(events.bytes.count) / Double(events.count))
    json.key("counts")
    json.beginArray()
    if let all = counts.first(where: { $0.slice == Slice.all })?.block {
      for subject in plan.drift.subjects {
        json.beginArray()
        let cells = plan.drift.cells(of: subject, in: all)
        for count in cells.counts + [cells.missing, cells.invalid] { json.number(count) }
        json.endArray()
      }
    }
    json.endArray()
    json.endObject()
    print(json.text)
  }
}
