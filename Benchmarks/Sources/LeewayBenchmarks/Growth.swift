import LeewayCore
import LeewayTestSupport

extension Main {
  /// How the work grows with features, segments (the version is one more slice from one on), monitors of one topic, and
  /// partitions: one JSON object a line. `work` is done once for each unit of `count` of an event: it should not fall.
  static func growth(_ arguments: Arguments) throws {
    let values = try arguments.integer("values", 2_000_000)
    for features in [5, 10, 20, 50, 100, 200, 500] {
      let traffic = Traffic(features: features, segments: 0)
      let rate = try DecodeRate(plan: traffic.plan(), events: traffic.events(max(2000, values / features)), passes: 3)
      say("features", features, perSecond: 1 / rate.secondsPerEvent, work: Double(features) / rate.secondsPerEvent)
    }
    for segments in 0...5 {
      let traffic = Traffic(segments: segments)
      let plan = try traffic.plan(version: segments > 0, segments: segments)
      let rate = try DecodeRate(plan: plan, events: traffic.events(max(2000, values / 20)), passes: 3)
      let slices = Double(segments > 0 ? segments + 2 : 1)
      say("slices", Int(slices), perSecond: 1 / rate.secondsPerEvent, work: slices / rate.secondsPerEvent)
    }
    let traffic = Traffic()
    let plan = try traffic.plan()
    let events = traffic.events(max(2000, values / 20))
    for monitors in [1, 2, 5, 10, 20, 50, 100] {
      let plans = try (0..<monitors).map { try plan.renamed("bench-\($0)") }
      let perSecond = try SharedTopicRate(plans: plans, partitions: 1, events: events).perSecond
      say("monitors", monitors, perSecond: perSecond, work: perSecond * Double(monitors))
    }
    for partitions in [1, 5, 10, 50, 100, 200, 500] {
      let perSecond = try SharedTopicRate(plans: [plan], partitions: partitions, events: events).perSecond
      say("partitions", partitions, perSecond: perSecond, work: perSecond)
    }
  }

  private static func say(_ what: String, _ count: Int, perSecond: Double, work: Double) {
    var json = JSONWriter()
    json.beginObject()
    json.key("what")
    json.string(what)
    json.key("count")
    json.number(Int64(count))
    json.key("events_per_second")
    json.number(perSecond.rounded())
    json.key("work_per_second")
    json.number(work.rounded())
    json.endObject()
    print(json.text)
    flushOutput()
  }
}

extension MonitorPlan {
  func renamed(_ name: String) throws -> MonitorPlan {
    var monitor = monitor
    monitor.name = name
    var baseline = baseline
    baseline.monitor = name
    return try MonitorPlan(monitor: monitor, baseline: baseline)
  }
}

/// How fast one writer takes in a topic that some monitors read, flushes included: a flush for each pass over the events.
struct SharedTopicRate {
  /// Messages of one partition that are taken together, as `KafkaConsumer` hands them out.
  private static let run = 128

  let perSecond: Double

  init(plans: [MonitorPlan], partitions: Int, events: EventBuffer) throws {
    let ledger = InMemoryLedger()
    let keys = plans.flatMap { plan in
      (0..<partitions).map {
        PartitionKey(monitor: plan.monitor.name, topic: "predictions", partition: Int32($0))
      }
    }
    let records = try ledger.write { tx in
      for plan in plans {
        try tx.put(
          generation: GenerationRecord(
            monitor: plan.monitor.name, generation: plan.generation, startsAt: .distantPast,
            baseline: plan.baseline.identity))
      }
      try tx.ensure(partitions: keys.map { ($0, .predictions) })
      try tx.register(writer: "bench", instance: InstanceIdentity(host: "bench", process: 1))
      return try tx.claim(partitions: keys, owner: "bench")
    }
    let intake = Intake(plans: plans.map { ($0, .distantPast) }, writer: "bench")
    for record in records { intake.open(record) }
    let slots = (0..<partitions).compactMap { intake.slot(TopicPartition("predictions", Int32($0))) }
    guard slots.count == partitions else { throw BenchmarkFailure("not every partition is there") }

    // Many monitors take long enough for a few events.
    let count = max(5000, events.count / plans.count)
    var offset: Int64 = 0
    var best = Double.infinity
    for pass in 0..<4 {
      let measured = try Measurement.of {
        var messages: [SourceMessage] = []
        events.forEach { index, payload in
          guard index < count else { return }
          messages.append(SourceMessage(offset: offset + Int64(index), recordTime: nil, key: nil, value: payload))
          guard messages.count == Self.run || index == count - 1 else { return }
          intake.take(messages[...], from: slots[index / Self.run % partitions])
          messages.removeAll(keepingCapacity: true)
        }
        _ = try intake.flush(to: ledger)
      }
      offset += Int64(count)
      if pass > 0 { best = min(best, measured.seconds) }
    }
    perSecond = Double(count) / best
  }
}
