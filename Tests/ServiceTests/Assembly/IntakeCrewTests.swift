import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayService

@Suite struct IntakeCrewTests {
  /// Bytes that stay where they are.
  private final class Payload {
    let bytes: UnsafeRawBufferPointer

    init(_ content: [UInt8]) {
      let room = UnsafeMutableRawBufferPointer.allocate(byteCount: content.count, alignment: 1)
      room.copyBytes(from: content)
      bytes = UnsafeRawBufferPointer(room)
    }

    deinit { bytes.deallocate() }
  }

  private static let partitions = 5
  private static let topic = "predictions"

  private static func log() -> [[Payload]] {
    (0..<partitions).map { partition in
      (0..<900).map { i in
        let event = PredictionEvent(
          id: "\"\(partition)-\(i)\"",
          time: EventTime(milliseconds: 1_700_000_000_000 + Int64(i * 10_000 + partition)),
          version: "\"v\(i % 3)\"", output: "0.\(i % 89)", amount: "\(i * partition)")
        return Payload(event.message(recordTime: nil).value ?? [])
      }
    }
  }

  /// Result lines of a log that a crew has taken, or one thread alone.
  private static func lines(_ log: [[Payload]], lanes: Int) throws -> [String] {
    let plan = try SampleMonitor.plan(SampleMonitor.monitor(.binary))
    let ledger = InMemoryLedger()
    let places = (0..<partitions).map { TopicPartition(topic, Int32($0)) }
    let records = try ledger.write { tx in
      try tx.put(
        generation: GenerationRecord(
          monitor: plan.monitor.name, generation: plan.generation, startsAt: .distantPast,
          baseline: plan.baseline.identity))
      let keys = places.map {
        PartitionKey(monitor: plan.monitor.name, topic: $0.topic, partition: $0.partition)
      }
      try tx.ensure(partitions: keys.map { ($0, .predictions) })
      try tx.register(writer: "w", instance: InstanceIdentity(host: "h", process: 1))
      return try tx.claim(partitions: keys, owner: "w")
    }
    let intake = Intake(plans: [(plan, .distantPast)], writer: "w", lanes: lanes)
    for record in records { intake.open(record) }
    let crew = lanes > 1 ? IntakeCrew(lanes: lanes) : nil
    defer { crew?.end() }
    // Batches for all lanes, for one, and too few to wake anybody.
    for (first, count) in [(0, 400), (400, 3), (403, 497)] {
      for (place, payloads) in zip(places, log) {
        let slot = try #require(intake.slot(place))
        let messages = (first..<first + count).map {
          SourceMessage(offset: Int64($0), recordTime: nil, key: nil, value: payloads[$0].bytes)
        }
        if let crew {
          crew.add(slot) { $0.append(contentsOf: messages) }
          if first == 403, place == places[0] { crew.run(into: intake) }
        } else {
          intake.take(messages[...], from: slot)
        }
      }
      crew?.run(into: intake)
    }
    #expect(places.allSatisfy { intake.nextOffset($0) == 900 })
    if let crew { #expect(crew.busyNanoseconds > 0) }
    let report = try intake.flush(to: ledger)
    #expect(report.events[plan.monitor.name]?.accepted == Int64(partitions * 900))
    try SimulatedInstance.evaluate(plan, ledger)
    return try ledger.read { try $0.results(ResultQuery(limit: .max)).map(\.line) }
  }

  @Test func aCrewCountsWhatOneThreadCounts() throws {
    let log = Self.log()
    let one = try Self.lines(log, lanes: 1)
    #expect(!one.isEmpty)
    for lanes in 2...Self.partitions { #expect(try Self.lines(log, lanes: lanes) == one, "\(lanes) lanes") }
  }
}
