import Glibc
import LeewayCore
import LeewaySource
import LeewayTestSupport

extension Main {
  /// A Kafka in this process with a topic full of events, and the files with which `leeway run` reads it: `leeway.yaml`
  /// and a folder of monitors that all watch the one topic. Says what there is in a line of JSON once all is ready, and
  /// ends with its input.
  static func stage(_ arguments: Arguments) throws {
    let folder = try arguments.path("folder")
    let monitors = try arguments.integer("monitors", 1)
    let partitions = max(try arguments.integer("partitions", 16), 1)
    let events = try arguments.integer("events", 100_000)
    let minutes = max(try arguments.integer("minutes", 60), 1)
    let segments = try arguments.integer("segments", 0)
    var traffic = try arguments.traffic()
    traffic.segments = segments
    let window = arguments.text("window") ?? "{size: 1h, every: 5m}"

    var baseline = try traffic.plan(version: true, segments: segments, slices: true).baseline
    for number in 0..<monitors {
      let name = "m\(number)"
      baseline.monitor = name
      try TextFile.write(baseline.encoded(), to: "\(folder)/monitors/\(name).baseline.json")
      let yaml = traffic.monitor(name, segments: segments, window: window)
      try TextFile.write(Array(yaml.utf8), to: "\(folder)/monitors/\(name).yaml")
    }

    let broker = try EmbeddedBroker()
    try broker.createTopic("predictions", partitions: partitions)
    let bytes = try fill(
      broker, traffic, partitions: partitions, events: events, spacing: Double(minutes) * 60_000 / Double(events))
    let service = """
      kafka: {bootstrap: "\(broker.bootstrap)", group: bench}
      ledger: sqlite:ledger.db
      http: {listen: "127.0.0.1:0"}

      """
    try TextFile.write(Array(service.utf8), to: "\(folder)/leeway.yaml")
    var json = JSONWriter()
    json.beginObject()
    json.key("events")
    json.number(events)
    json.key("bytes_per_event")
    json.number(Double(bytes) / Double(max(events, 1)))
    json.endObject()
    print(json.text)
    fflush(nil)
    while readLine() != nil {}
    broker.close()
  }

  /// Writes events round and round over the partitions, `spacing` milliseconds of event time apart.
  ///
  /// - Returns: bytes of all payloads.
  private static func fill(
    _ broker: EmbeddedBroker, _ traffic: Traffic, partitions: Int, events: Int, spacing: Double
  ) throws -> Int {
    let settings = try KafkaSettings(
      bootstrap: broker.bootstrap, group: "bench",
      properties: [
        "compression.type": "lz4", "linger.ms": "200", "queue.buffering.max.messages": "200000",
      ])
    let producer = try KafkaProducer(settings)
    var random = SeededGenerator(seed: 1)
    let digits = String(Traffic.start)
    var samples: [(bytes: [UInt8], time: Int)] = []
    for _ in 0..<min(events, 20_000) {
      let text = traffic.event(0, using: &random)
      guard let time = text.utf8.firstRange(of: digits.utf8) else { throw BenchmarkFailure("an event has no time") }
      samples.append((Array(text.utf8), text.utf8.distance(from: text.startIndex, to: time.lowerBound)))
    }
    var total = 0
    for event in 0..<events {
      let sample = event % samples.count
      var time = Traffic.start + Int64(Double(event) * spacing)
      for digit in (0..<13).reversed() {
        samples[sample].bytes[samples[sample].time + digit] = UInt8(ascii: "0") + UInt8(time % 10)
        time /= 10
      }
      total += samples[sample].bytes.count
      let partition = Int32(event % partitions)
      try samples[sample].bytes.withUnsafeBytes { value in
        while case .queueFull = try producer.produce(topic: "predictions", partition: partition, value: value) {
          producer.poll(timeoutMilliseconds: 20)
        }
      }
    }
    guard producer.flush(timeoutMilliseconds: 300_000), producer.delivered == events else {
      throw BenchmarkFailure("\(producer.delivered) of \(events) events reached the broker")
    }
    return total
  }
}

extension Traffic {
  /// The file of a monitor that watches this traffic, by version and segments.
  fileprivate func monitor(_ name: String, segments: Int, window: String) -> String {
    var lines = [
      "monitor: \(name)", "task: binary", "predictions:", "  topic: predictions",
      "  fields: {id: prediction_id, time: timestamp_ms, version: model_version, score: score}",
      "  time_format: epoch_ms", "features:",
    ]
    lines += (0..<features).map { "  \(self.name($0)): \(isNumeric($0) ? "numeric" : "categorical")" }
    if segments > 0 { lines.append("segments: [\(Self.segments.prefix(segments).joined(separator: ", "))]") }
    let size = window.split(separator: ":")[1].split(separator: ",")[0].filter { $0 != " " }
    lines += [
      "baseline: \(name).baseline.json", "panes: 5m", "windows:", "  - \(window)", "lateness: 10m", "checks:",
      "  - {name: drift, on: features, metric: psi, window: \(size), warning: 0.2}", "",
    ]
    return lines.joined(separator: "\n")
  }
}
