import LeewayCore
import LeewaySource

/// What this instance tells the others, through the ledger.
extension KafkaIntakeLoop {
  /// How often an intake that has nothing to flush says that it lives; a quarter of what the others wait for.
  static let heartbeat = EvaluationLoop.deadAfter.quarter

  /// Ends of partitions go with the next flush, for the lag that every instance can show.
  func noteEnds() {
    for partition in consumer.assignment {
      guard let high = consumer.watermarks(of: partition).high, let next = intake.nextOffset(partition) else {
        continue
      }
      let isAtEnd = ends[partition].map { $0.next == next && $0.offset >= high } ?? false
      intake.note(end: isAtEnd ? next : max(high, next), of: partition)
    }
  }

  func beat(_ now: SteadyTime) throws {
    guard now >= heartbeatDue else { return }
    heartbeatDue = now + Self.heartbeat
    do { try intake.beat(in: service.ledger) } catch is WriterFenced { try startAnew() }
  }

  /// Lets go of everything, and says so: the group need not wait, and panes may be folded at once.
  func leave() {
    abandonClaims()
    if !consumer.close() {
      logger.warning(
        "the group \(service.configuration.kafka.group) did not let this member go within 10 s: the others get its partitions when its session ends"
      )
    }
    service.state.leftGroup()
    let writer = intake.writer
    try? service.ledger.write { try $0.retire(writer: writer) }
  }
}

extension TimeSpan {
  fileprivate var quarter: TimeSpan { .milliseconds(milliseconds / 4) }
}
