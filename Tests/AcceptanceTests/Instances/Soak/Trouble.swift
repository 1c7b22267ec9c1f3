import Foundation
import LeewayTestSupport
import Testing

/// What happens to three members and to what they depend on; those that are gone come back.
///
/// The seed says what, to whom, for how long and how long after what was before: each disruption takes the same number of
/// random numbers, whatever has become of the one before it. How far the members are when it happens is the machine's
/// matter.
final class Trouble {
  /// One that is neither gone nor about to end.
  struct Member {
    let process: LeewayProcess
    var isStopped = false
    /// Whether its wall clock is wrong: librdkafka may then wait for hours before it closes, so that it is always killed.
    var hasOwnClock = false
  }

  private(set) var counts: [Disruption: Int] = [:]
  /// How often the broker has ended by itself, which is no fault of Leeway.
  private(set) var brokerAborts = 0
  private(set) var story: [String] = []
  /// What members said that ended otherwise than they were told to.
  private(set) var failures: [String] = []

  let fleet: Fleet
  let server: TemporaryPostgreSQL
  let receiver: MoodyReceiver
  let pace: Pace
  var members: [Member] = []
  private var random: SeededGenerator
  private var departing: [LeewayProcess] = []
  /// What is to be done later, such as the end of something.
  private var plans: [(at: Duration, what: () throws -> Void)] = []
  private var next: Duration
  private var now: Duration = .zero
  private var isDatabaseAway = false
  private var sockets: [IdleSockets] = []
  private var vacancies = 0

  init(seed: UInt64, pace: Pace, fleet: Fleet, receiver: MoodyReceiver) throws {
    random = SeededGenerator(seed: seed)
    self.fleet = fleet
    server = fleet.server
    self.receiver = receiver
    self.pace = pace
    next = .seconds(Double.random(in: pace.between, using: &random))
    for _ in 0..<3 { try join() }
  }

  var total: Int { counts.values.reduce(0, +) }

  // MARK: Time

  /// Does what is due.
  ///
  /// - Parameter now: time since the start, never less than before.
  func go(on now: Duration) throws {
    self.now = now
    let due = plans.filter { $0.at <= now }.sorted { $0.at < $1.at }
    plans.removeAll { $0.at <= now }
    for plan in due { try plan.what() }
    try replaceBrokerIfGone()
    noteEnds()
    guard now >= next else { return }
    next = now + .seconds(Double.random(in: pace.between, using: &random))
    let kind = Disruption.random(using: &random)
    let (who, length, choice) = (fraction(), fraction(), fraction())
    if try strike(kind, who, length, choice) { counts[kind, default: 0] += 1 }
  }

  /// Those that are stopped go on, what was away is back, and nothing more happens.
  func end() throws {
    plans = []
    sockets = []
    receiver.behave(nil)
    try bringDatabaseBack()
    for i in members.indices where members[i].isStopped { go(on: i) }
    for member in members where member.hasOwnClock { leave(member, byKilling: true) }
    while vacancies > 0 { try fill() }
  }

  private func fraction() -> Double { Double.random(in: 0..<1, using: &random) }

  private func later(_ seconds: Double, _ what: @escaping () throws -> Void) {
    plans.append((now + .seconds(seconds), what))
  }

  // MARK: Members

  private func join(environment: [String: String] = [:]) throws {
    members.append(Member(process: try fleet.start(environment: environment), hasOwnClock: !environment.isEmpty))
  }

  private func fill() throws {
    guard vacancies > 0 else { return }
    vacancies -= 1
    try join()
  }

  private func leave(_ member: Member, byKilling: Bool) {
    members.removeAll { $0.process === member.process }
    if byKilling {
      member.process.killAtOnce()
    } else {
      member.process.terminate()
      departing.append(member.process)
    }
    vacancies += 1
  }

  private func go(on index: Int) {
    kill(members[index].process.identifier, SIGCONT)
    members[index].isStopped = false
  }

  private func killAll() {
    for member in members { leave(member, byKilling: true) }
    for process in departing where process.isRunning { process.killAtOnce() }
  }

  /// Takes down who ended otherwise than they were told to.
  func noteEnds() {
    for member in members where !member.process.isRunning && member.process.lastOrder == nil {
      note(member.process, "ended by itself")
      members.removeAll { $0.process === member.process }
      vacancies += 1
      later(0) { [unowned self] in try fill() }
    }
    for process in departing where !process.isRunning {
      // One that is told to end before it knows what the signal means is ended by the signal.
      let isGood = process.lastOrder == SIGKILL || process.wait() == 0
      if !isGood, process.wait() != SIGTERM || process.standardError.contains(" on http") {
        note(process, "was told to end")
      }
    }
    departing.removeAll { !$0.isRunning }
  }

  private func note(_ process: LeewayProcess, _ what: String) {
    story.append("\(process.identifier) \(what) with \(process.wait())")
    failures.append("\(process.identifier) \(what), \(process.wait()): \(process.standardError.suffix(3000))")
  }

  /// - Returns: whether all members had to be ended because the broker is another one.
  @discardableResult
  func replaceBrokerIfGone() throws -> Bool {
    guard !fleet.broker.isRunning else { return false }
    brokerAborts += 1
    story.append("the broker has ended by itself")
    try replaceBroker()
    return true
  }

