import Glibc

/// HDDM_W: the exponentially weighted mean (weight 0.05) of the values since a cut against that up to it, by McDiarmid's
/// inequality; only rising errors.
///
/// The cut is where mean + bound was least. A change where the newer mean exceeds the older by √(b ln(1/α)/2), b the sum of
/// both sides' squared weights, α = 0.001; a warning with α = 0.005.
///
/// Source: Frías-Blanco et al., IEEE Transactions on Knowledge and Data Engineering 27 (2015); details after river.
struct McDiarmidAverages: Sendable, Equatable {
  private static let change = 0.001
  private static let warning = 0.005

  private struct Weighted: Sendable, Equatable {
    var isEmpty = true
    var mean = 0.0
    /// Σ of the squared weights.
    var squares = 1.0

    mutating func add(_ x: Double) {
      // Only the first value is the mean; a mean of exactly 0, after only right decisions, weighs like any other.
      mean = isEmpty ? x : McDiarmidAverages.weight * x + (1 - McDiarmidAverages.weight) * mean
      isEmpty = false
      squares =
        McDiarmidAverages.weight * McDiarmidAverages.weight
        + (1 - McDiarmidAverages.weight) * (1 - McDiarmidAverages.weight) * squares
    }
  }

  private static let weight = 0.05

  private var all = Weighted()
  private var before = Weighted()
  private var since = Weighted()
  private var cut = Double.infinity

  init() {}

  mutating func update(_ x: Double) -> ChangeDetector.Signal {
    all.add(x)
    let reach = all.mean + Self.bound(all.squares, Self.change)
    if reach < cut {
      cut = reach
      before = all
      since = Weighted()
    } else {
      since.add(x)
    }
    if hasRisen(Self.change) { return .change }
    return hasRisen(Self.warning) ? .warning : .none
  }

  private static func bound(_ squares: Double, _ confidence: Double) -> Double {
    (squares * log(1 / confidence) / 2).squareRoot()
  }

  private func hasRisen(_ confidence: Double) -> Bool {
    guard !before.isEmpty, !since.isEmpty else { return false }
    return since.mean - before.mean > Self.bound(before.squares + since.squares, confidence)
  }

  var numbers: [Double] {
    [cut] + [all, before, since].flatMap { [$0.isEmpty ? 0 : 1, $0.mean, $0.squares] }
  }

  init?(_ reader: inout StoredNumbers) {
    guard let cut = reader.number() else { return nil }
    var parts: [Weighted] = []
    for _ in 0..<3 {
      guard let filled = reader.count(), filled <= 1, let mean = reader.finite(), let squares = reader.finite(),
        squares >= 0
      else { return nil }
      parts.append(Weighted(isEmpty: filled == 0, mean: mean, squares: squares))
    }
    self.cut = cut
    all = parts[0]
    before = parts[1]
    since = parts[2]
  }
}
