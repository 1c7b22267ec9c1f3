import LeewayCore

extension MonitorReading {
  /// A check on `shift`, whose tiers are budgets.
  func readShift(
    _ map: ConfigurationMap, _ name: String?, _ on: Check.Subjects?, since before: Int
  ) -> ReadCheck {
    refuseKeysBesideShift(map)
    if let pane, !TimeSpan.hours(1).isMultiple(of: pane) {
      map.value("metric")?.complain(
        "is shift, which judges hours, and panes are \(pane), which do not divide one; write panes: 5m")
    }
    let budgets = readBudgets(map)
    let slices = readSlices(map, on: on)
    var read = ReadCheck(name: name, metric: .shift, minimumRows: 0, limits: [], budgets: budgets)
    if !reading.problems[before...].hasErrors, let name, let on, let slices {
      read.check = Check(name: name, on: on, budgets: budgets.map(\.budget), slices: slices)
    }
    return read
  }

  /// Keys of other checks, each with why it says nothing here.
  private func refuseKeysBesideShift(_ map: ConfigurationMap) {
    let reasons = [
      "window": "which judges every hour by itself", "clear": "whose detector says when a shift is over",
      "clear_for": "whose detector says when a shift is over", "for": "which adds up evidence over hours by itself",
      "min_rows": "which knows how sure an hour of few rows is",
      "significance": "whose tiers are budgets of false alarms",
      "reference": "which is measured from the baseline's hours", "partial": "which judges whole hours",
      "at": "which has no place", "certain": "which is no performance metric",
      "min_positives": "which is no performance metric", "min_negatives": "which is no performance metric",
      "stages": "which judges every hour once", "retrain": "which calls for one as alerts and retrain.settle say",
      "segment": "which compares no groups", "favourable": "which compares no groups",
    ]
    for (key, why) in reasons.sorted(by: { $0.key < $1.key }) where map.contains(key) {
      map.value(key)?.complain("has no effect on shift, \(why); remove it")
    }
  }

  private func readBudgets(_ map: ConfigurationMap) -> [(budget: ShiftBudget, value: ConfigurationValue)] {
    var budgets: [(budget: ShiftBudget, value: ConfigurationValue)] = []
    var hasTier = false
    for tier in Self.firingTiers {
      hasTier = hasTier || map.contains(tier.name)
      guard let value = map.value(tier.name), let budget = readBudget(value, tier) else { continue }
      if let milder = budgets.last {
        let words = "is \(milder.budget.text)"
        if milder.budget.hours > budget.hours {
          milder.value.complain(
            "\(words), rarer than that of \(tier.name), \(budget.text); the milder tier must allow more false alarms")
        } else if milder.budget.hours == budget.hours {
          milder.value.warn(
            "\(words), the same as that of \(tier.name), so \(milder.budget.tier.name) never shows")
        }
      }
      budgets.append((budget, value))
    }
    if !hasTier {
      reading.error(
        map.place,
        "\(map.path) has no tier, so it never fires; add critical: 1 per quarter, warning: 1 per week, or both")
    }
    return budgets
  }

  /// `1 per quarter`
  private func readBudget(_ value: ConfigurationValue, _ tier: Tier) -> ShiftBudget? {
    let example = tier == .critical ? "1 per quarter" : "1 per week"
    let rule = "it takes how many false alarms are allowed and per what, such as \(example)"
    guard case .scalar = value.node.content else {
      value.refuse(rule)
      return nil
    }
    guard let text = value.text() else { return nil }
    let words = text.split(separator: " ").map(String.init)
    guard let first = words.first, let alarms = Int(first), words.dropFirst().first ?? "per" == "per", words.count <= 3
    else {
      value.refuse(rule)
      return nil
    }
    let units = ShiftBudget.Period.allCases.map(\.rawValue)
    guard words.count == 3 else {
      value.refuse(
        "it takes a unit of time as well, such as \(alarms > 0 ? first : "1") per \(example.split(separator: " ")[2])")
      return nil
    }
    guard let period = ShiftBudget.Period(rawValue: words[2]) else {
      value.refuse(
        "no unit is called \(words[2]); the units are \(units.joined(separator: ", ")).\(Spelling.suggestion(for: words[2], among: units))"
      )
      return nil
    }
    let budget = ShiftBudget(tier, max(alarms, 1), per: period)
    guard alarms >= 1, budget.hours >= 1 else {
      value.refuse(
        alarms < 1 ? "it takes 1 or more; no detector gives no false alarm at all" : "it takes one an hour at most")
      return nil
    }
    return budget
  }
}
