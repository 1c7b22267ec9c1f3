import LeewayStatistics

@testable import LeewayCore

/// The JSON lines of a window as the interfaces say them, written without the service's own writers of lines, so that a field
/// that is left out, renamed or filled from the wrong comparison is seen. Numbers, texts and times have their one form.
struct NaiveLines {
  let plan: MonitorPlan
  /// What these lines leave out.
  var rule: BatchRule?

  /// The members of a line in their order, each with its JSON.
  typealias Members = [(String, String)]

  static func text(_ text: String) -> String {
    var w = JSONWriter()
    w.string(text)
    return w.text
  }
  static func number(_ x: Double?) -> String {
    guard let x, x.isFinite else { return "null" }
    return "\(x)"
  }
  static func time(_ time: EventTime) -> String { "\"\(time.description)\"" }
  static func object(_ members: Members) -> String {
    "{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
  }
  static func array(_ elements: [String]) -> String { "[" + elements.joined(separator: ",") + "]" }
  static func metrics(_ entries: [(name: String, value: Double?)]) -> String {
    object(entries.map { ($0.name, number($0.value)) })
  }

  private func head(_ type: String, _ window: WindowDefinition, _ end: EventTime, _ slice: String) -> Members {
    [
      ("type", Self.text(type)), ("monitor", Self.text(plan.monitor.name)), ("window", Self.text(window.name)),
      ("start", Self.time(end - window.size)), ("end", Self.time(end)), ("slice", Self.text(slice)),
    ]
  }

  private func record(
    _ type: ResultType, _ window: WindowDefinition, _ end: EventTime, _ slice: String, _ subject: String,
    _ members: Members, stage: Stage = .final
  ) -> ResultRecord {
    ResultRecord(
      monitor: plan.monitor.name,
      generation: subject.isEmpty || subject == "performance" ? plan.pairs : plan.generation,
      type: type, window: window.name,
      size: window.size.milliseconds, end: end, slice: slice, subject: subject, stage: stage,
      line: Self.object(members))
  }

  // MARK: Drift

  /// The part of the baseline that a slice is compared with: its own rows where the file has them.
  func comparison(
    _ subject: DriftLayout.Subject, _ slice: String, _ window: SubjectCells
  ) -> (comparison: DriftComparison, against: String) {
    let index = plan.baseline.subjects.firstIndex { $0.name == subject.name } ?? 0
    let whole = plan.baseline.subjects[index]
    let own = slice == "all" || rule == .ownPartOfASlice ? nil : plan.baseline.slices.first { $0.slice == slice }
    let side = BaselineSide(domain: subject.domain, cells: own?.subjects[index] ?? whole.cells)
    let comparison = DriftComparison(
      domain: subject.domain, baseline: side, baselineDeviation: whole.standardDeviation, window: window)
    return (comparison, own == nil ? "all" : "slice")
  }

  /// What rests on the window alone is not said once more.
  static func distances(_ metrics: MetricValues) -> MetricValues {
    var out = MetricValues()
    for (name, value) in metrics.entries
    where ![
      "mean", "standard_deviation", "missing_ratio", "invalid_ratio", "unseen_ratio", "outside_ratio",
    ].contains(name) {
      out.set(name, value)
    }
    return out
  }

  func drift(
    _ window: WindowDefinition, _ end: EventTime, _ slices: [NameKey: CellBlock], complete: Bool, final: Bool,
    beside: [NaiveReferences.Place: [(String, MetricValues)]] = [:]
  ) -> [(record: ResultRecord, metrics: MetricValues)] {
    slices.flatMap { slice, block in
      plan.drift.subjects.map { subject in
        let (found, against) = comparison(subject, slice.name, plan.drift.cells(of: subject, in: block))
        var members: Members = [
          ("subject", Self.text(subject.name)), ("against", Self.text(against)),
          ("baseline", Self.text(plan.baseline.identity)), ("rows", "\(block.counts[0])"),
          ("missing", "\(found.missing)"), ("invalid", "\(found.invalid)"),
          ("unseen", found.unseen.map { "\($0)" } ?? "null"), ("complete", "\(complete)"), ("final", "\(final)"),
          ("metrics", Self.metrics(found.metrics.entries)),
        ]
        if let references = beside[NaiveReferences.Place(slice.name, subject.name)] {
          members.append(("references", Self.object(references.map { ($0.0, Self.metrics($0.1.entries)) })))
        }
        let line = record(
          .drift, window, end, slice.name, subject.name, head("drift", window, end, slice.name) + members)
        return (line, found.metrics)
      }
    }
  }

