import Foundation
import LeewaySource
import Testing

/// The same messages through Kafka and `leeway run` give what `leeway replay` gives.
@Suite struct CarLoanKafkaTests {
  @Test func kafkaEqualsReplay() async throws {
    let folder = try TemporaryFolder()
    try CarLoan.prepare(in: folder.url)
    let replay = try LeewayProcess.run(
      [
        "replay", "monitor.yaml", "--predictions", "predictions.jsonl.gz", "--labels", "labels.jsonl.gz", "--out",
        "replay.jsonl",
      ],
      in: folder.url)
    try #require(replay.code == 0, "\(replay.error)")

    let broker = try EmbeddedBroker()
    defer { broker.close() }
    try produce(to: broker, from: folder.url)
    try FileManager.default.createDirectory(
      at: folder.url.appendingPathComponent("monitors"), withIntermediateDirectories: true)
    for name in ["monitor.yaml", "car_loan.baseline.json"] {
      try FileManager.default.moveItem(
        at: folder.url.appendingPathComponent(name), to: folder.url.appendingPathComponent("monitors/\(name)"))
    }
    try folder.write(
      """
      kafka: {bootstrap: "\(broker.bootstrap)", group: leeway-test}
      ledger: sqlite:leeway.db
      http: {listen: "127.0.0.1:0"}
      """, to: "leeway.yaml")
    let service = try LeewayProcess(["run"], in: folder.url)
    defer { if service.isRunning { service.killAtOnce() } }
    let base = try #require(
      try eventually {
        service.standardError.firstMatch(of: /on (http:\/\/[0-9.:]+)\//).map { String($0.1) }
      }, "\(service.standardError)")

    let total = try CarLoan.lines(folder.url.appendingPathComponent("labels.jsonl.gz")).count
    let done = try eventually { () -> Bool? in
      guard service.isRunning, let metrics = get("\(base)/metrics") else { return service.isRunning ? nil : false }
      let lag = metrics.split(separator: "\n").filter { $0.hasPrefix("leeway_consumer_lag{") }
      let caughtUp = lag.count == 16 && lag.allSatisfy { $0.hasSuffix(" 0") }
      return caughtUp && metrics.contains("leeway_events_total{monitor=\"car-loan\",outcome=\"accepted\"} 50000\n")
        ? true : nil
    }
    try #require(done == true, "\(service.standardError)")
    #expect(total == 49_214)
    let files = try CarLoan.objects(CarLoan.lines(folder.url.appendingPathComponent("replay.jsonl")))
    // What was committed last has still to be judged.
    var differences = ["nothing was judged"]
    _ = try eventually { () -> Bool? in
      let lines = get("\(base)/api/v1/results?open=true", accept: "application/x-ndjson")?.split(separator: "\n")
      guard let lines, lines.count > 18_648 else { return service.isRunning ? nil : false }
      differences = try Self.differences(CarLoan.objects(lines.map(String.init)), files)
      return differences.isEmpty ? true : nil
    }
    #expect(differences.isEmpty, "\(differences.prefix(20))\n\(service.standardError)")

    service.terminate()
    #expect(service.wait() == 0, "\(service.standardError)")
  }

  /// Drift and performance lines but for `final`, by what names them.
  private static func results(_ lines: [[String: Any]]) -> [String: NSDictionary] {
    var out: [String: NSDictionary] = [:]
    for var line in lines where ["drift", "performance"].contains(CarLoan.text(line, "type")) {
      line["final"] = nil
      out[CarLoan.key(line)] = NSDictionary(dictionary: line)
    }
    return out
  }

