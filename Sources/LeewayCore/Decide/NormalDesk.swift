import LeewayStatistics

/// Where a new normal is written down: with the state of each detector, to be taken up before the next hour (rule H4).
struct NormalDesk {
  let plan: MonitorPlan
  /// With the next hour that each judges; nil: none has been since the generation began.
  private let designs: [(design: ShiftDesign, next: Int?)]

  /// nil where no check is on `shift`.
  ///
  /// - Parameters:
  ///   - progress: of the generation, as stored.
  ///   - pairs: the same of its pairs.
  init?(
    _ plan: MonitorPlan, _ progress: EvaluationProgress, pairs: EvaluationProgress, startsAt: EventTime,
    pairsStartAt: EventTime
  ) {
    guard !plan.shifts.isEmpty else { return nil }
    self.plan = plan
    designs = plan.shifts.map { design in
      let (progress, begins) = design.feed == .errors ? (pairs, pairsStartAt) : (progress, startsAt)
      let next = progress.firstPane.flatMap { firstPane in
        ShiftFeeding.through(progress, design).flatMap { through in
          design.index(of: max(firstPane, begins)) < through ? through : nil
        }
      }
      return (design, next)
    }
  }

  /// Those whose verdicts a group may consume: they are at the same hour.
  private func designs(of group: CauseGroup) -> (all: [ShiftDesign], next: Int?) {
    let own = designs.filter { $0.design.isOf(group) }
    return (own.map(\.design), own.lazy.compactMap(\.next).max())
  }

  private static let unjudged =
    "no hour has been judged since the monitor or its baseline changed last; ask again once one has been"

  /// Everything that judges hours.
  private func detectors(
    of designs: [ShiftDesign]
  ) -> [(slice: String, key: SliceKey, subjects: [ShiftDesign.Subject], learner: ShiftDesign.Learner?)] {
    designs.flatMap { design in
      design.units.map { ($0.slice, $0.key, $0.subjects, nil) }
        + design.learners.map { ($0.slice, $0.key, $0.subjects, $0) }
    }
  }

  /// What of the parts in a slice has a null that can be moved.
  private func movable(
    _ parts: [NewNormal.Part], _ learner: ShiftDesign.Learner?, _ state: [UInt8]
  ) throws -> [NewNormal.Part] {
    guard let learner else { return parts }
    guard let known = try learner.stored(state) else { return [] }
    return parts.filter { part in
      learner.subjects.firstIndex { utf8Equal($0.name, part.subject) }.map(known.learning.isLearned) ?? false
    }
  }

  /// - Parameters:
  ///   - shifted: what is open in the incident.
  ///   - group: the incident's cause.
  /// - Returns: why nothing can be accepted; nil if it is.
  func accept(
    _ act: inout PersonAct, _ shifted: [IncidentMachine.Key: ShiftFinding], _ group: CauseGroup, in tx: any LedgerWriter
  ) throws -> String? {
    guard case .accept(let since, let note, _) = act.deed else { return nil }
    let (designs, next) = designs(of: group)
    guard let next, let design = designs.first else { return Self.unjudged }
    let end = design.start(of: next)
    if let since, since >= end { return "the hours since \(since) have not been judged yet; the last ended at \(end)" }
    let oldest = design.start(of: ShiftHours.first(keptAt: next))
    if let since, since < oldest {
      return
        "hours are kept for \(ShiftHours.keptDays) days, which is since \(oldest); state that moment or a later one"
    }
    var parts: [NewNormal.Part] = []
    for (key, finding) in shifted.sorted(by: { $0.key < $1.key }) {
      let moment = since ?? finding.since ?? end
      // A fault of the data that values have shifted by is in their feed too, such as values that are out of range.
      let kinds: [Bool?] =
        finding.cause != nil && !finding.stream.isOfFeed
        ? [false, true] : [finding.stream.kind == .level ? false : nil]
      for isOfFeed in kinds {
        // Two checks may watch it.
        if let known = parts.firstIndex(where: {
          utf8Equal($0.slice, key.slice) && utf8Equal($0.subject, key.subject) && $0.isOfFeed == isOfFeed
        }) {
          if since == nil { parts[known].since = min(parts[known].since, moment) }
          continue
        }
        parts.append(
          NewNormal.Part(
            slice: key.slice, subject: key.subject, since: design.start(of: design.index(of: moment)),
            isOfFeed: isOfFeed))
      }
    }
    var normal = NewNormal(from: end, parts: [])
    var changed: [ShiftRecord] = []
    var learning: [NewNormal.Part] = []
    for detector in detectors(of: designs) {
      let wanted = parts.filter { part in
        utf8Equal(part.slice, detector.slice) && detector.subjects.contains { utf8Equal($0.name, part.subject) }
      }
      guard !wanted.isEmpty else { continue }
      guard let stored = try tx.shiftStates(monitor: plan.monitor.name, keys: [detector.key])[0] else { continue }
      var (normals, state) = try ShiftNormals.read(stored, streams: nil)
      let own = try movable(wanted, detector.learner, state)
      learning += wanted.filter { !own.contains($0) }
      if normals.pending.contains(where: { $0.incident == act.incident && $0.parts != nil }) {
        return "it has been accepted already, and the next hour will be judged by that"
      }
      guard
        let found = NewNormal(from: end, parts: own).act(act, detector.slice, design, isOfFeed: group == .dataQuality)
      else { continue }
      normal.parts += own
      normals.pending.append(found)
      changed.append(ShiftRecord(key: detector.key, through: end, state: normals.encoded(around: state)))
    }
    guard !changed.isEmpty else {
      return learning.isEmpty
        ? Self.unjudged
        : "what is normal of \(learning[0].subject) is still being learned in slice \(learning[0].slice), so there is "
          + "nothing to move; resolve the incident by hand, or wait until the null is learned"
    }
    normal.parts.sort {
      utf8Equal($0.slice, $1.slice) ? utf8Order($0.subject, $1.subject) : utf8Order($0.slice, $1.slice)
    }
    act.deed = .accept(since: since, note: note, normal: normal)
    try tx.put(shiftStates: changed, monitor: plan.monitor.name)
    return nil
  }

