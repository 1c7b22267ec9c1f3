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
  package private(set) var history: [String] = []
  package private(set) var switches: [Switch] = []
  package private(set) var receipts: [Receipt] = []
  /// What should not have happened, whatever the results.
  package private(set) var problems: [String] = []
  /// Keys that a sender has settled as delivered.
  private var delivered: Set<String> = []
  /// Keys of messages that have waited for a silence.
  private var held: Set<String> = []
  /// What owed messages said before a silence made another one of them.
  private var written: [String: String] = [:]
  /// What of the clock's movements is time that has passed: where it is set back, nothing has.
  private var steady = Duration.zero
  private let clock: ManualClock
  private var members: [Member] = []
  private var phase = 0
  private var assignment: [TopicPartition: Int] = [:]
  private var version = 0
  private var depth = 0

  private static let deadAfter = TimeSpan.seconds(60)

  /// One process: its intake and its other threads have connections of their own.
  private struct Member {
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

  private func say(_ line: @autoclosure () -> String) {
    history.append(String(repeating: "  ", count: depth) + line())
  }

  private var places: [TopicPartition] { world.partitions.filter { $0.since <= phase }.map(\.place) }

  private func makePartitions() {
    for (i, partition) in world.partitions.enumerated() where partition.since <= phase {
      if assignment[partition.place] == nil { assignment[partition.place] = i % members.count }
    }
  }

  private func partition(_ number: Int) -> SimulatedWorld.Partition {
    let known = world.partitions.filter { $0.since <= phase }
    return known[number % known.count]
  }

  private func noteGeneration() {
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

  private func perform(_ action: SimulatedAction) throws {
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
  private func intaking(
    _ i: Int, _ name: String, _ mishap: SimulatedAction.Mishap?, _ body: @escaping (Int) throws -> Void
  ) throws {
    try threaded(i % members.count, 0, name, mishap, body)
  }

  /// On the instance's other thread.
  private func judging(
    _ i: Int, _ name: String, _ mishap: SimulatedAction.Mishap?, _ body: @escaping (Int) throws -> Void
  ) throws {
    try threaded(i % members.count, 1, name, mishap, body)
  }

  private func threaded(
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

  private func restart(_ i: Int) throws {
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

  private func read(_ i: Int?, _ number: Int, _ count: Int) {
    let partition = partition(number)
    let i = i ?? assignment[partition.place] ?? 0
    guard !members[i].isBusy[0], members[i].instance.owned.contains(partition.place) else { return }
    members[i].instance.read(partition.place, count, of: partition.end(phase))
    say("i\(i) reads \(count) of \(partition.place)")
  }

  private func flush(_ i: Int) throws {
    let report = try members[i].instance.flush()
    say(
      "i\(i) flushes \(report.committed.sorted { $0.key < $1.key }.map { "\($0.key.topic)/\($0.key.partition)→\($0.value)" })"
        + (report.fenced.isEmpty ? "" : ", fenced from \(report.fenced.map { "\($0.topic)/\($0.partition)" })"))
  }

  private func move(_ place: TopicPartition, _ to: Int, _ graceful: Bool) throws {
    guard let from = assignment[place], from != to else { return }
    say("\(place) moves from i\(from) to i\(to)\(graceful ? "" : ", unnoticed")")
    assignment[place] = to
    guard graceful, members[from].instance.owned.contains(place) else { return }
    try intaking(from, "revoke", nil) { from in
      try self.flush(from)
      try self.members[from].instance.release(place)
    }
  }

  private func claim(_ i: Int) throws {
    let wanted = places.filter { assignment[$0] == i && !members[i].instance.owned.contains($0) }
    guard !wanted.isEmpty else { return }
    try members[i].instance.claim(wanted)
    say("i\(i) claims \(wanted.map(\.description).joined(separator: " "))")
  }

  private func idle(_ i: Int, _ partition: SimulatedWorld.Partition) throws {
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

  // MARK: Evaluation, folding, reclaiming, sending

  /// Where the ledger has put it; as it is where another instance has gone on to a newer one.
  private func plan(_ i: Int) throws -> MonitorPlan {
    let plan = world.plans[members[i].version]
    return try ledger.read { try Generations.placed(plan, in: $0, reading: world.reader) } ?? plan
  }

  private var monitor: String { world.plans[0].monitor.name }

  private func lease(_ i: Int) throws -> EvaluationLease? {
    let name = EvaluationLease.name(monitor: monitor)
    let holder = "i\(i)"
    let epoch = try members[i].others.write { try $0.acquire(lease: name, holder: holder, lasting: .seconds(30)) }
    if epoch == nil { say("i\(i) does not get the lease") }
    return epoch.map { EvaluationLease(name: name, epoch: $0) }
  }

  private func evaluate(_ i: Int, _ windows: Int) throws {
    guard let lease = try lease(i) else { return }
    let evaluator = Evaluator(
      plan: try plan(i), context: DecisionContext(receivers: SimulatedMonitor.receivers), maximumWindows: windows,
      maximumErrors: windows)
    var isComplete = false
    while !isComplete {
      let report = try evaluator.evaluate(
        members[i].others, lease: lease, now: clock.now, partitions: places, merges: members[i].merges)
      isComplete = report.isComplete
      if let progress = report.progress {
        say(
          "i\(i) judges \(report.windows) windows, closed \(progress.closedThrough), final \(progress.finalThrough), mature \(progress.maturedThrough)"
        )
      }
    }
    let elapsed = members[i].judged.map { clock.now - $0 } ?? .zero
    members[i].judged = clock.now
    // Others may act meanwhile.
    var timers = members[i].timers
    let outcome = try timers.tick(
      elapsed, plan: try plan(i), context: DecisionContext(receivers: SimulatedMonitor.receivers),
      ledger: members[i].others, lease: lease, now: clock.now)
    members[i].timers = timers
    if !outcome.handedOn.isEmpty { say("i\(i) hands on \(outcome.handedOn)") }
    if !outcome.reminded.isEmpty { say("i\(i) reminds of \(outcome.reminded)") }
  }

  private func answer(_ i: Int, _ succeeded: Bool) throws {
    if let said = try answer(succeeded, over: members[i].others, now: clock.now) { say("i\(i): \(said)") }
  }

  private func ask(_ i: Int, _ choice: Int) throws {
    if let said = try ask(choice, over: members[i].others, now: clock.now) { say("i\(i): \(said)") }
  }

  private func silence(_ i: Int, _ choice: Int) throws {
    if let said = try silence(choice, over: members[i].others) { say("i\(i): \(said)") }
  }

  private func fold(_ i: Int, _ rows: Int) throws {
    guard let lease = try lease(i) else { return }
    members[i].merges.forget(monitor: monitor)
    let report = try Fold(plan: try plan(i), deadAfter: Self.deadAfter)
      .step(members[i].others, lease: lease, limit: rows)
    say("i\(i) folds \(report.rows) rows, retires \(report.retired)")
  }

  private func reclaim(_ i: Int) throws {
    guard world.reclaims, let lease = try lease(i) else { return }
    let report = try Reclaim(plan: try plan(i), results: .days(999), deliveries: .days(999), limit: 5)
      .step(members[i].others, lease: lease, now: clock.now)
    say("i\(i) reclaims \(report.rows) rows")
  }

  private func send(_ i: Int, _ succeeds: Bool) throws {
    for receiver in SimulatedMonitor.receivers.sorted() {
      let now = clock.now
      for var row in try take(i, receiver) {
        row.attempts += 1
        if succeeds {
          receipts.append(
            Receipt(receiver: receiver, incident: row.incident, key: row.key, sequence: row.sequence))
          row.state = .delivered
        } else {
          row.waitingSince = now
          row.nextAttemptAt = now + .seconds(10)
        }
        let settled = try members[i].others.write { [row] in try $0.settle(delivery: row) }
        say("i\(i) \(succeeds ? "sends" : "fails to send") \(row.key)\(settled ? "" : ", somebody else has it")")
        if settled, succeeds { delivered.insert(row.key) }
      }
    }
    for row in try ledger.read({ try $0.deliveries(incident: nil, limit: .max) })
    where delivered.contains(row.key) && row.state != .delivered {
      problems.append("\(row.key) was delivered and is \(row.state) again")
    }
  }

  /// What may be sent now.
  private func take(_ i: Int, _ receiver: String) throws -> [OutboxRecord] {
    let gate = DeliveryGate(
      receiver: receiver, context: DecisionContext(receivers: SimulatedMonitor.receivers), maintenance: nil)
    func silences() throws -> [SilenceRecord] { try ledger.read { try $0.silences([.active], limit: .max) } }
    let before = try silences()
    // Without silences nothing can come of what is read, and calls are counted as they are without them.
    let reading: any Ledger = world.hasSilences ? members[i].others : ledger
    let (rulings, owed) = try reading.read { reader in
      (
        try gate.rulings(limit: 2, in: reader),
        world.hasSilences ? try reader.deliveries(state: .owed, limit: .max) : []
      )
    }
    for row in owed where !Self.isRewritten(row) { written[row.key] = row.body }
    let taken = try members[i].others.write { try gate.take(rulings, lasting: .seconds(30), limit: 2, in: $0) }
    for row in taken.held { say("i\(i) holds \(row.key) back for \(row.silence ?? "")") }
    for row in taken.silenced { say("i\(i) does not send \(row.key) for \(row.silence ?? "")") }
    held.formUnion((taken.held + taken.silenced).map(\.key))
    // Others may have acted in between.
    if try silences() == before { problems += try silencedYetSent(taken.rows, of: owed) }
    return taken.rows
  }

  private static func isRewritten(_ row: OutboxRecord) -> Bool {
    row.body.contains(#""held_back":"#) || row.body.contains(" has ended")
  }

  /// The body of a message as its transition wrote it.
  package func written(_ row: OutboxRecord) -> String {
    Self.isRewritten(row) ? written[row.key] ?? row.body : row.body
  }

  // MARK: The end

  private func finish() throws {
    say("the end")
    while phase < world.phases - 1 { try perform(.produce) }
    clock.advance(.hours(1))
    members[0].version = max(version, switches.count - 1)
    try restart(0)
    for place in places { assignment[place] = 0 }
    try claim(0)
    for partition in world.partitions {
      members[0].instance.read(partition.place, .max / 2)
      if partition.endsIdle {
        members[0].instance.intake.claimIdle(partition.place, lasting: .hours(9), at: steady)
      }
    }
    try flush(0)
    // What is left is judged in one go, or end by end, so that states are stored in between.
    try evaluate(0, world.recurs && world.seed % 2 == 0 ? 1 : 512)
    var rows = 1
    for _ in 0..<100 where rows > 0 {
      guard let lease = try lease(0) else { break }
      members[0].merges.forget(monitor: monitor)
      rows = try Fold(plan: try plan(0), deadAfter: Self.deadAfter).step(members[0].others, lease: lease).rows
    }
    if rows > 0 { problems.append("folding does not end") }
    try evaluate(0, 512)
    clock.advance(.hours(1))
    for _ in 0..<200 where try ledger.read({ try $0.outboxBacklog() }).contains(where: { $0.owed > 0 }) {
      try send(0, true)
      clock.advance(.minutes(1))
    }
    try check()
  }

  /// What holds whatever the results are.
  private func check() throws {
    let (partitions, deliveries) = try ledger.read { reader in
      (
        try reader.partitions(of: monitor), try reader.deliveries(incident: nil, limit: .max)
      )
    }
    for partition in world.partitions {
      let row = partitions.first {
        $0.key.topic == partition.place.topic && $0.key.partition == partition.place.partition
      }
      if row?.nextOffset != Int64(partition.entries.count) {
        problems.append("\(partition.place) ends at \(row?.nextOffset ?? -1), not at \(partition.entries.count)")
      }
    }
    let received = Set(receipts.map(\.key))
    for row in deliveries {
      if row.state == .silenced, world.hasSilences { continue }
      if row.state != .delivered { problems.append("\(row.key) is \(row.state)") }
      if !received.contains(row.key) { problems.append("\(row.key) was never sent") }
    }
    problems += try unsettledActs() + unsettledRetrains() + untoldStories(held)
    for key in received.subtracting(deliveries.map(\.key)) { problems.append("\(key) was sent and is not owed") }
    var first: Set<String> = []
    var last: [String: Int64] = [:]
    for receipt in receipts where first.insert(receipt.key).inserted {
      let line = "\(receipt.receiver) \(receipt.incident)"
      // What final verdicts say of an early incident may come while it is open, and its end after that.
      if receipt.sequence >= IncidentMachine.sequenceOfFinalVerdicts { continue }
      if let before = last[line], before > receipt.sequence { problems.append("\(receipt.key) came after \(before)") }
      last[line] = receipt.sequence
    }
  }
}
