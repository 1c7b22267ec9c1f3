import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Fields that are of the Kafka record around a message, and numbers in text.
@Suite struct RecordFieldTests {
  private static let time: Int64 = 1_772_323_200_000

  private static func take(
    _ monitor: Monitor, _ messages: [String], key: String? = "k", recordTime: Int64? = time,
    headers: [(String, [UInt8]?)] = []
  ) throws -> (counts: EventCounts, slices: [String], unseen: [String], watermark: EventTime, lookups: Int) {
    let plan = try SampleMonitor.plan(monitor)
    let intake = Intake(plans: [(plan, .distantPast)], writer: "w")
    intake.open(
      PartitionRecord(
        key: PartitionKey(monitor: "m", topic: "predictions", partition: 0), role: .predictions, epoch: 1, owner: "w",
        nextOffset: 0, watermark: .distantPast))
    let slot = try #require(intake.slot(TopicPartition("predictions", 0)))
    let table = HeadersInMemory(headers)
    for (offset, text) in messages.enumerated() {
      Array(text.utf8).withUnsafeBytes { value in
        Array((key ?? "").utf8).withUnsafeBytes { bytes in
          intake.take(
            SourceMessage(
              offset: Int64(offset), recordTime: recordTime.map(EventTime.init(milliseconds:)),
              key: key == nil ? nil : bytes, value: value, headers: table.ofRecord), from: slot)
        }
      }
    }
    intake.forEachMonitor { $0.drainRows() }
    let lane = intake.lanes[0].monitors[0]
    let partition = lane.partitions[0]
    return (
      partition.counts, lane.sliceNames.sorted(), intake.sightings(of: "m")?.unseen.map(\.path) ?? [],
      partition.watermark, table.lookups
    )
  }

  private static func message(_ more: String = "") -> String {
    "{\"id\":\"a\",\"time\":\(time),\"version\":\"body\",\"output\":0.5,\"amount\":12,\"country\":\"DE\"\(more)}"
  }

  @Test(arguments: [
    ("key", FieldPath.RecordField.key, "key"), ("kafka.timestamp", .timestamp, "kafka.timestamp"),
    ("header.model-version", .header("model-version"), "header.model-version"),
    ("header.\"a.b\"", .header("a.b"), "header.\"a.b\""),
  ]) func pathsOfTheRecord(_ text: String, _ field: FieldPath.RecordField, _ shown: String) throws {
    for hasRows in [false, true] {
      let path = try FieldPath(text, hasRows: hasRows)
      #expect(path.recordField == field)
      #expect(path.description == shown)
      #expect(!path.isOfRow)
    }
  }

  /// What is in quotes, or longer, is of the message.
  @Test(arguments: ["\"key\"", "\"header\".model", "\"kafka\".timestamp", "key.x", "kafka.offset", "header", "a.key"])
  func pathsOfTheMessage(_ text: String) throws {
    for hasRows in [false, true] {
      let path = try FieldPath(text, hasRows: hasRows)
      #expect(path.recordField == nil)
      #expect(path.description == text)
      #expect(try FieldPath(path.description, hasRows: hasRows) == path)
    }
    // A feature without a path is found by its name.
    #expect(try FieldPath(key: "key").recordField == nil)
  }

