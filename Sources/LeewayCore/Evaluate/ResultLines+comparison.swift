extension ResultLines {
  /// What a drift line says of only the window.
  private static let ofOneSide = [
    "mean", "standard_deviation", "missing_ratio", "invalid_ratio", "unseen_ratio", "outside_ratio",
  ]

  /// The `comparison` line of the outputs, from drift panes: it lives and ends as `drift` lines do.
  func comparison(_ view: WindowView, _ drift: VersionDrift, closed: Bool, final: Bool) -> ResultRecord {
    var w = JSONWriter(capacity: 1024)
    open(&w, view, Slice.all, subject: plan.monitor.outputName)
    w.key("rows")
    w.beginObject()
    for (key, count) in [("champion", drift.champion), ("challenger", drift.challenger)] {
      w.key(key)
      w.number(count)
    }
    w.endObject()
    w.key("complete")
    w.bool(view.complete && closed)
    w.key("final")
    w.bool(final)
    w.key("metrics")
    var metrics = drift.comparison.metrics
    metrics.keep { !Self.ofOneSide.contains($0) }
    metrics.write(to: &w)
    w.endObject()
    return record(view, Slice.all, plan.monitor.outputName, w.text)
  }

  /// The `comparison` line of performance, from the panes of joined labels.
  func comparison(_ view: WindowView, _ found: [NameKey: VersionDifferences], mature: Bool) -> [ResultRecord] {
    found.map { comparison(view, $0.name, $1, mature: mature) }
  }

  private func comparison(
    _ view: WindowView, _ slice: String, _ found: VersionDifferences, mature: Bool
  ) -> ResultRecord {
    var w = JSONWriter(capacity: 2048)
    open(&w, view, slice, subject: "performance")
    for (key, side) in [("predictions", \VersionDifferences.Side.predictions), ("labelled", \.labelled)] {
      w.key(key)
      w.beginObject()
      for (key, count) in [
        ("champion", found.champion[keyPath: side]), ("challenger", found.challenger[keyPath: side]),
        ("pairs", found.pairs[keyPath: side]),
      ] {
        w.key(key)
        w.number(count)
      }
      w.endObject()
    }
    w.key("paired")
    w.bool(found.isPaired)
    w.key("final")
    w.bool(mature)
    w.key("differences")
    write(found.differences, to: &w)
    if !found.classes.isEmpty {
      w.key("per_class")
      w.beginObject()
      for (name, differences) in found.classes {
        w.key(name)
        write(differences, to: &w)
      }
      w.endObject()
    }
    w.endObject()
    return record(view, slice, "performance", w.text)
  }

  private func write(_ differences: [VersionDifferences.Difference], to w: inout JSONWriter) {
    w.beginObject()
    for difference in differences {
      w.key(difference.metric.name)
      w.beginObject()
      for (key, number) in [
        ("champion", difference.champion), ("challenger", difference.challenger),
        ("difference", difference.difference.estimate), ("lower", difference.difference.lower),
        ("upper", difference.difference.upper), ("p_value", difference.difference.pValue),
      ] {
        w.key(key)
        w.number(number)
      }
      w.key("method")
      w.string(difference.method.rawValue)
      w.endObject()
    }
    w.endObject()
  }

  private func open(_ w: inout JSONWriter, _ view: WindowView, _ slice: String, subject: String) {
    w.beginObject()
    for (key, text) in [
      ("type", ResultType.comparison.rawValue), ("monitor", plan.monitor.name), ("window", view.definition.name),
    ] {
      w.key(key)
      w.string(text)
    }
    w.key("start")
    w.time(view.end - view.definition.size)
    w.key("end")
    w.time(view.end)
    for (key, text) in [
      ("slice", slice), ("subject", subject), ("champion", plan.monitor.comparison?.champion ?? ""),
      ("challenger", plan.monitor.comparison?.challenger ?? ""),
    ] {
      w.key(key)
      w.string(text)
    }
  }

  private func record(_ view: WindowView, _ slice: String, _ subject: String, _ line: String) -> ResultRecord {
    ResultRecord(
      monitor: plan.monitor.name, generation: subject == "performance" ? plan.pairs : plan.generation,
      type: .comparison, window: view.definition.name, size: view.definition.size.milliseconds, end: view.end,
      slice: slice, subject: subject, line: line)
  }
}
