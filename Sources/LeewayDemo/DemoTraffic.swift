import Foundation
import LeewayConfiguration
import LeewayCore
import LeewayService
import LeewaySource
import ServiceLifecycle

/// Produces the orders' predictions and labels, on a thread of its own: a quiet past at once, then live, paced by the
/// clock, an hour of the world a second unless `speed` says otherwise.
struct DemoTraffic: Service {
  let bootstrap: String
  /// Event time that passes in one second of the clock, in seconds.
  let speed: Int
  /// Where the live part begins.
  let start: EventTime
  let stage: DemoStage
  let story: DemoStory

  static let predictions = (topic: "shop.orders.predictions", partitions: 4)
  static let labels = (topic: "shop.orders.arrivals", partitions: 2)
  /// How long the past is.
  static let past = TimeSpan.hours(8)

  func run() async throws {
    try await withDedicatedThread("demo-traffic") { stop in
      let producer: KafkaProducer
      do {
        producer = try KafkaProducer(
          KafkaSettings(bootstrap: bootstrap, group: "demo", properties: ["linger.ms": "5"]))
      } catch {
        throw EnvironmentProblem("the demo's producer does not start: \(error)")
      }
      try DemoTrafficLoop(self, producer, stop).run()
    }
  }
}

/// The producer's state; made, used and dropped on its thread.
private final class DemoTrafficLoop {
  private let traffic: DemoTraffic
  private let producer: KafkaProducer
  private let stop: StopFlag
  private var script: DemoScript
  private var world = OrderWorld(seed: 2)
  private var json = JSONWriter(capacity: 512)
  private var number: Int64 = 0
  private var nextOrder: EventTime
  private var waiting: [Label] = []

  private struct Label {
    var order: Int64
    var time: EventTime
    var isLate: Bool
  }

  private static let ordersPerHour = 600.0
  /// Between the order and the label; under the monitor's horizon.
  private static let delay = TimeSpan.minutes(10).milliseconds...TimeSpan.minutes(50).milliseconds

  init(_ traffic: DemoTraffic, _ producer: KafkaProducer, _ stop: StopFlag) {
    self.traffic = traffic
    self.producer = producer
    self.stop = stop
    script = DemoScript(start: traffic.start)
    nextOrder = traffic.start - DemoTraffic.past
  }

  func run() throws {
    try produce(until: traffic.start)
    _ = producer.flush(timeoutMilliseconds: 10_000)
    while !stop.isRaised, !traffic.stage.isServing { WallClock.pause(milliseconds: 20, unless: stop) }
    let began = ContinuousClock.now
    while !stop.isRaised {
      let passed = began.duration(to: .now) / .milliseconds(1) * Double(traffic.speed)
      let now = traffic.start + .milliseconds(Int64(min(passed, 1e15)))
      try produce(until: now)
      producer.poll(timeoutMilliseconds: 0)
      WallClock.pause(milliseconds: 40, unless: stop)
    }
    _ = producer.flush(timeoutMilliseconds: 2000)
    if let failure = producer.latestFailure {
      throw EnvironmentProblem("the demo's producer lost \(producer.failed) records: \(failure.description)")
    }
  }

  private func produce(until now: EventTime) throws {
    var counts: (predictions: Int64, labels: Int64) = (0, 0)
    let model = traffic.stage.model
    let hasWarned = traffic.stage.hasWarned
    while nextOrder < now, !stop.isRaised {
      if let news = script.news(at: nextOrder, model: model, hasWarned: hasWarned) {
        traffic.story.tell("world", news, at: nextOrder.floor(to: .minutes(1)))
      }
      let order = world.order(rule: script.rule, distanceFactor: script.distanceFactor)
      try send(order, model)
      counts.predictions += 1
      counts.predictions += try sendShadows(order, beside: model)
      if world.uniform() < 0.97 {
        let span = Double(Self.delay.upperBound - Self.delay.lowerBound) * world.uniform()
        let delay = Self.delay.lowerBound + Int64(span)
        waiting.append(Label(order: number, time: nextOrder + .milliseconds(delay), isLate: order.isLate))
      }
      number += 1
      nextOrder = nextOrder + .milliseconds(Int64(3_600_000 / rate(nextOrder) * (0.5 + world.uniform())))
    }
    let due = waiting.filter { $0.time <= now }.sorted { $0.time < $1.time }
    waiting.removeAll { $0.time <= now }
    for label in due where !stop.isRaised { try send(label) }
    counts.labels = Int64(due.count)
    traffic.stage.count(predictions: counts.predictions, labels: counts.labels)
  }