  @Test(arguments: ["header.a.b", "header.a[1]"]) func aHeaderIsOneKey(_ text: String) {
    let failure = #expect(throws: FieldPathFailure.self) { try FieldPath(text) }
    #expect(
      failure?.problem
        == "is of the record's header, whose name is one key; put it in quotes, as header.\"a.b\", or quote \"header\" where messages have such a key"
    )
  }

  @Test(arguments: [false, true]) func headersKeyAndTimestampAreFields(_ hasRows: Bool) throws {
    var monitor = try SampleMonitor.monitor(.binary)
    if hasRows { try SampleMonitor.takeRows("in", &monitor) }
    monitor.predictions.id = [try FieldPath("key")]
    monitor.predictions.time = try FieldPath("kafka.timestamp")
    monitor.predictions.version = try FieldPath("header.model-version")
    monitor.segments = [
      Segment(name: "region", field: try FieldPath("header.region")),
      Segment(name: "broken", field: try FieldPath("header.broken")),
      Segment(name: "none", field: try FieldPath("header.none")),
    ]
    // A header has no types: text is a number.
    monitor.features[0].field = try FieldPath("header.amount")
    let message = hasRows ? "{\"in\":[\(Self.message()),\(Self.message())]}" : Self.message()
    let taken = try Self.take(
      monitor, [message],
      headers: [
        ("model-version", Array("v0".utf8)), ("region", Array("eu".utf8)), ("model-version", Array("v1".utf8)),
        ("broken", [0xFF]), ("none", nil), ("amount", Array("1.5".utf8)),
      ])
    #expect(taken.counts.accepted == (hasRows ? 2 : 1))
    #expect(taken.counts.rejected.isEmpty)
    #expect(taken.counts.unjoinable == 0)
    #expect(taken.watermark == EventTime(milliseconds: Self.time))
    // The last of a name counts, and what is no UTF-8 makes no slice.
    #expect(taken.slices == ["all", "region=eu", "version=v1"])
    #expect(taken.unseen == ["header.broken", "header.none"])
    #expect(taken.lookups == 5)
  }

  @Test func nothingIsLookedUpThatNoMonitorAsksFor() throws {
    let taken = try Self.take(
      try SampleMonitor.monitor(.binary), [Self.message()], headers: [("model-version", Array("v1".utf8))])
    #expect(taken.counts.accepted == 1)
    #expect(taken.lookups == 0)
  }

  @Test func aRecordWithoutATimestamp() throws {
    var monitor = try SampleMonitor.monitor(.binary)
    monitor.predictions.time = try FieldPath("kafka.timestamp")
    let taken = try Self.take(monitor, [Self.message()], key: nil, recordTime: nil)
    #expect(taken.counts.rejected == ["bad_time": 1])
  }

  // MARK: Numbers in text

  private static let textual =
    "{\"id\":\"a\",\"time\":\"\(time)\",\"output\":\"0.5\",\"amount\":\"12.5\",\"country\":\"DE\"}"

  @Test func textIsANumberWhereTheMonitorIsLenient() throws {
    var monitor = try SampleMonitor.monitor(.binary)
    #expect(try Self.take(monitor, [Self.textual]).counts.rejected == ["bad_time": 1])
    monitor.predictions.isLenient = true
    let taken = try Self.take(monitor, [Self.textual])
    #expect(taken.counts.accepted == 1)
    #expect(taken.counts.unjoinable == 0)
    let strict = try SampleMonitor.monitor(.binary)
    #expect(try SampleMonitor.plan(strict).definition != SampleMonitor.plan(monitor).definition)
  }

  /// The same rows, written as numbers and as text, are the same panes and the same halves of joins.
  @Test func theSameRowsInTextCountTheSame() throws {
    let seed = Mutation.seed(0x2045_2000)
    var random = SeededGenerator(seed: seed)
    let numbers = (0..<200).map { _ in
      [Double.random(in: -2000...2000, using: &random), Double.random(in: 0...1, using: &random)]
        .map { Bool.random(using: &random) ? "\($0)" : "\(Int($0))" }
    }
    func panes(_ quote: String, lenient: Bool) throws -> [String] {
      var monitor = try SampleMonitor.monitor(.binary)
      monitor.predictions.isLenient = lenient
      let plan = try SampleMonitor.plan(monitor)
      let messages = numbers.enumerated().map { i, row in
        LoggedMessage(
          "{\"id\":\"\(i)\",\"time\":\(quote)\(Self.time + Int64(i))\(quote),\"amount\":\(quote)\(row[0])\(quote),"
            + "\"output\":\(quote)\(row[1])\(quote),\"country\":\"DE\"}")
      }
      let logs = [MessageLog(topic: "predictions", role: .predictions, partitions: [messages])]
      let ledger = InMemoryLedger()
      try SimulatedInstance.prepare(ledger, plans: [plan], logs: logs)
      let instance = try SimulatedInstance("a", plans: [plan], logs: logs, ledger: ledger)
      try instance.claimAll()
      instance.readAll()
      #expect(try instance.flush().events["m"]?.accepted == 200, "seed \(seed)")
      var panes: [String] = []
      try ledger.read { reader in
        try reader.panes(
          .drift, monitor: "m", generation: plan.generation, in: .distantPast..<EventTime.distantFuture
        ) { panes.append("\($0) \($1) \($2)") }
      }
      return panes
    }
    let expected = try panes("", lenient: false)
    #expect(try panes("\"", lenient: true) == expected, "seed \(seed)")
    #expect(try panes("", lenient: true) == expected, "seed \(seed)")
    #expect(!expected.isEmpty)
  }

  @Test(arguments: [
    ("12", 12.0), ("-0.5", -0.5), ("+1e3", 1000), (".5", 0.5), ("5.", 5), ("007", 7), ("1e-999", 0), ("1e999", nil),
    ("", nil), ("-", nil), ("+-1", nil), ("++1", nil), ("1,5", nil), (" 1", nil), ("1 ", nil), ("nan", nil),
    ("inf", nil), ("0x10", nil), ("1e", nil), ("1.2.3", nil), ("e5", nil),
    ("2.2250738585072014e-308", 2.2250738585072014e-308),
    ("9007199254740993", 9_007_199_254_740_992),
  ]) func decimalText(_ text: String, _ number: Double?) {
    #expect(Array(text.utf8).withUnsafeBytes { FieldValue.number(fromText: $0) } == number)
  }

  @Test func textIsReadAsSwiftReadsIt() {
    let seed = Mutation.seed(0x2045_2001)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<Mutation.rounds(5000) {
      let number = Double(bitPattern: .random(in: 0 ... .max, using: &random))
      guard number.isFinite else { continue }
      let text = "\(number)"
      #expect(Array(text.utf8).withUnsafeBytes { FieldValue.number(fromText: $0) } == number, "seed \(seed): \(text)")
    }
    #expect(
      Array(String(repeating: "1", count: 65).utf8).withUnsafeBytes { FieldValue.number(fromText: $0) } == nil)
  }

  @Test func labelsInTextCountWhereTheyAreLenient() throws {
    func decode(_ lenient: Bool, _ text: String) throws -> String {
      var stream = try #require(try SampleMonitor.monitor(.regression).labels)
      stream.isLenient = lenient
      let decoder = LabelDecoder<JSONExtractor>(stream: stream, task: .regression, limits: DecodeLimits())
      return Array(text.utf8).withUnsafeBytes { bytes in
        do throws(MessageRejection) {
          _ = try decoder.parse(bytes, of: SourceMessage(offset: 0, recordTime: nil, key: nil, value: bytes))
          guard case .label(_, let label) = try decoder.label() else { return "passed over" }
          return "\(label.value.map { "\($0)" } ?? "null") \(String(decoding: label.canonical, as: UTF8.self))"
        } catch { return error.code }
      }
    }
    let text = "{\"id\":\"a\",\"time\":\"\(Self.time)\",\"value\":\"12.50\"}"
    let number = "{\"id\":\"a\",\"time\":\(Self.time),\"value\":12.5}"
    #expect(try decode(false, text) == "bad_time")
    #expect(try decode(true, text) == decode(true, number))
    #expect(try decode(true, number) == "number(12.5) 12.5")
    #expect(try decode(false, number) == "number(12.5) 12.5")
    #expect(try decode(true, text.replacing("12.50", with: "12,5")) == "bad_value")
  }
}
