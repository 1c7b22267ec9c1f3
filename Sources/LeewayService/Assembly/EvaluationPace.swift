/// How many windows one step of an evaluation judges. A step that takes longer than its lease is lost to whoever takes the
/// lease meanwhile: on a slow machine, or after a long absence, instances that take as many windows each time could take
/// the lease from each other without end. So it begins with few, as one that may not live for long, and doubles them while they
/// are quick. Nor may its lines fill the memory: they are all there at once until they are committed.
struct EvaluationPace: Sendable, Equatable {
  static let first = 32
  static let most = 512
  /// Lines of results, which are a kilobyte each, that a step should not exceed.
  static let lines = 20_000

  private(set) var windows = first

  /// A step's time may be a quarter of the lease's.
  ///
  /// - Parameters:
  ///   - step: how long the step took.
  ///   - judged: how many windows it had.
  ///   - lines: what it said of them.
  mutating func took(_ step: Duration, windows judged: Int, lines: Int = 0, lease: Duration) {
    if step > lease / 4 || lines > Self.lines {
      windows = max(1, min(windows, judged) / 2)
    } else if step < lease / 16, judged >= windows, lines <= Self.lines / 2 {
      windows = min(Self.most, windows * 2)
    }
  }

  /// The lease was gone when the step was to be committed.
  mutating func lost() { windows = max(1, windows / 4) }
}
