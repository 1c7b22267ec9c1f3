import LeewayStatistics

/// The JSON lines of windows, as `replay` prints them and the API serves them.
struct ResultLines {
  let plan: MonitorPlan

  /// One `drift` line for every subject of every slice that has rows.
  ///
  /// - Parameter final: closed without the help of idleness, so that nothing can change the line any more.
  func drift(_ view: WindowView, closed: Bool, final: Bool) -> [ResultRecord] {
    var out: [ResultRecord] = []
    for (slice, block) in view.drift {
      for (i, subject) in plan.drift.subjects.enumerated() {
        guard let comparison = view.comparisons[slice.name, i] else { continue }
        var w = JSONWriter(capacity: 1024)
        open(&w, .drift, view, slice.name)
        for (key, text) in [
          ("subject", subject.name), ("against", comparison.against.rawValue), ("baseline", plan.baseline.identity),
        ] {
          w.key(key)
          w.string(text)
        }
        w.key("rows")
        w.number(block.counts[DriftLayout.rows])
        w.key("missing")
        w.number(comparison.missing)
        w.key("invalid")
        w.number(comparison.invalid)
        w.key("unseen")
        if let unseen = comparison.unseen { w.number(unseen) } else { w.null() }
        w.key("complete")
        w.bool(view.complete && closed)
        w.key("final")
        w.bool(final)
        w.key("metrics")
        comparison.metrics.write(to: &w)
        writeReferences(view, slice, i, to: &w)
        if i == plan.outputSubject { EstimatedPerformance(plan, block)?.write(to: &w) }
        w.endObject()
        out.append(record(.drift, view, slice.name, subject.name, w.text))
      }
    }
    return out
  }

  /// `references`: the distances from the first days of production, under the name that checks give these.
  private func writeReferences(_ view: WindowView, _ slice: NameKey, _ subject: Int, to w: inout JSONWriter) {
    let comparisons = view.comparedReferences(plan, slice, subject)
    guard !comparisons.isEmpty else { return }
    w.key("references")
    w.beginObject()
    for (name, comparison) in comparisons {
      w.key(name)
      comparison.distances.write(to: &w)
    }
    w.endObject()
  }

  /// One `performance` line for every slice that has predictions. What rests on all labels is of the final one only: detectors,
  /// groups beside each other, and how far estimates were off.
  func performance(_ view: WindowView, mature: Bool) -> [ResultRecord] {
    var out: [ResultRecord] = []
    for (slice, summary) in view.performance where summary.predictions > 0 {
      var w = JSONWriter(capacity: 1024)
      open(&w, .performance, view, slice.name)
      w.key("predictions")
      w.number(summary.predictions)
      w.key("labelled")
      w.number(summary.labelled)
      if plan.monitor.labels?.absent != nil {
        w.key("implied")
        w.number(summary.implied)
      }
      if let outlying = summary.outlying {
        w.key("outlying")
        w.number(outlying)
      }
      w.key("coverage")
      w.number(summary.coverage)
      w.key("stage")
      w.string(view.stage.rawValue)
      w.key("final")
      w.bool(mature)
      w.key("metrics")
      if view.stage == .early {
        var metrics = summary.metrics
        metrics.keep { Metric.named($0)?.isEstimateError != true }
        metrics.write(to: &w, and: placed(summary))
      } else {
        summary.metrics.write(to: &w, and: placed(summary) + found(view, slice.name) + fairness(view, slice.name))
      }
      if plan.monitor.task == .binary || !summary.reliability.isEmpty {
        w.key("reliability")
        w.beginArray()
        for row in summary.reliability {
          w.beginArray()
          w.number(row.count)
          w.number(row.meanScore)
          w.number(row.positiveShare)
          w.endArray()
        }
        w.endArray()
      }
      if plan.monitor.task == .multiclass { writeClasses(summary, to: &w) }
      if view.stage == .final {
        summary.estimated?.write(to: &w)
        writeDetectors(view, slice.name, to: &w)
        writeFairness(view, slice.name, to: &w)
      }
      w.endObject()
      out.append(record(.performance, view, slice.name, "", w.text))
    }
    return out
  }

