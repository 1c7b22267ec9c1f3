import LeewayStatistics

/// The tiers of a check as one verdict meets them: each limit with its value where that is known, lowest tier first.
///
/// With `warning: 0.1, critical: {max_drop: 3%}` and an unknown reference, a value of 0.2 fires at `warning`, and one of 0.05 is not
/// judged: nothing says that it is not critical.
struct Ladder {
  /// A limit that can be judged.
  struct Rung {
    var tier: Tier
    var threshold: Double
    var fires: Metric.Direction
    /// It is measured from a reference.
    var isRelative: Bool

    func isReached(by value: Double) -> Bool { Limit.isReached(value, threshold, fires) }
  }

  /// Why limits are left out that might have fired.
  enum Gap: Equatable {
    /// The lowest limit below twice what chance gives without drift, and what that is.
    case noise(limit: Double, noise: Double)
    /// The reference that a limit is measured from is not known.
    case reference
  }

  struct Outcome: Equatable {
    /// The highest that fires, else `ok`; `insufficientData` where a limit was left out and none of the others fires.
    var tier: Tier
    /// For the tier that fires, else of the lowest limit.
    var threshold: Double?
    /// `insufficientData`: why.
    var gap: Gap?
  }

  private(set) var rungs: [Rung] = []
  private var gap: Gap?
  private var lowest: Double?

  /// - Parameters:
  ///   - limits: ascending by tier.
  ///   - reference: what relative limits are measured from; nil where it is not known.
  ///   - noise: what chance gives without drift. A limit below twice that would fire without drift, and is left out.
  init(_ limits: [TierLimit], reference: Double?, noise: Double? = nil) {
    for limit in limits {
      guard let (threshold, fires) = limit.limit.resolved(reference: reference) else {
        gap = gap ?? .reference
        continue
      }
      lowest = lowest ?? threshold
      if let noise, threshold < 2 * noise {
        if gap == nil || gap == .reference { gap = .noise(limit: threshold, noise: noise) }
        continue
      }
      rungs.append(Rung(tier: limit.tier, threshold: threshold, fires: fires, isRelative: limit.limit.isRelative))
    }
  }

  /// - Parameter isFired: whether a limit fires, for all that the check asks; called for each, lowest tier first.
  func climb(_ isFired: (Rung) -> Bool) -> Outcome {
    var fired: Rung?
    for rung in rungs where isFired(rung) { fired = rung }
    if let fired { return Outcome(tier: fired.tier, threshold: fired.threshold) }
    return Outcome(tier: gap == nil ? .ok : .insufficientData, threshold: lowest, gap: gap)
  }

  /// With nothing more to ask than whether the value is there.
  func climb(_ value: Double) -> Outcome { climb { $0.isReached(by: value) } }
}

/// The tiers of a check whose tests are adjusted over a family, tier by tier: each tier tests its own threshold.
struct FamilyLadder {
  /// One member's test at one tier.
  struct Trial {
    var threshold: Double
    /// Whether the value is beyond the threshold.
    var isReached: Bool
    var pValue: Double
  }

  struct Outcome {
    var tier = Tier.ok
    var threshold: Double?
    var test = FamilyTest()
  }

  let limits: [TierLimit]
  /// nil: the adjusted p-value is not asked.
  let significance: Double?

  /// - Parameters:
  ///   - members: how many.
  ///   - test: nil where a member cannot be tested at a tier: it is then not in that tier's family.
  /// - Returns: parallel to the members, `ok` with the numbers of the lowest tier where none fires.
  func climb(_ members: Int, _ test: (_ member: Int, _ limit: Limit) -> Trial?) -> [Outcome] {
    var out = Array(repeating: Outcome(), count: members)
    for limit in limits {
      let trials = (0..<members).compactMap { i in test(i, limit.limit).map { (member: i, trial: $0) } }
      for ((i, trial), q) in zip(trials, benjaminiHochberg(trials.map(\.trial.pValue))) {
        let fires = trial.isReached && (significance.map { q <= $0 } ?? true)
        if fires || out[i].threshold == nil {
          out[i].threshold = trial.threshold
          out[i].test = FamilyTest(pValue: trial.pValue, qValue: q)
        }
        if fires { out[i].tier = limit.tier }
      }
    }
    return out
  }
}

extension Verdict {
  /// Takes what a ladder says, and why where it says nothing.
  ///
  /// - Parameter missing: where a reference is not known: what there is too little of.
  mutating func take(_ outcome: Ladder.Outcome, missing: @autoclosure () -> Shortfall) {
    (rawTier, tier, threshold) = (outcome.tier, outcome.tier, outcome.threshold)
    switch outcome.gap {
    case .noise(let limit, let noise): why = Shortfall(.noise, [("limit", .value(limit)), ("noise", .value(noise))])
    case .reference: why = missing()
    case nil: break
    }
  }

  mutating func take(_ outcome: FamilyLadder.Outcome) {
    (rawTier, tier, threshold) = (outcome.tier, outcome.tier, outcome.threshold)
  }
}
