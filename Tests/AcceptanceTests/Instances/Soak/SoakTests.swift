import Foundation
import LeewayTestSupport
import Testing

/// Instances on PostgreSQL to which everything happens that `Disruption` names. `make soak` runs it; `make test`, whose
/// `MembershipTests` do some of it to less, does not.
@Suite(.serialized) struct SoakTests {
  private static let environment = ProcessInfo.processInfo.environment

  /// At once: whoever watches a file sees how far it is.
  private static func say(_ text: String) {
    FileHandle.standardOutput.write(Data("\(text)\n".utf8))
  }

  private static func seed() -> UInt64 {
    environment["LEEWAY_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max / 2)
  }

  /// The reference case, for as long as is asked for.
  @Test(.enabled(if: (environment["LEEWAY_LOOPS"] ?? "").isEmpty))
  func whateverHappensToThreeInstancesTheyEndAsReplayDoes() async throws {
    let time = Self.environment["LEEWAY_SOAK"] ?? "1m"
    let duration = try #require(Self.duration(time), "LEEWAY_SOAK=\(time): write a time such as 90s, 10m or 2h")
    let seed = Self.seed()
    Self.say("soak of \(time), seed \(seed)")

    let receiver = try MoodyReceiver()
    let fleet = try Fleet(
      server: try TemporaryPostgreSQL(), receiver: receiver.loopback, partitions: CarLoan.partitions,
      cadence: "limits: {flush_every: 500ms, shutdown_time: 10m}\nevaluation: {every: 2s}"
    ) { folder in
      try CarLoan.prepare(in: folder.url)
      try CarLoan.moveMonitor(in: folder.url)
    }
    defer { fleet.end() }
    let files = try CarLoan.replay(in: fleet.folder.url)
    // Labels among predictions, as their times are.
    let messages = try CarLoan.messages().enumerated()
      .sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)

    let trouble = try Trouble(seed: seed, pace: .steady, fleet: fleet, receiver: receiver)
    let clock = ContinuousClock()
    let start = clock.now
    var sent = 0
    while sent < messages.count {
      let elapsed = start.duration(to: clock.now)
      let due = min(messages.count, Int(Double(messages.count) * (elapsed / duration)))
      try fleet.send(messages[sent..<due])
      sent = due
      try trouble.go(on: elapsed)
      try await Task.sleep(for: .milliseconds(100))
    }
    try trouble.end()
    let early = (try fleet.committed(), receiver.loopback.requests.count)

    // One that has seen nothing of it shows the results.
    let verdict = try await SoakVerdict.await(trouble, within: patience * 3) {
      CarLoan.differences(try CarLoan.objects($0), files)
    }
    Self.say("soak of \(time), seed \(seed): \(SoakTotals(seed: seed, events: sent, early: early, trouble, verdict))")
    Self.expectGood(verdict, trouble, seed)
    try await fleet.stop()
  }

  /// Many short ones, each of a group and a schema of its own and of the next seed.
  @Test(.enabled(if: !(environment["LEEWAY_LOOPS"] ?? "").isEmpty))
  func whateverHappensInAnyOfManyRoundsItEndsAsReplayDoes() async throws {
    let loops = try #require(Self.environment["LEEWAY_LOOPS"].flatMap { Int($0) }, "LEEWAY_LOOPS is not a number")
    let first = Self.seed()
    Self.say("\(loops) rounds, from seed \(first) on")
    let server = try TemporaryPostgreSQL()
    var totals = SoakTotals()
    for i in 0..<loops {
      let start = ContinuousClock.now
      let seed = first &+ UInt64(i)
      let round: SoakTotals
      do {
        round = try await Self.playRound(seed, on: server)
      } catch {
        Issue.record("round \(i + 1), seed \(seed): \(error)")
        totals.badSeeds.append(seed)
        try? server.start()
        continue
      }
      totals += round
      Self.say("round \(i + 1), seed \(seed), \((ContinuousClock.now - start).components.seconds) s: \(round)")
    }
    Self.say("\(totals.rounds) of \(loops) rounds: \(totals); seeds of bad rounds: \(totals.badSeeds)")
  }

  /// Of 17 hours of the shop, whose amounts are out of place in every second one.
  private static let events = 4080
  private static let disruptions = 15

  private static func playRound(_ seed: UInt64, on server: TemporaryPostgreSQL) async throws -> SoakTotals {
    let receiver = try MoodyReceiver()
    let fleet = try Fleet(server: server, receiver: receiver.loopback)
    defer { fleet.end() }
    let trouble = try Trouble(seed: seed, pace: .quick, fleet: fleet, receiver: receiver)
    let clock = ContinuousClock()
    let start = clock.now
    while trouble.total < disruptions {
      try fleet.send(min(6, events - fleet.sent))
      try trouble.go(on: start.duration(to: clock.now))
      try await Task.sleep(for: .milliseconds(50))
    }
    try trouble.end()
    let early = (try fleet.committed(), receiver.loopback.requests.count)
    try fleet.send(events - fleet.sent)
    try fleet.sendLast()

    let expected = try fleet.replay()
    try #require(Fleet.transitions(expected).count > 4)
    let verdict = try await SoakVerdict.await(trouble, within: .seconds(300)) { lines in
      lines.difference(from: expected).map { "\($0)" }
    }
    expectGood(verdict, trouble, seed)
    try await fleet.stop()
    trouble.noteEnds()
    return SoakTotals(seed: seed, events: fleet.ends.values.reduce(0, +), early: early, trouble, verdict)
  }

  private static func expectGood(_ verdict: SoakVerdict, _ trouble: Trouble, _ seed: UInt64) {
    guard !verdict.isGood || !trouble.failures.isEmpty else { return }
    let wrong = verdict.mismatches.prefix(20) + verdict.transitions.prefix(20) + trouble.failures
    Issue.record(
      """
      seed \(seed): \(verdict.mismatches.count) lines different, \(verdict.transitions.count) transitions lost or too \
      many, \(verdict.duplicates) duplicated, \(verdict.isSettled ? "" : "deliveries are still owed")
      \(wrong.joined(separator: "\n"))
      what happened:
      \(trouble.story.joined(separator: "\n"))
      \(trouble.fleet.words)
      """)
  }

  /// Of a text such as `90s`, `10m` or `2h`.
  private static func duration(_ text: String) -> Duration? {
    guard let found = text.wholeMatch(of: /([1-9][0-9]{0,4})([smh])/), let count = Int(found.1) else { return nil }
    return .seconds(count * (["s": 1, "m": 60, "h": 3600][found.2] ?? 1))
  }
}
