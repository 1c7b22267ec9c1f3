import Foundation
import LeewayTestSupport
import Testing

/// What is wrong with the results after all that has happened.
struct SoakVerdict {
  /// Lines that are not as `replay` has them.
  var mismatches: [String] = ["nothing was judged"]
  /// Transitions that never came in, or that nobody should have told.
  var transitions: [String] = []
  /// Keys with more than one body, and transitions with more than one key.
  var duplicates = 0
  /// Whether every delivery has been made.
  var isSettled = false

  var isGood: Bool { mismatches.isEmpty && transitions.isEmpty && duplicates == 0 && isSettled }

  /// - Parameter differences: holds an instance's lines to those of `replay`.
  init(
    of service: RunningService, _ fleet: Fleet, _ receiver: MoodyReceiver, differences: ([String]) throws -> [String]
  )
    throws
  {
    let (offsets, ends) = (try fleet.offsets(), fleet.ends)
    guard offsets == ends else {
      mismatches = ["the ledger is at \(offsets), the topics end at \(ends)"]
      return
    }
    isSettled = try fleet.isSettled()
    guard let text = service.get("/api/v1/results?open=true", accept: "application/x-ndjson") else {
      mismatches = ["the results cannot be read"]
      return
    }
    let lines = text.split(separator: "\n").map(String.init)
    mismatches = try differences(lines)
    (transitions, duplicates) = try Fleet.deliveries(receiver.loopback, of: lines)
  }

  private init() {}

  /// Asks an instance that has seen nothing of it until all is as it should be, or the time is up.
  ///
  /// - Parameter limit: how long that may take.
  static func await(
    _ trouble: Trouble, within limit: Duration, differences: ([String]) throws -> [String]
  ) async throws -> SoakVerdict {
    let fleet = trouble.fleet
    var verdict = SoakVerdict()
    var last = try fleet.start()
    _ = try await awaited(within: limit, every: .milliseconds(200)) { () -> Bool? in
      trouble.noteEnds()
      if try trouble.replaceBrokerIfGone() {
        last.killAtOnce()
        last = try fleet.start()
      }
      guard last.isRunning else {
        verdict.mismatches = ["\(last.identifier) ended by itself: \(last.standardError.suffix(3000))"]
        return false
      }
      guard let service = RunningService(ofAnnounced: last) else { return nil }
      // The broker may have ended, and the server's connection with the one that asked before.
      if let new = try? SoakVerdict(of: service, fleet, trouble.receiver, differences: differences) { verdict = new }
      return verdict.isGood ? true : nil
    }
    return verdict
  }
}

/// Sums over rounds.
struct SoakTotals: CustomStringConvertible {
  var rounds = 0
  var disruptions: [Disruption: Int] = [:]
  var brokerAborts = 0
  var events = 0
  var mismatches = 0
  var transitions = 0
  var duplicates = 0
  var failures = 0
  /// Rounds in which something was wrong, by their seed.
  var badSeeds: [UInt64] = []
  var deliveries = 0
  /// What was done while things still happened, and not in the quiet after them.
  var early = (events: 0, deliveries: 0)

  init() {}

  init(
    seed: UInt64, events: Int, early: (events: Int, deliveries: Int), _ trouble: Trouble, _ verdict: SoakVerdict
  ) {
    self.early = early
    rounds = 1
    disruptions = trouble.counts
    brokerAborts = trouble.brokerAborts
    self.events = events
    mismatches = verdict.mismatches.count
    transitions = verdict.transitions.count
    duplicates = verdict.duplicates
    failures = trouble.failures.count
    deliveries = trouble.receiver.loopback.requests.count
    if !verdict.isGood || failures > 0 { badSeeds = [seed] }
  }

  static func += (left: inout SoakTotals, right: SoakTotals) {
    left.rounds += right.rounds
    left.disruptions.merge(right.disruptions) { $0 + $1 }
    left.brokerAborts += right.brokerAborts
    left.events += right.events
    left.mismatches += right.mismatches
    left.transitions += right.transitions
    left.duplicates += right.duplicates
    left.failures += right.failures
    left.badSeeds += right.badSeeds
    left.deliveries += right.deliveries
    left.early.events += right.early.events
    left.early.deliveries += right.early.deliveries
  }

  var description: String {
    let kinds = Disruption.allCases.compactMap { kind in disruptions[kind].map { "\(kind.rawValue) \($0)" } }
    return """
      \(disruptions.values.reduce(0, +)) disruptions (\(kinds.joined(separator: ", "))), broker aborts \(brokerAborts), \
      \(events) events (\(early.events) committed meanwhile), \(deliveries) deliveries (\(early.deliveries) meanwhile), \(mismatches) lines different, \(transitions) transitions lost or too \
      many, \(duplicates) duplicated, \(failures) ended otherwise than told
      """
  }
}
