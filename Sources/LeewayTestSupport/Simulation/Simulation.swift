package import LeewayCore

/// Instances over one ledger, one clock and the logs of a world: performs actions one after another, on one thread, and
/// brings the world to its end. The same world and actions give the same history.
package final class Simulation {
  /// A new generation, and where each partition stood in the ledger when it began.
  package struct Switch {
    package var record: GenerationRecord
    package var offsets: [TopicPartition: Int64]
  }

  /// What a simulated receiver got.
  package struct Receipt: Hashable, Sendable {
    package var receiver: String
    package var incident: String
    package var key: String
    package var sequence: Int64
  }

  package let world: SimulatedWorld
  package let ledger: InMemoryLedger
  /// Every effect, a line each.
  package internal(set) var history: [String] = []
  package internal(set) var switches: [Switch] = []
  package internal(set) var receipts: [Receipt] = []
  /// What should not have happened, whatever the results.
  package internal(set) var problems: [String] = []
  /// Keys that a sender has settled as delivered.
  var delivered: Set<String> = []
  /// Keys of messages that have waited for a silence.
  var held: Set<String> = []
  /// What owed messages said before a silence made another one of them.
  var written: [String: String] = [:]
  /// What of the clock's movements is time that has passed: where it is set back, nothing has.
  var steady = Duration.zero
  let clock: ManualClock
  var members: [Member] = []
  var phase = 0
  var assignment: [TopicPartition: Int] = [:]
  var version = 0
  var depth = 0

  static let deadAfter = TimeSpan.seconds(60)

  /// One process: its intake and its other threads have connections of their own.
  struct Member {
    var instance: SimulatedInstance
    let intake: FaultyLedger
    let others: FaultyLedger
    /// How many of the world's plans it knows.
    var version: Int
    var merges = WindowMerges()
    var timers: EscalationTimers
    /// When it last judged.
    var judged: EventTime?
    /// Its intake, or its other thread, is in the middle of something.
    var isBusy = [false, false]
  }

  package init(_ world: SimulatedWorld, without flaw: LedgerFlaw? = nil) throws {
    self.world = world
    let clock = ManualClock(EventTime(milliseconds: 1_800_000_000_000))
    self.clock = clock
    ledger = InMemoryLedger(clock: { clock.now }, without: flaw)
    let logs = world.logs
    for i in 0..<world.instances {
      let intake = FaultyLedger(ledger)
      members.append(
        Member(
          instance: try SimulatedInstance(
            "i\(i)", plans: [world.plans[0]], logs: logs, ledger: intake, lanes: 1 + i % 3, reader: world.reader),
          intake: intake, others: FaultyLedger(ledger), version: 0,
          timers: EscalationTimers(monitor: world.plans[0].monitor.name)))
    }
    noteGeneration()
    makePartitions()
  }

  /// Performs the actions, then everything that is left to do, without mishaps.
  package func run(_ actions: [SimulatedAction]) throws {
    for action in actions { try perform(action) }
    try finish()
  }

  // MARK: The world

  func say(_ line: @autoclosure () -> String) {
    history.append(String(repeating: "  ", count: depth) + line())
  }

  var places: [TopicPartition] { world.partitions.filter { $0.since <= phase }.map(\.place) }

  func makePartitions() {
    for (i, partition) in world.partitions.enumerated() where partition.since <= phase {
      if assignment[partition.place] == nil { assignment[partition.place] = i % members.count }
    }
  }

  func partition(_ number: Int) -> SimulatedWorld.Partition {
    let known = world.partitions.filter { $0.since <= phase }
    return known[number % known.count]
  }

  func noteGeneration() {
    guard let record = try? ledger.read({ try $0.generation(of: world.plans[0].monitor.name) }),
      switches.last?.record.generation != record.generation
    else { return }
    let rows = (try? ledger.read { try $0.partitions(of: record.monitor) }) ?? []
    if switches.count > 0, let highest = rows.filter({ $0.role == .predictions }).map(\.watermark).max(),
      highest > .distantPast, record.startsAt <= highest
    {
      problems.append("generation \(record.generation) starts at \(record.startsAt), not above \(highest)")
    }
    switches.append(
      Switch(
        record: record,
        offsets: Dictionary(
          uniqueKeysWithValues: rows.map { (TopicPartition($0.key.topic, $0.key.partition), $0.nextOffset) })))
    say("generation \(record.generation) from \(record.startsAt)")
  }

  // MARK: Actions

  func perform(_ action: SimulatedAction) throws {
    switch action {
    case .read(let i, let number, let count): read(i.map { $0 % members.count }, number, count)
    case .flush(let i, let mishap): try intaking(i, "flush", mishap) { try self.flush($0) }
    case .move(let number, let to, let graceful): try move(partition(number).place, to % members.count, graceful)
    case .claim(let i, let mishap): try intaking(i, "claim", mishap) { try self.claim($0) }
    case .crash(let i):
      let i = i % members.count
      guard !members[i].isBusy[0], !members[i].isBusy[1] else { return }
      say("i\(i) crashes")
      try restart(i)
    case .beat(let i):
      try intaking(i, "beat", nil) { try self.members[$0].instance.intake.beat(in: self.members[$0].intake) }
    case .clock(let span):
      clock.advance(span)
      // The longest wait is 90 s; what is longer, or goes back, is somebody who sets the clock.
      if span > .seconds(0), span <= .seconds(90) { steady += .milliseconds(span.milliseconds) }
      say("clock \(span.milliseconds / 1000) s")
    case .idle(let i, let number): try idle(i % members.count, partition(number))
    case .evaluate(let i, let windows, let mishap):
      try judging(i, "evaluate", mishap) { try self.evaluate($0, windows) }
    case .fold(let i, let rows, let mishap): try judging(i, "fold", mishap) { try self.fold($0, rows) }
    case .reclaim(let i, let mishap): try judging(i, "reclaim", mishap) { try self.reclaim($0) }
    case .send(let i, let succeeds, let mishap): try judging(i, "send", mishap) { try self.send($0, succeeds) }
    case .answer(let i, let succeeded, let mishap):
      try judging(i, "answer", mishap) { try self.answer($0, succeeded) }
    case .person(let i, let choice, let mishap):
      try judging(i, "person", mishap) { try self.ask($0, choice) }
    case .silence(let i, let choice, let mishap):
      try judging(i, "silence", mishap) { try self.silence($0, choice) }
    case .produce:
      guard phase < world.phases - 1 else { return }
      phase += 1
      makePartitions()
      say("phase \(phase)")
    case .reload(let i):
      let i = i % members.count
      guard phase > 0, members[i].version < world.plans.count - 1, !members[i].isBusy[0], !members[i].isBusy[1] else {
        return
      }
      say("i\(i) reloads")
      members[i].version += 1
      try restart(i)
    }
  }

  /// On the instance's intake thread.
  func intaking(
    _ i: Int, _ name: String, _ mishap: SimulatedAction.Mishap?, _ body: @escaping (Int) throws -> Void
  ) throws {
    try threaded(i % members.count, 0, name, mishap, body)
  }

  /// On the instance's other thread.
  func judging(
    _ i: Int, _ name: String, _ mishap: SimulatedAction.Mishap?, _ body: @escaping (Int) throws -> Void
  ) throws {
    try threaded(i % members.count, 1, name, mishap, body)
  }

  func threaded(
    _ i: Int, _ thread: Int, _ name: String, _ mishap: SimulatedAction.Mishap?, _ body: (Int) throws -> Void
  ) throws {
    guard !members[i].isBusy[thread] else { return }
    members[i].isBusy[thread] = true
    defer { members[i].isBusy[thread] = false }
    let connection = thread == 0 ? members[i].intake : members[i].others
    defer { connection.calm() }
    switch mishap {
    case nil: break
    case .fault(let fault, let call):
      say("i\(i) \(name): \(fault) at call \(call)")
      connection.fail(fault, call: call)
    case .meanwhile(let call, let actions):
      connection.interrupt(call: call) { [self] in
        say("i\(i) \(name): before call \(call)")
        depth += 1
        defer { depth -= 1 }
        for action in actions {
          do { try perform(action) } catch { problems.append("\(action): \(error)") }
        }
      }
    }
    do { try body(i) } catch is FaultyLedger.Crash {
      say("i\(i) \(name): crash")
      connection.calm()
      // An intake that is in the middle of something finds out that it is dead when it goes on.
      members[i].isBusy = [false, false]
      try restart(i)
    } catch let error as LedgerError {
      say("i\(i) \(name): \(error.description)")
    } catch is WriterFenced {
      say("i\(i) \(name): fenced")
      connection.calm()
      try restart(i)
    } catch is GenerationSuperseded {
      say("i\(i) \(name): superseded")
      connection.calm()
      members[i].version = version
      try restart(i)
    } catch let lost as LeaseLost {
      say("i\(i) \(name): \(lost.description)")
    }
    noteGeneration()
  }

  func restart(_ i: Int) throws {
    version = max(version, members[i].version)
    // A process that starts has the newest configuration.
    if switches.count > 1 { members[i].version = max(members[i].version, switches.count - 1) }
    members[i].intake.calm()
    members[i].others.calm()
    members[i].merges = WindowMerges()
    members[i].timers = EscalationTimers(monitor: monitor)
    members[i].judged = nil
    try members[i].instance.restart(plans: [world.plans[members[i].version]])
    noteGeneration()
  }

  func read(_ i: Int?, _ number: Int, _ count: Int) {
    let partition = partition(number)
    let i = i ?? assignment[partition.place] ?? 0
    guard !members[i].isBusy[0], members[i].instance.owned.contains(partition.place) else { return }
    members[i].instance.read(partition.place, count, of: partition.end(phase))
    say("i\(i) reads \(count) of \(partition.place)")
  }

  func flush(_ i: Int) throws {
    let report = try members[i].instance.flush()
    say(
      "i\(i) flushes \(report.committed.sorted { $0.key < $1.key }.map { "\($0.key.topic)/\($0.key.partition)→\($0.value)" })"
        + (report.fenced.isEmpty ? "" : ", fenced from \(report.fenced.map { "\($0.topic)/\($0.partition)" })"))
  }

  func move(_ place: TopicPartition, _ to: Int, _ graceful: Bool) throws {
    guard let from = assignment[place], from != to else { return }
    say("\(place) moves from i\(from) to i\(to)\(graceful ? "" : ", unnoticed")")
    assignment[place] = to
    guard graceful, members[from].instance.owned.contains(place) else { return }
    try intaking(from, "revoke", nil) { from in
      try self.flush(from)
      try self.members[from].instance.release(place)
    }
  }

  func claim(_ i: Int) throws {
    let wanted = places.filter { assignment[$0] == i && !members[i].instance.owned.contains($0) }
    guard !wanted.isEmpty else { return }
    try members[i].instance.claim(wanted)
    say("i\(i) claims \(wanted.map(\.description).joined(separator: " "))")
  }

  func idle(_ i: Int, _ partition: SimulatedWorld.Partition) throws {
    let instance = members[i].instance
    // One that ends without a last word far ahead holds the watermark, so it must never let go of it.
    guard partition.endsIdle || (world.idlesEarly && partition.hasSentinel), !members[i].isBusy[0],
      instance.owned.contains(partition.place),
      instance.isAtEnd(partition.place, partition.end(phase)),
      world.idlesEarly || partition.end(phase) == partition.entries.count
    else { return }
    instance.intake.claimIdle(partition.place, lasting: .seconds(60), at: steady)
    say("i\(i) calls \(partition.place) idle")
    try intaking(i, "flush", nil) { try self.flush($0) }
  }
}