  /// What of the service's lines is not as the files' pipeline has it.
  private static func differences(_ live: [[String: Any]], _ files: [[String: Any]]) -> [String] {
    var out: [String] = []
    func hold(_ condition: Bool, _ what: @autoclosure () -> String) {
      if !condition { out.append(what()) }
    }
    let (a, b) = (results(live), results(files))
    hold(a.count == b.count, "\(a.count) results, \(b.count) of files")
    for (key, line) in a { hold(line == b[key], "\(key): \(line), of files \(b[key] ?? [:])") }
    // Verdicts of windows that are final in both.
    func finals(_ lines: [[String: Any]], _ type: String) -> Set<String> {
      Set(
        lines.filter { CarLoan.text($0, "type") == type && $0["final"] as? Bool == true }
          .map { CarLoan.text($0, "window") + CarLoan.text($0, "end") })
    }
    let drift = finals(live, "drift").intersection(finals(files, "drift"))
    let performance = finals(live, "performance").intersection(finals(files, "performance"))
    hold(drift.count > 300, "\(drift.count) windows are final")
    hold(performance.count > 100, "\(performance.count) windows are mature")
    func verdicts(_ lines: [[String: Any]]) -> [String: NSDictionary] {
      Dictionary(
        uniqueKeysWithValues: lines.filter { line in
          guard CarLoan.text(line, "type") == "verdict" else { return false }
          let window = CarLoan.text(line, "window") + CarLoan.text(line, "end")
          return (CarLoan.text(line, "subject") == "performance" ? performance : drift).contains(window)
        }.map { (CarLoan.key($0), NSDictionary(dictionary: $0)) })
    }
    let mine = verdicts(live)
    hold(mine.count > 2000, "\(mine.count) verdicts")
    hold(mine == verdicts(files), "verdicts differ")
    // Incident transitions whose window is final in both.
    func incidents(_ lines: [[String: Any]]) -> [NSDictionary] {
      lines.filter { line in
        guard CarLoan.text(line, "type") == "incident" else { return false }
        let windows = CarLoan.text(line, "reason") == "performance" ? performance : drift
        return ["1d", "30d"].contains { windows.contains($0 + CarLoan.text(line, "at")) }
      }.map { NSDictionary(dictionary: $0) }
    }
    hold(incidents(live).count > 50, "\(incidents(live).count) transitions")
    hold(incidents(live) == incidents(files), "transitions differ")
    return out
  }

  /// 8 partitions by id, each in the files' order; the event time is the record's timestamp.
  private func produce(to broker: EmbeddedBroker, from folder: URL) throws {
    let producer = try KafkaProducer(KafkaSettings(bootstrap: broker.bootstrap, group: "producer"))
    for (file, topic, time) in [
      ("predictions.jsonl.gz", "serving.car-loan.predictions", "timestamp_ms"),
      ("labels.jsonl.gz", "serving.car-loan.labels", "labelled_at_ms"),
    ] {
      try broker.createTopic(topic, partitions: 8)
      for line in try CarLoan.lines(folder.appendingPathComponent(file)) {
        let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        let id = CarLoan.text(object, "prediction_id")
        let partition = Int32(id.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xffff } % 8)
        let milliseconds = try #require(object[time] as? Int64 ?? (object[time] as? Int).map(Int64.init))
        var sent = false
        while !sent {
          let outcome = try Array(line.utf8).withUnsafeBytes { bytes in
            try producer.produce(
              topic: topic, partition: partition, key: nil, value: bytes, timestampMilliseconds: milliseconds)
          }
          if case .queued = outcome { sent = true } else { producer.poll(timeoutMilliseconds: 50) }
        }
      }
    }
    #expect(producer.flush(timeoutMilliseconds: 300_000))
    #expect(producer.failed == 0)
  }

  private func get(_ address: String, accept: String = "*/*") -> String? {
    let curl = Process()
    curl.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
    curl.arguments = ["-sS", "-f", "-m", "120", "-H", "Accept: \(accept)", address]
    let pipe = Pipe()
    curl.standardOutput = pipe
    curl.standardError = FileHandle.nullDevice
    guard (try? curl.run()) != nil else { return nil }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    curl.waitUntilExit()
    return curl.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
  }
}
