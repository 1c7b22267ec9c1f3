import LeewayCore
import LeewayStatistics

/// A check and what later warnings need to know of it.
struct ReadCheck {
  /// Where each tier's limit stands, and how it is called.
  struct LimitPlace {
    let limit: TierLimit
    let value: ConfigurationValue
  }

  var name: String?
  var metric: Metric?
  var minimumRows: Int64
  var limits: [LimitPlace]
  var clears: [LimitPlace] = []
  /// For `shift`: where each tier's budget stands.
  var budgets: [(budget: ShiftBudget, value: ConfigurationValue)] = []
  /// Where each tier that can fire stands.
  var tiers: [(tier: Tier, value: ConfigurationValue)] {
    limits.map { ($0.limit.tier, $0.value) } + budgets.map { ($0.budget.tier, $0.value) }
  }
  /// Nil if a part of it is wrong.
  var check: Check?
}

extension MonitorReading {
  private static let maximumChecks = 500

  func readChecks() {
    guard let values = top.value("checks")?.list(of: "checks", atMost: Self.maximumChecks) else { return }
    var paths: [String: String] = [:]
    for value in values {
      guard let map = value.map("a map with name, on, metric, window and a tier", .check) else { continue }
      let check = readCheck(map)
      map.finish()
      checks.append(check)
      guard let name = check.name else { continue }
      if let other = paths[name] {
        map.value("name")?.complain("is \(name), as is that of \(other); give it a name of its own")
      } else {
        paths[name] = value.path
      }
    }
  }

  private func readCheck(_ map: ConfigurationMap) -> ReadCheck {
    let before = reading.problems.count
    let name = readCheckName(map)
    let (on, onValue) = readSubjects(map)
    let metric = readMetric(map, on: on, onValue)
    if let metric, let on { checkSubjects(metric, on, onValue, map) }
    // Also where it is refused: nothing else is asked of such a check.
    if metric == .shift || (metric == nil && map.value("metric")?.node.kind == Metric.shift.name) {
      return readShift(map, name, on, since: before)
    }
    let (place, hasPlace) = readPlace(map, metric)
    let window = readWindowReference(map)
    let limits = readLimits(map, metric: metric)
    let clears = readClear(map, metric: metric, limits)
    let consecutive = map.integer("for")
    let clearWindows = map.integer("clear_for")
    let slices = readSlices(map, on: on)
    refuseFairnessKeys(map, on: on)
    if on == .comparison, let slices { checkComparedSlices(map, metric, slices) }
    let significance = readSignificance(map)
    // Also where what it says of them is wrong: `reference` then still names a group.
    let isOfGroups = onValue?.node.kind == "fairness" || metric?.family == .fairness
    let minimumRows =
      map.value("min_rows") == nil && isOfGroups ? GroupFairness.minimumRows : map.integer("min_rows")
    let partial = map.bool("partial")
    refuseKeysWithoutEffect(map, metric)
    let certain = map.bool("certain")
    let positives = map.integer("min_positives")
    let negatives = map.integer("min_negatives")
    let reference = isOfGroups ? .baseline : readReference(map, metric, on, limits, window: window)
    let stages = readStages(map, metric, on)
    var check: Check?
    let isRight = !reading.problems[before...].hasErrors
    if isRight, let name, let on, let metric, let window, let consecutive, let clearWindows, let slices,
      let minimumRows, let partial,
      let certain, let positives, let negatives, let reference, let stages, hasPlace
    {
      check = Check(
        name: name, on: on, metric: metric, window: window, limits: limits.map(\.limit), consecutive: Int(consecutive),
        slices: slices, significance: significance, minimumRows: minimumRows, partial: partial, certain: certain,
        minimumPositives: positives, minimumNegatives: negatives, reference: reference, place: place,
        stages: stages.stages,
        retrainsEarly: stages.retrainsEarly)
      check?.clears = clears.map(\.limit.limit)
      check?.clearWindows = Int(clearWindows)
    }
    return ReadCheck(
      name: name, metric: metric, minimumRows: minimumRows ?? 200, limits: limits, clears: clears, check: check)
  }

