import Foundation
import LeewaySource
import Testing

/// The reference case: files, and how to compare with what a batch computation says of them.
enum CarLoan {
  static var folder: URL { Bundle.module.bundleURL.appendingPathComponent("Fixtures/car_loan") }

  /// Copies monitor and files, and fits the baseline.
  static func prepare(in target: URL) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      try FileManager.default.copyItem(at: folder.appendingPathComponent(name), to: target.appendingPathComponent(name))
    }
    let fit = try LeewayProcess.run(["baseline", "fit", "monitor.yaml", "--from", "train.csv.gz"], in: target)
    try #require(fit.code == 0, "\(fit.error)")
  }

  /// Puts the monitor and its baseline where `run` looks for them.
  static func moveMonitor(in folder: URL) throws {
    let monitors = folder.appendingPathComponent("monitors")
    try FileManager.default.createDirectory(at: monitors, withIntermediateDirectories: true)
    for name in ["monitor.yaml", "car_loan.baseline.json"] {
      try FileManager.default.moveItem(
        at: folder.appendingPathComponent(name), to: monitors.appendingPathComponent(name))
    }
  }

  /// What `replay` says of the files, by the moved monitor.
  static func replay(in folder: URL) throws -> [[String: Any]] {
    let replay = try LeewayProcess.run(
      [
        "replay", "monitors/monitor.yaml", "--predictions", "predictions.jsonl.gz", "--labels", "labels.jsonl.gz",
        "--out", "replay.jsonl",
      ],
      in: folder)
    try #require(replay.code == 0, "\(replay.error)")
    return try objects(lines(folder.appendingPathComponent("replay.jsonl")))
  }

  static func lines(_ url: URL) throws -> [String] {
    let reader = LineReader(try ByteStream(path: url.path))
    var out: [String] = []
    while let line = try reader.next() {
      if case .text(let text, _) = line { out.append(String(decoding: text, as: UTF8.self)) }
    }
    return out
  }

  static func objects(_ lines: [String]) throws -> [[String: Any]] {
    try lines.map { try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
  }

  /// Verdicts that were held against a line.
  struct Held: Equatable {
    var verdicts = 0
    /// Those of distances from a slice's own part of the baseline.
    var ofOwnParts = 0
  }

  /// Every verdict's value is the one that the line of its window shows under the same name, and a distance is from the same
  /// part of the baseline: nothing is late in these sets, so lines stay as they were when they were judged. And what could not
  /// be judged says why, and nothing else does.
  static func expectVerdictsSayWhatLinesSay(_ lines: [[String: Any]]) throws -> Held {
    func place(_ line: [String: Any], _ subject: String) -> String {
      // Lines of drift have no stage; their verdicts are final.
      let stage = text(line, "stage").isEmpty ? "final" : text(line, "stage")
      return (["window", "end", "slice"].map { text(line, $0) } + [stage, subject]).joined(separator: "|")
    }
    var shown: [String: [String: Any]] = [:]
    for line in lines where ["drift", "performance"].contains(text(line, "type")) {
      let isDrift = text(line, "type") == "drift"
      shown[place(line, isDrift ? text(line, "subject") : "performance")] = line
    }
    var held = Held()
    for verdict in lines where text(verdict, "type") == "verdict" {
      #expect(
        (text(verdict, "tier") == "insufficient_data") == (verdict["why"] is String), "\(key(verdict)): \(verdict)")
      let line = shown[place(verdict, text(verdict, "subject"))]
      // A distance from the first days of production stands in a member of its own.
      let isBeside = text(verdict, "reference").hasPrefix("first ") && distances.contains(text(verdict, "metric"))
      let references = line?["references"] as? [String: [String: Any]]
      let metrics = isBeside ? references?[text(verdict, "reference")] : line?["metrics"] as? [String: Any]
      guard let value = metrics?[text(verdict, "metric")] else {
        if isBeside { #expect(verdict["value"] is NSNull, "\(key(verdict)): the line has nothing of it") }
        continue
      }
      held.verdicts += 1
      if !isBeside, distances.contains(text(verdict, "metric")) {
        let against = text(verdict, "against")
        #expect(!against.isEmpty && against == line.map { text($0, "against") }, "\(key(verdict)): against \(against)")
        if against == "slice" { held.ofOwnParts += 1 }
      }
      #expect(value as? NSObject == verdict["value"] as? NSObject, "\(key(verdict)): the line has \(value)")
    }
    return held
  }

  private static let distances: Set = [
    "psi", "ks", "wasserstein", "wasserstein_normalised", "jensen_shannon", "hellinger", "total_variation",
    "l_infinity", "energy",
  ]

  static func text(_ object: [String: Any], _ key: String) -> String { object[key] as? String ?? "" }

  /// What makes a line the same line.
  static func key(_ object: [String: Any]) -> String {
    ["type", "window", "end", "at", "slice", "subject", "check", "metric", "incident", "transition"]
      .map { text(object, $0) }.joined(separator: "|")
  }
}

