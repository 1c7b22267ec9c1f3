/// The machines of one monitor during one transaction: folds inputs, logs them, and writes down what comes of them.
extension Decision {
  struct Desk {
    let name: String
    /// nil where the monitor is no longer configured, so that verdicts of it are not decided.
    let monitor: Monitor?
    let generation: String
    let baseline: String
    let context: DecisionContext
    let now: EventTime
    let tx: any LedgerWriter
    private(set) var machines: [CauseGroup: IncidentMachine] = [:]
    private(set) var out = Decisions()
    private var changed: Set<CauseGroup> = []
    private var recorded: [CauseGroup: [DecisionRecord]] = [:]
    /// Whether the policy is the monitor's, and not what a log says.
    private let takesPolicy: Bool

    init(
      _ name: String, monitor: Monitor?, generation: String, baseline: String, context: DecisionContext,
      recorded: [DecisionRecord] = [], now: EventTime, in tx: any LedgerWriter
    ) throws {
      self.name = name
      self.monitor = monitor
      self.generation = generation
      self.baseline = baseline
      self.context = context
      self.now = now
      self.tx = tx
      takesPolicy = recorded.isEmpty
      for record in recorded where record.monitor == name { self.recorded[record.group, default: []].append(record) }
      for group in CauseGroup.allCases {
        machines[group] = try tx.machine(monitor: name, group: group).map { bytes throws(JSONFailure) in
          try IncidentMachine(encoded: bytes)
        }
      }
    }

    func machine(_ group: CauseGroup) -> IncidentMachine { machines[group] ?? IncidentMachine() }

    func store() throws {
      for group in CauseGroup.allCases where changed.contains(group) {
        try tx.put(machine: machine(group).encoded(), monitor: name, group: group)
      }
    }

    // MARK: Verdicts

    /// The verdicts of one group and end.
    mutating func decide(_ verdicts: [Verdict], of group: CauseGroup, _ end: EventTime) throws {
      // Those of other groups too: what a person ended there may be asked for here.
      try foldRecorded()
      try removeChecks(group, end)
      let policy = monitor?.incidents ?? IncidentPolicy()
      if takesPolicy, machine(group).policy != policy { try fold(DecisionInput(at: end, .policy(policy)), group) }
      let before = machine(group)
      var batch = before.batch(of: verdicts, in: group, standing: standing(among: monitor?.checks ?? []))
      let twin = group == .performanceFinal ? machine(.performanceEarly).span(openAt: end) : nil
      var input = DecisionInput(at: end, .verdicts(batch))
      var trial = before
      var steps = trial.fold(input, monitor: name, group: group)
      let told = steps.first.map { receivers(of: $0, before: before.incident, twin: twin, by: end) } ?? []
      // Of its end, and that it has not ended, only those hear who know of it.
      if let step = steps.first, step.transition.kind != .resolved, step.transition.kind != .flapping {
        batch.told = told.sorted(by: utf8Order)
        batch.early = before.incident?.early == nil ? twin?.id : nil
        input.act = .verdicts(batch)
        input.isOfPeople = group == .performanceFinal && machine(.performanceEarly).differs(after: end)
        trial = before
        steps = trial.fold(input, monitor: name, group: group)
      }
      if !steps.isEmpty || !trial.isSame(as: before) {
        try commit(
          input, trial, steps, group, told: told, judged: judged(verdicts), knowing: Set(twin?.known(by: end) ?? []))
      }
      if group == .performanceFinal { try confirm(verdicts, end) }
      try considerRetrain(group, end)
    }

    private func standing(among checks: [Check]) -> (Verdict, Evidence) -> IncidentMachine.Standing {
      let checks = Dictionary(uniqueKeysWithValues: checks.map { ($0.name, $0) })
      return { [monitor] verdict, known in
        let check = checks[verdict.check]
        let isJudged = verdict.tier == .ok
        if !isJudged, !verdict.isBackAsFarAsKnown(check, known) { return .unknown }
        guard let check else { return .back(windows: 1, apart: .zero) }
        if check.isBeyondLimit(verdict) { return isJudged ? .beyond : .unknown }
        if verdict.isShortOfClear { return isJudged ? .short : .unknown }
        let apart = monitor.flatMap { check.window(of: $0)?.apart } ?? verdict.size
        return .back(windows: check.clearWindows, apart: apart)
      }
    }

