/// A change of one feature from an hour on, by name: `mean:X` (the latent moves by X σ), `scale:X` (times X), `missing:X` (share at
/// least X), `swap` (the two largest categories), `unit` (values times 1000), `gradual:X/Dd` (X σ reached after D days), `category:X`
/// (as `mean`, of a category feature), `labels` (only of rows: labels turned over).
package struct TrafficChange: Sendable, Hashable {
  enum Kind: Hashable, Sendable {
    case mean(Double)
    case gradual(Double, days: Double)
    case scale(Double)
    case missing(Double)
    case unit, swap, labels
  }

  /// As it was written: it is part of the seed of the counts.
  package let name: String
  let kind: Kind
  package var feature: Int
  /// Its first hour, counted from the first of the world.
  package var onset: Int
  /// ±1: of `mean`, `gradual` and `category`.
  package var sign: Double

  /// nil for a name that is none of these.
  package init?(_ name: String, feature: Int, onset: Int, sign: Double = 1) {
    let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
    let amounts = parts.count == 2 ? parts[1].split(separator: "/").map(String.init) : []
    let size = amounts.first.flatMap(Double.init)
    switch (parts.first, size) {
    case ("mean", let size?), ("category", let size?): kind = .mean(size)
    case ("scale", let size?): kind = .scale(size)
    case ("missing", let size?): kind = .missing(size)
    case ("gradual", let size?):
      guard amounts.count == 2, amounts[1].last == "d", let days = Double(amounts[1].dropLast()) else { return nil }
      kind = .gradual(size, days: days)
    case ("swap", nil) where parts.count == 1: kind = .swap
    case ("unit", nil) where parts.count == 1: kind = .unit
    case ("labels", nil) where parts.count == 1: kind = .labels
    default: return nil
    }
    (self.name, self.feature, self.onset, self.sign) = (name, feature, onset, sign)
  }
}
