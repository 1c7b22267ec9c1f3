/// The Page–Hinkley test, both ways: how far the fading sum of deviations from the running mean has come from its extreme.
///
/// Up: s = 0.9999 s + (x − x̄) − 0.005 against its minimum; down: s = 0.9999 s + (x − x̄) + 0.005 against its maximum. A change
/// from 30 values on where a distance exceeds 50.
///
/// Source: Page, "Continuous inspection schemes", Biometrika 41 (1954); parameters after river.
struct PageHinkleySums: Sendable, Equatable {
  private static let least = 30.0
  private static let slack = 0.005
  private static let threshold = 50.0
  private static let fading = 1 - 0.0001

  private var mean = RunningMean()
  private var rise = 0.0
  private var fall = 0.0
  private var lowestRise = Double.infinity
  private var highestFall = -Double.infinity

  mutating func update(_ x: Double) -> ChangeDetector.Signal {
    mean.add(x)
    let deviation = x - mean.value
    rise = Self.fading * rise + deviation - Self.slack
    fall = Self.fading * fall + deviation + Self.slack
    lowestRise = min(lowestRise, rise)
    highestFall = max(highestFall, fall)
    guard mean.count >= Self.least else { return .none }
    return rise - lowestRise > Self.threshold || highestFall - fall > Self.threshold ? .change : .none
  }

  init() {}

  var numbers: [Double] { [mean.count, mean.value, rise, fall, lowestRise, highestFall] }

  init?(_ reader: inout StoredNumbers) {
    guard let count = reader.count(), let value = reader.finite(), let rise = reader.finite(),
      let fall = reader.finite(),
      let lowest = reader.number(), let highest = reader.number()
    else { return nil }
    mean = RunningMean(count: count, value: value)
    self.rise = rise
    self.fall = fall
    lowestRise = lowest
    highestFall = highest
  }
}