    /// Receivers that hear of what a batch of verdicts made.
    private func receivers(
      of step: IncidentMachine.Step, before: IncidentMachine.Incident?, twin: IncidentMachine.Span?, by end: EventTime
    ) -> Set<String> {
      let incident = step.incident
      let isSpread = step.transition.kind == .spread
      // A message of spread names no key at info.
      let raised = incident.highest.filter {
        $0.value.sequence == step.transition.sequence && (!isSpread || $0.value.tier >= .warning)
      }
      let receivers: Set<String>
      switch step.transition.kind {
      case .opened, .reopened: receivers = self.receivers(of: [incident.tier])
      // Those of every tier reached, so that whoever heard of it hears that it is worse.
      case .escalated: receivers = self.receivers(of: [incident.tier] + (before.map { [$0.tier] } ?? []))
      case .spread: receivers = self.receivers(of: raised.values.map(\.tier))
      default: return context.receivers.intersection(incident.told.keys)
      }
      guard let twin else { return receivers }
      // Whoever was told all of it of the early twin is not paged again.
      let known = twin.known(by: end)
      let highest = raised.values.map(\.tier).max()
      return receivers.filter { receiver in
        guard known.contains(receiver) else { return true }
        let concerning = raised.filter { element in
          element.value.tier == highest || monitor?.alerts[element.value.tier]?.contains(receiver) == true
        }
        return concerning.contains { twin.reached[$0.key]?.tier(by: end) ?? .ok < $0.value.tier }
      }
    }

    private func receivers(of tiers: [Tier]) -> Set<String> {
      var names = Set(tiers.flatMap { monitor?.alerts[$0] ?? [] })
      names.remove(DecisionContext.retrainReceiver)
      return names.intersection(context.receivers)
    }

    /// Slices with enough to judge, of each check and subject.
    private func judged(_ verdicts: [Verdict]) -> [Notification.Spread.Subject: Int] {
      var out: [Notification.Spread.Subject: Int] = [:]
      for verdict in verdicts where verdict.tier != .insufficientData {
        out[Notification.Spread.Subject(check: verdict.check, subject: verdict.subject), default: 0] += 1
      }
      return out
    }

    /// What fired by checks that the monitor has no more, or has in another group.
    private mutating func removeChecks(_ group: CauseGroup, _ end: EventTime) throws {
      let known = Set((monitor?.checks ?? []).filter { $0.causeGroups.contains(group) }.map(\.name))
      let gone = Set(machine(group).active.keys.map(\.check)).subtracting(known)
      guard !gone.isEmpty else { return }
      try fold(DecisionInput(at: end, .checksRemoved(gone.sorted(by: utf8Order))), group)
    }

    /// Writes what final verdicts say into the early incident that opened at this end.
    private mutating func confirm(_ verdicts: [Verdict], _ end: EventTime) throws {
      for opening in machine(.performanceEarly).unconfirmed where opening.at == end {
        let keys = Set(opening.keys)
        let mine = verdicts.filter {
          keys.contains(IncidentMachine.Key(check: $0.check, slice: $0.slice, subject: $0.subject))
        }
        let confirmed: Bool? =
          mine.contains { $0.tier >= .info } ? true : mine.contains { $0.tier == .ok } ? false : nil
        try fold(
          DecisionInput(at: end, .finalVerdict(incident: opening.id, confirmed: confirmed)), .performanceEarly)
      }
    }

    // MARK: Retraining

    /// Checks that may fire and never call for a retrain: experimental ones, those of a challenger, those of drift that are no
    /// `shift`, and those of calibration, which call for a new map from scores to probabilities.
    /// What is found early calls for one only where the check says so, since it has still to be confirmed.
    private static func inconclusive(_ monitor: Monitor, _ group: CauseGroup) -> Set<String> {
      Set(
        monitor.checks.filter {
          $0.metric.isExperimental || $0.metric.isCalibration || $0.on == .comparison
            || (group == .performanceEarly && !$0.retrainsEarly) || (group == .drift && $0.metric.family != .shift)
        }.map(\.name))
    }

