/// How every stream behaves while nothing changes.
package struct ShiftFit: Sendable, Equatable {
  package internal(set) var profile: ShiftProfile
  /// Variance per row, by stream; the sampling variance of an hour is this over its rows.
  package let rowVariance: [Double]
  /// Variance of the hours themselves about the profile, above 0, and their memory φ from hour to hour.
  package internal(set) var variance: [Double]
  package let memory: [Double]

  init(profile: ShiftProfile, rowVariance: [Double], variance: [Double], memory: [Double]) {
    self.profile = profile
    self.rowVariance = rowVariance
    self.variance = variance
    self.memory = memory
  }

  /// Fits every stream to T hours.
  ///
  /// c = Σ w n / Σ n; R_t = c / n_t; r = y − P, clipped to ±4 max(1.4826 median|r|, √median R) only for this fit, for a burst must
  /// not stretch the null; variance = max(mean r² − mean R, 0.02 mean R + 10⁻⁹); φ = the candidate with the largest Σ over hours
  /// of −(ln S + min(u², 16)) / 2, the first of equals.
  init(_ values: ShiftValues, _ configuration: ShiftConfiguration, week: Bool) {
    let k = values.streams
    profile = ShiftProfile(values, configuration.calendar, week: week)
    let adjusted = ShiftAdjusted(values, profile, configuration.calendar)
    var rowVariance: [Double] = []
    var variance: [Double] = []
    var memory: [Double] = []
    for stream in 0..<k {
      let cells = stride(from: stream, to: values.y.count, by: k)
      let weight = cells.reduce(0) { $0 + values.w[$1] * values.n[$1] }
      let perRow = weight / max(cells.reduce(0) { $0 + values.n[$1] }, 1)
      let noises = cells.map { adjusted.has[$0] ? perRow / max(values.n[$0], 1) : 0 }
      let known = zip(cells, noises).filter { adjusted.has[$0.0] }
      let hours = Double(max(known.count, 1))
      let limit =
        4 * max(1.4826 * median(known.map { abs(adjusted.r[$0.0]) }), median(known.map(\.1)).squareRoot())
      let r = cells.map { min(max(adjusted.r[$0], -limit), limit) }
      let noise = noises.reduce(0, +) / hours
      let own = max(r.reduce(0) { $0 + $1 * $1 } / hours - noise, 0.02 * noise + 1e-9)
      var best: (score: Double, memory: Double)?
      for candidate in configuration.memories {
        var filter = ShiftFilter(restingAt: own)
        var score = 0.0
        for (t, cell) in cells.enumerated() {
          let s = filter.variance + noises[t]
          let has = adjusted.has[cell]
          let u = filter.take(has ? r[t] : nil, noise: noises[t], memory: candidate, variance: own).u
          if has { score -= 0.5 * (RepeatableMath.log(s) + min(u * u, 16)) }
        }
        if best.map({ score > $0.score }) ?? true { best = (score, candidate) }
      }
      rowVariance.append(perRow)
      variance.append(own)
      memory.append(best?.memory ?? 0)
    }
    self.rowVariance = rowVariance
    self.variance = variance
    self.memory = memory
  }

  /// Rows of `hours` in the order of the streams.
  package var streams: Int { variance.count }
}

/// Values less the profile: T × K.
struct ShiftAdjusted {
  /// y − P; 0 where there is no value or no P.
  var r: [Double]
  var has: [Bool]

  init(_ values: ShiftValues, _ profile: ShiftProfile, _ calendar: ShiftCalendar) {
    let k = values.streams
    r = [Double](repeating: 0, count: values.y.count)
    has = [Bool](repeating: false, count: values.y.count)
    for t in 0..<values.hours {
      let row = calendar.weekHour(values.first + t) * k
      for stream in 0..<k where values.n[t * k + stream] > 0 {
        let expected = profile.values[row + stream]
        guard expected.isFinite else { continue }
        r[t * k + stream] = values.y[t * k + stream] - expected
        has[t * k + stream] = true
      }
    }
  }
}

/// The median, of an even number the mean of the two in the middle; 0 of none.
package func median(_ values: [Double]) -> Double {
  guard !values.isEmpty else { return 0 }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
