import LeewayCore
import LeewayDelivery

extension MonitorReading {
  /// The receiver that retrains, by its name.
  static let retrainReceiver = "retrain"

  static let alertKeys =
    firingTiers.map { tier in
      ConfigurationKey(
        tier.name, .other("list of up to 32 receivers", nil),
        "who hears of incidents that reach `\(tier.name)`; `retrain` asks for a retrain")
    } + [
      ConfigurationKey(
        "escalate", .other("list of up to 8 steps", nil), "who hears of incidents that no person acknowledges"),
      ConfigurationKey(
        "repeat", .span(.seconds(1) ... .days(30), nil), without: "no reminders",
        "how often those who heard of an incident are reminded of it while no person acknowledges it, from `warning` on"
      ),
      ConfigurationKey(
        "reopen", .span(.zero ... .days(30), .zero),
        "an incident that verdicts resolved less than this ago reopens instead of another one opening, in event time"),
      ConfigurationKey(
        "flapping", .other("map", nil), without: "every incident resolves",
        "when an incident that comes and goes stays open"),
    ]

  static let flappingKeys: [ConfigurationKey] = [
    .init(
      "more_than", .integer(1...1000, nil), required: true,
      "how often what fires may come and go; after one time more the incident stays open"),
    .init(
      "within", .span(.minutes(1) ... .days(30), .hours(24)),
      "in how much event time, and for how long nothing must fire before the incident resolves"),
  ]

  static let escalationKeys: [ConfigurationKey] = [
    .init(
      "after", .span(.seconds(1) ... .days(30), nil), required: true,
      "how long an incident is open without being acknowledged, in time in which the service runs"),
    .init("to", .other("list of up to 32 receivers", nil), required: true, "who hears of it then"),
    .init(
      "tier", .choice(["info", "warning", "critical"], "warning"), "incidents that have not reached it are left out"),
  ]

  static let retrainKeys: [ConfigurationKey] = [
    .init("cooldown", .span(.zero ... .days(366), .hours(24)), "no retrain so long after the last request"),
    .init("max_per_week", .integer(1...1000, 3), "requests within 7 days"),
    .init("deadline", .span(.seconds(1) ... .days(90), .hours(6)), "how long a trainer may take to answer"),
    .init(
      "settle", .span(.hours(1) ... .days(30), .hours(24)),
      "how long a shift of a feature must have lasted before it asks for a retrain"),
    .init(
      "approval", .choice(["required", "automatic"], "automatic"),
      "`required`: a model that passes the scorecard waits for a person"),
    .init("approvals", .integer(1...10, 1), "how many people must approve where `approval` is `required`"),
    .init("scorecard", .other("map of metrics to maps", nil), "what the metrics in a trainer's answer must reach"),
    .init("promote", .other("name of a receiver", nil), "what puts a model in force that may go into production"),
    .init(
      "fall_back", .other("name of a receiver", nil),
      "what goes back to the model before, or to rules, while an incident is critical"),
  ]

  static let scorecardKeys: [ConfigurationKey] = [
    .init(
      "at_least", .other("number, or `champion - 0.005`", nil),
      "the least value that passes; `champion` is the value of the model in force"),
    .init("at_most", .other("number, or `champion + 5`", nil), "the greatest value that passes"),
  ]

  func readAlerts() -> [Tier: [String]]? {
    guard let value = top.value("alerts") else { return top.contains("alerts") ? nil : [:] }
    guard let map = value.map("a map of info, warning and critical to lists of receivers", .alerts) else { return nil }
    incidents.reopen = map.span("reopen") ?? .zero
    incidents.flapping = map.value("flapping").flatMap(readFlapping)
    reminder = map.span("repeat")
    var alerts: [Tier: [String]] = [:]
    for tier in Self.firingTiers {
      if map.contains(tier.name) { alertTiersGiven.insert(tier) }
      guard let names = map.value(tier.name)?.names(of: "receivers", atMost: 32) else { continue }
      for (name, value) in names {
        receiverUses.append(.init(name: name, purpose: .alert(tier), path: value.path, place: value.place))
        if name == Self.retrainReceiver { checkRetrain(value) }
      }
      alerts[tier] = names.map(\.name)
    }
    if let value = map.value("escalate") { readEscalations(value) }
    map.finish()
    if reminder != nil, let value = map.value("repeat"),
      [Tier.warning, .critical].allSatisfy({ alerts[$0]?.isEmpty ?? true })
    {
      value.warn("reminds no receiver, since neither warning nor critical names one; add alerts.warning: [log]")
    }
    return alerts
  }

