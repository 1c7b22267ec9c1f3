import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// Eighteen days of a model in which one trouble comes behind another: each is told of, by files and by the service alike.
@Suite struct NewTroubleTests {
  private static let monitor = """
    monitor: shop
    task: binary
    predictions:
      topic: \(Shop.predictions)
      fields: {id: id, time: at, score: score}
      time_format: epoch_ms
    labels:
      topic: \(Shop.labels)
      fields: {id: id, time: at, value: bought}
      time_format: epoch_ms
      horizon: 1d
    features:
      amount: numeric
      weight: numeric
      country: categorical
    baseline: shop.baseline.json
    panes: 6h
    windows:
      - {size: 1d, every: 1d}
    lateness: 1h
    checks:
      - {name: drift, on: [amount, weight], metric: psi, window: 1d, min_rows: 50, warning: 0.5}
      - {name: missing, on: features, metric: missing_ratio, window: 1d, critical: 0.3}
      - {name: unseen, on: [country], metric: unseen_ratio, window: 1d, critical: 0.3}
      - {name: auc, on: performance, metric: auc, window: 1d, min_rows: 50, critical: 0.7}
    alerts:
      warning: [log]
      critical: [log, retrain]
    retrain: {cooldown: 1d, max_per_week: 3, deadline: 30d}

    """

  private static let days = 18
  private static let perDay = 120
  private static func time(_ i: Int) -> Int64 { Shop.start + Int64(i) * 86_400_000 / Int64(perDay) }

  /// A prediction and its label an hour later. Days are counted from 0; what happens on day n is in the window that ends on n + 1.
  ///
  /// - 3 to 6: the amounts are ten times what they were; on 5 and 6 the weights are in grams, too.
  /// - 7 to 11: the score says nothing of the outcome; on 7 and 8 the country is missing, too.
  /// - 13: the countries are none that training had. 14: so are they, and every feature is missing in half of the predictions.
  private static func messages(of i: Int) -> (prediction: String, label: String) {
    let day = i / perDay
    let bought = i * 7 % 10 < 5
    let noise = Double(i * 13 % 40) / 100
    var amount = "\((10 + i * 7 % 31) * ((3...6).contains(day) ? 10 : 1))"
    var weight = "\((1 + i * 5 % 23) * ((5...6).contains(day) ? 1000 : 1))"
    var country = day == 13 || day == 14 ? "\"XX\"" : "\"\(Shop.countries[i * 5 % 7 % 4])\""
    if (7...8).contains(day) { country = "null" }
    if day == 14, i % 2 == 0 { (amount, weight, country) = ("null", "null", "null") }
    let score = (7...11).contains(day) ? 2 * noise : noise + (bought ? 0.5 : 0)
    return (
      #"{"id":"p\#(i)","at":\#(time(i)),"score":\#(score),"amount":\#(amount),"weight":\#(weight),"country":\#(country)}"#,
      #"{"id":"p\#(i)","at":\#(time(i) + 3_600_000),"bought":\#(bought ? 1 : 0)}"#
    )
  }

  private let folder: TemporaryFolder

