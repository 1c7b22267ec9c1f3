import Foundation
import LeewaySource
import Testing

/// A small binary model for tests that are about what surrounds the numbers: two features, two versions, labels after a
/// minute. Everything is a function of the index.
enum Shop {
  static let predictions = "shop.predictions"
  static let labels = "shop.labels"
  /// 2026-03-01T00:00:00Z
  static let start: Int64 = 1_772_323_200_000

  static let monitor = """
    monitor: shop
    task: binary
    predictions:
      topic: \(predictions)
      fields: {id: id, time: at, version: model, score: score}
      time_format: epoch_ms
    labels:
      topic: \(labels)
      fields: {id: id, time: at, value: bought}
      time_format: epoch_ms
      horizon: 30m
    threshold: 0.5
    features:
      amount: numeric
      country: categorical
    baseline: shop.baseline.json
    panes: 5m
    windows:
      - {size: 1h, every: 1h}
    lateness: 5m
    checks:
      - {name: drift, on: features, metric: psi, window: 1h, warning: 0.2}
      - {name: auc, on: performance, metric: auc, window: 1h, warning: 0.6}
    alerts:
      warning: [log]

    """

  static let countries = ["DE", "FR", "IT", "PL"]

  /// 400 rows with labels.
  static var training: String {
    var text = "amount,country,score,model,bought\n"
    for i in 0..<400 { text += "\(amount(i)),\(country(i)),\(score(i)),v1,\(bought(i))\n" }
    return text
  }

  static func amount(_ i: Int) -> Int { 10 + i * 7 % 31 }
  static func country(_ i: Int) -> String { countries[i * 5 % 7 % 4] }
  static func score(_ i: Int) -> Double { Double(i * 11 % 17) / 16 }
  static func bought(_ i: Int) -> Int { i * 11 % 17 > 6 + i % 5 ? 1 : 0 }
  /// One event every 15 seconds.
  static func time(_ i: Int) -> Int64 { start + Int64(i) * 15_000 }

  static func prediction(
    _ i: Int, id: String? = nil, at: String? = nil, amount: String? = nil, country: String? = nil, score: String? = nil,
    model: String? = nil
  ) -> String {
    let fields = [
      ("id", id ?? "\"p\(i)\""), ("at", at ?? "\(time(i))"), ("model", model ?? "\"v\(1 + i % 2)\""),
      ("amount", amount ?? "\(Self.amount(i))"), ("country", country ?? "\"\(Self.country(i))\""),
      ("score", score ?? "\(Self.score(i))"),
    ]
    return "{" + fields.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
  }

  static func label(_ i: Int, id: String? = nil, at: String? = nil, bought: String? = nil) -> String {
    "{\"id\":\(id ?? "\"p\(i)\""),\"at\":\(at ?? "\(time(i) + 60_000)"),\"bought\":\(bought ?? "\(Self.bought(i))")}"
  }

  /// What a member's silence may last: a minute where all live, so that a slow machine loses nobody.
  static let session = 60_000
  /// Where members are killed and others wait for that to be noticed. The embedded broker gathers a new group for 3 s,
  /// and never answers a member whose session ends meanwhile.
  static let shortSession = 6000

  /// Writes `monitors/shop.yaml`, `train.csv` and `leeway.yaml`, and fits the baseline. Results are kept for ever: those
  /// of 1990 would be gone a minute after the service has started.
  static func prepare(in folder: TemporaryFolder, bootstrap: String = "127.0.0.1:1", session: Int = session) throws {
    try FileManager.default.createDirectory(
      at: folder.url.appendingPathComponent("monitors"), withIntermediateDirectories: true)
    try folder.write(monitor, to: "monitors/shop.yaml")
    try folder.write(training, to: "train.csv")
    try folder.write(
      """
      kafka: {bootstrap: "\(bootstrap)", threads: 2, group: shop, properties: {session.timeout.ms: "\(session)"}}
      ledger: sqlite:leeway.db
      http: {listen: "127.0.0.1:0"}
      limits: {flush_every: 100ms, shutdown_time: 10m, results_kept: 36500d}
      evaluation: {every: 200ms}

      """, to: "leeway.yaml")
    let fit = try LeewayProcess.run(
      ["baseline", "fit", "monitors/shop.yaml", "--from", "train.csv", "--out", "monitors/shop.baseline.json"],
      in: folder.url)
    try #require(fit.code == 0, "\(fit.error)")
  }
}

/// A record for one partition of a topic.
struct Message {
  var topic: String
  var partition: Int32 = 0
  var key: [UInt8]?
  /// nil is a tombstone.
  var value: [UInt8]?
  /// Milliseconds since the epoch.
  var time: Int64

  init(_ topic: String, _ value: [UInt8]?, at time: Int64, key: [UInt8]? = nil) {
    self.topic = topic
    self.key = key
    self.value = value
    self.time = time
  }

  init(_ topic: String, _ value: String, at time: Int64, key: [UInt8]? = nil) {
    self.init(topic, Array(value.utf8), at: time, key: key)
  }

  /// Predictions of the shop, one after another, for one partition.
  ///
  /// - Parameter now: whether the records are of this moment: a broker with retention drops those of the shop's time.
  static func predictions(_ range: Range<Int>, partition: Int32 = 0, now: Bool = false) -> [Message] {
    let moment = Int64(Date().timeIntervalSince1970 * 1000)
    return range.map { i in
      var message = Message(Shop.predictions, Shop.prediction(i), at: now ? moment : Shop.time(i))
      message.partition = partition
      return message
    }
  }
}

extension EmbeddedBroker {
  func produce(_ messages: [Message]) throws { try messages.produce(to: bootstrap) }
}

extension [Message] {
  /// Sends messages in their order, and returns when all are with the broker.
  ///
  /// - Parameter large: whether some are larger than any sane producer lets through.
  func produce(to bootstrap: String, large: Bool = false) throws {
    let properties = large ? ["message.max.bytes": "100000000", "queue.buffering.max.kbytes": "200000"] : [:]
    let producer = try KafkaProducer(KafkaSettings(bootstrap: bootstrap, group: "producer", properties: properties))
    for message in self {
      func send(_ key: UnsafeRawBufferPointer?, _ value: UnsafeRawBufferPointer?) throws {
        while case .queueFull = try producer.produce(
          topic: message.topic, partition: message.partition, key: key, value: value,
          timestampMilliseconds: message.time)
        {
          producer.poll(timeoutMilliseconds: 50)
        }
      }
      func sendValue(_ key: UnsafeRawBufferPointer?) throws {
        if let value = message.value { try value.withUnsafeBytes { try send(key, $0) } } else { try send(key, nil) }
      }
      if let key = message.key { try key.withUnsafeBytes { try sendValue($0) } } else { try sendValue(nil) }
    }
    #expect(producer.flush(timeoutMilliseconds: 300_000))
    #expect(producer.failed == 0, "\(String(describing: producer.latestFailure))")
  }
}
