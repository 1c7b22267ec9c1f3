import LeewayLocks

/// Names that a server has seen.
final class Recorder: Sendable {
  private let names = Mutex<[String]>([])

  var all: [String] { names.withLock { $0 } }

  /// - Returns: whether it is new.
  func insert(_ name: String) -> Bool {
    names.withLock { names in
      guard !names.contains(name) else { return false }
      names.append(name)
      return true
    }
  }
}
