import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Messages of many rows on their way to panes and joins (rule F1).
@Suite struct RowsIntakeTests {
  private static func monitor(_ change: (inout Monitor) throws -> Void = { _ in }) throws -> Monitor {
    var monitor = try SampleMonitor.monitor(.binary)
    func row(_ path: String) throws -> FieldPath { try FieldPath(path, hasRows: true) }
    monitor.predictions.rows = try FieldPath("rows")
    monitor.predictions.id = [try row("id")]
    monitor.predictions.time = try row("time")
    monitor.predictions.version = try row("message.version")
    monitor.predictions.output = try row("output")
    for i in monitor.features.indices { monitor.features[i].field = try row(monitor.features[i].name) }
    for i in monitor.segments.indices { monitor.segments[i].field = try row(monitor.segments[i].name) }
    try change(&monitor)
    return monitor
  }

  private static func run(
    _ monitor: Monitor, _ predictions: [String], labels: [String] = [], recordTime: EventTime? = nil,
    limits: IntakeLimits = IntakeLimits()
  ) throws -> (plan: MonitorPlan, report: FlushReport, ledger: InMemoryLedger, instance: SimulatedInstance) {
    let plan = try SampleMonitor.plan(monitor)
    let logs = [
      MessageLog(
        topic: "predictions", role: .predictions,
        partitions: [predictions.map { LoggedMessage($0, recordTime: recordTime) }]),
      MessageLog(topic: "labels", role: .labels, partitions: [labels.map { LoggedMessage($0) }]),
    ]
    let ledger = InMemoryLedger()
    try SimulatedInstance.prepare(ledger, plans: [plan], logs: logs)
    let instance = try SimulatedInstance("a", plans: [plan], logs: logs, ledger: ledger, limits: limits)
    try instance.claimAll()
    instance.readAll()
    return (plan, try instance.flush(), ledger, instance)
  }

  private static func row(_ id: Int, _ minute: Int64, _ more: String = "") -> String {
    "{\"id\":\"p\(id)\",\"time\":\(Scene.minute(minute).milliseconds),\"output\":0.5,\"amount\":\(id),\"country\":\"DE\"\(more)}"
  }

  private static func message(_ rows: [String], _ more: String = "") -> String {
    "{\"rows\":[\(rows.joined(separator: ","))],\"version\":\"v1\"\(more)}"
  }

  @Test func rowsAreJudgedAgainstTheWatermarkBeforeTheirMessage() throws {
    // Lateness is five minutes. The second row is twenty minutes behind the first, and none of that was there before.
    let first = Self.message([Self.row(0, 30), Self.row(1, 10)])
    // Against minute 30 the first of these is late; the others count, in whatever order.
    let second = Self.message([Self.row(2, 24), Self.row(3, 40), Self.row(4, 25)])
    let (plan, report, ledger, _) = try Self.run(try Self.monitor(), [first, second])
    let events = try #require(report.events["m"])
    #expect(events.accepted == 4)
    #expect(events.late == 1)
    #expect(events.invalid == 0)
    #expect(try IntakeTests.rows(plan, ledger) == 4)
    let record = try #require(try ledger.read { try $0.partitions(of: "m") }.first { $0.role == .predictions })
    #expect(record.watermark == Scene.minute(40))
    // Offsets mean messages.
    #expect(record.nextOffset == 2)
  }

