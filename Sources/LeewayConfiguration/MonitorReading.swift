import LeewayCore
import LeewayStatistics

/// One monitor file on its way to a `Monitor`: every part is read and reported on, whatever is wrong with the others.
///
/// The parts are in extensions, in the order of a file: streams, features, windows, checks, alerts.
package final class MonitorReading {
  typealias Place = ConfigurationNode.Place

  /// Whether the baseline's file must be there, as for `run` and `check`; not for `baseline fit`, which makes it.
  let requiresBaseline: Bool
  let top: ConfigurationMap
  var reading: ConfigurationReading { top.reading }

  // What other parts are checked against. Nil: that part is wrong itself, so nothing can be said.
  private(set) var name: MonitorFile.Name?
  var task: ModelTask?
  var features: [Feature]?
  /// Also those with a mistake of their own, so that no use of them is called unknown.
  var featureNames: [String] = []
  var segments: [Segment]?
  var pane: TimeSpan?
  var windows: [WindowDefinition]?
  var windowNames: [String] = []
  var hasLabels: Bool { top.contains("labels") }
  var hasComparison: Bool { top.contains("compare") }
  var hasVersion = false
  /// Whether text may be a number.
  var isLenient = false
  /// Whether messages of predictions have many rows.
  var hasRows = false
  /// Paths of predictions, and where they are said.
  var predictionPaths: [(value: ConfigurationValue, path: FieldPath)] = []
  /// Predictions a second at most, and where that is said.
  var rate: (perSecond: Double, value: ConfigurationValue)?
  var hasProbabilities = false
  /// Whether labels say so, right or wrong.
  var hasEarly = false
  var hasAbsent = false
  var labelBeforeGiven: ConfigurationValue?
  var checks: [ReadCheck] = []
  /// Values of segments that checks name.
  var sliceUses: [SliceUse] = []
  var segmentPlaces: [(name: String, value: ConfigurationValue)] = []
  var maximumSegments = 100
  /// Also those whose receivers are wrong.
  var alertTiersGiven: Set<Tier> = []
  /// Where each tier's receivers are named.
  var receiverUses: [MonitorFile.ReceiverUse] = []
  var registryUses: [MonitorFile.RegistryUse] = []
  /// Where people must approve of models, and how many.
  var approvals: MonitorFile.Approvals?
  var escalations: [EscalationStep] = []
  var incidents = IncidentPolicy()
  var reminder: TimeSpan?

  static let keys: [ConfigurationKey] = [
    .init("monitor", .other(NameRule.text, nil), required: true, "the monitor's name, its own among all monitors"),
    .init("task", .choice(ModelTask.self), required: true, "what the model does"),
    .init("predictions", .other("map", nil), required: true, "where predictions are and what their fields are called"),
    .init("labels", .other("map", nil), "the same of labels; without them performance is not judged"),
    .init("compare", .other("map", nil), "two versions to compare"),
    .init(
      "classes", .other("list of texts", nil),
      "multiclass: the model's order of classes, where its probabilities are an array"),
    .init("threshold", .number(0...1, 0.5), "binary: a score from here on is a positive decision"),
    .init("features", .other("map of names to `numeric`, `categorical` or a map", nil), "what the model was given"),
    .init("lenient", .truth(false), "text may be a number, as `\"12.5\"`, in predictions and labels"),
    .init("segments", .other("list of up to 16 field names", nil), "fields whose values are slices of their own"),
    .init(
      "max_segments", .integer(1...1000, 100),
      "values of a segment, and versions, with a slice of their own; the others share `__other__`"),
    .init(
      "max_categories", .integer(1...100_000, 1000),
      "categories of a feature with a bin of their own; the others share `__other__`"),
    .init(
      "resolution", .integer(10...65_536, 1024), "most knots of a numeric subject: how finely a baseline resolves it"),
    .init("panes", .span(.seconds(1) ... .days(1), .minutes(5)), "the smallest slice of event time"),
    .init("windows", .other("list of up to 32 maps", nil), required: true, "the windows that are judged"),
    .init(
      "lateness", .span(.zero ... .days(30), .minutes(10)),
      "how much later than the newest message of its partition a message may come"),
    .init("skew", .span(.seconds(1) ... .days(30), .hours(1)), "how far ahead of its record's time a message may be"),
    .init("time_zone", .other("IANA name of a zone", "UTC"), "whose hours of the week and days count, for `shift`"),
    .init("excluded", .other("list of days, or `FIRST/LAST`", nil), "days that `shift` does not judge"),
    .init("checks", .other("list of up to 500 maps", nil), "what is judged; without checks nothing fires"),
    .init("alerts", .other("map of tiers", nil), "which receivers hear of which tier"),
    .init("retrain", .other("map", nil), "when a retrain is asked for; needed where `alerts` names `retrain`"),
    .init("series", .other("map", nil), "which Prometheus series are exported"),
    .init(
      "baseline", .other("path of a file, beside this one", nil),
      "the training data's profile; `run`, `check` and `replay` need it"),
  ]

  static let seriesKeys: [ConfigurationKey] = [
    .init(
      "slices", .choice(SeriesChoice.self), required: true,
      "values of segments that are exported beside `all` and versions")
  ]

  init(top: ConfigurationMap, requiresBaseline: Bool) {
    self.top = top
    self.requiresBaseline = requiresBaseline
  }

  /// The whole file. The monitor is nil if a part is missing or wrong, the plan also if the baseline is not read.
  func read() -> (monitor: Monitor?, plan: MonitorPlan?) {
    name = readName()
    task = top.required("task", add: "task: binary, multiclass or regression")?.choice()
    isLenient = top.bool("lenient") ?? false
    let predictions = readPredictions()
    let labels = readLabels(predictions)
    let comparison = readComparison()
    let threshold = readThreshold()
    readFeatures()
    let segments = readSegments()
    refuseKeysInArrays()
    refusePathsOfNothing(predictions)
    let maximumSegments = readMaximumSegments(predictions)
    self.maximumSegments = Int(maximumSegments ?? 100)
    let maximumCategories = top.integer("max_categories")
    let resolution = top.integer("resolution")
    readWindows()
    let lateness = top.span("lateness")
    let skew = top.span("skew")
    let days = readDays()
    if let lateness { warn(lateness: lateness) }
    if let before = labels?.stream.labelBefore, let lateness, let skew, before < lateness + skew {
      labelBeforeGiven?.warn(
        "has no effect, since labels may always be lateness + skew, \(lateness + skew), earlier than their prediction; "
          + "raise it or remove it")
    }
    readChecks()
    refuseDaysWithoutEffect()
    warnOfChecks(labelsWithoutHorizon: labels.map { !$0.horizonGiven } ?? false)
    let alerts = readAlerts()
    let retrain = readRetrain()
    let series = readSeries()
    warnOfAlerts(alerts)
    let (baselinePath, baseline) = readBaseline()
    top.finish()

    guard !reading.problems.hasErrors, let name, let task, let predictions, let threshold, let features, let segments,
      let maximumSegments, let maximumCategories, let resolution, let pane, let windows, let lateness, let skew,
      let alerts, let series, let days
    else { return (nil, nil) }
    var monitor = Monitor(
      name: name.name, task: task, predictions: predictions, labels: labels?.stream, threshold: threshold,
      features: features, segments: segments, maximumSegments: Int(maximumSegments), resolution: Int(resolution),
      maximumCategories: Int(maximumCategories), baselinePath: baselinePath, pane: pane, windows: windows,
      lateness: lateness, skew: skew, checks: checks.compactMap(\.check), alerts: alerts, escalations: escalations,
      retrain: retrain,
      comparison: comparison, series: series)
    (monitor.timeZone, monitor.excluded) = (days.zone, days.excluded)
    monitor.calendar = ShiftCalendar(zone: days.zone, Self.hoursOfCalendar)
    (monitor.incidents, monitor.reminder) = (incidents, reminder)
    guard let baseline, let value = top.value("baseline") else { return (monitor, nil) }
    let kept = KeptMonitorText(text: reading.text, values: reading.placeholders.used.values)
    do throws(BaselineMismatch) {
      return (monitor, try MonitorPlan(monitor: monitor, baseline: baseline, source: kept.stored))
    } catch {
      value.refuse("it does not fit: \(error.reason). \(way(toReplace: baseline, of: monitor))")
      return (nil, nil)
    }
  }

  /// What to do about a baseline that does not fit. That of another monitor may be in use, and stays.
  private func way(toReplace baseline: Baseline, of monitor: Monitor) -> String {
    guard baseline.monitor != monitor.name else {
      return "Fit it again with: \(fitCommand) --out \(monitor.baselinePath ?? "FILE")"
    }
    let name = "\(monitor.name).baseline.json"
    let path = TextFile.path(name, in: TextFile.folder(of: reading.file))
    return "Write baseline: \(name) and make that file with: \(fitCommand) --out \(path)"
  }

  private func readName() -> MonitorFile.Name? {
    guard let value = top.required("monitor", add: "monitor: NAME"), let name = value.text() else { return nil }
    guard NameRule.isName(name) else {
      value.refuse("a monitor's name is \(NameRule.text)")
      return nil
    }
    return .init(name: name, place: value.place)
  }

  private func readThreshold() -> Double? {
    if let task, task != .binary, let value = top.value("threshold") {
      value.complain("is for binary monitors; remove it")
      return nil
    }
    return top.number("threshold")
  }

  /// `series: {slices: checks}`
  private func readSeries() -> SeriesChoice? {
    guard let value = top.value("series") else { return top.contains("series") ? nil : .all }
    guard let map = value.map("a map such as {slices: checks}", .series) else { return nil }
    let choice = map.required("slices", add: "slices: all, checks or none")?.choice(SeriesChoice.self)
    map.finish()
    return choice
  }

  private var fitCommand: String { "leeway baseline fit \(reading.file) --from FILE" }

  /// The baseline's path as seen from the working folder and, if it is required, what the file holds.
  private func readBaseline() -> (path: String?, baseline: Baseline?) {
    guard let value = top.value("baseline") else {
      if requiresBaseline, !top.contains("baseline") {
        reading.error(
          top.place, "baseline is missing; add baseline: FILE and make the file with: \(fitCommand) --out FILE")
      }
      return (nil, nil)
    }
    guard let name = value.text(limit: 4096) else { return (nil, nil) }
    let path = TextFile.path(name, in: TextFile.folder(of: reading.file))
    guard requiresBaseline else { return (path, nil) }
    guard TextFile.exists(path) else {
      value.refuse("there is no such file yet. Make it with: \(fitCommand) --out \(path)")
      return (path, nil)
    }
    do {
      let baseline = try Baseline(decoding: TextFile.bytes(at: path, limit: Baseline.maximumBytes))
      warnOfSlices(unknownTo: baseline)
      warnOfTiers(within: baseline)
      warnOfClear(within: baseline)
      warnOfChanges(from: baseline)
      warnOfEstimates(from: baseline)
      warnOfViolations(by: baseline)
      refuseSharesOfNothing(in: baseline)
      return (path, baseline)
    } catch {
      let reason = (error as? TextFile.Failure)?.problem ?? "\(error)"
      value.refuse("the file can't be used: \(reason). Make it again with: \(fitCommand) --out \(path)")
      return (path, nil)
    }
  }
}

/// What names may look like.
package enum NameRule {
  package static let text = "1 to 63 small letters, digits and hyphens"

  /// `[a-z0-9-]{1,63}`
  package static func isName(_ text: String) -> Bool {
    (1...63).contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
  }

  /// Kafka's rule for topics.
  static func isTopic(_ text: String) -> Bool {
    (1...249).contains(text.utf8.count) && text != "." && text != ".."
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "._-".utf8.contains(byte)
        }
      }
  }
}
