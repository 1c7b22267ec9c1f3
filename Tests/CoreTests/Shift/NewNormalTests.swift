import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// A person says that what has shifted is normal: from a request to the next verdicts, and back.
@Suite struct NewNormalTests {
  private static let alerts: [Tier: [String]] = [.warning: ["chat"], .critical: ["chat"]]

  /// Amounts of 0 to 49 become those of 25 to 49 from the tenth hour on.
  private static func risen(_ hour: Int, _ event: inout PredictionEvent) {
    if hour >= 10, let amount = event.amount.flatMap({ Int($0) }) { event.amount = "\(25 + amount / 2)" }
  }

  private static func plan(_ slices: Check.Slices = .all) throws -> MonitorPlan {
    try ShiftScene.plan([ShiftScene.check(.features(except: []), slices: slices)]) { $0.alerts = alerts }
  }

  private func scene(_ hours: Int, _ plan: MonitorPlan) throws -> Scene {
    let scene = try Scene(plan: plan, predictions: [ShiftScene.predictions(0..<hours, Self.risen)])
    try scene.read()
    return scene
  }

  private func judge(_ scene: Scene, _ hour: Int) throws {
    try scene.judge(at: Scene.minute(Int64(hour) * 60 + 5), context: DecisionContext(receivers: ["chat"]))
  }

  private func incidents(_ scene: Scene) throws -> [IncidentRecord] {
    try scene.ledger.read { try $0.incidents(IncidentQuery(limit: 10)) }
  }

  private func ask(_ scene: Scene, _ deed: PersonAct.Deed, of incident: String) throws {
    _ = try scene.ledger.write {
      try PersonActs.queue(PersonAct(incident: incident, by: "alice", deed), now: .distantPast, in: $0)
    }
  }

  private func verdicts(_ scene: Scene, of subject: String) throws -> [ResultRecord] {
    try scene.lines(.verdict).filter { $0.subject == subject && $0.slice == "all" && $0.metric == "shift" }
  }

