import Foundation
import LeewayTestSupport
import Testing

/// The reference case while members come and go, for as long as is asked for. `make soak` runs it; `make test`, whose
/// `MembershipTests` do the same to less, does not.
@Suite struct SoakTests {
  @Test func whateverHappensToThreeInstancesTheyEndAsReplayDoes() async throws {
    let environment = ProcessInfo.processInfo.environment
    let time = environment["LEEWAY_SOAK"] ?? "1m"
    let duration = try #require(Self.duration(time), "LEEWAY_SOAK=\(time): write a time such as 90s, 10m or 2h")
    let seed = environment["LEEWAY_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
    print("soak of \(time), seed \(seed)")

    let receiver = try LoopbackReceiver()
    let fleet = try Fleet(
      receiver: receiver, partitions: CarLoan.partitions,
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

    var trouble = Trouble(seed: seed, members: try await fleet.start(3).map(\.process))
    let clock = ContinuousClock()
    let start = clock.now
    var sent = 0
    while sent < messages.count {
      let elapsed = start.duration(to: clock.now)
      let due = min(messages.count, Int(Double(messages.count) * (elapsed / duration)))
      try fleet.send(messages[sent..<due])
      sent = due
      try trouble.go(on: elapsed, in: fleet)
      try await Task.sleep(for: .milliseconds(100))
    }
    trouble.end()

    // One that has seen nothing of it shows the results.
    let last = try await fleet.start(1)[0]
    try await fleet.awaitCommitted()
    var mismatches = ["nothing was judged"]
    var deliveries: (differences: [String], duplicates: Int) = ([], 0)
    _ = try await awaited(patience: 3 * patience) { () -> Bool? in
      let isSettled = try fleet.isSettled()
      guard let text = last.get("/api/v1/results?open=true", accept: "application/x-ndjson") else {
        mismatches = ["the results cannot be read"]
        return nil
      }
      let lines = text.split(separator: "\n").map(String.init)
      mismatches = try CarLoan.differences(CarLoan.objects(lines), files)
      deliveries = try Fleet.deliveries(receiver, of: lines)
      return isSettled && mismatches.isEmpty && deliveries.differences.isEmpty ? true : nil
    }
    mismatches += deliveries.differences
    let rebalances = fleet.processes.reduce(0) { $0 + $1.standardError.split(separator: " assigned ").count - 1 }
    print(
      """
      soak: \(sent) events in \(time), \(trouble.crashes) crashes, \(trouble.departures) shutdowns, \
      \(trouble.stops) stops, \(rebalances) assignments in rebalances, \(receiver.requests.count) deliveries, \
      \(mismatches.count) mismatches, \(deliveries.duplicates) duplicated transitions; seed \(seed)
      """)
    #expect(mismatches.isEmpty, "\(mismatches.prefix(20).joined(separator: "\n"))\n\(trouble.story)")
    #expect(deliveries.duplicates == 0, "\(trouble.story)")
    #expect(trouble.crashes + trouble.departures + trouble.stops > 0)
    #expect(trouble.failures.isEmpty, "\(trouble.failures.joined(separator: "\n"))")
    try await fleet.stop()
  }

  /// Of a text such as `90s`, `10m` or `2h`.
  private static func duration(_ text: String) -> Duration? {
    guard let found = text.wholeMatch(of: /([1-9][0-9]{0,4})([smh])/), let count = Int(found.1) else { return nil }
    return .seconds(count * (["s": 1, "m": 60, "h": 3600][found.2] ?? 1))
  }
}

/// What happens to three members: killed, ended as an operator does, stopped for a while; those that are gone come back.
/// The seed says what, to whom and how long after what was before.
private struct Trouble {
  private(set) var crashes = 0
  private(set) var departures = 0
  private(set) var stops = 0
  private(set) var story: [String] = []
  /// What members said that ended otherwise than they were told to.
  private(set) var failures: [String] = []

  private var random: SeededGenerator
  private var members: [LeewayProcess]
  private var stopped: [(member: LeewayProcess, until: Duration)] = []
  /// When the places of those that are gone are taken again.
  private var vacancies: [Duration] = []
  private var next: Duration = .zero

  init(seed: UInt64, members: [LeewayProcess]) {
    random = SeededGenerator(seed: seed)
    self.members = members
    next = wait(2...6)
  }

  private mutating func wait(_ seconds: ClosedRange<Double>) -> Duration {
    .seconds(Double.random(in: seconds, using: &random))
  }

  mutating func go(on now: Duration, in fleet: Fleet) throws {
    for (member, _) in stopped.filter({ $0.until <= now }) { kill(member.identifier, SIGCONT) }
    stopped.removeAll { $0.until <= now }
    vacancies.removeAll { $0 <= now }
    for member in members where !member.isRunning {
      failures.append("\(member.identifier) ended by itself, \(member.wait()): \(member.standardError.suffix(3000))")
    }
    members.removeAll { !$0.isRunning }
    while members.count + vacancies.count < 3 { members.append(try fleet.start()) }

    guard now >= next else { return }
    next = now + wait(2...9)
    let running = members.filter { member in !stopped.contains { $0.member === member } }
    guard let member = running.randomElement(using: &random) else { return }
    switch Int.random(in: 0..<3, using: &random) {
    case 0:
      crashes += 1
      story.append("kill \(member.identifier)")
      member.killAtOnce()
      leave(member, now)
    case 1:
      departures += 1
      story.append("end \(member.identifier)")
      member.terminate()
      leave(member, now)
    default:
      stops += 1
      // Some longer than the group waits for a silent member.
      let length = wait(1...12)
      story.append("stop \(member.identifier) for \(length)")
      kill(member.identifier, SIGSTOP)
      stopped.append((member, now + length))
    }
  }

  private mutating func leave(_ member: LeewayProcess, _ now: Duration) {
    members.removeAll { $0 === member }
    vacancies.append(now + wait(0...4))
  }

  /// Those that are stopped go on, and nothing more happens.
  mutating func end() {
    for (member, _) in stopped { kill(member.identifier, SIGCONT) }
    stopped = []
  }
}