  private func readCheckName(_ map: ConfigurationMap) -> String? {
    guard let value = map.required("name", add: "name: NAME"), let name = value.text() else { return nil }
    guard NameRule.isName(name) else {
      value.refuse("a check's name is \(NameRule.text)")
      return nil
    }
    return name
  }

  private var outputName: String { task == .binary ? "score" : "prediction" }

  private func readSubjects(_ map: ConfigurationMap) -> (Check.Subjects?, ConfigurationValue?) {
    let value = map.required(
      "on", add: "on: features, \(outputName), performance, errors, fairness, traffic or a list of features")
    let except = map.value("except")
    guard let value else { return (nil, nil) }
    var on: Check.Subjects?
    if case .list(let items) = value.node.content {
      if items.isEmpty { value.complain("is an empty list; name features, or write on: features for all of them") }
      let names = value.names(of: "features")?.filter { isSubject($0.name, $0.value) }
      on = names.map { .named($0.map(\.name)) }
    } else if let text = value.text() {
      on = readSubjectWord(text, value, map)
    }
    if let except {
      if case .features = on {
        let names = except.names(of: "features")?.filter { isFeature($0.name, $0.value) } ?? []
        on = .features(except: names.map(\.name))
      } else if on != nil {
        except.complain("goes with on: features; remove it")
      }
    }
    return (on, value)
  }

  private func readSubjectWord(
    _ text: String, _ value: ConfigurationValue, _ map: ConfigurationMap
  ) -> Check.Subjects? {
    switch text {
    case "features":
      if features?.isEmpty ?? false, featureNames.isEmpty {
        value.complain("is features, and the monitor has none; add features: or check something else")
      }
      return .features(except: [])
    case "performance":
      if !hasLabels { value.complain("is performance, which needs labels; add labels: with a topic and fields") }
      return .performance
    case "traffic": return .traffic
    case "comparison":
      if !hasComparison {
        value.complain("is comparison, which needs two versions; add compare: {champion: VERSION, challenger: VERSION}")
      }
      return .comparison
    case "errors":
      if !hasLabels { value.complain("is errors, which need labels; add labels: with a topic and fields") }
      return .errors
    case "fairness": return readGroups(map, value).map(Check.Subjects.fairness)
    default:
      if task != nil, text == outputName { return .output }
      return isSubject(text, value) ? .named([text]) : nil
    }
  }

  /// Whether it is a feature or the model's output; reports it otherwise.
  private func isSubject(_ name: String, _ value: ConfigurationValue) -> Bool {
    if task != nil, name == outputName { return true }
    if let task, name == (task == .binary ? "prediction" : "score"), !featureNames.contains(name) {
      value.refuse("the output of a \(task.rawValue) monitor is called \(outputName)")
      return false
    }
    return isFeature(name, value, or: Self.reservedSubjects + [outputName])
  }

  private func isFeature(_ name: String, _ value: ConfigurationValue, or others: [String] = []) -> Bool {
    if featureNames.contains(name) { return true }
    // With the features wrong as a whole, nothing can be said of a name.
    guard features != nil else { return true }
    let suggestion = Spelling.suggestion(for: name, among: featureNames + others)
    value.refuse("no feature has that name.\(suggestion)")
    return false
  }

