import Foundation
import LeewaySource
import Testing

/// Replays whose results say nothing, or not what was meant: what is printed, and the exit code.
@Suite struct ReplayMistakesTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try Shop.prepare(in: folder)
    try folder.write((0..<300).map { Shop.prediction($0) }.joined(separator: "\n"), to: "p.jsonl")
  }

  /// Writes the lines to files and replays them.
  ///
  /// - Returns: standard error without its first two lines, which count messages and verdicts.
  private func replay(
    _ predictions: [String]? = nil, labels: [String]? = nil
  ) throws -> (code: Int32, counts: String, verdicts: String, findings: [String]) {
    var arguments = ["replay", "monitors/shop.yaml", "--predictions", "p.jsonl"]
    if let predictions { try folder.write(predictions.joined(separator: "\n"), to: "p.jsonl") }
    if let labels {
      try folder.write(labels.joined(separator: "\n"), to: "l.jsonl")
      arguments += ["--labels", "l.jsonl"]
    }
    let found = try LeewayProcess.run(arguments, in: folder.url)
    let lines = found.error.split(separator: "\n").map(String.init)
    return (found.code, lines.first ?? "", lines.dropFirst().first ?? "", Array(lines.dropFirst(2)))
  }

  // MARK: Nothing accepted

  @Test func secondsThatAreReadAsMilliseconds() throws {
    let found = try replay((0..<300).map { Shop.prediction($0, at: "\(Shop.time($0) / 1000)") })
    #expect(found.code == 1)
    #expect(
      found.findings.first
        == "leeway: p.jsonl:1: implausible_time: at is 1970-01-21T12:18:43.200Z in epoch_ms, which is before 1990. Did you mean epoch_s?"
    )
    #expect(
      found.findings.last
        == "leeway: no prediction was accepted: 300 implausible_time; fix the files, or what the monitor "
        + "says of them under predictions:")
  }

  @Test func anAvroFile() throws {
    try Data("Obj".utf8 + [1, 4, 20] + "avro.codec".utf8 + [8] + "null".utf8 + [10, 65, 66, 10]).write(
      to: folder.url.appendingPathComponent("p.jsonl"))
    let found = try replay()
    #expect(found.code == 1)
    #expect(
      found.findings.first
        == "leeway: p.jsonl:1: avro: this is an Avro file and not JSON; write its records as JSON, one a line")
    #expect(
      found.findings.last
        == "leeway: no prediction was accepted: 1 avro, 1 not_json; fix the files, or what the monitor "
        + "says of them under predictions:")
  }

  /// What fits can be made from is not what a replay reads.
  @Test(arguments: [
    (["id,at,score", "p1,2026-03-01T00:00:00Z,0.5"], "2 not_json"),
    (["[" + Shop.prediction(0) + ",", Shop.prediction(1) + "]"], "1 not_json, 1 truncated"),
  ])
  func filesThatAreNoLinesOfJSON(_ lines: [String], _ reasons: String) throws {
    let found = try replay(lines)
    #expect(found.code == 1)
    #expect(
      found.findings.last
        == "leeway: no prediction was accepted: \(reasons); --predictions takes JSON Lines, one object a line: no CSV, and no array around the objects"
    )
  }

  /// Labels that are refused for the same reason are not counted among predictions, nor shown instead of them.
  @Test func refusedPredictionsBesideRefusedLabels() throws {
    let found = try replay(
      (0..<300).map { Shop.prediction($0, at: "\(Shop.time($0) / 1000)") },
      labels: (0..<300).map { Shop.label($0, at: "\(Shop.time($0) / 1000)") })
    #expect(found.code == 1)
    #expect(found.findings.prefix(5).count { $0.hasPrefix("leeway: p.jsonl:") } == 3)
    #expect(found.findings.prefix(5).count { $0.hasPrefix("leeway: l.jsonl:") } == 2)
    #expect(
      found.findings.last
        == "leeway: no prediction was accepted: 300 implausible_time; fix the files, or what the monitor "
        + "says of them under predictions:")
  }

  @Test func anEmptyFile() throws {
    let found = try replay([])
    #expect(found.code == 1)
    #expect(
      found.findings == ["leeway: no prediction was accepted: the files of --predictions have no messages"])
  }

  // MARK: No label matched

  @Test func predictionsWithoutIDs() throws {
    let found = try replay((0..<300).map { Shop.prediction($0, id: "null") }, labels: (0..<300).map { Shop.label($0) })
    #expect(found.code == 1)
    #expect(
      found.counts.hasPrefix("leeway: 300 predictions accepted, 0 late, 0 duplicate, 300 unjoinable; 300 labels,"))
    #expect(
      found.findings == [
        "leeway: warning: no prediction has id, the field of id; leeway check --sample FILE MONITOR.yaml shows the fields that there are",
        "leeway: warning: 300 of 300 predictions can't be joined with labels: they have no id in id, or no valid score in score",
        "leeway: none of 300 labels matched a prediction: no prediction can be joined; fix predictions.fields.id, which is id, or predictions.fields.score",
      ])
  }

  @Test func labelsOfOtherIDs() throws {
    let found = try replay(labels: (0..<300).map { Shop.label($0, id: "\"x\($0)\"") })
    #expect(found.code == 1)
    #expect(
      found.findings == [
        "leeway: none of 300 labels matched a prediction: the ids in id are not those in id of the predictions; fix labels.fields.id or predictions.fields.id"
      ])
  }

  @Test func labelsBeyondTheHorizon() throws {
    let found = try replay(labels: (0..<300).map { Shop.label($0, at: "\(Shop.time($0) + 7_200_000)") })
    #expect(found.code == 1)
    #expect(
      found.findings == [
        "leeway: none of 300 labels matched a prediction: 300 came later than labels.horizon, 30m; raise it"
      ])
  }

  /// Who labels first says how long before, and is not taken for a wrong clock.
  @Test func labelsBeforeTheirPredictions() throws {
    // An hour and five minutes (skew and lateness) are the most.
    let labels = (0..<300).map { Shop.label($0, at: "\(Shop.time($0) - ($0 < 3 ? 3_900_001 : 3_900_000))") }
    let predictions = (0..<300).map { Shop.prediction($0) }
    let found = try replay(predictions, labels: labels)
    #expect(found.code == 0, "\(found)")
    #expect(found.counts.contains("300 labels, 297 matched, "), "\(found.counts)")
    let fix = "and 65m is the most; fix time_format or the producers' clocks, or set labels.label_before"
    for (line, label, prediction) in [
      (1, "2026-02-28T22:54:59.999Z", "2026-03-01T00:00:00.000Z"),
      (2, "2026-02-28T22:55:14.999Z", "2026-03-01T00:00:15.000Z"),
      (3, "2026-02-28T22:55:29.999Z", "2026-03-01T00:00:30.000Z"),
    ] {
      let said = found.findings[line - 1]
      let wanted: String =
        "leeway: l.jsonl:\(line): implausible: a label of \(label) is 3900001ms before its prediction of \(prediction), \(fix)"
      #expect(said == wanted)
    }
    #expect(
      found.findings.contains(
        "leeway: warning: 3 labels are more than 65m earlier than their prediction and count for nothing: check both "
          + "time_formats and clocks, or set labels.label_before"))
    // A shorter one takes nothing away.
    for (before, matched) in [("1h", 297), ("2h", 300)] {
      try folder.write(
        Shop.monitor.replacing("  horizon: 30m\n", with: "  horizon: 30m\n  label_before: \(before)\n"),
        to: "monitors/shop.yaml")
      let found = try replay(predictions, labels: labels)
      #expect("\(found)".contains("300 labels, \(matched) matched, "), "\(before): \(found)")
      let warning = "labels.label_before has no effect, since labels may always be lateness + skew, 65m, earlier"
      #expect("\(found)".contains(warning) == (before == "1h"))
      #expect(found.findings.contains { $0.contains("implausible") } == (matched < 300), "\(before): \(found.findings)")
    }
  }

  /// An id that many share: a user's, say.
  @Test func idsThatTellNothingApart() throws {
    let found = try replay((0..<300).map { Shop.prediction($0, id: "\"p\($0 / 10)\"") })
    #expect(
      found.findings.contains(
        "leeway: warning: 240 of 300 predictions have the id and version of an earlier one; performance counts one of each, drift "
          + "counts all: check that id tells predictions apart"), "\(found)")
  }

  @Test func labelsOfOneClass() throws {
    let labels = (0..<300).map { Shop.label($0, bought: "0") }
    let found = try replay((0..<300).map { Shop.prediction($0) }, labels: labels)
    #expect(
      found.findings.contains(
        "leeway: warning: all 300 labels are negative, so metrics that need both classes have no value"), "\(found)")
  }

  @Test func labelsInSeconds() throws {
    let found = try replay(labels: (0..<300).map { Shop.label($0, at: "\(Shop.time($0) / 1000)") })
    #expect(found.code == 1)
    #expect(
      found.findings.last
        == "leeway: none of 300 labels matched a prediction: they were refused; 300 implausible_time; fix the files, or what the "
        + "monitor says of them under labels:")
  }

  @Test func labelsOfOtherModels() throws {
    let text = try String(contentsOf: folder.url.appendingPathComponent("monitors/shop.yaml"), encoding: .utf8)
    try folder.write(
      text.replacing("  horizon: 30m\n", with: "  horizon: 30m\n  where: {kind: shop}\n"), to: "monitors/shop.yaml")
    let found = try replay(labels: (0..<300).map { Shop.label($0) })
    #expect(found.code == 1)
    #expect(
      found.findings == [
        "leeway: none of 300 labels matched a prediction: 300 were passed over as another model's, or are not in the sample; fix labels.where or labels.fields.value"
      ])
  }

  /// A null takes a label back and is no sign that the ids are right or wrong.
  @Test func labelsThatAreTextWithANull() throws {
    let labels = (0..<300).map { Shop.label($0, bought: $0 == 7 ? "null" : "\"yes\"") }
    let found = try replay(labels: labels)
    #expect(found.code == 1)
    #expect(
      found.findings.last
        == "leeway: none of 300 labels matched a prediction: most were refused; 299 bad_value; fix the files, or what the "
        + "monitor says of them under labels:")
  }

  /// Nobody means to give an empty file.
  @Test func anEmptyFileOfLabels() throws {
    let found = try replay(labels: [])
    #expect(found.code == 1)
    #expect(found.findings.last == "leeway: no label matched a prediction: the files of --labels have no messages")
  }

  /// One label that matches is enough.
  @Test func someLabelsMatch() throws {
    let found = try replay(labels: (0..<300).map { Shop.label($0, id: $0 == 7 ? nil : "\"x\($0)\"") })
    #expect(found.code == 0)
    #expect(
      found.findings == [
        "leeway: warning: 1 of 2 checks judged nothing; auc: no window's labels were due, which is at its end + horizon (30m) + lateness (5m) of labels' time"
      ])
  }

  // MARK: Warnings

  @Test func aFileThatIsNotSortedByTime() throws {
    let found = try replay((0..<20_000).reversed().map { Shop.prediction($0) })
    #expect(found.code == 0)
    #expect(
      found.findings.first == "leeway: warning: 19,979 of 20,000 predictions late: sort by at or raise lateness (5m)")
  }

  /// Labels of late predictions have nothing to match: their ids are right.
  @Test func labelsOfLatePredictions() throws {
    let found = try replay(
      (0..<3000).reversed().map { Shop.prediction($0) }, labels: (0..<300).map { Shop.label($0) })
    #expect(found.code == 1)
    #expect(
      found.findings == [
        "leeway: warning: 2,979 of 3,000 predictions late: sort by at or raise lateness (5m)",
        "leeway: none of 300 labels matched a prediction: of the predictions 2,979 were late, and those are not counted; see the warning above",
      ])
  }

  /// One wrong clock makes everything after it late, and sorting does not fix that.
  @Test(arguments: [100, 0]) func oneMessageFarAhead(_ line: Int) throws {
    var lines = (0..<3000).map { Shop.prediction($0) }
    lines[line] = Shop.prediction(line, at: "1893456000000")
    let found = try replay(lines)
    #expect(found.code == 0)
    #expect(
      found.findings.first
        == "leeway: warning: 2,\(line == 0 ? 999 : 899) of 3,000 predictions late: p.jsonl:\(line + 1) (id p\(line)) is of 2030-01-01T00:00:00.000Z, 1,401 days ahead of the others, and 2,\(line == 0 ? 999 : 899) after it are late because of it. Fix its time, or give --as-of the time of the newest that is right, which sets aside what is later"
    )
    let saved = try LeewayProcess.run(
      [
        "replay", "monitors/shop.yaml", "--predictions", "p.jsonl", "--as-of", "2026-03-02T00:00:00Z", "--out",
        "/dev/null",
      ],
      in: folder.url)
    #expect(saved.error.hasPrefix("leeway: 2999 predictions accepted, 0 late,"), "\(saved.error)")
  }

  /// Values that count in no distribution are named, the first of each field.
  @Test func valuesThatCannotBeUsed() throws {
    var lines = (0..<600).map { Shop.prediction($0) }
    lines[200] = Shop.prediction(200, score: "1.7")
    // Missing, which is no mistake.
    lines[250] = Shop.prediction(250, amount: "null")
    lines[300] = Shop.prediction(300, amount: "\"12,5\"")
    lines[301] = Shop.prediction(301, amount: "\"x\"")
    let found = try replay(lines)
    #expect(
      found.findings == [
        "leeway: warning: p.jsonl:201: score is 1.7, the first that cannot be used: it takes 0 to 1",
        "leeway: warning: p.jsonl:301: feature amount is \"12,5\", the first that cannot be used: it takes a number without quotes, or set lenient: true",
      ])
  }

  /// However many of one kind there are, every other kind is shown too.
  @Test func everyReasonHasAnExample() throws {
    var lines = (0..<3000).map { Shop.prediction($0, at: $0 < 2000 ? "12" : nil) }
    lines[2500] = "{\"a"
    let found = try replay(lines)
    #expect(found.findings.contains { $0.hasPrefix("leeway: p.jsonl:1: implausible_time: ") })
    #expect(found.findings.contains { $0.hasPrefix("leeway: p.jsonl:2501: truncated: ") }, "\(found.findings)")
  }

  @Test func nothingThatCouldBeJudged() throws {
    // Half an hour, then an hour of too few rows.
    for (count, why) in [
      (60, "no window of 1h closed, which is at its end + lateness (5m)"),
      (300, ""),
    ] {
      let found = try replay((0..<count).map { Shop.prediction($0) })
      #expect(found.code == 0)
      #expect(
        found.findings
          == (why.isEmpty
            ? [] : ["leeway: warning: nothing could be judged; drift: \(why); auc: it needs labels; give --labels"]))
    }
    let found = try replay((0..<300).map { Shop.prediction($0 * 4) })
    #expect(found.verdicts == "leeway: 8 verdicts: 8 insufficient_data; 0 incidents opened")
    #expect(
      found.findings == [
        "leeway: warning: nothing could be judged; drift: 8 × too few rows (the first: rows 60, needed 200); auc: it needs labels; give --labels"
      ])
  }

  /// A few late ones are of no interest.
  @Test func aFewLatePredictions() throws {
    var lines = (0..<300).map { Shop.prediction($0) }
    lines.append(Shop.prediction(3, id: "\"late\""))
    let found = try replay(lines)
    #expect(found.code == 0)
    #expect(found.counts.hasPrefix("leeway: 300 predictions accepted, 1 late,"))
    #expect(found.findings == [])
  }

  /// Fields in a nested object: everything is missing, in silence before this was said.
  @Test func fieldsThatNoPredictionHas() throws {
    let found = try replay(
      (0..<300).map {
        "{\"id\":\"p\($0)\",\"at\":\(Shop.time($0)),\"score\":\(Shop.score($0)),\"features\":{\"amount\":1,\"country\":\"DE\"}}"
      })
    #expect(found.code == 0)
    let hint = "; leeway check --sample FILE MONITOR.yaml shows the fields that there are"
    #expect(
      found.findings == [
        "leeway: warning: no prediction has amount, the field of feature amount\(hint)",
        "leeway: warning: no prediction has country, the field of feature country\(hint)",
        "leeway: warning: no prediction has model, the field of version\(hint)",
      ])
  }

  /// A field that begins late is missing in the windows before.
  @Test func aFieldThatTheFirstPredictionsLack() throws {
    let lines = (0..<2400).map { i in
      i < 1300 ? Shop.prediction(i).replacing(",\"country\":\"\(Shop.country(i))\"", with: "") : Shop.prediction(i)
    }
    #expect(!lines[0].contains("country") && lines[1300].contains("country"))
    let found = try replay(lines)
    #expect(found.code == 0)
    #expect(
      found.findings == [
        "leeway: warning: none of the first 1,000 predictions has country, the field of feature country; later ones do"
      ])
  }

  // MARK: The service

  @Test func theServiceTellsOfFieldsThatNoPredictionHas() throws {
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    let service = try RunningService(in: folder.url)
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    func message(_ i: Int, _ country: String?) -> Message {
      Message(Shop.predictions, Shop.prediction(i, country: country ?? "null", model: "null"), at: Shop.time(i))
    }
    try broker.produce((0..<999).map { message($0, nil) })
    try service.awaitOffsets([Shop.predictions: 999])
    #expect(try service.counts("leeway_field_unseen").isEmpty)
    try broker.produce([message(999, nil)])
    try service.expectCounts("leeway_field_unseen", ["country": 1, "model": 1])
    try broker.produce([message(1000, "\"DE\"")])
    try service.expectCounts("leeway_field_unseen", ["model": 1])
    #expect(try service.metrics()["leeway_field_unseen{monitor=\"shop\",field=\"country\"}"] == 0)
    service.stop()
    let log = service.process.standardError.split(separator: "\n").filter { $0.contains("no prediction has") }
    #expect(log.count == 2)
    #expect(
      log.first?.contains(
        "monitor shop: no prediction has country, the field of feature country; leeway check --sample FILE MONITOR.yaml shows the fields that there are"
      ) == true)
  }

  // MARK: Inputs

  private static let input =
    #"{"monitor":"shop","group":"drift","number":1,"kind":"resolve","at":"2026-01-01T00:00:00Z","wall":"2026-01-01T00:00:00Z","input":{"because":"gone"}}"#

  /// Replays with a file of inputs.
  private func replay(inputs: String?) throws -> (code: Int32, last: String?) {
    if let inputs { try folder.write(inputs, to: "in.jsonl") }
    let found = try LeewayProcess.run(
      ["replay", "monitors/shop.yaml", "--predictions", "p.jsonl", "--inputs", "in.jsonl"], in: folder.url)
    return (found.code, found.error.split(separator: "\n").last.map(String.init))
  }

  @Test func inputsThatCannotBeRead() throws {
    for (text, message) in [
      (nil, "in.jsonl: the file of inputs does not exist; check the path"),
      ("{\"monitor\":\n", "in.jsonl:1: the document ends in the middle of its JSON; write it again, whole"),
      (
        Self.input + "\n" + Self.input.replacing("shop", with: "fraud"),
        "in.jsonl:2: is of the monitor fraud, not of shop; ask for /api/v1/inputs?monitor=shop"
      ),
      (
        Self.input.replacing("resolve", with: "dance"),
        "in.jsonl:1: kind: expected one of accept, acknowledge, approve, assign, candidate, comment, hand_on, overdue, policy, reject, remind, resolve, resolve_by_hand, retrain_result, undo_accept"
      ),
      (
        Self.input.replacing("2026-01-01T00:00:00Z", with: "soon"),
        "in.jsonl:1: at: expected a time such as 2026-03-01T00:00:00Z, found \"soon\""
      ),
    ] as [(String?, String)] {
      let found = try replay(inputs: text)
      #expect(found.code == 1 && found.last == "leeway: \(message)")
    }
  }

  @Test func inputsOfALaterTimeAreToldOf() throws {
    let found = try replay(inputs: Self.input.replacing("\"number\":1", with: "\"number\":99"))
    #expect(found.code == 0)
    #expect(
      found.last
        == "leeway: 1 of the inputs came after more verdicts than these files give; replay all messages since the service's log began"
    )
  }
}
