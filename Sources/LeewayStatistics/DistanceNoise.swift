/// What `ks` and `wasserstein` are where nothing has drifted: their mean between two samples of one distribution.
public enum DistanceNoise {
  /// 0.8687 √(1/n + 1/m): the mean of Kolmogorov's distribution, √(π/2) ln 2, over √N with N = nm/(n + m).
  ///
  /// With 2,000 and 200 values it is 0.064.
  public static func kolmogorovSmirnov(_ n: Int64, _ m: Int64) -> Double {
    0.8687 * (1 / Double(n) + 1 / Double(m)).squareRoot()
  }

  /// √(2h/π) ∫ √(F(1 − F)) dx with h = 1/n + 1/m, in the feature's unit.
  ///
  /// - Parameter spread: `spread` of the baseline.
  public static func wasserstein(spread: Double, _ n: Int64, _ m: Int64) -> Double {
    (2 * (1 / Double(n) + 1 / Double(m)) / .pi).squareRoot() * spread
  }

  /// ∫ √(F(1 − F)) dx of one side, in the feature's unit; 0 without values. Values between two knots are taken at their mean.
  ///
  /// - Precondition: as many counts as the binning has cells, and a sum for each even cell.
  public static func spread(_ binning: NumericBinning, _ cells: NumericCells) -> Double {
    precondition(cells.counts.count == binning.cellCount, "one count for each cell")
    let total = Double(cells.counts.reduce(0, +))
    guard total > 0 else { return 0 }
    var area = 0.0
    var below = 0.0
    var last: Double?
    func height(_ count: Double) -> Double {
      let share = min(count / total, 1)
      return (share * (1 - share)).squareRoot()
    }
    for (cell, count) in cells.counts.enumerated() where count > 0 {
      let place =
        cell.isMultiple(of: 2)
        ? cells.origin + cells.offsetSums[cell / 2] / Double(count) : binning.knots[cell / 2]
      if let last { area += max(0, place - last) * height(below) }
      below += Double(count)
      last = place
    }
    return area
  }
}