  private func readFlapping(_ value: ConfigurationValue) -> IncidentPolicy.Flapping? {
    guard let map = value.map("a map with more_than and within", .flapping) else { return nil }
    _ = map.required("more_than", add: "more_than: 4")
    let moreThan = map.integer("more_than")
    let within = map.span("within")
    map.finish()
    guard let moreThan, let within else { return nil }
    return IncidentPolicy.Flapping(moreThan: Int(moreThan), within: within)
  }

  private static let maximumSteps = 8

  private func readEscalations(_ value: ConfigurationValue) {
    let example = "escalate: [{after: 30m, to: [pager]}]"
    guard let values = value.list(of: "steps of escalation, as \(example)", atMost: Self.maximumSteps) else { return }
    for value in values {
      guard let map = value.map("a map with after and to", .escalation) else { continue }
      let afterValue = map.required("after", add: "after: 30m")
      let after = map.span("after")
      let names = map.required("to", add: "to: [pager]")?.names(of: "receivers", atMost: 32)
      let tier = map.value("tier").map { $0.choice(among: Self.firingTiers.map(\.name)) } ?? Tier.warning.name
      map.finish()
      if names?.isEmpty == true { map.value("to")?.complain("is empty; name who hears of it, as to: [pager]") }
      for (name, value) in names ?? [] {
        guard name != Self.retrainReceiver else {
          value.complain("is retrain, which is called by a tier and not by waiting; name a receiver that tells people")
          continue
        }
        receiverUses.append(.init(name: name, purpose: .escalation, path: value.path, place: value.place))
      }
      if let after, let last = escalations.last?.after, after <= last {
        afterValue?.complain("is \(after), and the step before comes after \(last); put the steps in the order of time")
      }
      guard let after, let names, let tier = Self.firingTiers.first(where: { $0.name == tier }) else { continue }
      escalations.append(EscalationStep(after: after, receivers: names.map(\.name), tier: tier))
    }
  }

  private func checkRetrain(_ value: ConfigurationValue) {
    if !top.contains("retrain") {
      value.complain("is retrain, which needs a policy; add retrain: {cooldown: 24h, max_per_week: 3, deadline: 6h}")
    }
    if !hasLabels {
      value.complain("is retrain, which needs labels to judge the new model by; add labels: with a topic and fields")
    }
  }

  func readRetrain() -> RetrainPolicy? {
    guard let value = top.value("retrain"),
      let map = value.map(
        "a map with cooldown, max_per_week, deadline, settle, approval, approvals, scorecard, promote and fall_back",
        .retrain)
    else { return nil }
    let cooldown = map.span("cooldown")
    let perWeek = map.integer("max_per_week")
    let deadline = map.span("deadline")
    let settle = map.span("settle")
    // A check whose metric is misspelt may be the one that is meant.
    if map.contains("settle"), checks.allSatisfy({ $0.metric != nil && $0.metric != .shift }) {
      map.value("settle")?.complain(
        "has an effect only with a check on metric: shift, and there is none; add one, or remove it")
    }
    let approval = map.choice("approval", RetrainPolicy.Approval.self)
    let approvals = map.integer("approvals")
    if map.contains("approvals"), approval == .automatic {
      map.value("approvals")?.complain("has an effect only with approval: required; add that, or remove it")
    }
    if approval == .required, let approvals, let value = map.value("approval") {
      self.approvals = .init(people: Int(approvals), place: value.place)
    }
    let promote = map.value("promote").flatMap { readModelReceiver($0, .promotion) }
    let fallBack = map.value("fall_back").flatMap { readModelReceiver($0, .fallingBack) }
    let scorecard = map.value("scorecard").map { readScorecard($0) } ?? []
    map.finish()
    guard let cooldown, let perWeek, let deadline, let settle, let approval, let approvals, let scorecard else {
      return nil
    }
    return RetrainPolicy(
      cooldown: cooldown, maximumPerWeek: Int(perWeek), deadline: deadline, settle: settle, scorecard: scorecard,
      approvals: approval == .required ? Int(approvals) : 0, promote: promote, fallBack: fallBack)
  }

