import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Random damage to predictions and labels. Whatever is left of a message, it counts as the same JSON does when somebody
/// else has written it: with other spaces, and escapes where none are needed.
@Suite struct MessageMutationTests {
  private static let pieces = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "0", "-", ".", "e9", "null", "true", "\\u0031", "\\ud83d\\ude00", " ",
    "\"time\":1,", "\"output\":", "\"id\":", "\"value\":0,", "\"amount\":\"x\",", "1e999", "18446744073709551615",
    "1.0",
    "é", "\u{0}",
  ]

  /// What came of a partition of each topic.
  private struct Outcome: Equatable {
    var events: EventCounts?
    var joins: JoinCounts?
    var rejected: [String]
    var panes: [String]
  }

  @Test(arguments: ModelTask.allCases)
  func aMessageCountsAsTheSameMessageWrittenOtherwise(_ task: ModelTask) throws {
    let seed = Mutation.seed(0x3e55_0000)
    var random = SeededGenerator(seed: seed)
    let plan = try SampleMonitor.plan(try SampleMonitor.monitor(task))
    var (sent, taken, rejected) = (0, 0, 0)
    for round in 0..<max(1, Mutation.rounds(6000) / 300) {
      let predictions = (0..<50).map { Self.message(task, $0, isLabel: false, &random) }
      let labels = (0..<50).map { Self.message(task, $0, isLabel: true, &random) }
      func other(_ message: LoggedMessage) -> LoggedMessage {
        var other = message
        if let value = message.value, let json = SlowJSON(value) { other.value = Self.written(json, &random) }
        return other
      }
      let otherwise = (predictions.map(other), labels.map(other))
      let (one, two) = (
        try Self.outcome(plan, predictions, labels), try Self.outcome(plan, otherwise.0, otherwise.1)
      )
      if one != two {
        let culprit = try Self.culprit(plan, predictions, otherwise.0)
        Issue.record("seed \(seed), round \(round): \(culprit)")
      }
      let events = try #require(one.events)
      let all = events.accepted + events.late + events.labels + events.invalid + events.quarantined
      #expect(all == 100, "seed \(seed), round \(round): \(events)")
      // Whether a message is JSON is not ours alone to say. Some that are not have a name of their own, by their first
      // bytes.
      let broken = (predictions + labels).count { $0.value.map { SlowJSON($0) == nil } ?? false }
      let refused = one.rejected.count { text in
        ["empty", "truncated", "not_json", "bad_utf8", "avro", "registry_json"].contains { text.hasSuffix(" \($0)") }
      }
      #expect(refused == broken, "seed \(seed), round \(round)")
      sent += 100
      taken += Int(events.accepted + events.labels)
      rejected += one.rejected.count
    }
    #expect(taken > sent / 5 && rejected > sent / 5, "\(taken) of \(sent): damage that never or always shows")
  }

  /// Damage to messages of many rows: whatever is left of one, every row of it is counted once, or the message is.
  @Test func everyRowOfADamagedMessageIsCountedOnce() throws {
    let seed = Mutation.seed(0x3e55_1000)
    var random = SeededGenerator(seed: seed)
    var monitor = try SampleMonitor.monitor(.binary)
    try SampleMonitor.takeRows("rows", &monitor)
    let plan = try SampleMonitor.plan(monitor)
    let extractor = JSONExtractor(
      ExtractionPlan(fields: [], rows: monitor.predictions.rows), limits: DecodeLimits())
    var (rows, taken, refused) = (0, 0, 0)
    for round in 0..<max(1, Mutation.rounds(6000) / 300) {
      let messages = (0..<50).map { i in
        let events = (0..<Int.random(in: 0...4, using: &random)).map { row in
          PredictionEvent(id: "\"p\(i)-\(row)\"", time: World.start + .seconds(Int64(i)), output: "0.5").json
        }
        var bytes = Array("{\"rows\":[\(events.joined(separator: ","))]}".utf8)
        for _ in 0..<Int.random(in: 0...3, using: &random) {
          Mutation.damage(&bytes, with: Self.pieces + ["\"rows\":[],", "[[1,2]],", "{},"], using: &random)
        }
        return LoggedMessage(value: bytes, recordTime: World.start)
      }
      var expected = 0
      for message in messages {
        let count = (message.value ?? []).withUnsafeBytes { try? extractor.extract($0) }
        expected += count ?? 1
        if count == nil { refused += 1 }
      }
      let events = try #require(try Self.outcome(plan, messages, []).events)
      let all = events.accepted + events.late + events.invalid + events.quarantined
      #expect(all == Int64(expected), "seed \(seed), round \(round): \(events)")
      rows += expected
      taken += Int(events.accepted)
    }
    #expect(
      taken > rows / 5 && refused > 20, "\(taken) of \(rows), \(refused) refused: damage that never or always shows")
  }

  private static func message(
    _ task: ModelTask, _ i: Int, isLabel: Bool, _ random: inout SeededGenerator
  ) -> LoggedMessage {
    let time = World.start + .seconds(Int64(i))
    let category = "\"\(SampleMonitor.classes[i % 3])\""
    var message =
      isLabel
      ? LabelEvent(id: "\"p\(i)\"", time: time + .minutes(1), value: task == .multiclass ? category : "\(i % 2)")
        .message(recordTime: time)
      : PredictionEvent(
        id: "\"p\(i)\"", time: time, version: "\"v\(i % 3)\"", output: task == .multiclass ? category : "0.\(i % 9)",
        amount: "\(i)", country: i % 5 == 0 ? "7.0" : "\"F\\u0052\"", channel: i % 2 == 0 ? "\"web\"" : "true",
        shop: "\(i % 4)", probabilities: task == .multiclass ? "{\"cat\":0.25,\"dog\":1}" : nil
      ).message(recordTime: time)
    if Int.random(in: 0..<20, using: &random) == 0 { message.key = Array("p\(i)".utf8) }
    if message.key != nil, Bool.random(using: &random) { message.value = nil }
    if var bytes = message.value {
      for _ in 0..<Int.random(in: 0...3, using: &random) { Mutation.damage(&bytes, with: pieces, using: &random) }
      message.value = bytes
    }
    return message
  }

  private static func outcome(
    _ plan: MonitorPlan, _ predictions: [LoggedMessage], _ labels: [LoggedMessage]
  ) throws -> Outcome {
    let logs = [
      MessageLog(topic: "predictions", role: .predictions, partitions: [predictions]),
      MessageLog(topic: "labels", role: .labels, partitions: [labels]),
    ]
    let ledger = InMemoryLedger()
    try SimulatedInstance.prepare(ledger, plans: [plan], logs: logs)
    let instance = try SimulatedInstance("a", plans: [plan], logs: logs, ledger: ledger)
    try instance.claimAll()
    instance.readAll()
    let report = try instance.flush()
    var panes: [String] = []
    try ledger.read { reader in
      try reader.panes(
        .drift, monitor: plan.monitor.name, generation: plan.generation, in: .distantPast..<EventTime.distantFuture
      ) { panes.append("\($0) \($1) \($2)") }
    }
    return Outcome(
      events: report.events[plan.monitor.name], joins: report.joins[plan.monitor.name],
      rejected: report.quarantined.map { "\($0.topic) \($0.offset) \($0.code)" }, panes: panes)
  }

  /// The first prediction that alone makes a difference.
  private static func culprit(
    _ plan: MonitorPlan, _ some: [LoggedMessage], _ others: [LoggedMessage]
  ) throws -> String {
    for (one, two) in zip(some, others) {
      let (a, b) = (try outcome(plan, [one], []), try outcome(plan, [two], []))
      if a != b { return "\(text(one)) and \(text(two)): \(a) and \(b)" }
    }
    return "no prediction by itself"
  }

  private static func text(_ message: LoggedMessage) -> String { String(decoding: message.value ?? [], as: UTF8.self) }

  // MARK: The same in other words

  private static func written(_ json: SlowJSON, _ random: inout SeededGenerator) -> [UInt8] {
    var out: [UInt8] = []
    write(json, &out, &random)
    return out
  }

  private static func write(_ json: SlowJSON, _ out: inout [UInt8], _ random: inout SeededGenerator) {
    func space() { out.append(contentsOf: ["", "", " ", "\t\n", "\r"].randomElement(using: &random)?.utf8 ?? "".utf8) }
    space()
    switch json {
    case .null: out.append(contentsOf: "null".utf8)
    case .bool(let value): out.append(contentsOf: "\(value)".utf8)
    case .number(let text): out.append(contentsOf: text.utf8)
    case .string(let bytes): write(bytes, &out, &random)
    case .array(let elements):
      out.append(UInt8(ascii: "["))
      for (i, element) in elements.enumerated() {
        if i > 0 { out.append(UInt8(ascii: ",")) }
        write(element, &out, &random)
      }
      out.append(UInt8(ascii: "]"))
    case .object(let members):
      out.append(UInt8(ascii: "{"))
      for (i, member) in members.enumerated() {
        if i > 0 { out.append(UInt8(ascii: ",")) }
        space()
        write(member.key, &out, &random)
        space()
        out.append(UInt8(ascii: ":"))
        write(member.value, &out, &random)
      }
      space()
      out.append(UInt8(ascii: "}"))
    }
    space()
  }

  private static func write(_ text: [UInt8], _ out: inout [UInt8], _ random: inout SeededGenerator) {
    out.append(UInt8(ascii: "\""))
    for byte in text {
      if byte < 0x20 || byte == 0x22 || byte == 0x5C || (byte < 0x80 && Int.random(in: 0..<4, using: &random) == 0) {
        let digits = String(byte, radix: 16, uppercase: Bool.random(using: &random))
        out.append(contentsOf: ("\\u00" + (byte < 16 ? "0" : "") + digits).utf8)
      } else {
        out.append(byte)
      }
    }
    out.append(UInt8(ascii: "\""))
  }
}