// MARK: - Through Kafka

extension CarLoan {
  private static let predictions = "serving.car-loan.predictions"
  private static let labels = "serving.car-loan.labels"
  static let partitions: [String: Int32] = [predictions: 8, labels: 8]

  /// All predictions and then all labels, in the files' order, which is that of time. The id says the partition; the
  /// event time is the record's timestamp.
  static func messages() throws -> [Message] {
    var out: [Message] = []
    for (file, topic, time) in [
      ("predictions.jsonl.gz", predictions, "timestamp_ms"), ("labels.jsonl.gz", labels, "labelled_at_ms"),
    ] {
      for line in try lines(folder.appendingPathComponent(file)) {
        let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        let milliseconds = try #require(object[time] as? Int64 ?? (object[time] as? Int).map(Int64.init))
        var message = Message(topic, line, at: milliseconds)
        message.partition = Int32(text(object, "prediction_id").utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xffff } % 8)
        out.append(message)
      }
    }
    try #require(out.count == 50_000 + 49_214)
    return out
  }

  /// Drift and performance lines but for `final`, by what names them.
  private static func results(_ lines: [[String: Any]]) -> [String: NSDictionary] {
    var out: [String: NSDictionary] = [:]
    for var line in lines where ["drift", "performance"].contains(text(line, "type")) {
      line["final"] = nil
      out[key(line)] = NSDictionary(dictionary: line)
    }
    return out
  }

  /// What of the service's lines is not as the files' pipeline has it.
  static func differences(_ live: [[String: Any]], _ files: [[String: Any]]) -> [String] {
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
        lines.filter { text($0, "type") == type && $0["final"] as? Bool == true }
          .map { text($0, "window") + text($0, "end") })
    }
    let drift = finals(live, "drift").intersection(finals(files, "drift"))
    let performance = finals(live, "performance").intersection(finals(files, "performance"))
    hold(drift.count > 300, "\(drift.count) windows are final")
    hold(performance.count > 100, "\(performance.count) windows are mature")
    func verdicts(_ lines: [[String: Any]]) -> [String: NSDictionary] {
      Dictionary(
        uniqueKeysWithValues: lines.filter { line in
          guard text(line, "type") == "verdict" else { return false }
          let window = text(line, "window") + text(line, "end")
          return (text(line, "subject") == "performance" ? performance : drift).contains(window)
        }.map { (key($0), NSDictionary(dictionary: $0)) })
    }
    let mine = verdicts(live)
    hold(mine.count > 2000, "\(mine.count) verdicts")
    hold(mine == verdicts(files), "verdicts differ")
    // Incident transitions whose window is final in both.
    func incidents(_ lines: [[String: Any]]) -> [NSDictionary] {
      lines.filter { line in
        guard text(line, "type") == "incident" else { return false }
        let windows = ["data", "drift"].contains(text(line, "reason")) ? drift : performance
        return ["1d", "30d"].contains { windows.contains($0 + text(line, "at")) }
      }.map { NSDictionary(dictionary: $0) }
    }
    hold(incidents(live).count > 5, "\(incidents(live).count) transitions")
    hold(incidents(live) == incidents(files), "transitions differ")
    return out
  }
}
