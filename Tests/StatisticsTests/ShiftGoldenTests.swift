import LeewayStatistics
import Testing

/// Every stage against the reference implementation, to 1e-9.
struct ShiftGoldenTests {
  private let golden: ShiftGolden
  private let null: ShiftNull

  /// The null of the golden case's baseline, fitted once.
  private static let fitted = Result {
    let golden = try ShiftGolden.shared.get()
    return try #require(
      ShiftNull(
        golden.history(0..<golden.baselineHours), subjects: golden.shiftSubjects, ShiftGolden.configuration))
  }

  init() throws {
    golden = try ShiftGolden.shared.get()
    null = try Self.fitted.get()
  }

  private func expect(
    _ what: String, _ numbers: Int, sourceLocation: SourceLocation = #_sourceLocation,
    _ compare: (inout Deviation) throws -> Void
  ) rethrows {
    var deviation = Deviation()
    try compare(&deviation)
    #expect(deviation.count == numbers, "\(what)", sourceLocation: sourceLocation)
    #expect(deviation.worst <= 1e-9, "\(what): \(deviation)", sourceLocation: sourceLocation)
  }

  @Test func streamsAndTheirTables() {
    #expect(null.streams.all == golden.streams.map(\.stream))
    #expect(null.streams.tables.map(\.largest) == golden.tables.map(\.largest))
    expect("tables", 149) {
      for (index, expected) in golden.tables.enumerated() {
        $0.take(null.streams.tables[index].shares, expected.p)
        if golden.subjects[index].numeric { $0.take(null.streams.tables[index].scores, expected.s) }
      }
    }
  }

  @Test func values() {
    let values = ShiftValues(golden.history, null.streams)
    let production = golden.baselineHours * values.streams
    expect("y", 45_864) { $0.take(values.y, golden.values.y.joined()) }
    expect("n", 19_656) { $0.take(values.n[production...], golden.values.n.joined()) }
    expect("w", 19_656) { $0.take(values.w[production...], golden.values.w.joined()) }
  }

  @Test func fit() {
    expect("profile", 6552) { $0.take(null.fit.profile.values, golden.fit.profile.joined()) }
    expect("row variance", 39) { $0.take(null.fit.rowVariance, golden.fit.c) }
    expect("variance", 39) { $0.take(null.fit.variance, golden.fit.var) }
    expect("memory", 39) { $0.take(null.fit.memory, golden.fit.phi) }
  }

  @Test func regressionOnTheOthers() {
    let k = null.streams.count
    expect("weights", 39 * 39) {
      for stream in 0..<k {
        var row = [Double](repeating: 0, count: k)
        for (p, predictor) in null.regression.predictors.enumerated() {
          row[predictor] = null.regression.weights[p * k + stream]
        }
        $0.take(row, golden.null.m[stream])
      }
    }
    expect("left", 39) { $0.take(null.regression.left, golden.null.s) }
  }

  @Test func calibrationAndLevels() throws {
    let calibration = try #require(null.calibration)
    expect("excess", 78) { $0.take(calibration.excess, golden.calibration.excess.joined()) }
    expect("highest peaks", 78) { $0.take(calibration.own, golden.calibration.own.joined()) }
    try expect("tails", 2 * 7 * 2 * 4) {
      for (tails, expected) in zip(calibration.tails, golden.calibration.tails) {
        #expect(tails.count == expected.count)
        for (kind, found) in tails {
          for (tail, expected) in zip(found, try #require(expected[kind.rawValue])) {
            $0.take(
              [tail.threshold, tail.rate, tail.shape, tail.scale],
              [expected.u0, expected.rate, expected.alpha, expected.beta])
          }
        }
      }
    }
    expect("levels", 156) { $0.take(null.levels, golden.levels.joined().joined()) }
    expect("inflation", 78) { $0.take(null.inflation, golden.null.f.joined()) }
    expect("rules", 3 * 39) {
      $0.take(null.cap, golden.null.cap)
      $0.take(null.beyond, golden.null.beyond)
      $0.take(null.tolerance, golden.null.tolerance)
    }
    expect("typical hours", 2 * 39) {
      $0.take(null.typicalResponse, golden.null.typicalI)
      $0.take(null.typicalGain, golden.null.typicalGain)
    }
  }

  @Test func productionHourByHour() throws {
    var fold = ShiftFold(null, next: golden.first + golden.baselineHours)
    var incidents: [ShiftGolden.Incident] = []
    var alarms: [ShiftAlarm] = []
    var deviations = [String: Deviation]()
    for (row, counts) in golden.history.hours[golden.baselineHours...].enumerated() {
      let outcome = fold.take(counts, null)
      let evidence = outcome.evidence
      deviations["u", default: Deviation()].take(evidence.u, golden.online.u[row])
      deviations["v", default: Deviation()].take(evidence.v, golden.online.v[row])
      deviations["response", default: Deviation()].take(evidence.response, golden.online.i[row])
      deviations["gain", default: Deviation()].take(evidence.gain, golden.online.gain[row])
      deviations["held", default: Deviation()].take(evidence.held, golden.online.held[row].joined().joined())
      alarms += outcome.alarms
      incidents += outcome.opened.map { ShiftGolden.Incident("opened", evidence.hour, $0) }
      incidents += outcome.closed.map { ShiftGolden.Incident("closed", evidence.hour, $0) }
    }
    #expect(fold.next == golden.first + 1176)
    for (what, deviation) in deviations {
      #expect(deviation.worst <= 1e-9 && deviation.count == 504 * (what == "held" ? 156 : 39), "\(what): \(deviation)")
    }
    #expect(incidents == golden.incidents && incidents.count == 12)
    try #require(alarms.count == golden.alarms.count && alarms.count == 16)
    expect("alarms", 64) {
      for (alarm, expected) in zip(alarms, golden.alarms) {
        #expect(
          [alarm.hour, alarm.tier, alarm.stream, alarm.view, alarm.start] == [
            expected.hour, expected.tier, expected.stream, expected.view, expected.start,
          ])
        $0.take(
          [alarm.evidence, alarm.level, alarm.step, alarm.size],
          [expected.w, expected.level, expected.delta, expected.size])
      }
    }
  }

  @Test func shorterBaselines() throws {
    #expect(golden.fallback.map(\.days) == [14, 10])
    for expected in golden.fallback {
      let hours = golden.baselineHours - 24 * expected.days..<golden.baselineHours
      let short = try #require(
        ShiftNull(golden.history(hours), subjects: golden.shiftSubjects, ShiftGolden.configuration))
      #expect(short.plan.rawValue == expected.plan)
      #expect((short.calibration == nil) == (short.plan == .fixed))
      expect("\(expected.days) days", 39 * 11) {
        $0.take(short.fit.variance, expected.var)
        $0.take(short.fit.memory, expected.phi)
        $0.take(short.inflation, expected.f.joined())
        $0.take(short.cap, expected.cap)
        $0.take(short.beyond, expected.beyond)
        $0.take(short.tolerance, expected.tolerance)
        $0.take(short.levels, expected.levels.joined().joined())
      }
    }
  }

  @Test func whatIsFoundWithinWhichTime() {
    expect("explain", 30) {
      for row in golden.explain {
        $0.take(null.smallestStep(of: Int(row[0]), tier: Int(row[1]), within: Int(row[2])), row[3])
      }
    }
  }
}
