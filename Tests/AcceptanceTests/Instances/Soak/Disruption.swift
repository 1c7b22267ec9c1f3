/// What can happen to a group of instances and to what they depend on.
enum Disruption: String, CaseIterable {
  /// `kill -9`.
  case kill
  /// SIGTERM, as an operator ends it.
  case end
  /// SIGSTOP for a while, which may be longer than the group waits for a silent member.
  case stillness
  /// All of them at once, those too that are about to end.
  case killAll = "kill of all"
  /// `kill -9` of one that has just been started in another's place: within two seconds of its life.
  case killNewcomer = "kill of a newcomer"
  /// PostgreSQL stopped at once, and back after a while.
  case databaseStop = "database stop"
  /// `kill -9` of the postmaster.
  case databaseKill = "database kill"
  /// One is started while PostgreSQL is away.
  case startWithoutDatabase = "start without database"
  /// The receiver of alerts answers 500, hangs, resets or breaks off.
  case receiver = "bad receiver"
  /// SIGHUP, with the configuration as it was.
  case reload
  /// Hundreds of connections to an instance's pages that say nothing, or half of something.
  case sockets = "idle sockets"
  /// One is started whose wall clock is wrong, and is set again while it works.
  case clock
  /// `kill -9` of the broker. Another one has the same messages, and all instances are killed: it has another address.
  case broker = "kill of the broker"

  /// How often it is chosen, beside the others.
  var weight: Int {
    switch self {
    case .kill, .end, .stillness: 4
    case .killAll, .killNewcomer, .databaseStop, .databaseKill, .startWithoutDatabase, .receiver, .reload: 2
    case .sockets, .clock, .broker: 1
    }
  }

  static func random(using random: inout some RandomNumberGenerator) -> Disruption {
    var left = Int.random(in: 0..<allCases.reduce(0) { $0 + $1.weight }, using: &random)
    return allCases.first { kind in
      left -= kind.weight
      return left < 0
    } ?? .kill
  }
}

/// How quickly things happen, in seconds.
struct Pace {
  /// From one disruption to the next.
  var between: ClosedRange<Double>
  /// Until somebody takes the place of one that is gone.
  var absence: ClosedRange<Double>
  /// How long one is stopped, or a receiver or a clock is wrong. The group waits 6 s for a silent member.
  var stillness: ClosedRange<Double>
  /// How long the database is away.
  var databaseAway: ClosedRange<Double> = 0.1...6

  /// Of a soak that goes on for long.
  static let steady = Pace(between: 2...9, absence: 0...4, stillness: 1...12)
  /// Of one of many short ones.
  static let quick = Pace(between: 0.2...2, absence: 0...2, stillness: 0.5...8)
}
