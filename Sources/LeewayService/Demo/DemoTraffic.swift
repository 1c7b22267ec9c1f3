import Foundation
import LeewayCore
import LeewaySource
import ServiceLifecycle
import Synchronization

/// Plays the model's traffic in accelerated event time: quiet, then one feature shifts, then the labels show the model
/// failing; after the retraining a new version serves.
struct DemoTraffic: Service {
  let broker: EmbeddedBroker
  let start: EventTime
  /// Event seconds in a wall second.
  let speed: Double
  let story: DemoStory
  /// Raised when the trainer has answered: from then on v2 serves.
  let retrained: StopFlag

  static let predictionsTopic = "serving.card-fraud.predictions"
  static let labelsTopic = "serving.card-fraud.labels"
  static let predictionPartitions = 4
  static let labelPartitions = 2
  /// Payments in an event hour.
  private static let rate = 900.0
  /// Hours of quiet past that are there when the page opens.
  static let past = 10.0
  /// Wall seconds until amounts shift and until fraud changes.
  private static let shiftAfter = 12.0
  private static let failAfter = 22.0

  func run() async throws {
    try await withDedicatedThread("demo-traffic") { stop in
      do { try play(until: stop) } catch let error as KafkaError { throw EnvironmentProblem("demo: \(error.description)") }
    }
  }

  private struct DueLabel {
    var time: EventTime
    var id: String
    var fraud: Bool
  }

  private func play(until stop: StopFlag) throws {
    let producer = try KafkaProducer(try KafkaSettings(bootstrap: broker.bootstrap, group: "demo"))
    var world = DemoWorld(seed: 7)
    var due: [DueLabel] = []
    var number = 0
    var now = start - .milliseconds(Int64(Self.past * 3_600_000))
    let step = TimeSpan.milliseconds(Int64(3_600_000 / Self.rate))
    let began = ContinuousClock.now
    var phase = 0
    while !stop.isRaised {
      let wall = began.duration(to: .now) / .seconds(1)
      let clock = start + .milliseconds(Int64(wall * speed * 1000))
      if phase == 0, wall >= Self.shiftAfter {
        phase = 1
        story.tell("from \(now) amounts are half as large again: the inputs drift, the model still holds")
      }
      if phase == 1, wall >= Self.failAfter {
        phase = 2
        story.tell("from \(now) fraud follows other rules: only the labels, an hour or so later, can tell")
      }
      if phase == 2, retrained.isRaised {
        phase = 3
        story.tell("from \(now) the retrained v2 serves")
      }
      let conditions = DemoWorld.Conditions(amountFactor: phase >= 1 ? 1.6 : 1, newRules: phase >= 2)
      while now <= clock, !stop.isRaised {
        number += 1
        let payment = world.payment(conditions, hour: Int((now.milliseconds / 3_600_000) % 24))
        let id = "p-\(number)"
        let message = world.prediction(payment, id: id, time: now, version: phase >= 3 ? 2 : 1)
        try send(message, Self.predictionsTopic, number % Self.predictionPartitions, now, producer, stop)
        let fraud = world.happens(world.probability(payment, conditions))
        // One in twenty never gets a label.
        if !world.happens(0.05) {
          due.append(DueLabel(time: now + .seconds(Int64(world.between(300, 5400))), id: id, fraud: fraud))
        }
        now = now + step
        try sendLabels(&due, until: now, producer, stop)
      }
      producer.poll(timeoutMilliseconds: 20)
      WallClock.pause(milliseconds: 30, unless: stop)
    }
    _ = producer.flush(timeoutMilliseconds: 2000)
  }

  private func sendLabels(_ due: inout [DueLabel], until now: EventTime, _ producer: KafkaProducer, _ stop: StopFlag) throws {
    guard due.count > 2000 || due.count % 16 == 0 else { return }
    due.sort { $0.time < $1.time }
    let ready = due.prefix { $0.time <= now }
    for label in ready {
      var w = JSONWriter(capacity: 96)
      w.beginObject()
      w.key("prediction_id")
      w.string(label.id)
      w.key("labelled_at_ms")
      w.number(label.time.milliseconds)
      w.key("is_fraud")
      w.number(label.fraud ? 1 : 0)
      w.endObject()
      let partition = Int(label.id.utf8.last ?? 0) % Self.labelPartitions
      try send(w.bytes, Self.labelsTopic, partition, label.time, producer, stop)
    }
    due.removeFirst(ready.count)
  }

  private func send(
    _ bytes: [UInt8], _ topic: String, _ partition: Int, _ time: EventTime, _ producer: KafkaProducer, _ stop: StopFlag
  ) throws {
    while !stop.isRaised {
      let outcome = try bytes.withUnsafeBytes {
        try producer.produce(topic: topic, partition: Int32(partition), value: $0, timestampMilliseconds: time.milliseconds)
      }
      if case .queued = outcome { return }
      producer.poll(timeoutMilliseconds: 20)
    }
  }
}

/// Lines of the story on standard output, one at a time.
final class DemoStory: Sendable {
  private let output: @Sendable (String) -> Void
  private let lock = Mutex(())

  init(_ output: @escaping @Sendable (String) -> Void) { self.output = output }

  func tell(_ line: String) { lock.withLock { _ in output(line) } }
}