  /// Metrics at the places that checks name, as `precision_at_top_0.01`, each with its bound.
  private func placed(_ summary: PerformanceSummary) -> [(name: String, value: Double?)] {
    var out: [(name: String, value: Double?)] = []
    for check in plan.monitor.checks {
      guard let place = check.place else { continue }
      let name = "\(check.metric.name)_\(ShortestText.of(place))"
      guard !out.contains(where: { $0.name == name }) else { continue }
      let found = summary.placed(check.metric, at: place)
      out += [(name, found?.value), (name + "_bound", found?.bound)]
    }
    return out
  }

  /// How many changes each detector of a slice has found; null until the window is mature.
  private func found(_ view: WindowView, _ slice: String) -> [(name: String, value: Double?)] {
    plan.detectors(of: slice).map { key in
      (key.method.rawValue, view.fed[key].map { Double($0.changes) })
    }
  }

  private static let fairnessMetrics: [Metric] = [
    .demographicParityDifference, .disparateImpact, .equalOpportunityDifference, .equalisedOddsDifference,
  ]

  /// A group beside the reference of the first check that compares it.
  private func fairness(_ view: WindowView, _ slice: String) -> [(name: String, value: Double?)] {
    guard let groups = plan.fairness.first(where: { $0.compares(slice) }),
      let summary = view.performance[NameKey(slice)]
    else { return [] }
    let fairness = GroupFairness(summary, beside: view.performance[NameKey(groups.referenceSlice)], groups)
    return Self.fairnessMetrics.map { metric in
      (metric.name, metric.fairness.flatMap { fairness?.comparison($0)?.estimate })
    }
  }

  /// Each measure as [estimate, lower, upper] of its 99 % interval, for every reference that a check names.
  private func writeFairness(_ view: WindowView, _ slice: String, to w: inout JSONWriter) {
    let all = plan.fairness.filter { $0.compares(slice) }
    guard !all.isEmpty, let summary = view.performance[NameKey(slice)] else { return }
    w.key("fairness")
    w.beginArray()
    for groups in all {
      let fairness = GroupFairness(summary, beside: view.performance[NameKey(groups.referenceSlice)], groups)
      w.beginObject()
      w.key("reference")
      w.string(groups.referenceSlice)
      w.key("favourable")
      w.number(groups.favourable == .positive ? 1 : 0 as Int64)
      for metric in Self.fairnessMetrics {
        w.key(metric.name)
        guard let comparison = metric.fairness.flatMap({ fairness?.comparison($0) }) else {
          w.null()
          continue
        }
        w.beginArray()
        w.number(comparison.estimate)
        w.number(comparison.lower)
        w.number(comparison.upper)
        w.endArray()
      }
      w.endObject()
    }
    w.endArray()
  }

  private func writeDetectors(_ view: WindowView, _ slice: String, to w: inout JSONWriter) {
    let fed = plan.detectors(of: slice).filter { view.fed[$0] != nil }
    guard !fed.isEmpty else { return }
    w.key("detectors")
    w.beginObject()
    for key in fed {
      guard let counts = view.fed[key] else { continue }
      w.key(key.method.rawValue)
      w.beginObject()
      for (name, count) in [("errors", counts.errors), ("warnings", counts.warnings), ("changes", counts.changes)] {
        w.key(name)
        w.number(count)
      }
      w.key("last_change")
      if let time = counts.lastChange { w.time(time) } else { w.null() }
      w.endObject()
    }
    w.endObject()
  }

  /// `per_class`: of every class that came; `confusion`: rows by label, columns by prediction, both in the order of `classes`.
  private func writeClasses(_ summary: PerformanceSummary, to w: inout JSONWriter) {
    w.key("per_class")
    w.beginObject()
    for (name, counts) in summary.classes {
      w.key(name)
      w.beginObject()
      w.key("labelled")
      w.number(counts.positives)
      w.key("predicted")
      w.number(counts.predictedPositives)
      for (key, value) in [("precision", counts.precision), ("recall", counts.recall), ("f1", counts.f1)] {
        w.key(key)
        w.number(value)
      }
      w.endObject()
    }
    w.endObject()
    guard let confusion = summary.confusion else { return }
    w.key("classes")
    w.strings(confusion.names)
    w.key("confusion")
    w.beginArray()
    for row in confusion.counts {
      w.beginArray()
      for count in row { w.number(count) }
      w.endArray()
    }
    w.endArray()
  }

