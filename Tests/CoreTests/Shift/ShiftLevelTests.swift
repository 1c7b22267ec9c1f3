import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Traffic and errors by `shift`: what is usual is learned from production, hour by hour.
@Suite struct ShiftLevelTests {
  private static let alerts: [Tier: [String]] = [.warning: ["chat"], .critical: ["chat"]]

  private static func plan(_ on: Check.Subjects, slices: Check.Slices = .all) throws -> MonitorPlan {
    // A baseline with times says nothing of how many predictions there are, nor how wrong they are.
    try ShiftScene.plan([ShiftScene.check(on, slices: slices)]) { $0.alerts = alerts }
  }

  private func hour(_ end: EventTime) -> Int { Int((end - World.start).seconds / 3600) }

  private func incidents(_ scene: Scene) throws -> [IncidentRecord] {
    try scene.ledger.read { try $0.incidents(IncidentQuery(limit: 10)) }
  }

  // MARK: Traffic

  private func judged(_ predictions: [PredictionEvent], hours: Int) throws -> (verdicts: [Verdict], scene: Scene) {
    let scene = try Scene(plan: try Self.plan(.traffic), predictions: [predictions])
    try scene.read()
    return (try scene.judge(at: Scene.minute(Int64(hours) * 60 + 5)).filter { $0.metric == .shift }, scene)
  }

