extension Verdict {
  /// For a verdict that could not be given: whether its value is within every limit that is known, and that is enough to clear
  /// what fired.
  ///
  /// A limit under the noise cannot be judged, and yet the value is within it. A limit that is a change from something unknown
  /// cannot be either; what fired by a limit that is a number clears by that.
  func isBackAsFarAsKnown(_ check: Check?, _ fired: Evidence) -> Bool {
    guard value != nil, let why else { return false }
    switch why.reason {
    case .noise: return true
    // Without a threshold none of its limits was compared with.
    case .reference where threshold != nil, .noBaseline where threshold != nil:
      return check?.limits.contains { $0.tier == fired.tier && !$0.limit.isRelative } ?? false
    default: return false
    }
  }
}

extension Check {
  /// Whether a verdict's value is beyond the limit of a tier, however certain that is. For limits relative to a reference only
  /// the first is known here: its threshold is the one that an `ok` verdict names.
  func isBeyondLimit(_ verdict: Verdict) -> Bool {
    guard let value = verdict.value else { return false }
    return limits.enumerated().contains { i, tier in
      if let (threshold, fires) = tier.limit.resolved(reference: nil) {
        return Limit.isReached(value, threshold, fires)
      }
      guard i == 0, let threshold = verdict.threshold, let (_, fires) = tier.limit.resolved(reference: 0) else {
        return false
      }
      return Limit.isReached(value, threshold, fires)
    }
  }
}
