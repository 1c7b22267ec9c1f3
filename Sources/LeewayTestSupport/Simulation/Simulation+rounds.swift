package import LeewayCore

/// What the threads of an instance do beside reading: judge, fold, reclaim, send.
extension Simulation {
  /// Where the ledger has put it; as it is where another instance has gone on to a newer one.
  func plan(_ i: Int) throws -> MonitorPlan {
    let plan = world.plans[members[i].version]
    return try ledger.read { try Generations.placed(plan, in: $0, reading: world.reader) } ?? plan
  }

  var monitor: String { world.plans[0].monitor.name }

  func lease(_ i: Int) throws -> EvaluationLease? {
    let name = EvaluationLease.name(monitor: monitor)
    let holder = "i\(i)"
    let epoch = try members[i].others.write { try $0.acquire(lease: name, holder: holder, lasting: .seconds(30)) }
    if epoch == nil { say("i\(i) does not get the lease") }
    return epoch.map { EvaluationLease(name: name, epoch: $0) }
  }

  func evaluate(_ i: Int, _ windows: Int) throws {
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

  func answer(_ i: Int, _ succeeded: Bool) throws {
    if let said = try answer(succeeded, over: members[i].others, now: clock.now) { say("i\(i): \(said)") }
  }

  func ask(_ i: Int, _ choice: Int) throws {
    if let said = try ask(choice, over: members[i].others, now: clock.now) { say("i\(i): \(said)") }
  }

  func silence(_ i: Int, _ choice: Int) throws {
    if let said = try silence(choice, over: members[i].others) { say("i\(i): \(said)") }
  }

  func fold(_ i: Int, _ rows: Int) throws {
    guard let lease = try lease(i) else { return }
    members[i].merges.forget(monitor: monitor)
    let report = try Fold(plan: try plan(i), deadAfter: Self.deadAfter)
      .step(members[i].others, lease: lease, limit: rows)
    say("i\(i) folds \(report.rows) rows, retires \(report.retired)")
  }

  func reclaim(_ i: Int) throws {
    guard world.reclaims, let lease = try lease(i) else { return }
    let report = try Reclaim(plan: try plan(i), results: .days(999), deliveries: .days(999), limit: 5)
      .step(members[i].others, lease: lease, now: clock.now)
    say("i\(i) reclaims \(report.rows) rows")
  }

  func send(_ i: Int, _ succeeds: Bool) throws {
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
  func take(_ i: Int, _ receiver: String) throws -> [OutboxRecord] {
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

  static func isRewritten(_ row: OutboxRecord) -> Bool {
    row.body.contains(#""held_back":"#) || row.body.contains(" has ended")
  }

  /// The body of a message as its transition wrote it.
  package func written(_ row: OutboxRecord) -> String {
    Self.isRewritten(row) ? written[row.key] ?? row.body : row.body
  }
}
