import Glibc
import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct DriftCheckTests {
  private static func drift(
    _ name: String = "drift", metric: Metric = .psi, limits: [TierLimit], on: Check.Subjects = .features(except: []),
    consecutive: Int = 1, slices: Check.Slices = .all, significance: Double? = 0.01, minimumRows: Int64 = 20,
    partial: Bool = true
  ) -> Check {
    Check(
      name: name, on: on, metric: metric, window: "15m", limits: limits, consecutive: consecutive, slices: slices,
      significance: significance, minimumRows: minimumRows, partial: partial)
  }

  /// Amounts that all lie in the baseline's top decile, or spread as the baseline's.
  private static func moved(_ count: Int, from: Int64 = 0, to: Int64 = 15, id: String = "p") -> [PredictionEvent] {
    Scene.predictions(count, from: from, to: to, id: id) { _, event in event.amount = "48" }
  }

  @Test func theHighestTierReachedStandsAndTheThresholdIsItsOwn() throws {
    let check = Self.drift(
      limits: [Check.above(0.5, .info), Check.above(1, .warning), Check.above(50, .critical)], on: .named(["amount"]))
    let scene = try Scene(checks: [check], predictions: [Self.moved(400)])
    try scene.read()
    let verdict = try scene.judge(at: Scene.minute(20)).only("drift", 15)
    #expect(verdict.tier == .warning && verdict.threshold == 1 && verdict.null == "iid")
    #expect(verdict.rows == 400)
    let same = try Scene(checks: [check], predictions: [Scene.predictions(400)])
    try same.read()
    let calm = try same.judge(at: Scene.minute(20)).only("drift", 15)
    #expect(calm.tier == .ok && calm.threshold == 0.5 && (calm.value ?? 1) < 0.5)
  }

  @Test func fewerRowsThanTheLeastAreInsufficient() throws {
    for (rows, tier) in [(99, Tier.insufficientData), (100, .warning)] {
      // Missing values count for psi and not for ks.
      let events = Self.moved(rows - 10) + Scene.predictions(10, id: "q") { _, event in event.amount = nil }
      let checks = [
        Self.drift(limits: [Check.above(2)], on: .named(["amount"]), minimumRows: 100),
        Self.drift(
          "ks", metric: .ks, limits: [Check.above(0.5)], on: .named(["amount"]), minimumRows: Int64(rows - 10)),
        Self.drift(
          "ks2", metric: .ks, limits: [Check.above(0.5)], on: .named(["amount"]), minimumRows: Int64(rows - 9)),
      ]
      let scene = try Scene(checks: checks, predictions: [events.sorted { $0.time < $1.time }])
      try scene.read()
      let verdicts = try scene.judge(at: Scene.minute(20))
      #expect(try verdicts.only("drift", 15).tier == tier, "\(rows)")
      #expect(try verdicts.only("ks", 15).tier == .warning)
      #expect(try verdicts.only("ks2", 15).tier == .insufficientData)
    }
  }

  /// A tier under 2·psi_noise cannot fire; if none fires and one could not, nothing is known.
  @Test func tiersWithinTheNoiseCannotFire() throws {
    // Ten bins against 2000 rows and 60: noise is 9·(1/2000 + 1/60) ≈ 0.1545.
    let noise = 9.0 * (1 / 2000.0 + 1 / 60.0)
    let limits = [Check.above(0.01, .info), Check.above(2 * noise + 1e-9, .warning)]
    func tier(_ events: [PredictionEvent]) throws -> Tier {
      let scene = try Scene(checks: [Self.drift(limits: limits, on: .named(["amount"]))], predictions: [events])
      try scene.read()
      return try scene.judge(at: Scene.minute(20)).only("drift", 15).tier
    }
    #expect(try tier(Scene.predictions(60)) == .insufficientData)
    #expect(try tier(Self.moved(60)) == .warning)
    // With enough rows the same low tier is judged.
    let many = try Scene(
      checks: [Self.drift(limits: [Check.above(0.02, .info)], on: .named(["amount"]))],
      predictions: [Scene.predictions(4000)])
    try many.read()
    #expect(try many.judge(at: Scene.minute(20)).only("drift", 15).tier != .insufficientData)
  }

  /// What chance makes of each distance between 2000 training amounts and 60, from the amounts themselves.
  private static func noises() -> [Metric: Double] {
    let amounts = SampleMonitor.trainingRows().map(\.amount).sorted()
    let n = Double(amounts.count)
    let h = 1 / n + 1 / 60
    let mean = amounts.reduce(0, +) / n
    let deviation = (amounts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n).squareRoot()
    // Whole amounts lie one apart, so that an integral over them is a sum.
    let below = (0..<49).map { amount in Double(amounts.count { $0 <= Double(amount) }) / n }
    let spread = below.reduce(0.0) { $0 + ($1 * (1 - $1)).squareRoot() }
    let squares = below.reduce(0.0) { $0 + $1 * (1 - $1) }
    let cuts = NumericBinning.fit(sorted: amounts, resolution: 100).cuts
    let shares = Dictionary(grouping: amounts) { x in cuts.count { $0 < x } }.values.map { Double($0.count) / n }
    let psi = Double(shares.count - 1) * h
    let wasserstein = (2 * h / .pi).squareRoot() * spread
    return [
      .psi: psi, .jensenShannon: (psi / (8 * log(2))).squareRoot(), .hellinger: (psi / 8).squareRoot(),
      .totalVariation: (2 * h / .pi).squareRoot() * shares.reduce(0) { $0 + ($1 * (1 - $1)).squareRoot() } / 2,
      .lInfinity: (2 * h * log(2 * Double(shares.count)) * (shares.map { $0 * (1 - $0) }.max() ?? 0)).squareRoot(),
      .ks: 0.8687 * h.squareRoot(), .wasserstein: wasserstein, .wassersteinNormalised: wasserstein / deviation,
      .energy: (2 * h * squares).squareRoot(),
    ]
  }

  /// Of every distance: a limit just under twice its noise cannot fire and says so with both numbers; one just above is judged.
  @Test func aLimitWithinTheNoiseOfItsDistanceSaysSo() throws {
    let noises = Self.noises()
    #expect(Set(noises.keys) == Set(Metric.distances))
    let checks = noises.flatMap { metric, noise in
      [("below", 2 - 1e-6), ("above", 2 + 1e-6)].map { name, times in
        Self.drift(
          "\(metric.name) \(name)", metric: metric, limits: [Check.above(times * noise)], on: .named(["amount"]))
      }
    }
    let scene = try Scene(checks: checks, predictions: [Scene.predictions(60)])
    try scene.read()
    let verdicts = try scene.judge(at: Scene.minute(20))
    for (metric, noise) in noises {
      let within = try verdicts.only("\(metric.name) below", 15)
      #expect(within.tier == .insufficientData && within.why?.reason == .noise, "\(metric.name)")
      guard case .value(let limit)? = within.why?.numbers.first?.value,
        case .value(let found)? = within.why?.numbers.last?.value
      else { return #expect(Bool(false), "\(metric.name) has no numbers") }
      #expect(within.why?.numbers.map(\.name) == ["limit", "noise"])
      #expect(limit == (2 - 1e-6) * noise && limit == within.threshold)
      #expect(abs(found - noise) < 1e-9 * noise, "\(metric.name): \(found) for \(noise)")
      let beyond = try verdicts.only("\(metric.name) above", 15)
      #expect(beyond.tier != .insufficientData && beyond.why == nil, "\(metric.name): \(beyond)")
    }
  }

  /// A mean distance without the one value that is far out would be that of other values.
  @Test func aValueThatIsFarOutLeavesSumsUndefined() throws {
    for far in [0, 1] {
      let checks = [Metric.wasserstein, .ks].map {
        Self.drift($0.name, metric: $0, limits: [Check.above(0.9)], on: .output)
      }
      let scene = try Scene(
        .regression, checks: checks,
        predictions: [Scene.predictions(400) { i, event in if i < far { event.output = "1e300" } }])
      try scene.read()
      let verdicts = try scene.judge(at: Scene.minute(20))
      let wasserstein = try verdicts.only("wasserstein", 15)
      #expect(
        wasserstein.why == (far == 0 ? nil : Shortfall(.outlying, [("outlying", .count(1))]))
          && wasserstein.tier == (far == 0 ? .ok : .insufficientData))
      #expect(try verdicts.only("ks", 15).tier == .ok)
    }
  }

  @Test func theFamilyIsEverySubjectAndSliceOfOneCheck() throws {
    let check = Self.drift(metric: .psi, limits: [Check.above(0.3)], slices: .each, minimumRows: 50)
    let events = Scene.predictions(600) { i, event in
      event.channel = i % 3 == 0 ? "\"app\"" : "\"web\""
      event.country = i % 5 == 0 ? "\"PL\"" : event.country
    }
    let scene = try Scene(checks: [check], predictions: [events])
    try scene.read()
    let verdicts = try scene.judge(at: Scene.minute(20)).filter { $0.end == Scene.minute(15) }
    // `channel=app` has no baseline of its own; features of versions are held against the whole.
    let unknown = verdicts.filter { $0.slice == "channel=app" }
    #expect(
      unknown.count == 2
        && unknown.allSatisfy {
          $0.tier == .insufficientData && $0.why == Shortfall(.noBaseline) && $0.against == .all && $0.pValue == nil
            && $0.qValue == nil
        })
    let family = verdicts.filter { $0.pValue != nil }
    #expect(
      family.map { "\($0.slice)/\($0.subject)" }.sorted() == [
        "all/amount", "all/country", "channel=web/amount", "channel=web/country", "version=v1/amount",
        "version=v1/country",
      ])
    #expect(family.map(\.against) == [.all, .all, .slice, .slice, .all, .all])
    // Adjusted by hand: p times m over the rank, from the greatest down.
    let sorted = family.sorted { $0.pValue ?? 0 < $1.pValue ?? 0 }
    var least = 1.0
    for (i, verdict) in sorted.enumerated().reversed() {
      least = min(least, (verdict.pValue ?? 0) * 6 / Double(i + 1))
      let q = try #require(verdict.qValue)
      #expect(abs(q - least) <= 1e-12 * least)
    }
  }

  @Test func aConstantSubjectIsLeftOutOfTheFamily() throws {
    let rows = SampleMonitor.trainingRows().map { row in
      var row = row
      row.country = "DE"
      return row
    }
    let check = Self.drift(limits: [Check.above(0.3)])
    let scene = try Scene(
      checks: [check], predictions: [Scene.predictions(300) { _, event in event.country = "\"DE\"" }],
      trained: rows)
    try scene.read()
    let verdicts = try scene.judge(at: Scene.minute(20))
    let constant = try verdicts.only("drift", 15, subject: "country")
    #expect(constant.tier == .ok && constant.pValue == nil && constant.qValue == nil)
    let other = try verdicts.only("drift", 15, subject: "amount")
    #expect(other.pValue != nil && other.pValue == other.qValue)
  }

  @Test func aDistanceWithoutSignificanceFiresOnlyWhereItIsOff() throws {
    // Three countries of 60 training rows beside 60: 4h = 0.133 is above the noise, and χ² of about 5 is chance.
    let rows = SampleMonitor.trainingRows(60).enumerated().map { i, row in
      var row = row
      row.country = ["DE", "FR", "US"][i % 3]
      return row
    }
    for (significance, tier) in [(0.01, Tier.ok), (nil, .warning)] as [(Double?, Tier)] {
      let check = Self.drift(
        limits: [Check.above(0.135)], on: .named(["country"]), significance: significance)
      let scene = try Scene(
        checks: [check],
        predictions: [
          Scene.predictions(60) { i, event in event.country = "\"\(i < 30 ? "DE" : i < 48 ? "FR" : "US")\"" }
        ], trained: rows)
      try scene.read()
      let verdict = try scene.judge(at: Scene.minute(20)).only("drift", 15)
      #expect((verdict.value ?? 0) > 0.135 && (verdict.pValue ?? 0) > 0.01)
      #expect(verdict.tier == tier)
    }
  }

  @Test func slicesAreComparedWithTheirOwnBaseline() throws {
    // On the web the training amounts were small, in the app great.
    let rows = SampleMonitor.trainingRows(4000).map { row in
      var row = row
      row.amount = row.channel == "web" ? row.amount / 5 : row.amount + 100
      return row
    }
    let events = Scene.predictions(600) { i, event in
      event.channel = "\"web\""
      event.amount = "\(Double(i % 50) / 5)"
    }
    let check = Self.drift(
      metric: .ks, limits: [Check.above(0.3)], on: .named(["amount"]), slices: .listed(["channel=web"]))
    let whole = Self.drift("whole", metric: .ks, limits: [Check.above(0.3)], on: .named(["amount"]))
    let scene = try Scene(
      checks: [check, whole], predictions: [events], trained: rows)
    try scene.read()
    let verdicts = try scene.judge(at: Scene.minute(20))
    #expect(try verdicts.only("drift", 15, slice: "channel=web").tier == .ok)
    #expect(try verdicts.only("whole", 15).tier == .warning)
  }

  @Test func aSegmentsOwnFeatureIsLeftOutOfItsSlices() throws {
    for name in ["country", "geo.country"] {
      let check = Self.drift(limits: [Check.above(0.3)], slices: .each)
      let scene = try Scene(checks: [check], predictions: [Scene.predictions(300)]) { monitor in
        // The segment is the feature's field, whatever it is called.
        monitor.segments = [Segment(name: name, field: monitor.features[1].field)]
        monitor.predictions.version = nil
      }
      try scene.read()
      let verdicts = try scene.judge(at: Scene.minute(20)).filter { $0.end == Scene.minute(15) }
      let subjects = Dictionary(grouping: verdicts, by: \.slice).mapValues { Set($0.map(\.subject)) }
      #expect(
        subjects == [
          "all": ["amount", "country"], "\(name)=DE": ["amount"], "\(name)=FR": ["amount"], "\(name)=US": ["amount"],
        ])
    }
  }

  /// What was one value in training and is another now lies in one decile bin, and in two cells.
  @Test(arguments: [
    (Metric.ks, "5", Tier.ok, nil as Double?), (.ks, "0", .warning, 1), (.wasserstein, "0", .warning, 5),
  ])
  func aConstantThatMovesIsSeen(_ metric: Metric, _ amount: String, _ tier: Tier, _ value: Double?) throws {
    let rows = SampleMonitor.trainingRows().map { row in
      var row = row
      row.amount = 5
      return row
    }
    let check = Self.drift(metric: metric, limits: [Check.above(0.2)], on: .named(["amount"]))
    let scene = try Scene(
      checks: [check], predictions: [Scene.predictions(400) { _, event in event.amount = amount }], trained: rows)
    try scene.read()
    let verdict = try scene.judge(at: Scene.minute(20)).only("drift", 15)
    #expect(verdict.tier == tier && verdict.value == value ?? 0)
    // Nothing to test where nothing differs.
    #expect((verdict.qValue == nil) == (tier == .ok))
  }

  // MARK: for: N

  /// Ends at which the check fires, of windows a quarter apart; `.` spread, `x` moved, ` ` empty, `?` too few.
  private func firing(
    _ quarters: String, consecutive: Int, rounds: Int = 512, size: TimeSpan = .minutes(15)
  ) throws -> [Int64] {
    var events: [PredictionEvent] = []
    for (i, quarter) in quarters.enumerated() {
      let from = Int64(i) * 15
      switch quarter {
      case ".": events += Scene.predictions(100, from: from, to: from + 15, id: "\(i)-")
      case "x": events += Self.moved(100, from: from, to: from + 15, id: "\(i)-")
      case "?": events += Self.moved(5, from: from, to: from + 15, id: "\(i)-")
      default: break
      }
    }
    let check = Self.drift(limits: [Check.above(2)], on: .named(["amount"]), consecutive: consecutive)
    let scene = try Scene(checks: [check], predictions: [events]) { monitor in
      monitor.windows = [WindowDefinition(name: "15m", size: size, every: .minutes(15))]
    }
    try scene.read()
    return try scene.judge(at: Scene.minute(Int64(quarters.count) * 15 + 5), maximumWindows: rounds)
      .filter { $0.tier == .warning }.map { ($0.end - World.start).milliseconds / 900_000 }
  }

  @Test(arguments: [1, 512])
  func forNeedsThatManyFailuresInARow(_ rounds: Int) throws {
    #expect(try firing("xxxx.xx", consecutive: 1, rounds: rounds) == [1, 2, 3, 4, 6, 7])
    #expect(try firing("xxxx.xx", consecutive: 2, rounds: rounds) == [2, 3, 4, 7])
    #expect(try firing("xxxx.xx", consecutive: 3, rounds: rounds) == [3, 4])
    // A missing window, or one with too little in it, neither advances nor resets a count.
    #expect(try firing("x x?x.x", consecutive: 3, rounds: rounds) == [5])
    #expect(try firing("x?.x x", consecutive: 2, rounds: rounds) == [6])
  }

  @Test(arguments: [10, 20])
  func forCountsWindowsThatShareNoPane(_ minutes: Int64) throws {
    // Windows of 20 minutes end every 15: the next that shares nothing is two ends on.
    let found = try firing("xxxx", consecutive: 2, size: .minutes(minutes))
    #expect(found == (minutes > 15 ? [3, 4] : [2, 3, 4]))
  }
}
