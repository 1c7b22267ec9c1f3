/// A moment after which waiting ends; librdkafka's calls take what is left of it.
struct Deadline {
  private let end: ContinuousClock.Instant

  init(milliseconds: Int32) { end = .now + .milliseconds(Int(milliseconds)) }

  /// At least 0.
  var remainingMilliseconds: Int32 {
    let left = (end - .now).components
    guard left.seconds >= 0, left.attoseconds >= 0 else { return 0 }
    return Int32(clamping: left.seconds * 1000 + (left.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}
