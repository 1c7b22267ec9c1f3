import LeewayCore
import LeewayDelivery
import LeewayWeb

/// Calls to systems that run trainings, and questions about the runs that came of them.
extension DeliveryLoop {
  static let firstQuestion = TimeSpan.seconds(5)
  private static let longestPause = TimeSpan.minutes(1)
  /// A run that was begun just now may not be known everywhere yet.
  private static let unknownFor = TimeSpan.minutes(2)

  /// One call, and how long to wait for the next; nil if shutdown cut it short.
  func call(
    _ target: any RetrainTarget, _ request: HTTPRequest, _ row: OutboxRecord, _ retrain: RetrainRecord,
    _ schedule: RetrySchedule, _ receiver: Receiver, _ sender: Courier
  ) -> (row: OutboxRecord, wait: TimeSpan?)? {
    var row = row
    let type = receiver.type.name
    let unclear =
      "the run may have been started, and \(type) would start a second one if it were called again; look there"
    // Whoever leased it before ended without a word, perhaps with the call made.
    guard target.isIdempotent || row.leases <= Int64(row.attempts) else {
      return settle(row, .deadLetter(reason: "an attempt was cut short: \(unclear)"))
    }
    let started = SteadyTime.now
    let (result, wasSent) = sender.call(request, of: target)
    Failpoints.fromEnvironment?.pass(.afterRequestSent)
    row.triedFor = row.triedFor + .milliseconds(started.duration(to: .now).milliseconds)
    if case .success(let answer) = result, wasSent, target.takes(answer) {
      row.run = target.run(of: retrain.id, after: answer)
      return settle(row, .delivered)
    }
    if case .failure(let failure) = result, failure.kind == .aborted { return nil }
    row.lastError = receiver.redacted(result.map(DeliveryAnswer.http).problem ?? "")
    if wasSent, !target.isIdempotent, result.leavesOpen {
      return settle(row, .deadLetter(reason: "\(row.lastError): \(unclear)"))
    }
    if case .success(let answer) = result, wasSent, target.refuses(answer) {
      return settle(row, .deadLetter(reason: "the receiver \(row.lastError)"))
    }
    var decision = schedule.decide(
      attempt: row.attempts, result: result, spent: row.triedFor.milliseconds, now: WallClock.now().milliseconds,
      random: Double.random(in: 0..<1))
    if case .deadLetter(let reason) = decision { decision = .deadLetter(reason: receiver.redacted(reason)) }
    return settle(row, decision)
  }

  /// Asks how the run of a call is; its end is the trainer's answer, where that one has not given any.
  func askAbout(
    _ row: OutboxRecord, _ receiver: Receiver, _ sender: Courier
  ) throws -> (row: OutboxRecord, wait: TimeSpan?)? {
    var row = row
    let known = row.lastError
    row.state = .delivered
    row.lastError = ""
    let now = WallClock.now()
    guard let id = row.retrain, let run = row.run, let target = receiver.format as? any RetrainTarget,
      let retrain = try ledger.read({ try $0.retrain(id) }), retrain.state == .requested, now <= retrain.deadline
    else { return (row, nil) }
    let age = now - (row.firstAttemptAt ?? now)
    let wait = min(Self.longestPause, max(Self.firstQuestion, .milliseconds(age.milliseconds / 10)))
    let (result, wasSent) = sender.call(target.question(about: run), of: target)
    var ended: RunState?
    switch result {
    case .failure(let failure) where failure.kind == .aborted: return nil
    case .success(let answer) where wasSent && (200..<300).contains(answer.status):
      let json = try? JSONValue(parsing: answer.bodyPrefix)
      if let state = json.flatMap({ try? target.state(in: JSONReader($0)) }) {
        ended = state == .running ? nil : state
      } else {
        row.lastError = "answered \(answer.status) without the run's state"
      }
    case .success(let answer) where wasSent && answer.status == 404 && age > Self.unknownFor:
      ended = .failed("not known any more")
    default: row.lastError = receiver.redacted(result.map(DeliveryAnswer.http).problem ?? "")
    }
    if let ended {
      try settle(retrain, ended, run: run, receiver)
      return (row, nil)
    }
    if !row.lastError.isEmpty, row.lastError != known {
      logger.warning(
        "\(id): the run \(run) cannot be asked about: \(row.lastError); the next question is in \(wait)",
        metadata: .of(row))
    }
    row.state = .standing
    return (row, wait)
  }

  private func settle(_ retrain: RetrainRecord, _ state: RunState, run: String, _ receiver: Receiver) throws {
    let setup = live.current
    let monitor = setup.plans.first { $0.monitor.name == retrain.monitor }?.monitor
    var reason: String?
    if case .failed(let name) = state { reason = "\(receiver.type.name) run \(run) is \(name)" }
    let answer = RetrainAnswer(runSucceeded: state == .succeeded, reason: reason, policy: monitor?.retrain)
    let now = WallClock.now()
    let settled = try ledger.write { tx -> (RetrainRecord, [IncidentTransition])? in
      // The trainer may have answered meanwhile.
      guard let current = try tx.retrain(retrain.id), current.state == .requested else { return nil }
      return try RetrainSettlement.settle(
        current, answer, by: receiver.type.name, monitor: monitor, context: setup.decisions(), now: now, in: tx)
    }
    guard let (record, steps) = settled else { return }
    for step in steps {
      metrics.count(transition: step.transition, monitor: step.monitor)
      logger.log(step)
    }
    metrics.count(retrain: record.state.rawValue, monitor: record.monitor)
    metrics.corrected(seconds: (now - record.requestedWall).seconds, monitor: record.monitor)
  }
}

extension Result where Success == HTTPAnswer, Failure == HTTPFailure {
  /// Whether what was asked for may have been done all the same.
  fileprivate var leavesOpen: Bool {
    switch self {
    case .success(let answer): answer.status >= 500
    case .failure(let failure): ![.connect, .resolve, .tls, .badRequest].contains(failure.kind)
    }
  }
}