  /// A receiver that changes the model in force.
  private func readModelReceiver(_ value: ConfigurationValue, _ change: ReceiverType.ModelChange) -> String? {
    guard let name = value.text(limit: 63) else { return nil }
    guard name != Self.retrainReceiver else {
      value.complain("is retrain, which starts trainings; name another receiver, as one of type webhook")
      return nil
    }
    receiverUses.append(.init(name: name, purpose: .model(change), path: value.path, place: value.place))
    return name
  }

  private func readScorecard(_ value: ConfigurationValue) -> [RetrainPolicy.Bound]? {
    guard let map = value.map("a map of metrics to at_least or at_most") else { return nil }
    return map.all().compactMap { name, _, value in
      guard let map = value.map("a map with at_least or at_most", .scorecard) else { return nil }
      let least = map.value("at_least").flatMap(readMark)
      let most = map.value("at_most").flatMap(readMark)
      map.finish()
      if !map.contains("at_least"), !map.contains("at_most") {
        value.complain("has no limit; add at_least: or at_most:")
      } else if let low = least?.limit(champion: nil), let high = most?.limit(champion: nil), low > high {
        value.complain("can't be passed: at_least is above at_most; swap them")
      }
      warnOfMetric(name, value)
      return RetrainPolicy.Bound(metric: name, atLeast: least, atMost: most)
    }
  }
}

extension MonitorReading {
  private func readMark(_ value: ConfigurationValue) -> RetrainPolicy.Mark? {
    guard case .scalar(let scalar) = value.node.content, scalar.text.lowercased().hasPrefix("champion") else {
      return value.number("it takes a number, champion, or champion - 0.005").map { .value($0) }
    }
    guard let text = value.text(limit: 100), let mark = RetrainPolicy.Mark(text) else {
      value.complain(
        "is \(value.node.kind), which can't be read; write champion, champion - 0.005 or champion + 0.005, with spaces around the sign"
      )
      return nil
    }
    return mark
  }
}

extension MonitorReading {
  /// The trainer reports what it likes, so that any name is legal; one that is nearly a metric of labelled predictions is
  /// probably a slip, and would refuse every model.
  private func warnOfMetric(_ name: String, _ value: ConfigurationValue) {
    let metrics = Metric.all.filter { $0.family == .performance }
    guard !metrics.contains(where: { $0.name == name }) else { return }
    let near = metrics.filter { task.map($0.applies) ?? true }.map(\.name)
    let suggestion = Spelling.suggestion(for: name, among: near)
    guard !suggestion.isEmpty else { return }
    value.warn("passes only where the trainer's answer has a metric called \(name).\(suggestion)")
  }
}

// MARK: - What is legal and unwise

extension MonitorReading {
  func warnOfChecks(labelsWithoutHorizon: Bool) {
    if checks.isEmpty, !top.contains("checks") || top.value("checks")?.node.isEmptyList ?? false {
      reading.warning(
        top.value("checks")?.place ?? top.place,
        "the monitor has no checks, so nothing ever fires; add one under checks:, as {name: input-drift, on: features, metric: psi, window: 7d, warning: 0.2}"
      )
    }
    if labelsWithoutHorizon, checks.contains(where: { $0.metric?.isOfLabels ?? false }),
      let labels = top.value("labels")
    {
      labels.warn(
        "has no horizon, so performance is judged 30d after its window; add horizon: with the longest delay of a label, as 14d"
      )
    }
  }