    private mutating func considerRetrain(_ group: CauseGroup, _ end: EventTime) throws {
      let machine = machine(group)
      guard group.retrains, let monitor, let policy = monitor.retrain, let incident = machine.incident,
        incident.mayAsk, machine.advice == nil
      else { return }
      let inconclusive = Self.inconclusive(monitor, group)
      guard let tier = machine.tierForRetrain(besides: inconclusive) else { return }
      let asking = monitor.alerts.filter { $0.value.contains(DecisionContext.retrainReceiver) }.keys.min()
      guard let asking, asking <= tier else { return }
      var start = machine.askingSince(besides: inconclusive, tier: asking) ?? end
      if group == .drift {
        let hasSettled = machine.hasSettledShift(
          besides: inconclusive, output: monitor.outputName, tier: asking, for: policy.settle, by: end)
        guard hasSettled else { return }
        start = end - policy.settle
      }
      let twin = group == .performanceFinal ? self.machine(.performanceEarly).span(openAt: end) : nil
      // One that is asked for after another was answered, and all that is asked for after that.
      let isOfPeople =
        incident.retrain != nil
        || machines.values.contains { machine in
          machine.wasResolvedByHand(before: end, in: group)
            || machine.requests.contains { $0.isOfPeople && $0.at <= end }
        }
      if let hold = RetrainGuard(policy: policy, machines: machines).hold(askingSince: start, end, twin: twin) {
        guard hold.cause != incident.hold?.cause || hold.reason != incident.hold?.reason else { return }
        // An early twin, of which its receivers have heard, asks for no retrain: that this incident does is news to them.
        let told = incident.early == nil ? [] : receivers(of: [incident.tier]).sorted(by: utf8Order)
        try fold(
          DecisionInput(
            at: end, .retrainHeld(cause: hold.cause, reason: hold.reason, told: told), isOfPeople: isOfPeople), group)
      } else {
        let id = "rt-\(SHA256.hash(Array("\(incident.id)\n\(incident.since.milliseconds)".utf8)).hex.prefix(16))"
        try fold(DecisionInput(at: end, .retraining(id), isOfPeople: isOfPeople), group)
      }
    }

    // MARK: Folding

    /// Folds an input that is the group's next one.
    ///
    /// - Parameter wall: when it came, of what came from outside; nil: now.
    mutating func fold(_ input: DecisionInput, _ group: CauseGroup, wall: EventTime? = nil) throws {
      var machine = machine(group)
      let steps = machine.fold(input, monitor: name, group: group)
      try commit(input, machine, steps, group, wall: wall)
    }

    /// Folds what a log had from outside at the group's next place.
    private mutating func foldRecorded(_ group: CauseGroup) throws {
      while let next = recorded[group]?.first {
        let place = machine(group).place + 1
        guard next.place <= place else { break }
        recorded[group]?.removeFirst()
        guard next.place == place else { continue }
        try fold(try DecisionInput(at: next.at, kind: next.kind, body: next.body), group)
      }
    }

    mutating func foldRecorded() throws {
      guard !recorded.isEmpty else { return }
      for group in CauseGroup.allCases { try foldRecorded(group) }
    }

