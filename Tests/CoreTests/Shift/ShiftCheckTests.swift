import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Checks on `shift`, from messages to incidents.
@Suite struct ShiftCheckTests {
  /// Amounts of 0 to 49 become those of 25 to 49 from the tenth hour on: no value is new.
  private static func risen(from first: Int = 10) -> (Int, inout PredictionEvent) -> Void {
    { hour, event in
      if hour >= first, let amount = event.amount.flatMap({ Int($0) }) { event.amount = "\(25 + amount / 2)" }
    }
  }

  private static let alerts: [Tier: [String]] = [.warning: ["chat"], .critical: ["chat"]]

  @Test func aShiftIsFoundInItsHourWithSinceWhenAndByHowMuch() throws {
    let plan = try ShiftScene.plan([ShiftScene.check(.features(except: []))]) { $0.alerts = Self.alerts }
    let scene = try Scene(plan: plan, predictions: [ShiftScene.predictions(0..<14, Self.risen())])
    try scene.read()
    try scene.judge(at: Scene.minute(14 * 60 + 5), context: DecisionContext(receivers: ["chat"]))
    let lines = try scene.lines(.shift)
    let alarm = try #require(lines.first { $0.metric == "location" && $0.line.contains(#""alarm":"critical""#) })
    #expect(alarm.subject == "amount" && alarm.slice == "all" && alarm.check == "moved" && alarm.window == "1h")
    #expect(alarm.size == 3_600_000 && alarm.end == Scene.minute(11 * 60))
    let read = JSONReader(try JSONValue(parsing: Array(alarm.line.utf8)))
    #expect(try read.member("since").string() == "\(Scene.minute(10 * 60))")
    #expect(try read.member("direction").string() == "up")
    #expect(try read.member("unit").string() == "sd")
    // The mean normal score of the upper half is √(2/π).
    let size = try read.member("size").double()
    #expect(size > 0.6 && size < 1, "\(size)")
    let levels = try read.member("levels").members().map { try ($0.0, $0.1.double()) }
    #expect(levels.map(\.0) == ["warning", "critical"] && levels[0].1 < levels[1].1)
    #expect(try read.member("evidence").double() >= levels[1].1)
    #expect(try read.member("null").string() == "hours")
    #expect(try read.member("rows").integer() == 60)
    let (was, now) = (try read.member("was").double(), try read.member("now").double())
    #expect(abs(was - 24.5) < 1.5 && abs(now - was - size * 14.4) < 0.5, "\(was) \(now)")
    // The verdict says the same, and the incident tells of it.
    let verdicts = try scene.lines(.verdict).filter { $0.subject == "amount" && $0.end == alarm.end }
    #expect(verdicts.map(\.metric) == ["shift"])
    #expect(verdicts[0].line.contains(#""metric":"shift""#) && verdicts[0].line.contains(#""tier":"critical""#))
    #expect(verdicts[0].line.contains(#""null":"hours","against":"all","stream":"location""#))
    let opened = try scene.ledger.read { try $0.deliveries(incident: nil, limit: 10) }
    #expect(opened.count == 1)
    #expect(opened[0].body.contains(#""event":"incident.opened""#) && opened[0].body.contains(#""reason":"drift""#))
    #expect(opened[0].body.contains(#""stream":"location","direction":"up""#))
    #expect(opened[0].body.contains("\"since\":\"\(Scene.minute(10 * 60))\""))
  }

