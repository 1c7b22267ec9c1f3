import LeewayStatistics

/// What checks on `shift` find, from the nulls in the baseline.
struct ShiftExplanation {
  let plan: MonitorPlan
  let design: ShiftDesign

  private static let quarter = 2184.0

  func tiers(of check: Check, slices: Set<String>) -> [TierExplanation] {
    design.uses.indices.filter { design.uses[$0].check == check.name }.map { use in
      let budget = design.uses[use].budget
      var tier = TierExplanation(
        tier: budget.tier, rule: budget.text, falseAlarms: .budget(perQuarter: Self.quarter / budget.hours))
      for unit in design.units where slices.contains(unit.slice) {
        for watch in unit.watches where watch.uses.contains(use) {
          for stream in watch.streams { tier.found.append(found(unit, watch, stream, use)) }
        }
      }
      if tier.found.isEmpty {
        tier.unknown =
          design.learners.contains { slices.contains($0.slice) }
          ? "its null is learned in production"
            + (design.feed == .subjects ? "; fit the baseline with --time to know beforehand" : "")
          : "the baseline has no null of a slice that it is on"
      }
      return tier
    }
  }

  private func found(_ unit: ShiftDesign.Unit, _ watch: ShiftDesign.Watch, _ stream: Int, _ use: Int) -> FoundChange {
    let null = unit.null
    let subject = unit.subjects[watch.subject]
    let of = null.streams.all[stream]
    let name = ShiftStreamName(
      of.kind, category: subject.categories.indices.contains(of.cell) ? subject.categories[of.cell] : nil)
    // What is expected in a typical hour of the week, which a share's size is added to.
    let expected = median((0..<ShiftProfile.hours).map { null.fit.profile.expected($0, stream) }.filter(\.isFinite))
    let rows = plan.baseline.hours?.slices.first { utf8Equal($0.slice, unit.slice) }.map { Double($0.rows) }
    return FoundChange(
      slice: unit.slice, subject: subject.name, stream: name.key, unit: name.unit, rowsPerHour: rows,
      sizes: FoundChange.horizons.map { horizon in
        let size = null.smallestStep(of: stream, tier: use, within: horizon)
        guard size < 20 else { return nil }
        return own(of.kind, subject, expected, size, rows: rows ?? 1000)
      })
  }

  /// A size with what it makes of the mean, the standard deviation or the share, as verdicts say it.
  private func own(
    _ kind: ShiftKind, _ subject: ShiftDesign.Subject, _ expected: Double, _ size: Double, rows n: Double
  ) -> FoundChange.Size? {
    /// The share that an hour's value y means: k of n rows are taken as (k + 3/8) / (n + 3/4), so that none of few rows is not nothing.
    func share(_ y: Double) -> Double {
      min(max(((n + 0.75) * ShiftValues.share(of: y) - 0.375) / n, 0), 1)
    }
    switch kind {
    case .location:
      guard let mean = subject.mean, let deviation = subject.standardDeviation else { return .init(size: size) }
      return .init(size: size, was: mean, now: mean + size * deviation)
    case .spread:
      guard let deviation = subject.standardDeviation else { return .init(size: size) }
      return .init(size: size, was: deviation, now: deviation * ShiftValues.deviationRatio(size))
    case .category, .missing, .invalid, .unseen, .outside:
      // Beyond 0 and 1 there is no share.
      guard expected + size <= .pi || expected - size >= 0 else { return nil }
      let now = expected + size <= .pi ? expected + size : expected - size
      return .init(size: size, was: share(expected), now: share(now))
    case .level: return .init(size: size)
    }
  }
}