  private func readMetric(_ map: ConfigurationMap, on: Check.Subjects?, _ onValue: ConfigurationValue?) -> Metric? {
    // What watches errors goes without saying: tiers say whether they are budgets.
    if case .errors = on, !map.contains("metric") { return countsChanges(map) ? .adwin : .shift }
    guard let value = map.required("metric", add: "metric: psi, or another"), let text = value.text() else {
      return nil
    }
    guard let metric = Metric.named(text) else {
      let common = CommonMetricNames.suggestion(for: text, among: metrics(for: on), task: task)
      let suggestion =
        common.isEmpty
        ? Spelling.suggestion(
          for: text, among: metrics(for: on).map(\.name) + Metric.all.map(\.name)) : common
      let fix = suggestion.isEmpty ? " Metrics here are \(names(metrics(for: on)))." : suggestion
      value.refuse("no metric has that name.\(fix)")
      return nil
    }
    let place =
      switch metric.family {
      case .distance, .ratio, .level: "features, \(outputName) or a list of features"
      case .shift: "features, \(outputName), traffic, errors or a list of features"
      case .traffic: "traffic"
      case .performance, .estimate: "performance"
      case .detector: "errors"
      case .fairness: "fairness"
      }
    if on == .comparison {
      guard metrics(for: on).contains(metric) else {
        value.refuse("versions are not compared by it. Metrics here are \(names(metrics(for: on)))")
        return nil
      }
      if metric.family == .performance, !hasLabels {
        onValue?.complain("is comparison of performance, which needs labels; add labels: with a topic and fields")
      }
    }
    switch (metric.family, on) {
    case (.performance, .comparison), (.distance, .comparison): break
    case (_, nil), (.traffic, .traffic), (.performance, .performance), (.estimate, .performance),
      (.detector, .errors), (.fairness, .fairness):
      break
    case (.distance, .features), (.distance, .named), (.distance, .output), (.ratio, .features), (.ratio, .named),
      (.ratio, .output), (.level, .features), (.level, .named), (.level, .output), (.shift, .features),
      (.shift, .named), (.shift, .output), (.shift, .traffic), (.shift, .errors):
      break
    default:
      value.refuse(
        "it is computed on \(place), not on \(onValue?.node.kind ?? "this"). Metrics here are \(names(metrics(for: on)))"
      )
      return nil
    }
    if metric.isOfTask, let task, !metric.applies(to: task) {
      // For fairness that has been said already.
      if on == nil, metric.family == .fairness { return nil }
      value.refuse(
        "it is \(CommonMetricNames.ofTask(metric)); a \(task.rawValue) monitor has \(names(metrics(for: on)))")
      return nil
    }
    if metric.performance?.needsProbabilities == true, task == .multiclass, !hasProbabilities {
      value.refuse("it needs the classes' probabilities; add probabilities: FIELD to predictions.fields")
      return nil
    }
    return metric
  }

  /// Whether a tier has a number of changes, as those of detectors do, and no budget.
  private func countsChanges(_ map: ConfigurationMap) -> Bool {
    Self.firingTiers.contains { tier in
      guard map.contains(tier.name), let value = map.value(tier.name) else { return false }
      guard case .scalar(let scalar) = value.node.content else { return true }
      return Double(scalar.text) != nil
    }
  }

  private func metrics(for on: Check.Subjects?) -> [Metric] {
    Metric.all.filter { metric in
      switch (on, metric.family) {
      case (nil, _): true
      case (.comparison, .performance):
        task.map { VersionDifferences.metrics($0).contains(metric) } ?? true
      case (.comparison, .distance): task == .multiclass ? !metric.numericOnly : true
      case (.traffic, .traffic): true
      case (.performance, .performance), (.performance, .estimate), (.errors, .detector),
        (.fairness, .fairness):
        task.map(metric.applies) ?? true
      case (.features, .distance), (.features, .ratio), (.features, .level), (.named, .distance), (.named, .ratio),
        (.named, .level), (.output, .distance), (.output, .ratio), (.output, .level), (.features, .shift),
        (.named, .shift), (.output, .shift), (.traffic, .shift), (.errors, .shift):
        true
      default: false
      }
    }
  }

  private func names(_ metrics: [Metric]) -> String { CommonMetricNames.names(metrics) }

