/// The tail of what evidence a stream reaches while nothing changes: exponential above `threshold`, its slope known as well as the
/// excursions above it are many.
package struct ShiftTail: Sendable, Equatable {
  /// Nats.
  package var threshold: Double
  /// Excursions above it per stream and hour.
  package var rate: Double
  /// The slope is Gamma(shape, scale): mean shape / scale per nat.
  package var shape, scale: Double

  /// One tail for each of `counts` from the pooled peaks of a kind in one view.
  ///
  /// e = min(count, max(20, ⌊P/5⌋), P − 1) of P peaks; threshold = the (e + 1)-th largest; rate = e / stream hours; shape = e + prior;
  /// scale = max(Σ (peak − threshold) over the e largest + prior, shape), so a slope never steeper than 1. With e < 5 nothing is known
  /// but that: (0, 1, 10, 10).
  static func fit(_ peaks: [Double], streamHours: Int, counts: [Int], prior: Double) -> [ShiftTail] {
    let sorted = peaks.sorted()
    return counts.map { count in
      let kept = min(count, max(20, sorted.count / 5), sorted.count - 1)
      guard kept >= 5 else { return ShiftTail(threshold: 0, rate: 1, shape: 10, scale: 10) }
      let threshold = sorted[sorted.count - kept - 1]
      let shape = Double(kept) + prior
      let sum = sorted.suffix(kept).reduce(0) { $0 + ($1 - threshold) }
      return ShiftTail(
        threshold: threshold, rate: Double(kept) / Double(streamHours), shape: shape, scale: max(sum + prior, shape))
    }
  }

  /// The level (nats) that a stream exceeds `rate` times an hour.
  ///
  /// max over the tails of threshold + scale (exp(max(ln(tail rate / rate), 0) / shape) − 1): the predictive quantile (a Lomax
  /// distribution), the wider the further beyond the data. If the stream's own highest peak `own` exceeds that less 1, it is
  /// own + 2 scale / shape of the first tail.
  static func level(_ tails: [ShiftTail], own: Double, rate: Double) -> Double {
    let levels = tails.map {
      $0.threshold + $0.scale * RepeatableMath.expm1(max(RepeatableMath.log($0.rate / rate), 0) / $0.shape)
    }
    let level = levels.max() ?? 0
    guard own > level - 1, let first = tails.first else { return level }
    return own + 2 * first.scale / first.shape
  }

  /// Maxima of the excursions above 0 in order of time; one cut off by an end counts.
  struct Peaks {
    private(set) var all: [Double] = []
    private var top = 0.0

    mutating func take(_ w: Double) {
      if w > 0 { top = max(top, w) } else { end() }
    }

    mutating func end() {
      if top > 0 { all.append(top) }
      top = 0
    }
  }
}