  /// A smaller model scores an eighth of the orders, too, and v1 the same ones once v2 has taken its place, so that the two
  /// are compared from beginning to end.
  private func sendShadows(_ order: Order, beside model: OrderWorld.Model) throws -> Int64 {
    guard number % 8 == 0 else { return 0 }
    try send(order, .small)
    guard model != .v1 else { return 1 }
    try send(order, .v1)
    return 2
  }

  /// Orders an hour: fewest at six, most at eighteen.
  private func rate(_ time: EventTime) -> Double {
    let day = Double((time - time.floor(to: .days(1))).milliseconds) / 86_400_000
    return Self.ordersPerHour * (1 - 0.25 * sin(2 * .pi * day))
  }

  private func send(_ order: Order, _ model: OrderWorld.Model) throws {
    json.removeAll()
    json.beginObject()
    json.key("order_id")
    json.string("order-\(number)")
    json.key("at")
    json.number(nextOrder.milliseconds)
    order.write(to: &json, model: model)
    json.endObject()
    try send(DemoTraffic.predictions, nextOrder)
  }

  private func send(_ label: Label) throws {
    json.removeAll()
    json.beginObject()
    json.key("order_id")
    json.string("order-\(label.order)")
    json.key("at")
    json.number(label.time.milliseconds)
    json.key("late")
    json.bool(label.isLate)
    json.endObject()
    try send(DemoTraffic.labels, label.time, order: label.order)
  }

  /// In event-time order within each partition, so nothing is late.
  private func send(_ topic: (topic: String, partitions: Int), _ time: EventTime, order: Int64? = nil) throws {
    let partition = Int32((order ?? number) % Int64(topic.partitions))
    while !stop.isRaised {
      let outcome: KafkaProducer.Outcome
      do {
        outcome = try json.bytes.withUnsafeBytes { bytes in
          try producer.produce(
            topic: topic.topic, partition: partition, value: bytes, timestampMilliseconds: time.milliseconds)
        }
      } catch {
        throw EnvironmentProblem("the demo's producer cannot write: \(error)")
      }
      guard outcome == .queueFull else { return }
      producer.poll(timeoutMilliseconds: 50)
    }
  }
}

/// What happens to the world, and when.
struct DemoScript {
  private enum Chapter { case past, quiet, suburbs, closed, retrained, calm }

  private let start: EventTime
  private var chapter = Chapter.past
  private var retrainedAt: EventTime?

  init(start: EventTime) { self.start = start }

  var rule: OrderWorld.Rule {
    switch chapter {
    case .past, .quiet, .suburbs: .roadsOpen
    case .closed, .retrained, .calm: .roadsClosed
    }
  }

  var distanceFactor: Double {
    switch chapter {
    case .past, .quiet, .calm: 1
    case .suburbs, .closed, .retrained: 1.35
    }
  }

  /// Moves on as far as time, the model in use and what was heard of the last chapter allow; says what has changed, if
  /// anything. On a slow machine one chapter thus waits for the other, within limits.
  mutating func news(at now: EventTime, model: OrderWorld.Model, hasWarned: Bool) -> String? {
    switch chapter {
    case .past:
      guard now >= start else { return nil }
      chapter = .quiet
      return "Live. Orders are as in training: all should be quiet."
    case .quiet where now >= start + .hours(10):
      chapter = .suburbs
      return
        "The shop opens in the suburbs: distances grow by a third. The model can deal with that, so expect a warning (drift) and no retraining."
    case .suburbs where now >= start + .hours(hasWarned ? 18 : 30):
      chapter = .closed
      return
        "The ring road closes: cars and scooters stand in jams, distance hardly counts. The model doesn't know; expect its performance to fail as labels come in."
    case .closed where model == .v2:
      chapter = .retrained
      retrainedAt = now
      return "Version v2, trained on the new days, answers from here on: performance should recover."
    case .retrained:
      guard let retrainedAt, now >= retrainedAt + .hours(8) else { return nil }
      chapter = .calm
      return
        "The suburbs get a shop of their own: distances are as in training again. Nothing more will happen; Ctrl-C ends the demo."
    case .quiet, .suburbs, .closed, .calm: return nil
    }
  }
}