  func verdict(_ verdict: Verdict) -> ResultRecord {
    var w = JSONWriter(capacity: 512)
    w.beginObject()
    for (key, text) in [
      ("type", "verdict"), ("monitor", plan.monitor.name), ("check", verdict.check), ("window", verdict.window),
    ] {
      w.key(key)
      w.string(text)
    }
    w.key("end")
    w.time(verdict.end)
    for (key, text) in [
      ("slice", verdict.slice), ("subject", verdict.subject), ("metric", verdict.metric.name),
      ("stage", verdict.stage.rawValue),
    ] {
      w.key(key)
      w.string(text)
    }
    for (key, number) in [
      ("value", verdict.value), ("p_value", verdict.pValue), ("q_value", verdict.qValue),
    ] as [(String, Double?)] {
      w.key(key)
      w.number(number)
    }
    w.key("null")
    if let null = verdict.null { w.string(null) } else { w.null() }
    w.key("against")
    if let against = verdict.against { w.string(against.rawValue) } else { w.null() }
    switch verdict.finding {
    case .performance(let found):
      w.key("certain")
      if let isCertain = found.isCertain { w.bool(isCertain) } else { w.null() }
      w.key("bound")
      w.number(found.bound)
    case .shift(let found):
      // `null` stands above.
      found.writeMembers(to: &w, withNull: false)
      w.key("group")
      let check = plan.monitor.checks.first { $0.name == verdict.check }
      w.string((check?.causeGroup(of: verdict) ?? .drift).rawValue)
    case .detector(let found):
      w.key("changed_at")
      if let time = found.changedAt { w.time(time) } else { w.null() }
      w.key("experimental")
      w.bool(verdict.metric.isExperimental)
    case .valueOnly, .drift, .ratio, .fairness: break
    }
    if let reference = verdict.reference {
      w.key("reference")
      w.string(reference)
    }
    if case .fairness(let found) = verdict.finding {
      w.key("lower")
      w.number(found.interval?.lower)
      w.key("upper")
      w.number(found.interval?.upper)
    }
    if let contrast = verdict.contrast {
      // null: no slice is.
      w.key("worst_slice")
      if let worst = contrast.worst { worst.write(to: &w) } else { w.null() }
    }
    if case .baseline(_, let isInSample?)? = verdict.measuredFrom {
      w.key("in_sample")
      w.bool(isInSample)
    }
    w.key("threshold")
    w.number(verdict.threshold)
    w.key("rows")
    w.number(verdict.rows)
    w.key("tier")
    w.string(verdict.tier.name)
    verdict.why?.write(to: &w)
    w.endObject()
    return ResultRecord(
      monitor: plan.monitor.name, generation: verdict.metric.isOfLabels ? plan.pairs : plan.generation, type: .verdict,
      window: verdict.window, size: verdict.size.milliseconds, end: verdict.end, slice: verdict.slice,
      subject: verdict.subject,
      check: verdict.check, metric: verdict.lineMetric, stage: verdict.stage, line: w.text,
      rawTier: verdict.rawTier,
      value: verdict.referenceValue)
  }

  private func open(_ w: inout JSONWriter, _ type: ResultType, _ view: WindowView, _ slice: String) {
    w.beginObject()
    for (key, text) in [("type", type.rawValue), ("monitor", plan.monitor.name), ("window", view.definition.name)] {
      w.key(key)
      w.string(text)
    }
    w.key("start")
    w.time(view.end - view.definition.size)
    w.key("end")
    w.time(view.end)
    w.key("slice")
    w.string(slice)
  }

  private func record(
    _ type: ResultType, _ view: WindowView, _ slice: String, _ subject: String, _ line: String
  ) -> ResultRecord {
    ResultRecord(
      monitor: plan.monitor.name, generation: type == .performance ? plan.pairs : plan.generation, type: type,
      window: view.definition.name, size: view.definition.size.milliseconds, end: view.end, slice: slice,
      subject: subject, stage: view.stage,
      line: line)
  }
}
