/// EDDM: how many values lie between two errors, mean p and deviation s (ddof 1), against where p + 2s was greatest.
///
/// At an error, from 31 values and 31 errors on: with r = (p + 2s) / max(p + 2s), a change where r < 0.9, a warning where
/// r < 0.95. A warning stands until an error takes it back.
///
/// Source: Baena-García et al., "Early drift detection method" (2006); details after river.
struct ErrorDistances: Sendable, Equatable {
  private static let warmStart = 30.0

  private var values = 0.0
  private var lastError = 0.0
  private var distances = RunningMean()
  /// Σ (distance − mean)²
  private var squares = 0.0
  private var greatest = -1.0
  private var isWarning = false

  init() {}

  mutating func update(_ x: Double) -> ChangeDetector.Signal {
    values += 1
    guard x == 1 else { return isWarning ? .warning : .none }
    let distance = values - lastError
    lastError = values
    let before = distances.value
    distances.add(distance)
    squares += (distance - before) * (distance - distances.value)
    guard values > Self.warmStart else { return .none }
    let deviation = distances.count > 1 ? (squares / (distances.count - 1)).squareRoot() : 0
    let reach = distances.value + 2 * deviation
    if reach > greatest {
      greatest = reach
    } else if distances.count > Self.warmStart {
      let level = reach / greatest
      if level < 0.9 { return .change }
      isWarning = level < 0.95
    }
    return isWarning ? .warning : .none
  }

  var numbers: [Double] {
    [values, lastError, distances.count, distances.value, squares, greatest, isWarning ? 1 : 0]
  }

  init?(_ reader: inout StoredNumbers) {
    guard let values = reader.count(), let last = reader.count(), let count = reader.count(),
      let mean = reader.finite(),
      let squares = reader.finite(), squares >= 0, let greatest = reader.finite(), let warning = reader.count(),
      warning <= 1
    else { return nil }
    self.values = values
    lastError = last
    distances = RunningMean(count: count, value: mean)
    self.squares = squares
    self.greatest = greatest
    isWarning = warning == 1
  }
}