  // MARK: Performance

  func performance(
    _ window: WindowDefinition, _ end: EventTime, _ stage: Stage, _ slices: [NameKey: PerformanceSummary], mature: Bool,
    fed: [DetectorKey: FedCounts]
  ) -> [ResultRecord] {
    slices.map { slice, summary in
      var members: Members = [
        ("predictions", "\(summary.predictions)"), ("labelled", "\(summary.labelled)"),
      ]
      if plan.monitor.labels?.absent != nil { members.append(("implied", "\(summary.implied)")) }
      if plan.monitor.task == .regression { members.append(("outlying", "\(summary.outlying ?? -1)")) }
      members += [
        ("coverage", Self.number(summary.coverage)), ("stage", Self.text(stage.rawValue)), ("final", "\(mature)"),
      ]
      let watches = stage == .final ? plan.detectors.filter { $0.slice == slice } : []
      members.append(
        (
          "metrics",
          Self.metrics(
            summary.metrics.entries + watches.map { ($0.method.rawValue, fed[$0].map { Double($0.changes) }) })
        ))
      if plan.monitor.task == .binary {
        let rows = summary.reliability.map {
          Self.array(["\($0.count)", Self.number($0.meanScore), Self.number($0.positiveShare)])
        }
        members.append(("reliability", Self.array(rows)))
      }
      let found: Members = watches.compactMap { key in
        fed[key].map { counts in
          (
            key.method.rawValue,
            Self.object([
              ("errors", "\(counts.errors)"), ("warnings", "\(counts.warnings)"), ("changes", "\(counts.changes)"),
              ("last_change", counts.lastChange.map(Self.time) ?? "null"),
            ])
          )
        }
      }
      if !found.isEmpty { members.append(("detectors", Self.object(found))) }
      return record(
        .performance, window, end, slice.name, "", head("performance", window, end, slice.name) + members, stage: stage)
    }
  }

  // MARK: Verdicts

