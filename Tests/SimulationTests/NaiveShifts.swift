import LeewayStatistics
import LeewayTestSupport

@testable import LeewayCore

/// `shift` without panes, rounds and a ledger: from the first hour to the last, each taken once by a detector that is never stored.
struct NaiveShifts {
  let plan: MonitorPlan
  let design: ShiftDesign
  let rule: BatchRule?
  /// What people have done.
  var inputs: [DecisionRecord] = []

  /// - Parameters:
  ///   - begins: the first moment of the generation; the hours after it are judged.
  ///   - through: hours that end at or before it are.
  ///   - rows: what a stretch of time held, by slice.
  func judge(
    from begins: EventTime, through: EventTime,
    rows: (Range<EventTime>) -> (slices: [NameKey: CellBlock], version: String?)
  ) -> (lines: [ResultRecord], verdicts: [Verdict]) {
    let length = design.hour
    var start = begins.floor(to: length)
    if start < begins { start = start + length }
    let first = Int(start.milliseconds / length.milliseconds)
    var lines: [ResultRecord] = []
    var verdicts: [Verdict] = []
    var learners = design.learners.map { NaiveLearner(plan: plan, design: design, learner: $0) }
    var naive = design.units.map { NaiveUnit($0, first: first, design) }
    while start + length <= through {
      let hour = Int(start.milliseconds / length.milliseconds)
      for act in people where act.hour == hour {
        for place in naive.indices { naive[place].settle(act, hour, rule) }
      }
      let (slices, version) = rows(start..<start + length)
      for place in naive.indices {
        let unit = naive[place].unit
        var block = slices[NameKey(unit.slice)]
        if rule == .hoursOnce, let once = block { block? += once }
        let isLeftOut = !isMixed(slices) && !unit.slice.hasPrefix("version=")
        let sums = ShiftDesign.sums(
          block, plan.drift, unit.subjects, unit.null.streams, leftOut: isLeftOut ? unit.outputName : nil)
        let outcome = naive[place].standing.fold.take(sums, unit.null)
        naive[place].values.append(sums, unit.null.streams)
        var telling = ShiftTelling(plan: plan, design: design, unit: unit)
        telling.tell(
          outcome, block.map { ($0, sums) }, &naive[place].standing, isAccepted: naive[place].hasEnded,
          version: version)
        naive[place].hasEnded = false
        lines += telling.told.lines
        verdicts += telling.told.verdicts
      }
      for place in learners.indices {
        learners[place].take(
          hour, slices[NameKey(learners[place].learner.slice)], version)
      }
      start = start + length
    }
    return (lines + learners.flatMap(\.lines), verdicts + learners.flatMap(\.verdicts))
  }

  /// Every version's share within 5 points of the baseline's, where that tells them.
  private func isMixed(_ slices: [NameKey: CellBlock]) -> Bool {
    let known = plan.baseline.hours?.versions ?? []
    let all = slices[NameKey("all")]?.counts[0] ?? 0
    guard !known.isEmpty, all > 0 else { return true }
    var names = Set(known.map(\.name))
    for slice in slices.keys where slice.name.hasPrefix("version=") {
      names.insert(String(slice.name.dropFirst("version=".count)))
    }
    return names.allSatisfy { name in
      let found = Double(slices[NameKey("version=\(name)")]?.counts[0] ?? 0) / Double(all)
      return abs(found - (known.first { $0.name == name }?.share ?? 0)) <= 0.05
    }
  }

  /// What people have accepted and taken back, by the hour from which on it counts.
  private var people: [NaiveAcceptance] {
    inputs.compactMap { record in
      guard let input = try? DecisionInput(at: record.at, kind: record.kind, body: record.body),
        case .person(let act) = input.act
      else { return nil }
      func hour(_ time: EventTime) -> Int { Int(time.milliseconds / design.hour.milliseconds) }
      switch act.deed {
      case .accept(_, _, let normal?):
        return NaiveAcceptance(
          incident: act.incident, by: act.by, hour: hour(normal.from),
          parts: normal.parts.map {
            ($0.slice, $0.subject, $0.isOfFeed ?? (record.group == .dataQuality), hour($0.since))
          })
      case .undoAccept(_, let from?):
        return NaiveAcceptance(incident: act.incident, by: act.by, hour: hour(from), parts: nil)
      default: return nil
      }
    }
  }
}

/// A person's act about what is normal.
struct NaiveAcceptance {
  var incident: String
  var by: String
  var hour: Int
  /// nil: it is taken back.
  var parts: [(slice: String, subject: String, isOfFeed: Bool, since: Int)]?
}

/// A detector with all hours that it has taken, and with every null that a person has moved worked out from the first.
struct NaiveUnit {
  /// With the null in force.
  var unit: ShiftDesign.Unit
  var standing: ShiftStanding
  var values: ShiftValues
  var hasEnded = false
  private let fitted: ShiftDesign.Unit
  private let hour: TimeSpan
  private var accepted:
    [(incident: String, by: String, part: ShiftLearning.Part, since: Int, moves: [ShiftAcceptance])] = []

  init(_ unit: ShiftDesign.Unit, first: Int, _ design: ShiftDesign) {
    self.unit = unit
    fitted = unit
    hour = design.hour
    standing = ShiftStanding(fold: ShiftFold(unit.null, next: first))
    values = ShiftValues(first: first, streams: unit.null.streams.count)
  }

  mutating func settle(_ act: NaiveAcceptance, _ hour: Int, _ rule: BatchRule?) {
    guard rule != .acceptedNormals else { return }
    precondition(values.hours < 672, "a full fit is beyond what is simulated")
    var changed: Set<ShiftLearning.Part> = []
    if let parts = act.parts {
      for part in parts where part.slice == unit.slice {
        guard let subject = unit.subjects.firstIndex(where: { $0.name == part.subject }) else { continue }
        let own = ShiftLearning.Part(subject: subject, isOfFeed: part.isOfFeed)
        let since = rule == .normalSinceItsMoment ? hour - 1 : part.since
        let row = max(since - values.first, 0)
        let moves = unit.null.acceptances(
          streams(own), values.part(row..<max(hour - values.first, row)))
        guard !moves.isEmpty else { continue }
        accepted.append((act.incident, act.by, own, part.since, moves))
        changed.insert(own)
      }
    } else {
      for one in accepted where one.incident == act.incident { changed.insert(one.part) }
      for part in changed {
        guard let first = accepted.firstIndex(where: { $0.part == part && $0.incident == act.incident }) else {
          continue
        }
        accepted = accepted.enumerated().filter { $0.offset < first || $0.element.part != part }.map(\.element)
      }
    }
    guard !changed.isEmpty else { return }
    unit = fitted
    for one in accepted {
      unit.null.apply(one.moves)
      var normal = ShiftNormal(incident: one.incident, by: one.by, since: one.since, from: hour, moves: one.moves)
      for i in normal.moves.indices {
        normal.moves[i].move += unit.accepted[one.part]?.move(of: normal.moves[i].stream) ?? 0
      }
      unit.accepted[one.part] = normal
    }
    let open = !standing.fold.restart(changed.sorted().flatMap(streams), unit.null).isEmpty
    hasEnded = hasEnded || open
  }

  private func streams(_ part: ShiftLearning.Part) -> [Int] {
    unit.null.streams.all.indices.filter {
      unit.null.streams.all[$0].subject == part.subject && unit.null.streams.all[$0].kind.isShare == part.isOfFeed
    }
  }
}