  @Test func silenceIsFoundAndEnds() throws {
    let events = ShiftScene.predictions(0..<240).filter { !(180..<190).contains(hour($0.time)) }
    let (found, scene) = try judged(events, hours: 240)
    let alarm = try #require(found.first { $0.tier == .critical })
    #expect(alarm.subject == "traffic" && alarm.shift?.stream.key == "level" && alarm.shift?.null == "fixed")
    #expect((181...183).contains(hour(alarm.end)), "\(hour(alarm.end))")
    #expect(alarm.shift?.since == Scene.minute(180 * 60) && alarm.shift?.direction == "down")
    let (was, now) = (try #require(alarm.shift?.was), try #require(alarm.shift?.now))
    #expect(abs(was - 60.5) < 0.5 && abs(now - 0.5) < 0.1, "\(was) to \(now)")
    #expect(alarm.rows == 0)
    let open = try incidents(scene)
    #expect(open.map(\.group) == [.dataQuality] && open.map(\.state) == [.resolved])
    // A day after its last alarm, which the return of the rows may be.
    let end = open.first?.resolvedAt.map(hour) ?? 0
    #expect((205...220).contains(end), "\(end)")
  }

  @Test func aSurgeIsFound() throws {
    let events = ShiftScene.predictions(0..<190)
    let more = (1...2).flatMap { copy in
      ShiftScene.predictions(175..<190, seed: 20 + UInt64(copy)).map { event in
        var event = event
        event.id = "\"copy\(copy)\(event.id?.dropFirst() ?? "")"
        return event
      }
    }
    let (found, _) = try judged((events + more).sorted { $0.time < $1.time }, hours: 190)
    let alarm = try #require(found.first { $0.tier == .critical })
    #expect(alarm.shift?.direction == "up" && alarm.shift?.since == Scene.minute(175 * 60))
    #expect((176...177).contains(hour(alarm.end)))
    #expect(abs((alarm.shift?.size ?? 0) - 1.09) < 0.05)
  }

  /// Nights without a row are as usual as days with them.
  @Test func nightsAreNoSilence() throws {
    let events = ShiftScene.predictions(0..<400).filter { (6..<20).contains(hour($0.time) % 24) }
    let (found, scene) = try judged(events, hours: 400)
    #expect(found.contains { $0.tier == .ok } && found.allSatisfy { $0.tier < .info })
    #expect(try incidents(scene).isEmpty)
  }

  /// In steps of any size: lines, verdicts, and all that is kept.
  @Test func roundsOfAnySizeComeToTheSame() throws {
    let plan = try Self.plan(.traffic, slices: .each)
    let events = ShiftScene.predictions(0..<210).filter { event in
      let hour = hour(event.time)
      return !(40..<44).contains(hour) && !(185..<195).contains(hour) && (hour != 100 || event.channel == "\"web\"")
    }
    let design = try #require(plan.shift(.traffic))
    #expect(design.units.isEmpty && design.learners.map(\.slice).first == "all" && design.learners.count > 1)
    let start = Int(World.start.milliseconds / 3_600_000)
    let keys = design.learners.flatMap { learner in
      [learner.key] + (start / 24...start / 24 + 9).map(learner.key(ofDay:))
    }
    var wanted: (lines: [String], states: [[UInt8]?])?
    for steps in [
      [210 * 60 + 5], [61, 3000, 10_079, 10_080, 10_150, 11_165, 11_405, 12_605],
      Array(stride(from: 97, to: 12_605, by: 97)) + [12_605],
    ] {
      let scene = try Scene(plan: plan, predictions: [events])
      try scene.read()
      for step in steps { try scene.judge(at: Scene.minute(Int64(step)), maximumWindows: steps.count == 8 ? 7 : 512) }
      let lines = try scene.ledger.read { try $0.results(ResultQuery(limit: .max)) }
        .filter { $0.type == .shift || $0.type == .incident || ($0.type == .verdict && $0.check == "moved") }
        .map(\.line)
      let states = try scene.ledger.read { try $0.shiftStates(monitor: "m", keys: keys) }
      #expect(lines.contains { $0.contains(#""alarm":"critical""#) } && states.count { $0 != nil } > 8)
      if let wanted {
        #expect(lines == wanted.lines, "\(steps.count) steps")
        #expect(states == wanted.states, "\(steps.count) steps")
      } else {
        wanted = (lines, states)
      }
    }
  }

  /// After 14 days of silence it is not judged any more, and learns again, whatever the rounds.
  @Test func aLongSilenceIsAGap() throws {
    let plan = try Self.plan(.traffic)
    let events = ShiftScene.predictions(0..<180) + ShiftScene.predictions(900..<905)
    let design = try #require(plan.shift(.traffic))
    var wanted: [[UInt8]?]?
    for steps in [[905 * 60 + 5], Array(stride(from: 1000, to: 54_305, by: 1000)) + [54_305]] {
      let scene = try Scene(plan: plan, predictions: [events])
      try scene.read()
      for step in steps { try scene.judge(at: Scene.minute(Int64(step))) }
      let states = try scene.ledger.read { try $0.shiftStates(monitor: "m", keys: design.learners.map(\.key)) }
      if let wanted { #expect(states == wanted) }
      wanted = states
      let last = try #require(try scene.lines(.verdict).filter { $0.check == "moved" }.last)
      #expect(last.line.contains(#""tier":"ok""#), "\(last.line)")
    }
  }

  // MARK: Errors

  /// Outcomes that follow the decision, but for a share.
  private func labels(
    of predictions: [PredictionEvent], wrong: (Int) -> Double, after delay: TimeSpan = .minutes(1)
  ) -> [LabelEvent] {
    var random = SeededGenerator(seed: 77)
    return predictions.map { event in
      let isPositive = (Double(event.output ?? "0") ?? 0) >= 0.5
      let isWrong = Double.random(in: 0..<1, using: &random) < wrong(hour(event.time))
      return LabelEvent(id: event.id ?? "", time: event.time + delay, value: isPositive != isWrong ? "1" : "0")
    }
  }

  private func judged(
    hours: Int, wrong: @escaping (Int) -> Double, steps: [Int]? = nil
  ) throws -> (verdicts: [Verdict], scene: Scene) {
    let events = ShiftScene.predictions(0..<hours)
    let scene = try Scene(
      plan: try Self.plan(.errors), predictions: [events], labels: [labels(of: events, wrong: wrong)])
    try scene.read()
    var found: [Verdict] = []
    // Labels are due an hour after their predictions.
    for step in steps ?? [hours * 60 + 5] {
      let at = Scene.minute(Int64(step))
      found += try scene.judge(at: at, labels: at + .hours(1), context: DecisionContext(receivers: ["chat"]))
    }
    return (found.filter { $0.metric == .shift }, scene)
  }

  @Test func moreErrorsAreConceptDriftOnceTheirLabelsAreDue() throws {
    let (found, scene) = try judged(hours: 200) { $0 < 180 ? 0.1 : 0.5 }
    #expect(Set(found.map(\.subject)) == ["error_rate", "brier", "log_loss"])
    let alarm = try #require(found.first { $0.tier == .critical && $0.subject == "error_rate" })
    #expect(alarm.shift?.direction == "up" && alarm.shift?.since == Scene.minute(180 * 60))
    #expect((181...183).contains(hour(alarm.end)), "\(hour(alarm.end))")
    let (was, now) = (try #require(alarm.shift?.was), try #require(alarm.shift?.now))
    #expect((0.05...0.15).contains(was) && (0.3...0.7).contains(now), "\(was) to \(now)")
    #expect(alarm.rows == 60)
    let open = try incidents(scene)
    #expect(open.map(\.group) == [.concept] && open.map(\.state) == [.open])
    let line = try #require(try scene.lines(.verdict).first { $0.line.contains(#""tier":"critical""#) }?.line)
    #expect(line.contains(#""group":"concept""#) && line.contains(#""unit":"log""#))
  }

  /// A model that has become better is no trouble.
  @Test func fewerErrorsAreNone() throws {
    let (found, scene) = try judged(hours: 210) { $0 < 180 ? 0.4 : 0.02 }
    #expect(found.contains { $0.tier == .ok } && found.allSatisfy { $0.tier < .info })
    #expect(try incidents(scene).isEmpty)
  }

  @Test func roundsOfAnySizeComeToTheSameOfErrors() throws {
    var wanted: [String]?
    for steps in [
      [200 * 60 + 5], [61, 3000, 10_079, 10_080, 10_150, 11_165, 12_005],
      Array(stride(from: 97, to: 12_005, by: 97)) + [12_005],
    ] {
      let (_, scene) = try judged(hours: 200, wrong: { $0 < 180 ? 0.1 : 0.5 }, steps: steps)
      let lines = try scene.ledger.read { try $0.results(ResultQuery(limit: .max)) }
        .filter { $0.type == .shift || $0.type == .incident || ($0.type == .verdict && $0.check == "moved") }
        .map(\.line)
      #expect(lines.contains { $0.contains(#""alarm":"critical""#) })
      if let wanted { #expect(lines == wanted, "\(steps.count) steps") }
      wanted = lines
    }
  }

  /// A person accepts it, as any other shift.
  @Test func aNewLevelOfErrorsIsAccepted() throws {
    let events = ShiftScene.predictions(0..<215)
    let scene = try Scene(
      plan: try Self.plan(.errors), predictions: [events],
      labels: [labels(of: events) { $0 < 180 ? 0.1 : 0.4 }])
    try scene.read()
    func judge(_ hours: Int64) throws {
      try scene.judge(at: Scene.minute(hours * 60 + 5), labels: Scene.minute(hours * 60 + 65))
    }
    try judge(190)
    let open = try #require(try incidents(scene).first)
    #expect(open.group == .concept && open.state == .open)
    _ = try scene.ledger.write {
      try PersonActs.queue(
        PersonAct(incident: open.id, by: "alice", .accept(since: nil, note: nil, normal: nil)), now: .distantPast,
        in: $0)
    }
    try judge(191)
    #expect(try incidents(scene).first?.state == .resolved)
    try judge(215)
    #expect(try incidents(scene).map(\.state) == [.resolved])
  }
}
