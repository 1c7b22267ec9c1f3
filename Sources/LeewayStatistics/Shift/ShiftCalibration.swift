/// What the detector finds in its own baseline, each half judged by the fit of the other half: what its levels are read from.
package struct ShiftCalibration: Sendable, Equatable {
  /// Out-of-fold variance of the surprises, by view (0 raw, 1 given the others) and stream: 2 × K. One number for each kind, ≥ 1.
  package let excess: [Double]
  /// By view and kind, one for each of `tailCounts`.
  package let tails: [[ShiftKind: [ShiftTail]]]
  /// The highest peak of each stream, 2 × K.
  package let own: [Double]

  /// Halves: whole weeks from 336 hours on, else whole days. excess = mean over the judged hours of both halves and the streams of
  /// the kind of clip(x, ±4)², at least 1. Every excursion counts here, held or not.
  init(_ values: ShiftValues, _ layout: ShiftStreams, _ rules: [ShiftBank.Rules], _ configuration: ShiftConfiguration) {
    let k = values.streams
    let middle = values.hours >= 336 ? values.hours / 2 / 168 * 168 : values.hours / 2 / 24 * 24
    let runs = [(0..<middle, middle..<values.hours), (middle..<values.hours, 0..<middle)].map {
      HalfRun(train: values.part($0.0), test: values.part($0.1), layout, configuration)
    }
    var judged = [Double](repeating: 0, count: k)
    for run in runs {
      for (cell, has) in run.innovations.adjusted.has.enumerated() where has { judged[cell % k] += 1 }
    }
    var excess: [Double] = []
    for view in 0..<2 {
      var squares = [Double](repeating: 0, count: k)
      for run in runs {
        for (cell, x) in run.x[view].enumerated() {
          let clipped = ShiftRegression.clipped(x, 4)
          squares[cell % k] += clipped * clipped
        }
      }
      excess += layout.spread { streams in
        let hours = streams.reduce(0) { $0 + judged[$1] }
        return max(1, streams.reduce(0) { $0 + squares[$1] } / max(hours, 1))
      }
    }
    var found = [[Double]](repeating: [], count: 2 * k)
    let bank = ShiftBank(configuration)
    for run in runs {
      for view in 0..<2 {
        for stream in 0..<k {
          found[view * k + stream] += run.peaks(
            view, stream, rules[stream], root: excess[view * k + stream].squareRoot(), bank)
        }
      }
    }
    tails = (0..<2).map { view in
      Dictionary(
        uniqueKeysWithValues: layout.byKind.map { kind, streams in
          (
            kind,
            ShiftTail.fit(
              streams.flatMap { found[view * k + $0] }, streamHours: streams.count * values.hours,
              counts: configuration.tailCounts, prior: configuration.tailPrior)
          )
        })
    }
    own = found.map { $0.max() ?? 0 }
    self.excess = excess
  }

  init(excess: [Double], tails: [[ShiftKind: [ShiftTail]]], own: [Double]) {
    self.excess = excess
    self.tails = tails
    self.own = own
  }
}

/// One half of a baseline, seen by the other half's fit.
private struct HalfRun {
  let first: Int
  let streams: Int
  let memory: [Double]
  let innovations: ShiftInnovations
  /// By view: T × K, and the responses.
  let x, response: [[Double]]

  init(train: ShiftValues, test: ShiftValues, _ layout: ShiftStreams, _ configuration: ShiftConfiguration) {
    let k = test.streams
    let fit = ShiftFit(train, configuration, week: true)
    let regression = ShiftRegression(
      ShiftInnovations(train, fit, configuration.calendar).u, layout.all, ridge: configuration.ridge)
    first = test.first
    streams = k
    memory = fit.memory
    innovations = ShiftInnovations(test, fit, configuration.calendar)
    let roots = regression.left.map { $0.squareRoot() }
    var given = regression.residuals(innovations.u)
    for cell in given.indices { given[cell] /= roots[cell % k] }
    x = [innovations.u, given]
    var scaled = innovations.response
    for cell in scaled.indices { scaled[cell] /= roots[cell % k] }
    response = [innovations.response, scaled]
  }

  /// Peaks of the evidence for any step of one stream.
  ///
  /// - Parameter root: what x is divided by.
  func peaks(_ view: Int, _ stream: Int, _ rules: ShiftBank.Rules, root: Double, _ bank: ShiftBank) -> [Double] {
    var rules = rules
    rules.memory = memory[stream]
    var hypotheses = [ShiftHypothesis](repeating: ShiftHypothesis(), count: bank.count)
    var peaks = ShiftTail.Peaks()
    hypotheses.withUnsafeMutableBufferPointer { hypotheses in
      for (t, cell) in stride(from: stream, to: x[view].count, by: streams).enumerated() {
        let surprise = ShiftSurprise(
          x: x[view][cell] / root, response: response[view][cell] / root, r: innovations.adjusted.r[cell],
          gain: innovations.gain[cell], has: innovations.adjusted.has[cell])
        peaks.take(bank.take(surprise, at: Int32(truncatingIfNeeded: t), rules, hypotheses).free)
      }
    }
    peaks.end()
    return peaks.all
  }
}
