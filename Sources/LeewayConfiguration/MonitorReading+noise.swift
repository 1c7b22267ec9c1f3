import Foundation
import LeewayCore

extension MonitorReading {
  /// A tier under twice a distance's noise can't fire. The noise falls as a window's rows grow; at `min_rows` it is the
  /// greatest that a check accepts. For the ten bins of a number (`statistics.md`): categories may have more or fewer.
  func warnOfTiers(within baseline: Baseline) {
    for check in checks
    where check.check?.reference == .baseline && check.minimumRows > 0 && baseline.rows > 0 {
      guard let metric = check.metric else { continue }
      let scale = 1 / Double(baseline.rows) + 1 / Double(check.minimumRows)
      for limit in check.limits {
        guard case .above(.absolute(let threshold)) = limit.limit.limit,
          let largest = Self.largestScale(metric, threshold), scale > largest
        else { continue }
        let needed = 1 / (largest - 1 / Double(baseline.rows))
        let fix =
          needed > 0 && needed < 1e12
          ? "windows need \(ConfigurationValue.shown(needed.rounded(.up))) rows for it to fire; raise it or min_rows"
          : "the baseline of \(baseline.rows) rows is too small for it to ever fire; raise it or fit on more rows"
        limit.value.warn(
          "is \(limit.value.node.kind), under twice \(metric.name)'s noise at min_rows \(check.minimumRows); \(fix)")
      }
    }
  }

  /// The h = 1/n + 1/m at which twice the noise is a threshold, for ten bins of a tenth of the rows each; nil for a distance whose
  /// noise depends on more.
  static func largestScale(_ metric: Metric, _ threshold: Double) -> Double? {
    let square = threshold * threshold
    switch metric {
    // 2 (K − 1) h
    case .psi: return threshold / 18
    // 2 √((K − 1) h / (8 ln 2)) and 2 √((K − 1) h / 8)
    case .jensenShannon: return square * 8 * log(2) / 36
    case .hellinger: return square * 8 / 36
    // √(2h/π) Σ √(p (1 − p))
    case .totalVariation: return square * .pi / 18
    // 2 √(2h ln(2K) p (1 − p))
    case .lInfinity: return square / (8 * log(20) * 0.09)
    // 2 · 0.8687 √h
    case .ks: return square / (4 * 0.8687 * 0.8687)
    default: return nil
    }
  }
}