  /// Writes the monitor and the files, and fits the baseline.
  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
      at: folder.url.appendingPathComponent("monitors"), withIntermediateDirectories: true)
    try folder.write(Self.monitor, to: "monitors/shop.yaml")
    let all = (0..<Self.days * Self.perDay).map(Self.messages)
    try folder.write(all.map(\.prediction).joined(separator: "\n"), to: "p.jsonl")
    try folder.write(all.map(\.label).joined(separator: "\n"), to: "l.jsonl")
    var training = "amount,weight,country,score,bought\n"
    for i in 0..<600 {
      training += "\(10 + i * 7 % 31),\(1 + i * 5 % 23),\(Shop.countries[i * 5 % 7 % 4]),\(Double(i * 13 % 40) / 50),\n"
    }
    try folder.write(training, to: "train.csv")
    let fit = try LeewayProcess.run(
      ["baseline", "fit", "monitors/shop.yaml", "--from", "train.csv", "--out", "monitors/shop.baseline.json"],
      in: folder.url)
    try #require(fit.code == 0, "\(fit.error)")
  }

  /// Incident lines of `replay`.
  private func replay(_ more: [String] = []) throws -> [String] {
    let run = try LeewayProcess.run(
      ["replay", "monitors/shop.yaml", "--predictions", "p.jsonl", "--labels", "l.jsonl"] + more, in: folder.url)
    try #require(run.code == 0, "\(run.error)")
    return run.output.split(separator: "\n").map(String.init).filter { $0.hasPrefix(#"{"type":"incident""#) }
  }

  /// A line as `day 4 drift opened warning: amount`, with incidents named by their cause and the day that opened them.
  private func told(_ lines: [String]) throws -> [String] {
    var names: [String: String] = [:]
    return try CarLoan.objects(lines).map { line in
      let at = try #require(ISO8601DateFormatter.withFractions.date(from: CarLoan.text(line, "at")))
      let day = Int((at.timeIntervalSince1970 * 1000 - Double(Shop.start)) / 86_400_000)
      let (cause, transition) = (CarLoan.text(line, "reason"), CarLoan.text(line, "transition"))
      if transition == "opened" { names[CarLoan.text(line, "incident")] = "\(cause)-\(day)" }
      let name = try #require(names[CarLoan.text(line, "incident")])
      var held = CarLoan.text(line, "held")
      for (id, name) in names { held = held.replacing(id, with: name) }
      let subjects = (line["subjects"] as? [String] ?? []).joined(separator: " ")
      return "day \(day) \(name) \(transition) \(CarLoan.text(line, "tier")): \(subjects)"
        + (held.isEmpty ? "" : ", \(held)")
    }
  }

  @Test func newTroubleBehindOldTroubleIsToldOf() throws {
    let found = try told(replay())
    #expect(
      found == [
        "day 4 drift-4 opened warning: amount",
        // Another unit while the drift is known.
        "day 6 drift-4 spread warning: weight",
        "day 8 data-8 opened critical: country", "day 8 performance/final-8 opened critical: performance",
        "day 8 performance/final-8 retrain_held critical: performance, data incident data-8 is open",
        "day 8 drift-4 resolved warning: amount weight", "day 10 data-8 resolved critical: country",
        // The first window that shares nothing with the data incident asks.
        "day 11 performance/final-8 retraining critical: performance",
        "day 13 performance/final-8 resolved critical: performance", "day 14 data-14 opened critical: country",
        // An outage of all features at once is one word.
        "day 15 data-14 spread critical: amount country weight",
        "day 15 drift-15 opened warning: amount weight", "day 16 data-14 resolved critical: amount country weight",
        "day 16 drift-15 resolved warning: amount weight",
      ])
  }

  /// The trainer says that it failed. What the service has stored, a replay with its inputs stores again, byte for byte; one
  /// without them comes to all that no input took part in.
  @Test func aReplayWithTheInputsIsWhatTheServiceStored() throws {
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    let trainer = try LoopbackReceiver()
    try folder.write(
      """
      kafka: {bootstrap: "\(broker.bootstrap)", group: shop, properties: {session.timeout.ms: "\(Shop.session)"}}
      ledger: sqlite:leeway.db
      http: {listen: "127.0.0.1:0", public_url: "http://127.0.0.1:1"}
      limits: {flush_every: 100ms, shutdown_time: 10m, results_kept: 36500d, max_series: 10}
      evaluation: {every: 200ms}
      receivers: {retrain: {type: webhook, url: "\(trainer.url())"}}

      """, to: "leeway.yaml")
    let service = try RunningService(in: folder.url)
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    func produce(_ range: Range<Int>) throws {
      try broker.produce(
        range.flatMap { i in
          let (prediction, label) = Self.messages(of: i)
          return [
            Message(Shop.predictions, prediction, at: Self.time(i)),
            Message(Shop.labels, label, at: Self.time(i) + 3_600_000),
          ]
        })
      try service.awaitOffsets([Shop.predictions: range.upperBound, Shop.labels: range.upperBound])
    }
    // The retrain is let go at the end of day 11, whose labels are all there a day later.
    try produce(0..<13 * Self.perDay)
    let call = try #require(try eventually { trainer.requests.first })
    let asked = try #require(JSONSerialization.jsonObject(with: Data(call.body)) as? [String: Any])
    try Schemas.expectMessage(call.text)
    let answer = try Curl.ask(
      "\(service.base)/api/v1/retrains/\(CarLoan.text(asked, "retrain"))/result",
      [
        "-f", "-H", "Authorization: Bearer \(CarLoan.text(asked, "callback_token"))", "-d",
        #"{"status":"failed","reason":"too few rows"}"#,
      ])
    try #require(answer.code == 0, "\(answer.output)")
    try produce(13 * Self.perDay..<Self.days * Self.perDay)

    let without = try replay()
    var stored: [String] = []
    // One more than without the answer.
    _ = try eventually { () -> Bool? in
      stored = try service.results("type=incident")
      return stored.count > without.count || !service.process.isRunning ? true : nil
    }
    let inputs = try service.answer("/api/v1/inputs?monitor=shop")
    try folder.write(inputs, to: "inputs.jsonl")
    #expect(inputs.split(separator: "\n").count == 1 && inputs.contains(#""kind":"retrain_result""#))
    let replayed = try replay(["--inputs", "inputs.jsonl"])
    #expect(replayed == stored)

    func isOfInput(_ line: String) -> Bool { line.contains(#","input":"#) }
    let ofInput = try told(stored).enumerated().filter { isOfInput(stored[$0.offset]) }.map(\.element)
    #expect(
      ofInput == [
        "day 11 performance/final-8 failed critical: performance",
        "day 13 performance/final-8 resolved critical: performance",
      ])
    #expect(!without.contains(where: isOfInput))
    #expect(Set(stored.filter { !isOfInput($0) }).isSubset(of: without))
    #expect(without.count == stored.count - 1)

    service.stop()
    // Every round exports what there is room for, and says once what is left out.
    let warnings = service.process.standardError.split(separator: "\n").filter { $0.contains("series are left out") }
    #expect(warnings.count == 1)
    #expect(
      warnings.first?.contains("series are left out of /metrics, since limits.max_series is 10; the first: leeway_")
        == true)
  }
}

extension ISO8601DateFormatter {
  fileprivate static var withFractions: ISO8601DateFormatter {
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    return formatter
  }
}
