/// The evidence for one supposed step of one stream: W and what belongs to it.
struct ShiftHypothesis: Sendable, Equatable {
  /// Nats, 0 or more. Where it is 0, all else is too: the next hour starts from rest.
  var w = 0.0
  /// The part of the step that the filter has learnt, in steps: it follows a step and stops seeing it, and after t hours the step
  /// shows as δ (1 − b_t).
  var b = 0.0
  /// Σ of r since `start`.
  var total = 0.0
  /// How many of them.
  var rows: Int32 = 0
  /// The hour in which the step is supposed to have begun.
  var start: Int32 = 0
}

/// One stream's hour as one view shows it.
struct ShiftSurprise {
  /// Standardised, and how far a unit step moves it.
  var x, response: Double
  var r, gain: Double
  /// Whether the hour has a value.
  var has: Bool
}

/// The steps that are supposed, and what rules all streams' evidence alike.
struct ShiftBank: Sendable {
  /// δ, and how much of it may be mere wander, with the sign of δ; D numbers.
  private let steps: [(delta: Double, half: Double, most: Double)]

  init(_ configuration: ShiftConfiguration) {
    steps = configuration.hypotheses.map { ($0, abs($0) / 2, 0.8 * abs($0)) }
  }

  var count: Int { steps.count }

  func delta(_ hypothesis: Int) -> Double { steps[hypothesis].delta }

  /// One stream's constants of the evidence.
  struct Rules {
    var memory: Double
    /// Most nats an hour, ∞ for none, and the |r| beyond which it is lifted.
    var cap, beyond: Double
    /// Wander that is no drift.
    var tolerance: Double
    /// Steps down are not supposed.
    var isOneSided: Bool
  }

  /// What an hour came to over all hypotheses of a stream in one view.
  struct Peak {
    /// The largest W.
    var free = 0.0
    /// The same over hypotheses whose mean of r since the start is on δ's side and at least half the step, for a return to normal
    /// is no alarm; 0 if none is.
    var held = 0.0
    /// The first hypothesis with that W.
    var which = 0
  }

  /// Takes in one hour. For every δ, with d = δ · response:
  ///
  /// - J = d (x − d/2): the step begins now, against no step;
  /// - g = 1 − b, e = d g, e₀ = sign(δ) min(tolerance, 0.8 |δ|) · response · g;
  /// - C = W + (e − e₀)(x − (e + e₀)/2): it goes on, against a wander of `tolerance`;
  /// - J and the increment of C are at most `cap`, unless |r| > `beyond`;
  /// - if J ≥ C or W = 0: W = J, g = 1, total = r, rows = 1, start = now; else W = C, total += r, rows += 1;
  /// - b = φ((1 − g) + gain g); where W < 0 it starts from rest.
  ///
  /// J and C are log-likelihood ratios, so e^W has mean ≤ 1 per start without a change, however the streams depend on each other.
  /// An hour without a value changes only b and does not count in rows.
  ///
  /// Source: Page, "Continuous inspection schemes" (Biometrika 41, 1954), for a step as a Kalman filter shows it.
  ///
  /// - Parameter bank: the stream's D hypotheses.
  func take(
    _ hour: ShiftSurprise, at now: Int32, _ rules: Rules, _ bank: UnsafeMutableBufferPointer<ShiftHypothesis>
  ) -> Peak {
    let limit = abs(hour.r) > rules.beyond ? .infinity : rules.cap
    let counted: Int32 = hour.has ? 1 : 0
    var peak = Peak()
    for (index, step) in steps.enumerated() where step.delta > 0 || !rules.isOneSided {
      let old = bank[index]
      let d = step.delta * hour.response
      let jump = min(d * (hour.x - d / 2), limit)
      let g = 1 - old.b
      let e = d * g
      let wander = step.delta < 0 ? -min(rules.tolerance, step.most) : min(rules.tolerance, step.most)
      let e0 = wander * hour.response * g
      let goesOn = old.w + min((e - e0) * (hour.x - (e + e0) / 2), limit)
      let isNew = jump >= goesOn || old.w <= 0
      let w = isNew ? jump : goesOn
      guard w > 0 else {
        bank[index] = ShiftHypothesis()
        continue
      }
      let seen = isNew ? 1 : g
      let total = isNew ? hour.r : old.total + hour.r
      let rows = isNew ? counted : old.rows &+ counted
      bank[index] = ShiftHypothesis(
        w: w, b: rules.memory * ((1 - seen) + hour.gain * seen), total: total, rows: rows,
        start: isNew ? now : old.start)
      peak.free = max(peak.free, w)
      if w > peak.held, (step.delta < 0 ? -total : total) >= step.half * Double(rows) {
        peak.held = w
        peak.which = index
      }
    }
    return peak
  }
}
