import Foundation
import LeewayConfiguration
import LeewayCore
import LeewayDelivery
import LeewayWeb
import Logging
import ServiceLifecycle
import Synchronization

/// Sends what the outbox owes one receiver, on a thread of its own, so that a slow receiver delays no other.
///
/// What a receiver that is configured no longer is owed stays in the outbox, and goes out if it comes back.
struct DeliveryLoop: Service {
  let name: String
  let live: LiveSetup
  /// Makes the tokens of calls to retrain.
  let token: CallbackToken
  let ledger: any Ledger
  let metrics: ServiceMetrics
  let state: ServiceState
  let logger: Logger

  /// Longer than attempts at all the rows leased at once may take: a row is not sent twice while its sender lives.
  static let leaseTime = TimeSpan.minutes(1)
  static let rowsAtOnce = 5

  func run() async throws {
    let abort = AbortFlag()
    try await withGracefulShutdownHandler {
      try await withDedicatedThread("leeway-\(name)") { stop in
        let sender: Courier
        do { sender = try Courier(version: ServiceVersion.text, abort: abort) } catch {
          throw EnvironmentProblem("receiver \(name): \(error)")
        }
        defer { state.ended(.delivery, name) }
        var nextRound = SteadyTime.now
        while !stop.isRaised, let receiver = live.current.receivers.first(where: { $0.name == name }) {
          state.recordHeartbeat(of: .delivery, name, now: .now)
          let sent = deliverDue(to: receiver, sender, stop)
          if nextRound <= .now {
            repeatStanding(to: receiver, sender, stop)
            // Other receivers may have rows from when they were of another type.
            nextRound = SteadyTime.now.advanced(by: receiver.format.leavesStanding ? .seconds(1) : .seconds(60))
          }
          if sent == 0 { WallClock.pause(milliseconds: 250, unless: stop) }
        }
      }
    } onGracefulShutdown: {
      // An attempt under way is dropped and made again after the restart, with the same key.
      abort.raise()
    }
  }

  /// - Returns: rows handled.
  private func deliverDue(to receiver: Receiver, _ sender: Courier, _ stop: StopFlag) -> Int {
    do {
      let gate = gate()
      let rulings = try ledger.read { reader in
        try reader.outboxBacklog().contains { $0.receiver == name && $0.owed > 0 }
          ? try gate.rulings(limit: Self.rowsAtOnce, in: reader) : DeliveryGate.Rulings()
      }
      guard !rulings.isEmpty else { return 0 }
      let (taken, retrains) = try ledger.write { tx in
        // By the ledger's clock, which all senders share and which says when the next attempt is.
        let taken = try gate.take(rulings, lasting: Self.leaseTime, limit: Self.rowsAtOnce, in: tx)
        return (taken, try taken.rows.map { try $0.retrain.flatMap { try tx.retrain($0) } })
      }
      note(taken)
      for (row, retrain) in zip(taken.rows, retrains) where !stop.isRaised {
        state.recordHeartbeat(of: .delivery, name, now: .now)
        guard var (settled, wait) = attempt(row, calling: retrain, receiver, sender) else { continue }
        if settled.state == .delivered, settled.run != nil {
          settled.state = .standing
          wait = Self.firstQuestion
        } else if settled.state == .delivered, let span = repetition(of: settled, receiver) {
          settled.state = .standing
          wait = span
        }
        let stands = try ledger.write { [settled, wait] tx in
          var settled = settled
          if let wait {
            settled.waitingSince = try tx.now()
            settled.nextAttemptAt = settled.waitingSince + wait
          }
          guard try tx.settle(delivery: settled) else { return false }
          if settled.state == .dead, let notice = notice(of: settled) { try tx.enqueue([notice]) }
          return true
        }
        if !stands {
          logger.warning(
            "\(row.key): another instance has sent it too, with the same key; its outcome stands", metadata: .of(row))
        }
      }
      return taken.looked
    } catch {
      logger.warning("the outbox of \(name) cannot be read now: \(error)", metadata: ["receiver": "\(name)"])
      WallClock.pause(milliseconds: 1000, unless: stop)
      return 0
    }
  }

  /// What may be sent now, by the configuration in force.
  func gate() -> DeliveryGate {
    let setup = live.current
    return DeliveryGate(receiver: name, context: setup.decisions(), maintenance: setup.maintenance())
  }

