import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Fairness between groups, and the slice of which a metric is worst.
@Suite struct GroupCheckTests {
  private static let groups = FairnessGroups(segment: "channel", reference: "web", favourable: .positive)

  private static func check(
    _ metric: Metric, _ limit: Limit, significance: Double? = 0.01, minimumRows: Int64 = 100, partial: Bool = true,
    groups: FairnessGroups = groups
  ) -> Check {
    Check(
      name: "fair", on: .fairness(groups), metric: metric, window: "15m", limits: [TierLimit(.warning, limit)],
      significance: significance, minimumRows: minimumRows, partial: partial)
  }

  /// Decisions of a group: so many granted to who deserved it, and not; so many refused to who deserved it, and not.
  private struct Group {
    var channel: String
    var counts: [Int]
  }

  /// - Parameter before: the accuracy in training, by slice, and the labelled rows.
  private static func scene(
    _ checks: [Check], _ groups: [Group], unlabelled: Int = 0,
    before: [(slice: String, accuracy: Double, rows: Int64)] = []
  ) throws -> Scene {
    var events: [PredictionEvent] = []
    var labels: [LabelEvent] = []
    for group in groups {
      for (kind, count) in group.counts.enumerated() {
        let rows = Scene.predictions(count, id: "\(group.channel)\(kind)-") { _, event in
          event.channel = "\"\(group.channel)\""
          event.output = kind < 2 ? "0.9" : "0.1"
        }
        events += rows
        labels += rows.map {
          LabelEvent(id: $0.id ?? "", time: $0.time + .minutes(1), value: kind % 2 == 0 ? "1" : "0")
        }
      }
    }
    let more = Scene.predictions(unlabelled, id: "none") { _, event in event.channel = "\"app\"" }
    events = (events + more).sorted { $0.time < $1.time }
    labels.sort { $0.time < $1.time }
    let monitor = try SampleMonitor.monitor(.binary, checks: checks)
    var baseline = SampleMonitor.baseline(monitor)
    for (slice, accuracy, rows) in before {
      let found = PerformanceBaseline(labelled: rows, inSample: false, metrics: ["accuracy": accuracy])
      if slice == "all" { baseline.performance = found }
      if let place = baseline.slices.firstIndex(where: { $0.slice == slice }) {
        baseline.slices[place].performance = found
      } else if slice != "all" {
        baseline.slices.append(
          SliceBaseline(
            slice: slice, rows: rows, subjects: baseline.subjects.map(\.cells), performance: found))
      }
    }
    let scene = try Scene(
      plan: MonitorPlan(monitor: monitor, baseline: baseline), predictions: [events], labels: [labels])
    try scene.read()
    return scene
  }

  private static func verdicts(_ scene: Scene) throws -> [Verdict] {
    try scene.judge(at: Scene.minute(200), labels: Scene.minute(200)).filter {
      $0.end == Scene.minute(15) && $0.window == "15m"
    }
  }

  /// 60 % of the web are granted it, 30 % of the app.
  private static let unequal = [
    Group(channel: "web", counts: [200, 100, 50, 150]), Group(channel: "app", counts: [40, 20, 40, 100]),
  ]