  /// As long as a tier is open, its verdicts keep the alarm that reached it, and since when: evidence begins again after each alarm.
  @Test func anOpenShiftKeepsItsBeginning() throws {
    let plan = try ShiftScene.plan([ShiftScene.check(.named(["amount"]))]) { $0.alerts = Self.alerts }
    let scene = try Scene(plan: plan, predictions: [ShiftScene.predictions(0..<90, Self.risen())])
    try scene.read()
    let verdicts = try scene.judge(at: Scene.minute(90 * 60 + 5)).filter { $0.tier == .critical }
    #expect(verdicts.count > 4 && verdicts.allSatisfy { $0.shift?.since == verdicts[0].shift?.since })
    for verdict in verdicts {
      let (value, threshold) = (try #require(verdict.value), try #require(verdict.threshold))
      #expect(value >= threshold, "\(verdict.end)")
      #expect(verdict.shift?.direction != nil && verdict.shift?.stream == verdicts[0].shift?.stream, "\(verdict.end)")
    }
    // Lines say what each hour said by itself.
    let sinces = Set(
      try scene.lines(.shift).filter { !$0.line.contains(#""alarm":null"#) }.compactMap { line in
        line.line.split(separator: #""since":"#).last?.prefix(26)
      })
    #expect(sinces.count > 1)
    let alarms = try scene.ledger.read { try $0.incidents(IncidentQuery(limit: 10)) }
    #expect(alarms.map(\.state) == [.open] && alarms.map(\.group) == [.drift])
  }

  /// In steps of any size, by whoever: every line, verdict, incident and state is the same.
  @Test func roundsOfAnySizeComeToTheSame() throws {
    let checks = [
      ShiftScene.check(.features(except: []), slices: .each),
      ShiftScene.check(.output, name: "score-moved", budgets: [ShiftBudget(.info, 2, per: .day)]),
    ]
    let plan = try ShiftScene.plan(checks) { $0.alerts = Self.alerts }
    // Without a night, in which nothing comes.
    let predictions = ShiftScene.predictions(0..<60, Self.risen(from: 30)).filter { event in
      let hour = (event.time - World.start).milliseconds / 3_600_000
      return !(18..<22).contains(hour) && !(40..<44).contains(hour)
    }
    var wanted: [String]?
    var states: [[UInt8]?]?
    for steps in [[3605], [61, 700, 701, 1199, 1500, 2700, 3605], Array(stride(from: 7, to: 3606, by: 31)) + [3605]] {
      let scene = try Scene(plan: plan, predictions: [predictions])
      try scene.read()
      for step in steps { try scene.judge(at: Scene.minute(Int64(step)), maximumWindows: steps.count == 1 ? 5 : 512) }
      let lines = try scene.ledger.read { try $0.results(ResultQuery(limit: .max)) }
        .filter { $0.type == .shift || $0.type == .incident || ($0.type == .verdict && $0.check.hasSuffix("moved")) }
        .map(\.line)
      let found = try scene.ledger.read {
        try $0.shiftStates(monitor: "m", keys: plan.shift(.subjects)?.units.map(\.key) ?? [])
      }
      #expect(lines.count > 20 && found.allSatisfy { $0 != nil } && found.count == 2)
      if wanted == nil { (wanted, states) = (lines, found) }
      #expect(lines == wanted, "\(steps.count) steps")
      #expect(found == states, "\(steps.count) steps")
    }
  }

  /// Lines and verdicts come at an alarm, a change of tier, a close, and once a day; a feed's with the causes of data.
  @Test func whatIsWrittenAndWhere() throws {
    let plan = try ShiftScene.plan([ShiftScene.check(.named(["amount"]))]) { $0.alerts = Self.alerts }
    let lost = ShiftScene.predictions(0..<100) { hour, event in if (30..<40).contains(hour) { event.amount = nil } }
    let scene = try Scene(plan: plan, predictions: [lost])
    try scene.read()
    try scene.judge(at: Scene.minute(100 * 60 + 5))
    let verdicts = try scene.lines(.verdict).filter { $0.check == "moved" }
    let start = Int64(World.start.milliseconds / 3_600_000)
    // The first hour, then the first of each day.
    let daily = verdicts.filter { $0.metric == "shift" && $0.line.contains(#""tier":"ok""#) }
      .map { $0.end.milliseconds / 3_600_000 - start }
    let midnights = (1..<100).filter { ($0 + start) % 24 == 0 }.map { $0 + 1 }
    #expect(daily == [1] + midnights)
    let feed = verdicts.filter { $0.metric == "shift feed" }
    #expect(feed.first?.end == Scene.minute(31 * 60))
    #expect(feed.first?.line.contains(#""stream":"missing","direction":"up""#) == true)
    #expect(feed.first?.line.contains(#""group":"data""#) == true)
    #expect(feed.last?.line.contains(#""tier":"ok""#) == true)
    let incidents = try scene.ledger.read { try $0.incidents(IncidentQuery(limit: 10)) }
    #expect(incidents.map(\.group) == [.dataQuality] && incidents.map(\.state) == [.resolved])
    // It closed a day after its last alarm at the earliest.
    let closed = try #require(feed.last?.end)
    #expect(closed >= Scene.minute(55 * 60) && closed < Scene.minute(75 * 60), "\(closed)")
    // Every line has the verdict that it belongs to.
    let ends = Set(verdicts.map(\.end))
    #expect(try scene.lines(.shift).allSatisfy { ends.contains($0.end) })
  }

  /// Other budgets, one check more and one less: filters and evidence that are not concerned go on.
  @Test func aMonitorThatIsEditedDoesNotUnlearn() throws {
    let check = ShiftScene.check(.features(except: []))
    let before = try ShiftScene.plan([check])
    let after = try ShiftScene.plan([
      ShiftScene.check(
        .features(except: []), name: "new", budgets: [ShiftBudget(.warning, 1, per: .day)]),
      check,
    ])
    #expect(before.definition == after.definition)
    let scene = try Scene(plan: before, predictions: [ShiftScene.predictions(0..<30, Self.risen(from: 20))])
    try scene.read()
    try scene.judge(at: Scene.minute(18 * 60 + 30))
    _ = try SimulatedInstance.evaluate(
      after, scene.ledger, now: EventTime(milliseconds: 0),
      watermarks: Watermarks(predictions: Scene.minute(30 * 60 + 5), labels: .distantPast))
    let whole = try Scene(plan: before, predictions: [ShiftScene.predictions(0..<30, Self.risen(from: 20))])
    try whole.read()
    try whole.judge(at: Scene.minute(30 * 60 + 5))
    func lines(_ scene: Scene) throws -> [String] {
      try scene.lines(.shift).filter { $0.check == "moved" }.map(\.line)
    }
    // Levels are those of the check's own streams, so nothing of it differs.
    #expect(try lines(scene) == lines(whole))
    #expect(try lines(scene).contains { $0.contains(#""alarm":"critical""#) })
    #expect(try scene.lines(.shift).contains { $0.check == "new" && $0.line.contains(#""alarm":"warning""#) })
  }

  /// Days that are left out neither alarm nor count.
  @Test func excludedDaysAreHoursWithoutRows() throws {
    let start = Int(World.start.milliseconds / 86_400_000)
    func alarms(_ excluded: [ClosedRange<Int>]) throws -> [EventTime] {
      let plan = try ShiftScene.plan([ShiftScene.check(.named(["amount"]))]) { $0.excluded = excluded }
      let risen = ShiftScene.predictions(0..<72) { hour, event in
        guard (World.start + .hours(Int64(hour))).milliseconds / 86_400_000 == Int64(start) + 1 else { return }
        Self.risen(from: 0)(hour, &event)
      }
      let scene = try Scene(plan: plan, predictions: [risen])
      try scene.read()
      try scene.judge(at: Scene.minute(72 * 60 + 5))
      return try scene.lines(.shift).filter { !$0.line.contains(#""alarm":null"#) }.map(\.end)
    }
    #expect(try !alarms([]).isEmpty)
    #expect(try alarms([start + 1...start + 1]).isEmpty)
  }

  /// Evidence is stored with its shift, and read back.
  @Test func evidenceKeepsItsShift() throws {
    let finding = ShiftFinding(
      stream: ShiftStreamName(.category, category: "D\"E"), size: -0.25, since: Scene.minute(3), was: 0.5, now: 0.4,
      null: "short")
    let verdict = Verdict(
      check: "c", hour: .hours(1), end: Scene.minute(60), slice: "all", subject: "country", shift: finding, value: 12.5,
      rows: 60, tier: .warning)
    let evidence = Evidence(verdict)
    var w = JSONWriter()
    w.beginObject()
    evidence.writeMembers(to: &w)
    evidence.writeTimes(to: &w)
    w.endObject()
    let read = try Evidence(JSONReader(try JSONValue(parsing: Array(w.text.utf8))))
    #expect(read == evidence && read.shift == finding)
    #expect(
      w.text.contains(
        #""stream":"category","category":"D\"E","direction":"down","size":-0.25,"unit":"arcsine","was":0.5,"now":0.4,"since":""#
      ))
  }

  /// What the monitor asks and the baseline cannot give is said when the plan is made.
  @Test func baselinesThatDoNotFit() throws {
    let monitor = try SampleMonitor.monitor(.binary, checks: [ShiftScene.check(.features(except: []))])
    func reason(_ monitor: Monitor, _ baseline: Baseline) -> String? {
      do throws(BaselineMismatch) {
        _ = try MonitorPlan(monitor: monitor, baseline: baseline)
        return nil
      } catch { return error.reason }
    }
    // Without times it is learned, of slices that the baseline has a part of.
    #expect(reason(monitor, SampleMonitor.baseline(monitor)) == nil)
    var unknown = monitor
    unknown.checks = [ShiftScene.check(.output, slices: .listed(["all", "channel=fax"]))]
    #expect(
      reason(unknown, SampleMonitor.baseline(monitor))
        == "check moved is on shift, and slice channel=fax has fewer than 1000 training rows, so there is nothing to compare it with"
    )
    let fitted = try ShiftScene.plan([]).baseline
    #expect(reason(monitor, fitted) == nil)
    var berlin = monitor
    berlin.timeZone = "Europe/Berlin"
    #expect(
      reason(berlin, fitted) == "its hours were fitted in time zone UTC, the monitor says Europe/Berlin")
    var slice = monitor
    slice.checks = [ShiftScene.check(.output, slices: .listed(["all", "channel=fax"]))]
    #expect(
      reason(slice, fitted)
        == "check moved is on shift, and slice channel=fax has fewer than 1000 training rows or fewer than 50 an hour, so there is no null to judge by"
    )
    // The file keeps it all.
    var copy = fitted
    #expect(try Baseline(decoding: copy.encoded()) == fitted)
  }
}

@Suite struct Base64Tests {
  /// RFC 4648, section 10, and bytes of every length.
  @Test func textAndBack() {
    for (bytes, text) in [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ] {
      #expect(Base64.encoded(Array(bytes.utf8)) == text)
      #expect(Base64.decoded(text) == Array(bytes.utf8))
    }
    var random = SeededGenerator(seed: 1)
    for length in 0..<100 {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(Base64.decoded(Base64.encoded(bytes)) == bytes)
    }
    for bad in ["Z", "Zg=", "Zg", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9v", "Zm9v\n", "Zm-v"] {
      #expect(Base64.decoded(bad) == nil, "\(bad)")
    }
  }
}