  /// - Returns: why nothing can be taken back; nil if it is.
  func undo(_ act: inout PersonAct, _ group: CauseGroup, in tx: any LedgerWriter) throws -> String? {
    guard case .undoAccept(let note, _) = act.deed else { return nil }
    let (designs, next) = designs(of: group)
    guard let next, let design = designs.first else { return Self.unjudged }
    let from = design.start(of: next)
    var changed: [ShiftRecord] = []
    for detector in detectors(of: designs) {
      guard let stored = try tx.shiftStates(monitor: plan.monitor.name, keys: [detector.key])[0] else { continue }
      var (normals, state) = try ShiftNormals.read(stored, streams: nil)
      guard normals.holds(act.incident) else { continue }
      normals.pending.append(ShiftNormalAct(incident: act.incident, by: act.by, from: next, parts: nil))
      changed.append(ShiftRecord(key: detector.key, through: from, state: normals.encoded(around: state)))
    }
    guard !changed.isEmpty else { return "nothing that was accepted in it is held as normal any more" }
    act.deed = .undoAccept(note: note, from: from)
    try tx.put(shiftStates: changed, monitor: plan.monitor.name)
    return nil
  }
}

extension ShiftDesign {
  /// Whether a group consumes verdicts of it.
  fileprivate func isOf(_ group: CauseGroup) -> Bool {
    switch feed {
    case .subjects: group == .dataQuality || group == .drift
    case .traffic: group == .dataQuality
    case .errors: group == .concept
    }
  }
}

extension NewNormal {
  /// What it says of one slice; nil: nothing.
  func act(_ act: PersonAct, _ slice: String, _ design: ShiftDesign, isOfFeed: Bool) -> ShiftNormalAct? {
    let own = parts.filter { utf8Equal($0.slice, slice) }.map {
      ShiftNormalAct.Part(subject: $0.subject, isOfFeed: $0.isOfFeed ?? isOfFeed, since: design.index(of: $0.since))
    }
    guard !own.isEmpty else { return nil }
    return ShiftNormalAct(incident: act.incident, by: act.by, from: design.index(of: from), parts: own)
  }
}

extension ShiftNormalAct {
  /// What people did about the normal of hours, of each slice, as a log had it.
  ///
  /// - Parameter hours: first hours that are wanted.
  static func acts(
    in recorded: [DecisionRecord], of design: ShiftDesign, monitor: String, hours: Range<Int>
  ) throws -> [NameKey: [ShiftNormalAct]] {
    var out: [NameKey: [ShiftNormalAct]] = [:]
    let slices = design.units.map(\.slice) + design.learners.map(\.slice)
    for record in recorded
    where record.monitor == monitor && design.isOf(record.group) && ["accept", "undo_accept"].contains(record.kind) {
      guard
        case .person(let act) = try DecisionInput(at: record.at, kind: record.kind, body: record.body).act
      else { continue }
      for slice in slices {
        let found: ShiftNormalAct?
        switch act.deed {
        case .accept(_, _, let normal):
          found = normal?.act(act, slice, design, isOfFeed: record.group == .dataQuality)
        case .undoAccept(_, let from):
          found = from.map {
            ShiftNormalAct(incident: act.incident, by: act.by, from: design.index(of: $0), parts: nil)
          }
        default: found = nil
        }
        if let found, hours.contains(found.from) { out[NameKey(slice), default: []].append(found) }
      }
    }
    // In the order of the hours; of one hour in that of the log.
    return out.mapValues { acts in
      acts.enumerated().sorted { ($0.element.from, $0.offset) < ($1.element.from, $1.offset) }.map(\.element)
    }
  }
}