  func warnOfAlerts(_ alerts: [Tier: [String]]?) {
    guard let alerts else { return }
    for tier in Self.firingTiers where alerts[tier]?.isEmpty ?? !alertTiersGiven.contains(tier) {
      guard let place = checks.lazy.flatMap(\.tiers).first(where: { $0.tier == tier }) else { continue }
      place.value.warn("alerts no receiver; add alerts.\(tier.name): [log]")
    }
    // A check whose metric is misspelt may be the one that is asked for.
    let isKnown = checks.allSatisfy { $0.metric != nil }
    for use in receiverUses where use.name == Self.retrainReceiver && isKnown {
      guard case .alert(let tier) = use.purpose else { continue }
      let reaching = checks.filter { $0.tiers.contains { $0.tier == tier } }
      let metrics = reaching.compactMap(\.metric)
      if !metrics.isEmpty, metrics.allSatisfy(\.isExperimental) {
        reading.warning(
          use.place,
          "\(use.path) is retrain, which only experimental detectors reach as \(tier.name), and these retrain nothing; "
            + "add a check with metric: adwin, or a performance check, that is \(tier.name)")
      }
      let families = metrics.map(\.family)
      guard families.contains(.distance) || families.contains(.level) || families.contains(.shift),
        !metrics.contains(where: { $0.isOfLabels && !$0.isExperimental }),
        // One with a mistake of its own may be on features.
        !reaching.contains(where: { $0.metric == .shift && $0.check?.on != .output && $0.check?.on != .traffic })
      else {
        continue
      }
      reading.warning(
        use.place,
        "\(use.path) is retrain, which only distances, levels or the output's shift reach as \(tier.name), and these retrain "
          + "nothing; add a performance check, or one with metric: shift on features, that is \(tier.name)")
    }
    if receiverUses.allSatisfy({ $0.name != Self.retrainReceiver }), let retrain = top.value("retrain") {
      retrain.warn("is never used; add retrain to a tier of alerts, or remove the policy")
    }
  }
}

extension MonitorReading {
  /// A change of performance that has nothing to change from can't fire.
  func warnOfChanges(from baseline: Baseline) {
    for check in checks where check.check?.reference == .baseline && check.check?.on != .comparison {
      guard let metric = check.metric, metric.family == .performance || metric.family == .estimate,
        baseline.performance?.metrics[(metric.realised ?? metric).name] == nil
      else { continue }
      for limit in check.limits where limit.limit.limit.isChange {
        // Early changes are measured from production's first days.
        let isEarlyToo = hasEarly && check.check?.stages.contains(.early) ?? true
        limit.value.warn(
          "never fires\(isEarlyToo ? " at stage final" : ""), since \(why(metric, isMissingFrom: baseline))")
      }
    }
  }

  private func why(_ metric: Metric, isMissingFrom baseline: Baseline) -> String {
    guard baseline.performance != nil else {
      return
        "the baseline has no labelled rows that give \(metric.name) a value to change from; give a number, or fit on files with labels"
    }
    return baseline.task == .multiclass
      ? "the baseline has no \(metric.name) to change from, because training files have no probabilities; give a number"
      : "\(metric.name) has no value on the baseline's labelled rows; give a number, or fit on other files"
  }
}

extension MonitorReading {
  /// An estimate rests on labelled rows in the baseline.
  func warnOfEstimates(from baseline: Baseline) {
    for check in checks where check.metric?.family == .estimate && baseline.estimation == nil {
      check.limits.first?.value.warn(
        "never fires, since the baseline has no labelled rows to estimate from; fit it on files with labels, or with "
          + "--calibrate-on FILE")
    }
  }
}

extension ConfigurationNode {
  fileprivate var isEmptyList: Bool { if case .list(let items) = content { items.isEmpty } else { false } }
}