  @Test func whatIsAcceptedIsNormalFromTheNextHourOn() throws {
    let scene = try scene(90, try Self.plan())
    try judge(scene, 20)
    let open = try #require(try incidents(scene).first)
    #expect(open.state == .open && open.group == .drift && open.subjects == ["amount"])
    try ask(scene, .accept(since: nil, note: "the new price list", normal: nil), of: open.id)
    try judge(scene, 90)
    let lines = try scene.lines(.incident).map(\.line)
    let since = Scene.minute(10 * 60)
    #expect(
      lines.contains {
        $0.contains(#""transition":"accepted""#) && $0.contains(#""by":"alice""#)
          && $0.contains("\"because\":\"normal since \(since)\"") && $0.contains(#""note":"the new price list""#)
      }, "\(lines)")
    // The next hour says so, and nothing of the level that was accepted is found again.
    let after = try verdicts(scene, of: "amount").filter { $0.end > Scene.minute(20 * 60) }
    #expect(after.first?.end == Scene.minute(21 * 60))
    #expect(after.allSatisfy { $0.line.contains(#""tier":"ok""#) }, "\(after.map(\.line))")
    #expect(after.allSatisfy { $0.line.contains("\"accepted\":{\"since\":\"\(since)\",\"by\":\"alice\"}") })
    let resolved = try #require(try incidents(scene).first { $0.id == open.id })
    #expect(resolved.state == .resolved && resolved.resolvedAt == Scene.minute(21 * 60))
    #expect(resolved.people.contains("\"accepted_by\":\"alice\",\"accepted_since\":\"\(since)\""))
    // That it ended depends on the act.
    #expect(lines.contains { $0.contains(#""transition":"resolved""#) && $0.contains(#""input":"#) }, "\(lines)")
    // What is said in the unit of the values is beside the new mean.
    let shown = try #require(scene.lines(.shift).last { $0.subject == "amount" && $0.metric == "location" })
    let was = try JSONReader(try JSONValue(parsing: Array(shown.line.utf8))).member("was").double()
    #expect(was > 30, "\(shown.line)")
    // The others are judged as before.
    #expect(try verdicts(scene, of: "country").allSatisfy { !$0.line.contains("accepted") })
  }

  @Test func undoneItIsFoundAgain() throws {
    let scene = try scene(60, try Self.plan())
    try judge(scene, 20)
    let open = try #require(try incidents(scene).first)
    #expect(throws: PersonActs.Refusal.notAccepted) {
      try ask(scene, .undoAccept(note: nil, from: nil), of: open.id)
    }
    try ask(scene, .accept(since: nil, note: nil, normal: nil), of: open.id)
    try judge(scene, 30)
    #expect(try incidents(scene).map(\.state) == [.resolved])
    try ask(scene, .undoAccept(note: nil, from: nil), of: open.id)
    #expect(throws: PersonActs.Refusal.notAccepted) {
      try ask(scene, .undoAccept(note: nil, from: nil), of: open.id)
    }
    try judge(scene, 60)
    let again = try verdicts(scene, of: "amount").filter { $0.end > Scene.minute(30 * 60) }
    #expect(again.contains { $0.line.contains(#""tier":"critical""#) })
    #expect(again.allSatisfy { !$0.line.contains("accepted") })
    #expect(try incidents(scene).contains { $0.state == .open })
    // A state that nothing was accepted in is as it always was.
    let unit = try #require(scene.plan.shift(.subjects)?.units.first)
    let state = try #require(try scene.ledger.read { try $0.shiftStates(monitor: "m", keys: [unit.key])[0] })
    #expect(state.first == ShiftStanding.formatVersion)
  }

  /// Rounds of any size, and a log that is decided again, come to the same.
  @Test func aLogWithAnAcceptanceIsRepeated() throws {
    let plan = try Self.plan(.each)
    var wanted: [String]?
    for steps in [[60], Array(31...60), [25, 33, 60]] {
      let scene = try scene(60, plan)
      try judge(scene, 20)
      let open = try #require(try incidents(scene).first)
      try ask(scene, .accept(since: Scene.minute(12 * 60 + 17), note: nil, normal: nil), of: open.id)
      if steps.contains(25) { try judge(scene, 25) }
      if steps.count > 3 { for step in 21...30 { try judge(scene, step) } }
      for step in steps where step > 25 { try judge(scene, step) }
      let found = try scene.ledger.read { try $0.results(ResultQuery(limit: .max)) }
        .filter { $0.type == .shift || $0.type == .incident || ($0.type == .verdict && $0.check == "moved") }.map(
          \.line)
      if wanted == nil { wanted = found }
      #expect(found == wanted, "\(steps.count) steps")
      let inputs = try scene.ledger.read { try $0.outsideDecisions(monitor: "m", after: nil, limit: .max) }
      let lines = inputs.map(\.line)
      #expect(lines.contains { $0.contains(#""kind":"accept""#) }, "\(lines)")
      let read = try lines.map { try DecisionRecord(line: $0.utf8) }
      for most in [4096, 7] {
        let again = try self.scene(60, plan)
        let evaluator = Evaluator(
          plan: plan, context: DecisionContext(receivers: ["chat"]), recorded: read, maximumWindows: most)
        let epoch = try #require(
          try again.ledger.write { try $0.acquire(lease: "evaluate/m", holder: "replay", lasting: .days(1)) })
        var isComplete = false
        while !isComplete {
          isComplete = try evaluator.evaluate(
            again.ledger, lease: EvaluationLease(name: "evaluate/m", epoch: epoch), now: .distantPast,
            watermarks: Watermarks(predictions: Scene.minute(60 * 60 + 5), labels: .distantPast)
          ).isComplete
        }
        let repeated = try again.ledger.read { try $0.results(ResultQuery(limit: .max)) }
          .filter { $0.type == .shift || $0.type == .incident || ($0.type == .verdict && $0.check == "moved") }
          .map(\.line)
        #expect(repeated == found, "\(steps.count) steps, \(most) windows")
      }
    }
  }

  @Test func whatCannotBeAcceptedSaysWhy() throws {
    let scene = try scene(40, try Self.plan())
    try judge(scene, 20)
    let open = try #require(try incidents(scene).first)
    try ask(scene, .accept(since: Scene.minute(20 * 60), note: nil, normal: nil), of: open.id)
    try ask(scene, .accept(since: Scene.minute(0) - .days(71), note: nil, normal: nil), of: open.id)
    try ask(scene, .accept(since: nil, note: nil, normal: nil), of: open.id)
    try ask(scene, .accept(since: nil, note: nil, normal: nil), of: open.id)
    try judge(scene, 22)
    let acts = try scene.ledger.read { try $0.acts(incident: open.id, limit: 10) }
    let end = Scene.minute(20 * 60)
    #expect(acts.map(\.state) == [.void, .void, .folded, .void])
    #expect(
      acts.map(\.because) == [
        "the hours since \(end) have not been judged yet; the last ended at \(end)",
        acts[1].because, "", "it has been accepted already, and the next hour will be judged by that",
      ])
    #expect(acts[1].because.hasPrefix("hours are kept for 70 days, which is since "))
    let inputs = try scene.ledger.read { try $0.outsideDecisions(monitor: "m", after: nil, limit: 10) }
    #expect(inputs.map(\.kind) == ["policy", "accept"] || inputs.map(\.kind) == ["accept"])
    #expect(inputs.last?.body.contains("\"normal\":[{\"since\":\"\(Scene.minute(10 * 60))\",\"slice\":\"all\"") == true)
    #expect(throws: PersonActs.Refusal.resolved(by: nil)) {
      try ask(scene, .accept(since: nil, note: nil, normal: nil), of: open.id)
    }
  }

  /// 28 days after its moment a full fit takes the place of what was moved; nothing else changes.
  @Test func afterFourWeeksItIsFittedAnew() throws {
    let plan = try Self.plan()
    let scene = try scene(740, plan)
    try judge(scene, 20)
    let open = try #require(try incidents(scene).first)
    try ask(scene, .accept(since: nil, note: nil, normal: nil), of: open.id)
    try judge(scene, 600)
    let unit = try #require(plan.shift(.subjects)?.units.first)
    func normals() throws -> ShiftNormals {
      let state = try #require(try scene.ledger.read { try $0.shiftStates(monitor: "m", keys: [unit.key])[0] })
      return try ShiftNormals.read(state, streams: unit.null.streams).normals
    }
    let moved = try normals()
    let layer = try #require(moved.layers.first)
    #expect(moved.layers.count == 1 && layer.normal.pieces.isEmpty && layer.normal.moves.count == 2)
    try judge(scene, 740)
    let fitted = try #require(try normals().layers.first)
    #expect(fitted.normal.pieces.count == 2 && fitted.normal.moves == layer.normal.moves)
    let before = moved.unit(over: unit).null
    let now = try normals().unit(over: unit).null
    let location = try #require(layer.normal.moves.first?.stream)
    for stream in unit.null.streams.all.indices {
      let isOwn = fitted.normal.pieces.contains { $0.stream == stream }
      #expect((now.piece(of: stream) == before.piece(of: stream)) == !isOwn, "stream \(stream)")
      #expect(isOwn || now.level(tier: 0, view: 0, stream: stream) == before.level(tier: 0, view: 0, stream: stream))
    }
    #expect(now.tolerance[location] < before.tolerance[location])
    let after = try verdicts(scene, of: "amount").filter { $0.end > Scene.minute(20 * 60) }
    #expect(after.allSatisfy { !$0.line.contains(#""tier":"critical""#) })
    #expect(after.last?.line.contains("\"accepted\"") == true)
    // What was stored is read back.
    let read = try ShiftNormals.read(try normals().encoded(around: [1, 2, 3]), streams: unit.null.streams)
    #expect(read.normals == (try normals()) && read.state == [1, 2, 3])
    #expect(throws: ShiftDamaged(reason: "cut off")) {
      try ShiftNormals.read(try normals().encoded(around: [1, 2, 3]).dropLast().map { $0 }, streams: unit.null.streams)
    }
  }

  /// Of what no traffic does, as long as nothing is learned.
  @Test func beforeThereIsANullThereIsNothingToMove() throws {
    let plan = try ShiftScene.plan([ShiftScene.check(.named(["amount"]))], learns: true) { $0.alerts = Self.alerts }
    let lost = ShiftScene.predictions(0..<40) { hour, event in if hour >= 20 { event.amount = nil } }
    let scene = try Scene(plan: plan, predictions: [lost])
    try scene.read()
    try judge(scene, 30)
    let open = try #require(try incidents(scene).first)
    #expect(open.group == .dataQuality)
    try ask(scene, .accept(since: nil, note: nil, normal: nil), of: open.id)
    try judge(scene, 31)
    let act = try #require(try scene.ledger.read { try $0.acts(incident: open.id, limit: 10) }.first)
    #expect(act.state == .void)
    #expect(
      act.because == "what is normal of amount is still being learned in slice all, so there is nothing to move; "
        + "resolve the incident by hand, or wait until the null is learned")
    #expect(throws: ShiftDamaged(reason: "other streams")) {
      var normals = ShiftNormals()
      normals.layers.append(
        .init(
          part: .init(subject: 9, isOfFeed: false), normal: ShiftNormal(incident: "i", by: "a", since: 1, from: 2)))
      let learner = try #require(plan.shift(.subjects)?.learners.first)
      let state = ShiftLearning(streams: learner.streams.count, subjects: learner.subjects.count, next: 1)
        .encoded(standing: [], learner.names)
      _ = try learner.stored(normals.encoded(around: state))
    }
  }

  /// A null that production is learned by can be moved too; before there is one there is nothing to move.
  @Test func aLearnedNullIsMovedAndLearnsOn() throws {
    func shifted(_ hour: Int, _ event: inout PredictionEvent) {
      if hour >= 190, let amount = event.amount.flatMap({ Int($0) }) { event.amount = "\(40 + amount / 5)" }
    }
    let plan = try ShiftScene.plan([ShiftScene.check(.features(except: []))], learns: true) { $0.alerts = Self.alerts }
    let scene = try Scene(plan: plan, predictions: [ShiftScene.predictions(0..<400, shifted)])
    try scene.read()
    try judge(scene, 210)
    let open = try #require(try incidents(scene).first { $0.state == .open })
    try ask(scene, .accept(since: nil, note: nil, normal: nil), of: open.id)
    try judge(scene, 330)
    #expect(try incidents(scene).allSatisfy { $0.state == .resolved })
    // The next null of the chain is fitted after 14 days, and what was accepted stays on top of it.
    try judge(scene, 400)
    #expect(try incidents(scene).allSatisfy { $0.state == .resolved })
    let last = try #require(try verdicts(scene, of: "amount").last)
    #expect(last.line.contains(#""null":"short""#) && last.line.contains("\"accepted\""), "\(last.line)")
  }
}
