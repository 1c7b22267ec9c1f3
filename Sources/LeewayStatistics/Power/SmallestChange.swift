/// What can be found with a chance of `power`, from the chance as a function of the size.
public enum SmallestChange {
  /// The chance that counts as found, of everything that is explained.
  public static let power = 0.8

  /// The smallest size in (0, `largest`] that has the chance, by 40 halvings, where the chance rises with the size; nil where even the
  /// largest has less.
  public static func find(upTo largest: Double, power: Double = power, _ chance: (Double) -> Double) -> Double? {
    guard largest > 0, chance(largest) >= power else { return nil }
    var (low, high) = (0.0, largest)
    for _ in 0..<40 where high - low > 1e-7 * high {
      let middle = (low + high) / 2
      if chance(middle) >= power { high = middle } else { low = middle }
    }
    return high
  }
}

/// What of a change that holds from its moment on is in a check's windows.
public struct WindowShare: Sendable, Equatable {
  /// In hours: a window's length, and how often one ends.
  public var size, every: Double
  /// Windows in a row, a size apart, that must fail.
  public var consecutive: Int

  public init(size: Double, every: Double, consecutive: Int = 1) {
    self.size = size
    self.every = every
    self.consecutive = consecutive
  }

  /// The share of the changed rows in the first of the windows that must all fail for the check to fire within `hours` of a change that
  /// came just after a window had ended: the time since then, in whole steps of `every`, less (`consecutive` − 1) sizes, over a size; 0 to 1.
  public func changed(within hours: Double) -> Double {
    let ends = (hours / every + 1e-9).rounded(.down) * every
    return min(max((ends - Double(consecutive - 1) * size) / size, 0), 1)
  }
}