  /// Refuses a metric of numbers on named categories and the other way about. `on: features` leaves out what does not
  /// fit, unless that is everything.
  private func checkSubjects(
    _ metric: Metric, _ on: Check.Subjects, _ onValue: ConfigurationValue?, _ map: ConfigurationMap
  ) {
    let fits: (Feature.Kind) -> Bool = { kind in
      kind == .numeric ? !metric.categoricalOnly : !metric.numericOnly
    }
    let wanted = metric.categoricalOnly ? "categorical" : "numeric"
    func refuse(_ value: ConfigurationValue, _ name: String, _ kind: Feature.Kind) {
      let others = wanted == "numeric" ? "psi or jensen_shannon" : "outside_ratio or missing_ratio"
      value.complain(
        "names \(name), which is \(kind.rawValue); \(metric.name) is for \(wanted) subjects. Use \(others)")
    }
    let outputKind = task.map { $0 == .multiclass ? Feature.Kind.categorical : .numeric }
    switch on {
    case .features(let except):
      guard let features, !features.isEmpty else { return }
      let rest = features.filter { !except.contains($0.name) && fits($0.kind) }
      if rest.isEmpty, features.count == featureNames.count {
        map.value("metric")?.refuse(
          "no \(except.isEmpty ? "" : "other ")feature is \(wanted), so this check is of nothing")
      }
    case .output:
      if let outputKind, !fits(outputKind), let onValue { refuse(onValue, outputName, outputKind) }
    case .named(let names):
      guard let onValue else { return }
      let values =
        if case .list = onValue.node.content { onValue.list(of: "features", atMost: .max) ?? [] } else { [onValue] }
      for name in names {
        let kind = name == outputName ? outputKind : features?.first { $0.name == name }?.kind
        guard let kind, !fits(kind) else { continue }
        refuse(values.first { $0.node.kind == ConfigurationNode.shown(name) } ?? onValue, name, kind)
      }
    case .performance, .errors, .fairness, .traffic, .comparison: break
    }
  }

  private func readWindowReference(_ map: ConfigurationMap) -> String? {
    guard let value = map.required("window", add: "window: \(windowNames.first ?? "NAME")"), let name = value.text()
    else { return nil }
    guard windowNames.contains(name) || windows == nil else {
      let fix = windowNames.isEmpty ? "" : "; the windows are \(windowNames.joined(separator: ", "))"
      value.complain("is \(value.node.kind), and no window has that name\(fix)")
      return nil
    }
    return name
  }

  private func readSignificance(_ map: ConfigurationMap) -> Double? {
    guard let value = map.value("significance") else { return 0.01 }
    let rule = "it takes a number above 0 and up to 0.5, or off"
    if case .scalar(let scalar) = value.node.content, scalar.text == "off" { return nil }
    guard let number = value.number(rule) else { return nil }
    guard number > 0, number <= 0.5 else {
      value.refuse(rule)
      return nil
    }
    return number
  }

  /// `at: 1%` of a metric with a place; false if it is wrong or missing.
  private func readPlace(_ map: ConfigurationMap, _ metric: Metric?) -> (place: Double?, isRight: Bool) {
    guard let metric else {
      _ = map.value("at")
      return (nil, true)
    }
    guard metric.place != nil else {
      guard let value = map.value("at") else { return (nil, !map.contains("at")) }
      value.complain("goes with precision_at_top, precision_at_recall and recall_at_precision; remove it")
      return (nil, false)
    }
    let what =
      switch metric {
      case .precisionAtTop: ("the share of rows at the top", "1%")
      case .precisionAtRecall: ("the recall to hold", "80%")
      default: ("the precision to hold", "80%")
      }
    guard let value = map.required("at", add: "at: \(what.1), \(what.0)") else { return (nil, false) }
    let rule = "it takes \(what.0), above 0% and up to 100%, such as \(what.1)"
    guard let place = value.percent ?? value.number(rule) else { return (nil, false) }
    guard place > 0, place <= 1 else {
      value.refuse(rule)
      return (nil, false)
    }
    return (place, true)
  }
}
