/// What is normal, of all streams of a model or of one slice: everything that judging an hour needs.
package struct ShiftNull: Sendable, Equatable {
  package let configuration: ShiftConfiguration
  package let plan: ShiftPlan
  package let streams: ShiftStreams
  package internal(set) var fit: ShiftFit
  package let regression: ShiftRegression
  /// Inflation of the surprises' variance by view (0 raw, 1 given the others) and stream, 2 × K; above 0.
  package let inflation: [Double]
  /// Most nats an hour of a bursty stream, else ∞; by stream, as are the next two.
  package let cap: [Double]
  /// The |r| beyond which the cap is lifted.
  package let beyond: [Double]
  /// Wander that is no drift.
  package internal(set) var tolerance: [Double]
  /// The evidence (nats) that is an alarm, by tier, view and stream: tiers × 2 × K.
  package let levels: [Double]
  /// nil under the plan `fixed`.
  package let calibration: ShiftCalibration?
  /// Medians over the baseline's hours by stream, for `ShiftPower`.
  package let typicalResponse, typicalGain: [Double]
  /// Streams whose piece is of another null of the same streams, with what their levels are read from.
  var pieces: [Int: ShiftPiece.Levels] = [:]

  package func level(tier: Int, view: Int, stream: Int) -> Double {
    levels[(tier * 2 + view) * streams.count + stream]
  }

  /// About what it takes in memory.
  package var residentBytes: Int {
    let (k, tiers) = (streams.count, configuration.tiers.count)
    return 8 * k * (ShiftProfile.hours + regression.predictors.count + 2 * tiers + 16)
      + streams.tables.reduce(0) { $0 + 16 * $1.shares.count }
  }

  /// About what a fold takes, in memory and once more as bytes.
  package var stateBytes: Int {
    streams.count * (256 + configuration.tiers.count * 2 * configuration.sizes.count * 2 * 40) * 2
  }

  func rules(_ stream: Int) -> ShiftBank.Rules {
    ShiftBank.Rules(
      memory: fit.memory[stream], cap: cap[stream], beyond: beyond[stream], tolerance: tolerance[stream],
      isOneSided: configuration.isOneSided)
  }
}

extension ShiftNull {
  /// The null of a dated baseline; nil with fewer than 168 hours (plan `iid`).
  package init?(_ history: ShiftHistory, subjects: [ShiftSubject], _ configuration: ShiftConfiguration) {
    guard ShiftPlan(hours: history.hours.count) != .iid else { return nil }
    let streams = ShiftStreams(subjects: subjects, totals: history.totals(), configuration)
    self.init(ShiftValues(history, streams), streams, configuration)
  }

  /// The null of what the streams said in T hours; nil with fewer than 168 that count.
  ///
  /// bursty: max |u| over the baseline exceeds `heavy`, or more than a third of the streams of the kind do; then at most `cap` nats an
  /// hour. beyond = `beyond` · max |r| over the baseline and the kind. inflation = 1 + (excess − 1)/2, half of what the calibration
  /// found, for the fit rests on twice the hours. Under `fixed`: ridge + 36/T, inflation (T + 24)/(T − 24), levels ln(8 / r*) + 3,
  /// tolerance max(0.3, 2 √(variance (1 + φ) / ((1 − φ) T))).
  ///
  /// - Parameter skipped: how many of the hours hold no values because learning passed over them (alarms, excluded days); they do not
  ///   count in T. Hours that merely had no rows do.
  package init?(
    _ values: ShiftValues, _ streams: ShiftStreams, _ configuration: ShiftConfiguration, skipped: Int = 0
  ) {
    precondition(skipped >= 0 && values.streams == streams.count, "values of other streams")
    let plan = ShiftPlan(hours: values.hours - skipped)
    guard plan != .iid else { return nil }
    let k = streams.count
    let hours = Double(values.hours - skipped)
    let fit = ShiftFit(values, configuration, week: plan != .fixed)
    let innovations = ShiftInnovations(values, fit, configuration.calendar)
    let isShare = streams.all.map(\.kind.isShare)
    let sharing = configuration.totalStreams ?? k
    let ridge = plan == .fixed ? configuration.ridge + 36 / hours : configuration.ridge
    let regression = ShiftRegression(innovations.u, streams.all, ridge: ridge)
    let cap: [Double]
    let beyond: [Double]
    let tolerance: [Double]
    let inflation: [Double]
    let calibration: ShiftCalibration?
    if plan == .fixed {
      cap = isShare.map { $0 ? configuration.cap : .infinity }
      beyond = [Double](repeating: .infinity, count: k)
      tolerance = (0..<k).map { stream in
        let error = ShiftNull.meanError(fit, stream, hours: hours)
        return max(configuration.tolerance, 0.3, 2 * error)
      }
      inflation = [Double](repeating: (hours + 24) / (hours - 24), count: 2 * k)
      calibration = nil
    } else {
      let top = ShiftNull.largest(innovations.u, streams: k)
      let deviation = ShiftNull.largest(innovations.adjusted.r, streams: k)
      let bursty = streams.spread { of in
        Double(of.filter { top[$0] > configuration.heavy }.count) / Double(of.count)
      }
      cap = (0..<k).map { stream in
        top[stream] > configuration.heavy || bursty[stream] > 1.0 / 3 || (isShare[stream] && plan == .short)
          ? configuration.cap : .infinity
      }
      beyond = streams.spread { of in configuration.beyond * (of.map { deviation[$0] }.max() ?? 0) }
      tolerance = [Double](repeating: configuration.tolerance, count: k)
      let rules = (0..<k).map {
        ShiftBank.Rules(
          memory: 0, cap: cap[$0], beyond: beyond[$0], tolerance: tolerance[$0],
          isOneSided: configuration.isOneSided)
      }
      let found = ShiftCalibration(values, streams, rules, configuration)
      inflation = found.excess.map { 1 + ($0 - 1) / 2 }
      calibration = found
    }
    var levels: [Double] = []
    for tier in configuration.tiers {
      let rate = tier.rate(streams: sharing)
      for view in 0..<2 {
        for stream in 0..<k {
          levels.append(Self.level(plan, streams, calibration, tier, rate, view: view, stream: stream))
        }
      }
    }
    let known = ShiftNull.columns(innovations.adjusted.has, streams: k)
    self.init(
      configuration: configuration, plan: plan, streams: streams, fit: fit, regression: regression,
      inflation: inflation,
      cap: cap, beyond: beyond, tolerance: tolerance, levels: levels, calibration: calibration,
      typicalResponse: known.map { cells in median(cells.map { innovations.response[$0] }) },
      typicalGain: known.map { cells in median(cells.map { innovations.gain[$0] }) })
  }

  /// Standard error of a stream's mean over `hours`: √(variance (1 + φ) / ((1 − φ) hours)), for hours that remember each other.
  static func meanError(_ fit: ShiftFit, _ stream: Int, hours: Double) -> Double {
    let memory = fit.memory[stream]
    return (fit.variance[stream] * (1 + memory) / ((1 - memory) * hours)).squareRoot()
  }

  /// max |x| of every stream over T × K numbers.
  private static func largest(_ x: [Double], streams k: Int) -> [Double] {
    var top = [Double](repeating: 0, count: k)
    for (cell, value) in x.enumerated() { top[cell % k] = max(top[cell % k], abs(value)) }
    return top
  }

  /// Cells of every stream that have a value.
  private static func columns(_ has: [Bool], streams k: Int) -> [[Int]] {
    (0..<k).map { stream in stride(from: stream, to: has.count, by: k).filter { has[$0] } }
  }
}