    private mutating func commit(
      _ input: DecisionInput, _ machine: IncidentMachine, _ steps: [IncidentMachine.Step], _ group: CauseGroup,
      told: Set<String>? = nil, judged: [Notification.Spread.Subject: Int] = [:], knowing: Set<String> = [],
      wall: EventTime? = nil
    ) throws {
      let before = machines[group]?.incident
      let known = Set((before?.told ?? [:]).keys)
      machines[group] = machine
      changed.insert(group)
      let wall = input.isFromOutside ? wall ?? now : nil
      try tx.append(
        decision: DecisionRecord(
          monitor: name, group: group, number: machine.number, kind: input.kind, at: input.at, wall: wall,
          body: input.body))
      let journal = IncidentJournal(
        monitor: name, generation: generation, baseline: baseline, context: context, alerts: monitor?.alerts ?? [:],
        now: now)
      for step in steps {
        out.transitions.append(step.transition)
        try journal.record(
          step, machine, to: told ?? receivers(ofFollowing: step), judged: judged, knowing: knowing, in: tx)
        try fallBack(step, group)
        switch step.transition.kind {
        case .retraining: try ask(step, machine, journal)
        case .retrainHeld: out.retrainsHeld += 1
        // Whoever waits for a person waits from now on.
        case .reopened: try EscalationTimers.restart(step.incident.id, of: name, in: tx)
        case .confirmed, .withdrawn:
          if machine.incident?.id != step.incident.id { try journal.store(confirmation: step, in: tx) }
        default: break
        }
      }
      // What the group's open incident is now; of one that was resolved, what it was.
      if let resolved = steps.first(where: { $0.transition.kind == .resolved }) {
        try journal.store(resolved.incident, machine, group, input.at, resolved: true, in: tx)
      } else if let incident = machine.incident {
        let at = max(input.at, machine.through)
        try journal.store(incident, machine, group, at, resolved: false, in: tx)
      }
      guard steps.isEmpty else { return }
      switch input.act {
      case .handedOn(_, _, let after, let told):
        // Whoever has heard of it knows what there is to know.
        let strangers = context.receivers.intersection(told).subtracting(known)
        try journal.handOn(machine, group, after: after, to: strangers.sorted(by: utf8Order), in: tx)
      case .reminded(_, let count, let after, let told):
        guard machine.incident?.reminded == count, before?.reminded != count else { return }
        try journal.remind(machine, group, after: after, to: context.receivers.intersection(told), in: tx)
      case .retrainResult(let retrain, let succeeded, _, _):
        try journal.store(answerTo: retrain, succeeded ? "succeeded" : "failed", in: tx)
      case .candidate(let retrain, _): try journal.store(answerTo: retrain, "candidate", in: tx)
      case .approved(let retrain, _, _): try journal.store(answerTo: retrain, "succeeded", in: tx)
      case .rejected(let retrain, _, _, _): try journal.store(answerTo: retrain, "failed", in: tx)
      default: break
      }
    }

    /// The call to go back to the model before, or to rules, as the first incident of the monitor becomes critical; and the one
    /// to return, as the last of them ends.
    private func fallBack(_ step: IncidentMachine.Step, _ group: CauseGroup) throws {
      guard let receiver = monitor?.retrain?.fallBack, context.receivers.contains(receiver),
        step.incident.tier == .critical,
        CauseGroup.allCases.allSatisfy({ $0 == group || machine($0).incident?.tier != .critical })
      else { return }
      let call = ModelCall(
        monitor: name, incident: step.incident.id, tier: step.incident.tier, group: group, context: context)
      let (what, body): (String, String)
      switch step.transition.kind {
      case .opened, .reopened, .escalated:
        let newest = machine(group).heard.sorted {
          $0.value.end != $1.value.end ? $0.value.end > $1.value.end : $0.key < $1.key
        }
        let version = newest.lazy.compactMap(\.value.version).first
        (what, body) = ("fall_back", call.fallBack(at: step.transition.at, from: version))
      case .resolved: (what, body) = ("restore", call.restore(at: step.transition.at))
      default: return
      }
      let (id, sequence) = (step.incident.id, step.transition.sequence)
      try tx.enqueue([
        OutboxRecord(
          key: "\(id)/\(sequence)-\(what)/\(receiver)", monitor: name, incident: id, receiver: receiver,
          sequence: sequence, body: body, createdAt: now, nextAttemptAt: now)
      ])
    }

    /// Who hears of steps that verdicts do not make themselves.
    private func receivers(ofFollowing step: IncidentMachine.Step) -> Set<String> {
      let told = context.receivers.intersection(step.incident.told.keys)
      switch step.transition.kind {
      case .acknowledged, .accepted, .retrainHeld, .candidate, .failed, .overdue, .withdrawn, .resolved: return told
      // That it succeeded is no news to people; that one of them has approved is.
      case .verifying: return step.transition.by == nil ? [] : told
      // Only those who have heard that it was held have to hear that it was let go.
      case .retraining: return step.incident.hold == nil ? [] : told
      default: return []
      }
    }

    private mutating func ask(
      _ step: IncidentMachine.Step, _ machine: IncidentMachine, _ journal: IncidentJournal
    ) throws {
      guard let id = step.transition.retrain, let policy = monitor?.retrain else { return }
      let deadline = now + policy.deadline
      out.retrainsRequested += 1
      try tx.put(
        retrain: RetrainRecord(
          id: id, monitor: name, incident: step.incident.id, state: .requested,
          requestedAt: step.transition.at, deadline: deadline, requestedWall: now))
      try journal.call(step, machine, deadline: deadline, in: tx)
    }
  }
}