  private func note(_ taken: DeliveryGate.Taken) {
    for row in taken.held {
      metrics.count(silenced: .held, receiver: name)
      logger.notice("\(row.key) waits: \(row.silence ?? "a silence") holds it back", metadata: .of(row))
    }
    for row in taken.silenced {
      metrics.count(silenced: .unsent, receiver: name)
      logger.notice("\(row.key) is not sent: \(row.silence ?? "a silence") held it back", metadata: .of(row))
    }
  }

  /// One attempt, and how long to wait for the next; nil if shutdown cut it short, which counts as none.
  private func attempt(
    _ row: OutboxRecord, calling retrain: RetrainRecord?, _ receiver: Receiver, _ sender: Courier
  ) -> (row: OutboxRecord, wait: TimeSpan?)? {
    let now = WallClock.now()
    let started = SteadyTime.now
    var row = row
    row.attempts += 1
    row.firstAttemptAt = row.firstAttemptAt ?? now
    var schedule = RetrySchedule()
    var body = row.body
    if let retrain {
      // Wall time, as the trainer has it: its answer would be refused.
      guard now <= retrain.deadline else {
        return settle(row, .deadLetter(reason: "its deadline passed before it could be sent"))
      }
      // The token is in no row: whoever reads the ledger could answer for the trainer.
      body = token.add(to: body, retrain: retrain.id, deadline: retrain.deadline.milliseconds)
      schedule = RetrySchedule(lifetime: (retrain.deadline - retrain.requestedWall).milliseconds)
    }
    let rendered: RenderedDelivery
    do {
      rendered = try receiver.format.render(
        Delivery(key: row.key, notification: Array(body.utf8)), now: now.milliseconds)
    } catch {
      return settle(row, .deadLetter(reason: "\(error)"))
    }
    if let retrain, let target = receiver.format as? any RetrainTarget, case .request(let request) = rendered {
      return call(target, request, row, retrain, schedule, receiver, sender)
    }
    switch rendered {
    case .nothing:
      return settle(row, .delivered)
    case .line(let line):
      logger.notice("\(line)", metadata: .of(row))
      return settle(row, .delivered)
    case .request, .mail:
      let result = sender.deliver(rendered)
      Failpoints.fromEnvironment?.pass(.afterRequestSent)
      if case .failure(let failure) = result, failure.kind == .aborted { return nil }
      if case .success(.http(let answer)) = result, let problem = answer.bodyProblem {
        logger.warning(
          "\(receiver.name) took the delivery and answered \(answer.status); the rest of its answer was not read: \(receiver.redacted(problem))",
          metadata: .of(row))
      }
      row.lastError = receiver.redacted(result.problem ?? row.lastError)
      row.triedFor = row.triedFor + .milliseconds(started.duration(to: .now).milliseconds)
      var decision = schedule.decide(
        attempt: row.attempts, delivery: result, spent: row.triedFor.milliseconds,
        now: WallClock.now().milliseconds, random: Double.random(in: 0..<1))
      if case .deadLetter(let reason) = decision { decision = .deadLetter(reason: receiver.redacted(reason)) }
      return settle(row, decision)
    }
  }

  /// What the receiver's fallback is told of a row that was given up; nil if there is none to be told.
  private func notice(of row: OutboxRecord) -> OutboxRecord? {
    let setup = live.current
    guard !FailureNotice.isNotice(row), let fallback = setup.configuration.receivers[name]?.fallback,
      setup.receivers.contains(where: { $0.name == fallback })
    else { return nil }
    return FailureNotice.row(about: row, to: fallback, at: WallClock.now())
  }

  func settle(
    _ row: OutboxRecord, _ decision: RetrySchedule.Decision
  ) -> (row: OutboxRecord, wait: TimeSpan?) {
    var row = row
    var wait: TimeSpan?
    switch decision {
    case .delivered:
      row.state = .delivered
      row.lastError = ""
      metrics.count(delivery: .delivered, receiver: name)
    case .retry(let milliseconds):
      let span = TimeSpan.milliseconds(milliseconds)
      wait = span
      row.triedFor = row.triedFor + span
      metrics.count(delivery: .retried, receiver: name)
      logger.warning(
        "\(row.key): \(row.lastError); attempt \(row.attempts + 1) follows in \(span)", metadata: .of(row))
    case .deadLetter(let reason):
      row.state = .dead
      row.lastError = reason
      metrics.count(delivery: .dead, receiver: name)
      logger.error("\(row.key) is given up: \(reason)", metadata: .of(row))
    }
    return (row, wait)
  }
}