  func verdict(_ verdict: Verdict, _ window: WindowDefinition) -> ResultRecord {
    var members: Members = [
      ("type", "\"verdict\""), ("monitor", Self.text(plan.monitor.name)), ("check", Self.text(verdict.check)),
      ("window", Self.text(window.name)), ("end", Self.time(verdict.end)), ("slice", Self.text(verdict.slice)),
      ("subject", Self.text(verdict.subject)), ("metric", Self.text(verdict.metric.name)),
      ("stage", Self.text(verdict.stage.rawValue)), ("value", Self.number(verdict.value)),
      ("p_value", Self.number(verdict.pValue)), ("q_value", Self.number(verdict.qValue)),
      ("null", verdict.null.map(Self.text) ?? "null"),
      ("against", verdict.against.map { Self.text($0.rawValue) } ?? "null"),
    ]
    switch verdict.finding {
    case .performance(let found):
      members += [("certain", found.isCertain.map { "\($0)" } ?? "null"), ("bound", Self.number(found.bound))]
    case .detector(let found):
      members += [
        ("changed_at", found.changedAt.map(Self.time) ?? "null"), ("experimental", "\(verdict.metric != .adwin)"),
      ]
    case .valueOnly, .drift, .ratio, .fairness, .shift: break
    }
    if let reference = verdict.reference { members.append(("reference", Self.text(reference))) }
    switch verdict.contrast {
    case nil: break
    case .alike: members.append(("worst_slice", "null"))
    case .worst(let worst):
      members.append(
        (
          "worst_slice",
          Self.object([
            ("slice", Self.text(worst.slice)), ("value", Self.number(worst.value)), ("rows", "\(worst.rows)"),
            ("q_value", Self.number(worst.qValue)),
          ])
        ))
    }
    members += [
      ("threshold", Self.number(verdict.threshold)), ("rows", "\(verdict.rows)"),
      ("tier", Self.text(verdict.tier.name)),
    ]
    if let why = verdict.why {
      let numbers = why.numbers.map { name, number in
        switch number {
        case .count(let count): (name, "\(count)")
        case .value(let value): (name, Self.number(value))
        case .time(let time): (name, Self.time(time))
        }
      }
      members += [("why", Self.text(why.reason.rawValue)), ("why_numbers", Self.object(numbers))]
    }
    return ResultRecord(
      monitor: plan.monitor.name, generation: verdict.metric.isOfLabels ? plan.pairs : plan.generation, type: .verdict,
      window: window.name,
      size: window.size.milliseconds, end: verdict.end, slice: verdict.slice, subject: verdict.subject,
      check: verdict.check, metric: verdict.metric.name, stage: verdict.stage, line: Self.object(members))
  }

  // MARK: Versions

  private func comparisonHead(_ window: WindowDefinition, _ end: EventTime, _ slice: String, _ subject: String)
    -> Members
  {
    head("comparison", window, end, slice) + [
      ("subject", Self.text(subject)), ("champion", Self.text(plan.monitor.comparison?.champion ?? "")),
      ("challenger", Self.text(plan.monitor.comparison?.challenger ?? "")),
    ]
  }

  func comparison(
    _ window: WindowDefinition, _ end: EventTime, _ drift: VersionDrift, complete: Bool, final: Bool
  ) -> ResultRecord {
    let ofOneSide = [
      "mean", "standard_deviation", "missing_ratio", "invalid_ratio", "unseen_ratio", "outside_ratio",
    ]
    let subject = plan.monitor.outputName
    return record(
      .comparison, window, end, "all", subject,
      comparisonHead(window, end, "all", subject) + [
        ("rows", Self.object([("champion", "\(drift.champion)"), ("challenger", "\(drift.challenger)")])),
        ("complete", "\(complete)"), ("final", "\(final)"),
        ("metrics", Self.metrics(drift.comparison.metrics.entries.filter { !ofOneSide.contains($0.name) })),
      ])
  }

  func comparison(
    _ window: WindowDefinition, _ end: EventTime, _ found: [NameKey: VersionDifferences], mature: Bool
  ) -> [ResultRecord] {
    found.map { slice, versions in
      func counts(_ side: KeyPath<VersionDifferences.Side, Int64>) -> String {
        Self.object([
          ("champion", "\(versions.champion[keyPath: side])"), ("challenger", "\(versions.challenger[keyPath: side])"),
          ("pairs", "\(versions.pairs[keyPath: side])"),
        ])
      }
      let differences = versions.differences.map { found in
        (
          found.metric.name,
          Self.object([
            ("champion", Self.number(found.champion)), ("challenger", Self.number(found.challenger)),
            ("difference", Self.number(found.difference.estimate)), ("lower", Self.number(found.difference.lower)),
            ("upper", Self.number(found.difference.upper)), ("p_value", Self.number(found.difference.pValue)),
            ("method", Self.text(found.method.rawValue)),
          ])
        )
      }
      return record(
        .comparison, window, end, slice.name, "performance",
        comparisonHead(window, end, slice.name, "performance") + [
          ("predictions", counts(\.predictions)), ("labelled", counts(\.labelled)), ("paired", "\(versions.isPaired)"),
          ("final", "\(mature)"), ("differences", Self.object(differences)),
        ])
    }
  }
}