  @Test func eachGroupIsJudgedBesideTheReference() throws {
    let scene = try Self.scene(
      [Self.check(.demographicParityDifference, .beyond(.absolute(0.1)))],
      Self.unequal + [Group(channel: "fax", counts: [30, 20, 20, 29])])
    let verdicts = try Self.verdicts(scene)
    #expect(verdicts.map(\.slice) == ["channel=app"], "of the channels the baseline profiles web and app alone")
    let verdict = try #require(verdicts.first)
    let expected = try #require(
      GroupFairness(
        group: ConfusionCounts(truePositives: 40, falsePositives: 20, falseNegatives: 40, trueNegatives: 100),
        reference: ConfusionCounts(truePositives: 200, falsePositives: 100, falseNegatives: 50, trueNegatives: 150)
      ).demographicParityDifference)
    #expect(verdict.value == expected.estimate && verdict.interval == expected)
    #expect(verdict.tier == .warning && verdict.threshold == 0.1 && verdict.rows == 200)
    #expect(verdict.pValue == verdict.qValue && verdict.pValue ?? 1 < 0.001)
    let line = try #require(try scene.lines(.verdict).first { $0.end == Scene.minute(15) }?.line)
    #expect(
      line.contains(
        #""slice":"channel=app","subject":"fairness","metric":"demographic_parity_difference","stage":"final","value":-0.3"#
      ))
    #expect(line.contains(#""reference":"channel=web","lower":-0."#))
    let performance = try scene.lines(.performance).filter { $0.end == Scene.minute(15) && $0.window == "15m" }
    let app = try #require(performance.first { $0.slice == "channel=app" }?.line)
    #expect(
      app.contains(#""fairness":[{"reference":"channel=web","favourable":1,"demographic_parity_difference":[-0.3"#))
    #expect(app.contains(#""disparate_impact":0.5,"#))
    #expect(performance.filter { $0.slice != "channel=app" }.allSatisfy { !$0.line.contains("fairness") })
  }

  @Test func theIntervalMustExcludeTheLimit() throws {
    func tier(_ metric: Metric, _ limit: Limit, significance: Double? = 0.01) throws -> Tier? {
      try Self.verdicts(Self.scene([Self.check(metric, limit, significance: significance)], Self.unequal)).first?.tier
    }
    // −0.3, from about −0.40 to −0.19.
    #expect(try tier(.demographicParityDifference, .beyond(.absolute(0.15))) == .warning)
    #expect(try tier(.demographicParityDifference, .beyond(.absolute(0.25)), significance: nil) == .ok)
    #expect(try tier(.demographicParityDifference, .below(.absolute(-0.15))) == .warning)
    #expect(try tier(.demographicParityDifference, .above(.absolute(0.1))) == .ok)
    // 0.5, from about 0.37 to 0.67.
    #expect(try tier(.disparateImpact, .below(.absolute(0.8))) == .warning)
    #expect(try tier(.disparateImpact, .below(.absolute(0.6)), significance: nil) == .ok)
    // 0.5 of those who deserved it, beside 0.8; 0.17 of the others, beside 0.4.
    #expect(try tier(.equalOpportunityDifference, .beyond(.absolute(0.1))) == .warning)
    #expect(try tier(.equalisedOddsDifference, .above(.absolute(0.1))) == .warning)
    #expect(try tier(.equalisedOddsDifference, .above(.absolute(0.29)), significance: nil) == .ok)
  }

  @Test func smallGroupsAndLittleCoverageAreInsufficient() throws {
    let check = Self.check(.demographicParityDifference, .beyond(.absolute(0.1)))
    func tier(_ groups: [Group], unlabelled: Int = 0, check: Check = check) throws -> Tier? {
      try Self.verdicts(Self.scene([check], groups, unlabelled: unlabelled)).first?.tier
    }
    #expect(try tier([Self.unequal[0], Group(channel: "app", counts: [10, 9, 30, 50])]) == .insufficientData)
    #expect(try tier([Self.unequal[0], Group(channel: "app", counts: [10, 10, 30, 50])]) == .warning)
    #expect(try tier([Group(channel: "web", counts: [49, 20, 10, 20]), Self.unequal[1]]) == .insufficientData)
    #expect(try tier([Self.unequal[1]]) == .insufficientData)
    #expect(try tier([Self.unequal[0]]) == nil)
    // Half of the app's predictions have labels, and half must.
    #expect(try tier(Self.unequal, unlabelled: 200) == .warning)
    #expect(try tier(Self.unequal, unlabelled: 201) == .insufficientData)
    let large = Self.check(.demographicParityDifference, .beyond(.absolute(0.1)), minimumRows: 201)
    #expect(try tier(Self.unequal, check: large) == .insufficientData)
    let whole = Self.check(.demographicParityDifference, .beyond(.absolute(0.1)), partial: false)
    #expect(try tier(Self.unequal, check: whole) == .warning)
  }

  /// Where being refused is what people want, the app is better off.
  @Test func theFavourableOutcomeMayBeZero() throws {
    let turned = FairnessGroups(segment: "channel", reference: "web", favourable: .negative)
    let check = Self.check(.demographicParityDifference, .above(.absolute(0.1)), groups: turned)
    let verdict = try #require(try Self.verdicts(Self.scene([check], Self.unequal)).first)
    #expect(abs((verdict.value ?? 0) - 0.3) < 1e-12 && verdict.tier == .warning)
  }

  // MARK: The worst slice

  private static let accuracy = Check(
    name: "accuracy", on: .performance, metric: .accuracy, window: "15m",
    limits: [TierLimit(.warning, .below(.absolute(0.95)))], minimumRows: 100, partial: true, certain: false,
    minimumPositives: 0, minimumNegatives: 0)

  @Test func theWorstSliceIsNamedWithItsValue() throws {
    // 1,050 of 1,500 and 300 of 600 are right; all are of one version.
    let worse = [
      Group(channel: "web", counts: [600, 300, 150, 450]), Group(channel: "app", counts: [120, 180, 120, 180]),
    ]
    let scene = try Self.scene([Self.accuracy], worse)
    let all = try scene.judge(at: Scene.minute(200), labels: Scene.minute(200)).filter { $0.slice == "all" }
    let worst = try #require(try all.only("accuracy", 15).contrast?.worst)
    #expect(worst.slice == "channel=app" && worst.value == 0.5 && worst.rows == 600)
    // z = −0.2 / √(0.5·0.5/600 + 0.7·0.3/1500), one-sided and twice for two channels; the version holds all rows, so there is
    // no rest to compare it with.
    let z = 0.2 / (0.25 / 600 + 0.21 / 1500).squareRoot()
    #expect(abs(worst.qValue - 2 * SpecialFunctions.normalSurvival(z)) < 1e-12)
    let line = try #require(try scene.lines(.verdict).first { $0.end == Scene.minute(15) }?.line)
    #expect(line.contains(#""worst_slice":{"slice":"channel=app","value":0.5,"rows":600,"q_value":"#))
    // What receivers and pages get is of the newest window that fired.
    let last = try #require(all.last { $0.tier == .warning }?.contrast?.worst)
    let incident = try #require(try scene.ledger.read { try $0.incidents(IncidentQuery()) }.first)
    let members = #""worst_slice":"\#(last.slice)","worst_value":\#(last.value),"worst_q_value":"#
    #expect(incident.evidence.contains(members), "\(incident.evidence)")
    let machine = try #require(
      try scene.ledger.read { try $0.machine(monitor: scene.plan.monitor.name, group: .performanceFinal) })
    #expect(try IncidentMachine(encoded: machine).active.values.first?.contrast == .worst(last))
  }

  /// The web has always been worse than the app, and it is the app that has changed.
  @Test func theWorstSliceOfAChangeIsTheOneThatHasChanged() throws {
    var fall = Self.accuracy
    fall.limits = [TierLimit(.warning, .maximumDrop(.absolute(0.05)))]
    let now = [
      Group(channel: "web", counts: [600, 300, 150, 450]), Group(channel: "app", counts: [225, 75, 75, 225]),
    ]
    let before = [("all", 0.77, Int64(2100)), ("channel=web", 0.7, 1500), ("channel=app", 0.945, 600)]
    let worst = try #require(
      try Self.verdicts(Self.scene([fall], now, before: before)).first?.contrast?.worst)
    #expect(worst.slice == "channel=app" && worst.value == 0.75)
    // Against a number they are alike.
    #expect(
      try Self.verdicts(Self.scene([Self.accuracy], now, before: before)).first?.contrast == .alike(leftOut: 0))
    // A slice that has no performance of its own in training cannot be said to have changed.
    #expect(
      try Self.verdicts(Self.scene([fall], now, before: Array(before.prefix(2)))).first?.contrast == .alike(leftOut: 1))
  }

  /// Of several there is always a worst; it is named only where chance does not explain it.
  @Test func slicesThatDifferByChanceAreAlike() throws {
    // 350 of 500 and 120 of 200: p is 0.0065 on one side, 0.013 for two channels.
    let scene = try Self.scene([Self.accuracy], [Self.unequal[0], Group(channel: "app", counts: [40, 40, 40, 80])])
    let all = try scene.judge(at: Scene.minute(200), labels: Scene.minute(200)).filter { $0.slice == "all" }
    #expect(try all.only("accuracy", 15).contrast == .alike(leftOut: 0))
    let line = try #require(try scene.lines(.verdict).first { $0.end == Scene.minute(15) }?.line)
    #expect(line.contains(#""worst_slice":null"#))
    let incident = try #require(try scene.ledger.read { try $0.incidents(IncidentQuery()) }.first)
    #expect(incident.evidence.contains(#""slices_alike":true"#))
    let machine = try #require(
      try scene.ledger.read { try $0.machine(monitor: scene.plan.monitor.name, group: .performanceFinal) })
    #expect(
      try IncidentMachine(encoded: machine).active.values.first?.contrast == all.last { $0.tier == .warning }?.contrast)

    // A slice with too few rows says nothing, and one that is better than the whole is never the worst.
    var large = Self.accuracy
    large.minimumRows = 201
    let better = [Self.unequal[0], Group(channel: "app", counts: [100, 0, 0, 100])]
    #expect(try Self.verdicts(Self.scene([Self.accuracy], better)).first?.contrast?.worst?.slice == "channel=web")
    #expect(
      try Self.verdicts(Self.scene([large], [Self.unequal[0], Group(channel: "app", counts: [0, 100, 100, 0])]))
        .first?.contrast == .alike(leftOut: 1))
    let alone = [Group(channel: "web", counts: [50, 50, 50, 50])]
    #expect(try Self.verdicts(Self.scene([Self.accuracy], alone)).first?.contrast == nil)
  }

  @Test func driftThatFiresNamesTheWorstSlice() throws {
    func scene(_ limit: Double, _ metric: Metric = .ks, moves: [String] = ["web"]) throws -> Scene {
      let events = Scene.predictions(600) { i, event in
        let channel = i % 2 == 0 ? "web" : "app"
        event.channel = "\"\(channel)\""
        if moves.contains(channel) { event.amount = "\(40 + i / 2 % 10)" }
      }
      let scene = try Scene(
        checks: [
          Check(
            name: "drift", on: .named(["amount"]), metric: metric, window: "15m",
            limits: [TierLimit(.warning, .above(.absolute(limit)))], partial: true)
        ], predictions: [events], trained: SampleMonitor.trainingRows(4000))
      try scene.read()
      return scene
    }
    func verdict(_ scene: Scene) throws -> Verdict { try scene.judge(at: Scene.minute(200)).only("drift", 15) }
    for metric in [Metric.ks, .psi, .jensenShannon, .hellinger, .totalVariation, .lInfinity, .wasserstein] {
      let limit = metric == .wasserstein ? 2 : 0.19
      let firing = try verdict(scene(limit, metric))
      let worst = try #require(firing.contrast?.worst, "\(metric)")
      #expect(firing.tier == .warning && worst.slice == "channel=web" && worst.qValue < 1e-6, "\(metric)")
      #expect(worst.value > firing.value ?? .infinity, "\(metric)")
      #expect(try verdict(scene(limit, metric, moves: ["web", "app"])).contrast == .alike(leftOut: 0), "\(metric)")
    }
    #expect(try verdict(scene(0.95)).contrast == nil)
  }
}