  private func replaceBroker() throws {
    killAll()
    try fleet.replaceBroker()
    while vacancies > 0 { try fill() }
  }

  // MARK: Disruptions

  /// - Returns: false where that cannot happen now.
  private func strike(_ kind: Disruption, _ who: Double, _ length: Double, _ choice: Double) throws -> Bool {
    func between(_ range: ClosedRange<Double>) -> Double {
      range.lowerBound + length * (range.upperBound - range.lowerBound)
    }
    let awake = members.filter { !$0.isStopped }
    guard !awake.isEmpty else { return false }
    let member = awake[Int(who * Double(awake.count))]
    let name = "\(member.process.identifier)"
    func tell(_ text: String) {
      story.append("\(now.formatted(.units(allowed: [.seconds], fractionalPart: .show(length: 1)))): \(text)")
    }

    switch kind {
    case .kill, .end:
      let isKilled = kind == .kill || member.hasOwnClock
      tell("\(isKilled ? "kill" : "end") \(name)")
      leave(member, byKilling: isKilled)
      later(between(pace.absence)) { [unowned self] in try fill() }
    case .stillness:
      tell("stop \(name) for \(between(pace.stillness)) s")
      kill(member.process.identifier, SIGSTOP)
      change(member) { $0.isStopped = true }
      later(between(pace.stillness)) { [unowned self] in
        if let i = members.firstIndex(where: { $0.process === member.process }) { go(on: i) }
      }
    case .killAll:
      tell("kill all")
      killAll()
      for i in 1...3 { later(between(pace.absence) * Double(i) / 3) { [unowned self] in try fill() } }
    case .killNewcomer:
      leave(member, byKilling: true)
      try fill()
      guard let newcomer = members.last else { return false }
      tell("kill \(name) and, after \(2 * length) s, \(newcomer.process.identifier) in its place")
      later(2 * length) { [unowned self] in
        guard members.contains(where: { $0.process === newcomer.process }) else { return }
        leave(newcomer, byKilling: true)
        try fill()
      }
    case .databaseStop, .databaseKill:
      guard !isDatabaseAway else { return false }
      tell("\(kind.rawValue) for \(between(pace.databaseAway)) s")
      try takeDatabaseAway(byKilling: kind == .databaseKill, for: between(pace.databaseAway))
    case .startWithoutDatabase:
      guard !isDatabaseAway else { return false }
      leave(member, byKilling: true)
      // Away before its first breath, or in one of the first two seconds.
      later(choice < 0.5 ? 0 : 2 * choice - 1) { [unowned self] in
        if !isDatabaseAway { try takeDatabaseAway(byKilling: false, for: between(pace.databaseAway)) }
      }
      if choice < 0.5 {
        later(0) { [unowned self] in try fill() }
      } else {
        try fill()
      }
      tell("database away at the start of the one after \(name)")
    case .receiver:
      let mood = MoodyReceiver.badMoods[Int(choice * Double(MoodyReceiver.badMoods.count))]
      tell("the receiver \(mood.name) for \(between(pace.stillness)) s")
      receiver.behave(mood.behaviour)
      later(between(pace.stillness)) { [unowned self] in receiver.behave(nil) }
    case .reload:
      // Before it has said anything it may not be told what the signal means.
      guard !member.process.standardError.isEmpty else { return false }
      tell("reload \(name)")
      member.process.hangUp()
    case .sockets:
      guard let port = member.process.standardError.firstMatch(of: /on http:\/\/127\.0\.0\.1:([0-9]+)\//),
        let port = UInt16(port.1)
      else { return false }
      tell("idle sockets to \(name)")
      sockets.append(IdleSockets(port: port, count: 300))
    case .clock:
      leave(member, byKilling: true)
      vacancies -= 1
      let clock = try WrongClock(in: fleet.folder)
      try join(environment: clock.environment)
      guard let process = members.last?.process else { return false }
      tell("\(process.identifier) with a clock that is set after \(name)")
      // Not while librdkafka begins: it waits for a moment of the wall clock by what libfaketime does not reach, and if that
      // is long past it crashes instead of failing.
      func set(_ offset: Double) throws {
        guard process.standardError.contains(" assigned ") else { return }
        try clock.set(WrongClock.offsets[Int(offset * Double(WrongClock.offsets.count))])
      }
      later(2) { try set(choice) }
      later(2 + between(pace.stillness)) { try set(who) }
    case .broker:
      tell("kill the broker")
      fleet.broker.killAtOnce()
      try replaceBroker()
    }
    return true
  }

  private func change(_ member: Member, _ body: (inout Member) -> Void) {
    guard let i = members.firstIndex(where: { $0.process === member.process }) else { return }
    body(&members[i])
  }

  private func takeDatabaseAway(byKilling: Bool, for seconds: Double) throws {
    isDatabaseAway = true
    if byKilling { try server.killPostmaster() } else { try server.stop("immediate") }
    later(seconds) { [unowned self] in try bringDatabaseBack() }
  }

  private func bringDatabaseBack() throws {
    guard isDatabaseAway else { return }
    try server.start()
    isDatabaseAway = false
  }
}
