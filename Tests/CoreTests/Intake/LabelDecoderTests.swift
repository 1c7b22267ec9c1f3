import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct LabelDecoderTests {
  private static func stream(_ change: (inout LabelStream) throws -> Void = { _ in }) throws -> LabelStream {
    var stream = LabelStream(
      topic: "labels", id: [try FieldPath("id")], time: try FieldPath("at"), timeFormat: .epochSeconds,
      value: try FieldPath("y"), horizon: .hours(1))
    try change(&stream)
    return stream
  }

  /// `ID value@seconds`, `passed over@seconds`, or the code of the rejection.
  private static func decode(
    _ stream: LabelStream, _ json: String?, as task: ModelTask = .binary, key: String? = nil, at seconds: Int64 = 9
  ) -> String {
    let decoder = LabelDecoder<JSONExtractor>(stream: stream, task: task, limits: DecodeLimits())
    func show(_ decoded: DecodedLabel) -> String {
      switch decoded {
      case .passedOver(let time):
        return "passed over@\(time == .distantPast ? "-" : "\(time.milliseconds / 1000 - 1_700_000_000)")"
      case .label(let id, let label):
        let value =
          switch label.value {
          case nil: "null"
          case .number(let x): "\(x)"
          case .category(let name): name
          }
        return "\(String(decoding: id, as: UTF8.self)) \(value)@\(label.time.milliseconds / 1000 - 1_700_000_000)"
      }
    }
    do {
      if let json {
        return show(
          try Array(json.utf8).withUnsafeBytes { bytes in
            _ = try decoder.parse(bytes, of: SourceMessage(offset: 0, recordTime: nil, key: nil, value: bytes))
            return try decoder.label()
          })
      }
      let bytes = key.map { Array($0.utf8) } ?? []
      return try bytes.withUnsafeBytes { bytes in
        show(
          try decoder.label(
            ofTombstone: SourceMessage(
              offset: 0, recordTime: EventTime(milliseconds: (1_700_000_000 + seconds) * 1000),
              key: key == nil ? nil : bytes, value: nil)
          ))
      }
    } catch { return (error as? MessageRejection)?.code ?? "\(error)" }
  }

  @Test func anIDOfSeveralFieldsKeepsItsPartsApart() throws {
    let stream = try Self.stream { $0.id = [try FieldPath("customer"), try FieldPath("order.number")] }
    func label(_ customer: String, _ order: String) -> String {
      Self.decode(stream, #"{"customer":\#(customer),"order":{"number":\#(order)},"at":1700000005,"y":1}"#)
    }
    #expect(label(#""a""#, #""bc""#) == #"["a","bc"] 1.0@5"#)
    #expect(label(#""ab""#, #""c""#) == #"["ab","c"] 1.0@5"#)
    // Numbers by their shortest text, as everywhere.
    #expect(label("7.0", "12") == #"["7","12"] 1.0@5"#)
    #expect(label(#""""#, #""x""#) == #"["","x"] 1.0@5"#)
    #expect(label("null", "12") == "no_id")
    #expect(label(#""a""#, "[1]") == "no_id")
    #expect(label("\"\(String(repeating: "a", count: 600))\"", "\"\(String(repeating: "b", count: 600))\"") == "no_id")
    #expect(Self.decode(stream, #"{"customer":"a","at":1700000005,"y":1}"#) == "no_id")
  }

  @Test func predictionsAndLabelsHaveTheSameID() throws {
    var monitor = try SampleMonitor.monitor(.binary)
    monitor.predictions.id = [try FieldPath("country"), try FieldPath("id")]
    monitor.labels?.id = [try FieldPath("land"), try FieldPath("id")]
    let plan = try SampleMonitor.plan(monitor)
    let predictions = PredictionDecoder<JSONExtractor>(plan: plan, limits: DecodeLimits())
    let event = PredictionEvent(id: "17.0", time: World.start, output: "0.5", country: "\"D\\u0045\"")
    let mine = try Array(event.json.utf8).withUnsafeBytes { bytes in
      _ = try predictions.parse(bytes, of: SourceMessage(offset: 0, recordTime: nil, key: nil, value: bytes))
      return predictions.joinID()
    }
    let labels = LabelDecoder<JSONExtractor>(
      stream: try #require(monitor.labels), task: .binary, limits: DecodeLimits())
    let decoded = try Array(#"{"id":17,"time":1700000000000,"value":0,"land":"DE"}"#.utf8).withUnsafeBytes { bytes in
      _ = try labels.parse(bytes, of: SourceMessage(offset: 0, recordTime: nil, key: nil, value: bytes))
      return try labels.label()
    }
    guard case .label(let id, _) = decoded else {
      Issue.record("no label")
      return
    }
    #expect(id == mine)
    #expect(id == Array(#"["DE","17"]"#.utf8))
  }

  @Test func aTombstoneIsKeyedByTheIDOrByItsParts() throws {
    let one = try Self.stream()
    #expect(Self.decode(one, nil, key: "a 1") == "a 1 null@9")
    #expect(Self.decode(one, nil) == "tombstone")
    // In the form that ids have everywhere.
    #expect(Self.decode(one, #"{"id":17.0,"at":1700000005,"y":1}"#) == "17 1.0@5")
    #expect(Self.decode(one, nil, key: "17.0") == "17 null@9")
    #expect(Self.decode(one, nil, key: String(repeating: "k", count: 1025)) == "tombstone")
    let several = try Self.stream { $0.id = [try FieldPath("customer"), try FieldPath("order")] }
    #expect(Self.decode(several, nil, key: #"{"order":3,"customer":"a"}"#) == #"["a","3"] null@9"#)
    #expect(Self.decode(several, nil, key: #"{"order":3}"#) == "tombstone")
    // The limit is of the id, not of the JSON around it.
    let spaces = String(repeating: " ", count: 2000)
    #expect(Self.decode(several, nil, key: #"{"order":3,\#(spaces)"customer":"a"}"#) == #"["a","3"] null@9"#)
    #expect(Self.decode(several, nil, key: "a-3") == "tombstone")
  }

  @Test func oneTopicCarriesOutcomesOfSeveralModels() throws {
    // By a field that says which.
    let named = try Self.stream {
      $0.conditions = [.init(field: try FieldPath("model"), values: ["fraud", "2"])]
    }
    #expect(Self.decode(named, #"{"model":"fraud","id":"a","at":1700000005,"y":1}"#) == "a 1.0@5")
    #expect(Self.decode(named, #"{"model":2.0,"id":"a","at":1700000005,"y":0}"#) == "a 0.0@5")
    #expect(Self.decode(named, #"{"model":"churn","id":"a","at":1700000005,"y":"gone"}"#) == "passed over@5")
    // Another model's messages need not look like ours, and ours must.
    #expect(Self.decode(named, #"{"model":"churn"}"#) == "passed over@-")
    #expect(Self.decode(named, #"{"id":"a","at":1700000005,"y":1}"#) == "passed over@5")
    #expect(Self.decode(named, #"{"model":"fraud","id":"a","at":1700000005,"y":"gone"}"#) == "bad_value")
    #expect(Self.decode(named, #"{"model":"fraud","id":"a","at":1700000005}"#) == "no_value")
    // By a value of its own in each message.
    let shared = try Self.stream {
      $0.value = try FieldPath("outcomes.fraud")
      $0.isShared = true
    }
    #expect(Self.decode(shared, #"{"id":"a","at":1700000005,"outcomes":{"fraud":1,"churn":0}}"#) == "a 1.0@5")
    #expect(Self.decode(shared, #"{"id":"a","at":1700000005,"outcomes":{"fraud":null}}"#) == "a null@5")
    #expect(Self.decode(shared, #"{"id":"a","at":1700000005,"outcomes":{"churn":0}}"#) == "passed over@5")
    #expect(Self.decode(try Self.stream(), #"{"id":"a","at":1700000005}"#) == "no_value")
  }

  @Test func labelsNameClassesByTextAndTargetsByNumber() throws {
    let stream = try Self.stream()
    func value(_ task: ModelTask, _ json: String, positive: String? = nil) -> String {
      var stream = stream
      stream.positive = positive
      return Self.decode(stream, #"{"id":"a","at":1700000005,"y":\#(json)}"#, as: task)
    }
    #expect(value(.multiclass, #""cat""#) == "a cat@5")
    #expect(value(.multiclass, "3.0") == "a 3@5")
    #expect(value(.multiclass, "true") == "a true@5")
    #expect(value(.multiclass, "[1]") == "bad_value")
    #expect(value(.regression, "-12.25") == "a -12.25@5")
    #expect(value(.regression, "18446744073709551615") == "a 1.8446744073709552e+19@5")
    #expect(value(.regression, #""12""#) == "bad_value")
    #expect(value(.regression, "1e999") == "bad_value")
    #expect(value(.binary, #""chargeback""#, positive: "chargeback") == "a 1.0@5")
    #expect(value(.binary, #""fine""#, positive: "chargeback") == "a 0.0@5")
    #expect(value(.binary, #""fine""#) == "bad_value")
    #expect(value(.binary, "true") == "a 1.0@5")
  }

  @Test func aSampleIsAShareOfIDsAndTheSameForBothHalves() throws {
    let tenth = JoinSample(share: 0.1)
    let half = JoinSample(share: 0.5)
    let ids = (0..<20_000).map { Array("payment-\($0)".utf8) }
    let kept = ids.filter(tenth.contains)
    // Twenty standard deviations of a fair draw: what is asked is a share, not luck.
    #expect(abs(kept.count - 2000) < 850, "\(kept.count) of 20000")
    #expect(kept.allSatisfy(half.contains), "a smaller sample is a part of a larger one")
    #expect(ids.allSatisfy(JoinSample(share: 1).contains))
    #expect(!ids.contains(where: JoinSample(share: 0).contains))
    // Which ids these are never changes: a restart with another choice would leave halves unmatched.
    #expect((0..<60).filter { tenth.contains(Array("id-\($0)".utf8)) } == Self.sampled)

    let stream = try Self.stream { $0.sample = 0.1 }
    for i in 0..<200 {
      let decoded = Self.decode(stream, #"{"id":"payment-\#(i)","at":1700000005,"y":1}"#)
      #expect(decoded == (tenth.contains(ids[i]) ? "payment-\(i) 1.0@5" : "passed over@5"))
    }
  }

  private static let sampled = [6, 13, 23, 26, 30, 37, 39, 41, 43, 48]

  /// A sample joins fewer ids and counts every message for drift; the rest looks as it would without.
  @Test func aSampledMonitorCountsTheSampleAlone() throws {
    let predictions = Scene.predictions(400)
    let labels = predictions.map { LabelEvent(id: $0.id ?? "", time: $0.time + .minutes(1), value: "1") }
    let scene = try Scene(predictions: [predictions], labels: [labels]) { $0.labels?.sample = 0.25 }
    try scene.read()
    try scene.judge(at: Scene.minute(100), labels: Scene.minute(300))
    let sample = JoinSample(share: 0.25)
    let expected = predictions.count { sample.contains(Array(($0.id ?? "").utf8.dropFirst().dropLast())) }
    let line = try #require(
      try scene.lines(.performance).first { $0.window == "15m" && $0.end == Scene.minute(15) && $0.slice == "all" })
    #expect(line.line.contains("\"predictions\":\(expected),\"labelled\":\(expected),"), "\(expected): \(line.line)")
    #expect(expected > 60 && expected < 140)
    let drift = try #require(
      try scene.lines(.drift).first { $0.window == "15m" && $0.end == Scene.minute(15) && $0.slice == "all" })
    #expect(drift.line.contains("\"rows\":400,"))
  }

  /// Messages of other models move the labels' watermark: the topic has come that far.
  @Test func otherModelsLabelsAreProgress() throws {
    var plan = try SampleMonitor.monitor(.binary)
    plan.labels?.conditions = [.init(field: try FieldPath("model"), values: ["mine"])]
    let intake = Intake(plans: [(try SampleMonitor.plan(plan), .distantPast)], writer: "w")
    intake.open(
      PartitionRecord(
        key: PartitionKey(monitor: "m", topic: "labels", partition: 0), role: .labels, epoch: 1, owner: "w",
        nextOffset: 0, watermark: .distantPast))
    let slot = try #require(intake.slot(TopicPartition("labels", 0)))
    for (offset, text) in [
      #"{"model":"mine","id":"a","time":1700000001000,"value":1}"#, #"{"model":"other","id":"a","time":1700000005000}"#,
      #"{"model":"other"}"#,
    ].enumerated() {
      Array(text.utf8).withUnsafeBytes {
        intake.take(SourceMessage(offset: Int64(offset), recordTime: nil, key: nil, value: $0), from: slot)
      }
    }
    // One whose time lies ahead of its record's is not believed.
    Array(#"{"model":"other","id":"a","time":1799000000000}"#.utf8).withUnsafeBytes {
      intake.take(
        SourceMessage(offset: 3, recordTime: EventTime(milliseconds: 1_700_000_006_000), key: nil, value: $0),
        from: slot)
    }
    let partition = intake.lanes[0].monitors[0].partitions[0]
    #expect(partition.watermark == EventTime(milliseconds: 1_700_000_005_000))
    #expect(partition.counts.labels == 1)
    #expect(partition.counts.passedOver == 3)
    #expect(partition.counts.rejected.isEmpty)
    #expect(partition.joins.count == 1)
  }

  /// A label of another time than it can have is refused, and one of another model's moves no watermark.
  @Test func implausibleTimes() throws {
    #expect(Self.decode(try Self.stream(), #"{"id":"a","at":5,"y":1}"#) == "implausible_time")
    #expect(Self.decode(try Self.stream(), nil, key: "a", at: -1_700_000_000) == "implausible_time")
    let named = try Self.stream { $0.conditions = [.init(field: try FieldPath("model"), values: ["mine"])] }
    #expect(Self.decode(named, #"{"model":"other","at":5000000000}"#) == "passed over@-")
  }
}
