/// A budget and what shares it.
package struct ShiftTierUse: Sendable, Equatable {
  package var tier: ShiftTier
  /// By stream of the null: whether the tier watches it.
  package var isWatched: [Bool]
  /// K: the streams that share the budget, over all slices of the check.
  package var sharing: Int

  package init(_ tier: ShiftTier, isWatched: [Bool], sharing: Int) {
    self.tier = tier
    self.isWatched = isWatched
    self.sharing = sharing
  }
}

extension ShiftNull {
  /// The level of one stream in one view.
  ///
  /// - Parameter rate: r*, false alarms an hour that it may spend.
  static func level(
    _ plan: ShiftPlan, _ streams: ShiftStreams, _ calibration: ShiftCalibration?, _ tier: ShiftTier, _ rate: Double,
    view: Int, stream: Int
  ) -> Double {
    let kind = streams.all[stream].kind
    let found = calibration.map {
      (tails: $0.tails[view][kind] ?? [], own: $0.own[view * streams.count + stream])
    }
    return level(plan, kind, found, tier, rate)
  }

  /// - Parameter found: of the stream in the view; nil without a calibration.
  private static func level(
    _ plan: ShiftPlan, _ kind: ShiftKind, _ found: (tails: [ShiftTail], own: Double)?, _ tier: ShiftTier, _ rate: Double
  ) -> Double {
    // Of what is not known nothing is too much.
    guard plan != .iid else { return .infinity }
    let level =
      found.map { ShiftTail.level($0.tails, own: $0.own, rate: rate) } ?? RepeatableMath.log(8 / rate) + 3
    return plan != .hours && kind.isShare ? max(level, tier.shareFloor) : level
  }

  /// The level of one stream in one view, by its piece where that is of another null.
  private func level(_ tier: ShiftTier, _ rate: Double, view: Int, stream: Int) -> Double {
    guard let piece = pieces[stream] else {
      return Self.level(plan, streams, calibration, tier, rate, view: view, stream: stream)
    }
    let found = piece.own.isEmpty ? nil : (tails: piece.tails[view], own: piece.own[view])
    return Self.level(piece.plan, streams.all[stream].kind, found, tier, rate)
  }

  /// The same null with other budgets: only levels depend on them, so what was fitted stays. A stream that a tier does not watch has
  /// the level ∞ in it.
  package func levelled(_ uses: [ShiftTierUse]) -> ShiftNull {
    var configuration = configuration
    configuration.tiers = uses.map(\.tier)
    configuration.totalStreams = nil
    var levels: [Double] = []
    levels.reserveCapacity(uses.count * 2 * streams.count)
    for use in uses {
      precondition(use.isWatched.count == streams.count, "a word for each stream")
      let rate = use.tier.rate(streams: max(use.sharing, 1))
      for view in 0..<2 {
        for stream in 0..<streams.count {
          levels.append(
            use.isWatched[stream]
              ? level(use.tier, rate, view: view, stream: stream) : .infinity)
        }
      }
    }
    return ShiftNull(
      configuration: configuration, plan: plan, streams: streams, fit: fit, regression: regression,
      inflation: inflation, cap: cap, beyond: beyond, tolerance: tolerance, levels: levels, calibration: calibration,
      typicalResponse: typicalResponse, typicalGain: typicalGain, pieces: pieces)
  }
}
