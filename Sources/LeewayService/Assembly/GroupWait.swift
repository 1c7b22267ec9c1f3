import LeewayCore

/// The wait for the Kafka group's first answer, said once where it is long: after a kill or a crash the broker takes the
/// former member for alive until its session ends, and a service that says nothing meanwhile looks dead.
struct GroupWait {
  /// Shorter waits are nothing to speak of; a group that is new takes 3 s.
  private static let patience = TimeSpan.seconds(5)
  /// librdkafka's own default.
  private static let standardSession: Int64 = 45_000

  private let began: SteadyTime
  private let group: String
  private let session: TimeSpan
  private var isOver = false

  /// - Parameter properties: librdkafka's, as configured.
  init(group: String, properties: [String: String], began: SteadyTime) {
    self.group = group
    self.began = began
    session = .milliseconds(properties["session.timeout.ms"].flatMap { Int64($0) } ?? Self.standardSession)
  }

  /// The group has answered.
  mutating func end() { isOver = true }

  /// What to say now; nil where there is nothing to say, or it has been said.
  mutating func line(at now: SteadyTime) -> String? {
    guard !isOver, now >= began + Self.patience else { return nil }
    isOver = true
    return
      "waiting for the group \(group) to give partitions: a former member that did not leave, as after a kill, holds them "
      + "until its session ends, in at most \(session) (session.timeout.ms)"
  }
}