  @Test func badRowsOfAMessageAreOneDeadLetter() throws {
    let rows = [
      Self.row(0, 1), "7", Self.row(1, 2), "{\"id\":\"x\"}", "null", Self.row(2, 200), Self.row(3, 3),
    ]
    let (_, report, _, instance) = try Self.run(
      try Self.monitor(), [Self.message(rows)], recordTime: Scene.minute(3),
      limits: IntakeLimits(deadLetters: DeadLetterLimits()))
    // Changes wait for their dead letters.
    #expect(report.committed.isEmpty)
    let letters = instance.intake.deadLetters
    #expect(letters.count == 1)
    #expect(letters.first?.code == "bad_row")
    #expect(
      letters.first?.reason
        == "4 of 7 rows are not counted: rows 1, 4: it is no object and no array; send one of them for each row; "
        + "row 3: bad_time: time is missing; name the field of the time, or fix the producer; "
        + "row 5: future: its time is more than 1h after its record's timestamp; fix the producer's clock or raise skew"
    )
    let without = try Self.run(try Self.monitor(), [Self.message(rows)], recordTime: Scene.minute(3)).report
    let events = try #require(without.events["m"])
    #expect(events.accepted == 3)
    #expect(events.invalid == 3)
    #expect(events.quarantined == 1)
    #expect(events.rejected == ["bad_row": 2, "bad_time": 1, "future": 1])
    #expect(without.quarantined.map(\.offset) == [0])
  }

  @Test func aMessageThatIsNoneIsOneRejection() throws {
    let (_, report, _, _) = try Self.run(
      try Self.monitor(), ["{}", "{", Self.message([]), Self.message([Self.row(0, 0)])])
    let events = try #require(report.events["m"])
    #expect(events.rejected == ["no_rows": 1, "truncated": 1])
    #expect(events.accepted == 1)
    #expect(
      report.quarantined.first?.reason
        == "rows is missing or no array, and the monitor says that it has the rows; fix the producer or rows")
  }

  @Test func aMessageOfMoreThanAQuarterOfACommitIsRefused() throws {
    let message = Self.message((0..<40).map { Self.row($0, 0) })
    let bytes = message.utf8.count
    let small = try Self.run(
      try Self.monitor(), [message], limits: IntakeLimits(pendingBytes: bytes * 4 - 4)
    ).report
    #expect(small.events["m"]?.rejected == ["too_large": 1])
    let large = try Self.run(try Self.monitor(), [message], limits: IntakeLimits(pendingBytes: bytes * 4)).report
    #expect(large.events["m"]?.accepted == 40)
  }

  /// Ids of the row, of an array beside the rows, and of the message with the row's index.
  @Test(arguments: ["id", "message.ids[]", "message.request"])
  func labelsAreJoinedToRows(_ id: String) throws {
    let monitor = try Self.monitor {
      $0.predictions.id = [try FieldPath(id, hasRows: true)]
      if id == "message.request" { $0.labels?.id = [try FieldPath("request"), try FieldPath("row")] }
    }
    let ids = (0..<3).map { "\"p\($0)\"" }.joined(separator: ",")
    let message = Self.message((0..<3).map { Self.row($0, 0) }, ",\"ids\":[\(ids)],\"request\":\"r\"")
    let labels = [0, 2].map { i in
      "{\"id\":\"p\(i)\",\"request\":\"r\",\"row\":\(i),\"time\":\(Scene.minute(1).milliseconds),\"value\":1}"
    }
    let (_, report, _, _) = try Self.run(monitor, [message], labels: labels)
    #expect(report.events["m"]?.accepted == 3)
    #expect(report.events["m"]?.unjoinable == 0)
    #expect(report.labelDelays["m"] == [60, 60])
  }

  @Test func labelsMayHaveManyRowsToo() throws {
    let monitor = try Self.monitor {
      $0.predictions.id = [try FieldPath("message.request", hasRows: true)]
      $0.labels?.rows = try FieldPath("outcomes")
      $0.labels?.id = [try FieldPath("message.request", hasRows: true)]
      $0.labels?.time = try FieldPath("message.at", hasRows: true)
      $0.labels?.value = try FieldPath("y", hasRows: true)
    }
    let message = Self.message((0..<3).map { Self.row($0, 0) }, ",\"request\":\"r\"")
    let label =
      "{\"request\":\"r\",\"at\":\(Scene.minute(2).milliseconds),\"outcomes\":[{\"y\":1},{},{\"y\":0},{\"y\":\"maybe\"}]}"
    let (_, report, _, _) = try Self.run(monitor, [message], labels: [label])
    let events = try #require(report.events["m"])
    #expect(events.labels == 2)
    #expect(events.rejectedLabels == ["no_value": 1, "bad_value": 1])
    #expect(report.labelDelays["m"] == [120, 120])
  }

  /// Rows that are arrays have the segments that are features, and what is of the message; an array of ids counts without labels too.
  @Test func rowsThatAreArraysHaveSegments() throws {
    let monitor = try Self.monitor {
      $0.labels = nil
      $0.predictions.id = [try FieldPath("message.ids[]", hasRows: true)]
      $0.predictions.time = try FieldPath("message.time", hasRows: true)
      $0.predictions.output = try FieldPath("message.outputs[]", hasRows: true)
      $0.segments = [
        Segment(name: "country", field: try FieldPath("country", hasRows: true)),
        Segment(name: "channel", field: try FieldPath("message.channel", hasRows: true)),
      ]
    }
    #expect(monitor.features.map(\.name).contains("country"))
    func message(_ rows: [Int], ids: Int) -> String {
      let rows = rows.map { i in
        "["
          + monitor.features.map { $0.kind == .numeric ? "\(i)" : "\"\($0.name == "country" ? "DE" : "x")\"" }
          .joined(separator: ",") + "]"
      }
      let outputs = rows.map { _ in "0.5" }.joined(separator: ",")
      let list = (0..<ids).map { "\"p\($0)\"" }.joined(separator: ",")
      return "{\"rows\":[\(rows.joined(separator: ","))],\"outputs\":[\(outputs)],\"ids\":[\(list)],"
        + "\"time\":\(Scene.minute(1).milliseconds),\"channel\":\"web\",\"version\":\"v1\"}"
    }
    let (plan, report, ledger, _) = try Self.run(monitor, [message([1, 2, 3], ids: 3), message([4, 5], ids: 3)])
    #expect(report.events["m"]?.accepted == 3)
    #expect(report.events["m"]?.rejected == ["unequal_rows": 1])
    var slices: Set<String> = []
    try ledger.read { reader in
      try reader.panes(
        .drift, monitor: "m", generation: plan.generation, in: .distantPast..<EventTime.distantFuture
      ) { _, slice, _ in slices.insert(slice) }
    }
    #expect(slices == ["all", "version=v1", "country=DE", "channel=web"])
  }

  /// More rows than fit into a batch, and panes that are the same as those of single messages.
  @Test func aMessageOfRowsCountsAsItsRowsDo() throws {
    let seed = Mutation.seed(0x2045_1000)
    var random = SeededGenerator(seed: seed)
    let rows = (0..<3000).map { i in
      Self.row(i % 50, Int64(i / 300), ",\"channel\":\"\(Bool.random(using: &random) ? "web" : "app")\"")
    }
    var single = try Self.monitor()
    single.predictions.rows = nil
    single.predictions.version = try FieldPath("version")
    let sizes = [1, 2, 700, 1500, 797]
    var rest = rows[...]
    let messages = sizes.map { size in
      defer { rest = rest.dropFirst(size) }
      return Self.message(Array(rest.prefix(size)))
    }
    #expect(rest.isEmpty)
    func panes(_ monitor: Monitor, _ messages: [String]) throws -> [String] {
      let (plan, report, ledger, _) = try Self.run(monitor, messages)
      #expect(report.events["m"]?.accepted == 3000, "seed \(seed)")
      var panes: [String] = []
      try ledger.read { reader in
        try reader.panes(
          .drift, monitor: "m", generation: plan.generation, in: .distantPast..<EventTime.distantFuture
        ) { panes.append("\($0) \($1) \($2)") }
      }
      return panes
    }
    let many = try panes(try Self.monitor(), messages)
    let one = try panes(single, rows.map { String($0.dropLast()) + ",\"version\":\"v1\"}" })
    #expect(many == one, "seed \(seed)")
    #expect(many.count > 5)
  }
}
