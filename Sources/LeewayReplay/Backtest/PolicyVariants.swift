import LeewayCore

/// One tier of a check by itself, with its own budget or limit or another one.
struct PolicyVariant {
  /// The name of the check as the monitor has it.
  var original: String
  var tier: Tier
  /// `1 per quarter`, `0.2 or more`.
  var rule: String
  var isCurrent: Bool
  /// The check that judges it, of a name that no other has.
  var check: Check
}

/// Every tier of every check beside stricter and looser ones.
enum PolicyVariants {
  /// By what limits are multiplied, in the order of fewer alarms.
  private static let scales = [0.5, 0.71, 1, 1.41, 2, 2.83, 4]
  private static let budgets: [(Int, ShiftBudget.Period)] = [
    (1, .day), (1, .week), (1, .month), (1, .quarter), (1, .year),
  ]

  static func all(_ monitor: Monitor) -> [PolicyVariant] {
    var out: [PolicyVariant] = []
    func add(_ check: Check, _ tier: Tier, _ rule: String, _ isCurrent: Bool, _ change: (inout Check) -> Void) {
      var variant = check
      // A monitor's checks have no such names.
      variant.name = "\(check.name)#\(out.count)"
      change(&variant)
      out.append(
        PolicyVariant(original: check.name, tier: tier, rule: rule, isCurrent: isCurrent, check: variant))
    }
    for check in monitor.checks {
      for budget in check.budgets {
        var others = budgets.map { ShiftBudget(budget.tier, $0.0, per: $0.1) }
        if !others.contains(where: { $0.hours == budget.hours }) { others.append(budget) }
        for other in others.sorted(by: { $0.hours < $1.hours }) {
          add(check, budget.tier, other.text, other.hours == budget.hours) { $0.budgets = [other] }
        }
      }
      for limit in check.limits {
        for scale in scales {
          guard let scaled = limit.limit.scaled(by: scale, check.metric.range) else { continue }
          add(check, limit.tier, scaled.words, scale == 1) { $0.limits = [TierLimit(limit.tier, scaled)] }
        }
      }
    }
    return out
  }

  /// Detectors of hours are at most 64 in a run.
  static let mostBudgets = 60

  /// The variants in parts that one run each can judge.
  static func runs(_ variants: [PolicyVariant]) -> [[PolicyVariant]] {
    var runs: [[PolicyVariant]] = []
    var budgets = 0
    for variant in variants {
      budgets += variant.check.budgets.count
      if runs.isEmpty || budgets > mostBudgets {
        runs.append([])
        budgets = variant.check.budgets.count
      }
      runs[runs.count - 1].append(variant)
    }
    return runs
  }
}

extension Limit {
  /// The limit that allows so many times as much before it fires; nil where that is no limit.
  ///
  /// Below 1 in a range from 0 to 1, as 0.7 of an AUC, it is the distance from 1 that is multiplied.
  fileprivate func scaled(by scale: Double, _ range: ClosedRange<Double>?) -> Limit? {
    guard scale != 1 else { return self }
    func times(_ quantity: Quantity) -> Quantity {
      switch quantity {
      case .absolute(let x): .absolute((x * scale).rounded(to: 3))
      case .relative(let x): .relative((x * scale).rounded(to: 3))
      }
    }
    func divided(_ quantity: Quantity) -> Quantity? {
      switch quantity {
      case .absolute(let x) where range == 0...1:
        let rest = 1 - (1 - x) * scale
        return rest > 0 ? .absolute(rest.rounded(to: 3)) : nil
      case .absolute(let x): return x > 0 ? .absolute((x / scale).rounded(to: 3)) : nil
      case .relative(let x): return .relative((x / scale).rounded(to: 3))
      }
    }
    let made: Limit? =
      switch self {
      case .above(let x): .above(times(x))
      case .beyond(let x): .beyond(times(x))
      case .maximumDrop(let x): .maximumDrop(times(x))
      case .maximumRise(let x): .maximumRise(times(x))
      case .below(let x): divided(x).map(Limit.below)
      }
    // What no value can reach is no limit.
    guard case .above(.absolute(let x))? = made, let range, !range.contains(x) else { return made }
    return nil
  }
}
