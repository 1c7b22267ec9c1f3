import LeewayCore

/// What is silenced in a simulated world, and what receivers must have heard of it in spite of that.
extension Simulation {
  /// As an endpoint does it: adds a silence, or ends one.
  func silence(_ choice: Int, over ledger: any Ledger) throws -> String? {
    let monitor = world.plans[0].monitor
    if choice % 4 == 0 {
      let active = try ledger.read { try $0.silences([.active, .pending], limit: .max) }
      guard !active.isEmpty else { return nil }
      let silence = active[choice / 4 % active.count]
      do {
        _ = try ledger.write { try SilenceActs.expire(silence.number, by: "carol", in: $0) }
        return "carol ends \(silence.name)"
      } catch let refusal as SilenceActs.Refusal {
        return "carol is refused the end of \(silence.name): \(refusal)"
      }
    }
    func pattern(_ field: SilenceMatchers.Field, _ text: String) -> [SilenceMatchers.Field: [NamePattern]] {
      NamePattern(text).map { [field: [$0]] } ?? [:]
    }
    let check = monitor.checks[choice / 100 % monitor.checks.count].name
    let matchers: [SilenceMatchers.Field: [NamePattern]] =
      switch choice / 4 % 5 {
      case 0, 1: pattern(.monitor, monitor.name)
      case 2: pattern(.check, check)
      case 3: pattern(.slice, ["all", "version=*"][choice / 20 % 2])
      default: pattern(.monitor, "*").merging(pattern(.subject, ["amount", "*e"][choice / 20 % 2])) { $1 }
      }
    let span = [TimeSpan.seconds(20), .minutes(2), .minutes(10), .minutes(40)][choice / 1000 % 4]
    let silence = try ledger.write {
      try SilenceActs.add(
        SilenceMatchers(matchers), by: "alice", reason: "s\(choice)",
        start: choice % 7 == 0 ? try $0.now() + .seconds(15) : nil, end: .after(span), in: $0)
    }
    return "alice adds \(silence.name) of \(silence.matchers.text) for \(span)"
  }

  /// Messages that are about to be sent although everything that their incident is about is silenced. Judged by the record of the
  /// incident, which lists what fires, and by what waited for the same receiver.
  func silencedYetSent(_ rows: [OutboxRecord], of owed: [OutboxRecord]) throws -> [String] {
    try ledger.read { reader in
      let silences = try reader.silences([.active], limit: .max)
      guard !silences.isEmpty else { return [] }
      return try rows.filter { row in
        guard row.isMessage, let incident = try reader.incident(row.incident) else { return false }
        let waiting = owed.filter { $0.incident == row.incident && $0.receiver == row.receiver && $0.isMessage }
        let named =
          Self.named(incident.evidence, row.monitor)
          + (waiting + [row]).flatMap { Self.named(Self.member($0.body, "evidence"), row.monitor) }
        return !named.isEmpty
          && named.allSatisfy { names in
            silences.contains { silence in
              silence.matchers.patterns.allSatisfy { field, patterns in
                patterns.contains { $0.matches(names[field] ?? "") }
              }
            }
          }
      }.map { "\($0.key) is sent although it is silenced" }
    }
  }

  /// What waited for silences was told in one message, and no receiver that has heard of an incident lacks its end.
  func untoldStories(_ held: Set<String>) throws -> [String] {
    let rows = try ledger.read { try $0.deliveries(incident: nil, limit: .max) }
    var found = rows.filter { !$0.isMessage && ($0.silence != nil || $0.state == .silenced) }
      .map { "\($0.key) is a call and was held by \($0.silence ?? "a silence")" }
    let pairs = Dictionary(grouping: rows.filter(\.isMessage)) { "\($0.receiver) \($0.incident)" }
    for (pair, rows) in pairs where rows.contains(where: { held.contains($0.key) || $0.state == .silenced }) {
      let rows = rows.sorted { ($0.sequence, $0.key) < ($1.sequence, $1.key) }
      let told = rows.filter { $0.state == .delivered }
      // One that has reopened is open.
      let isOver =
        rows.last { $0.message.hasSuffix("-resolved") || $0.message.hasSuffix("-reopened") }?
        .message.hasSuffix("-resolved") ?? false
      guard let first = told.first else {
        if !isOver { found.append("\(pair) never heard of what is open still") }
        continue
      }
      for row in rows where row.state == .silenced {
        // The next that was sent tells of it, but for the oldest of many.
        let event = Self.member(row.body, "event")
        guard let teller = told.first(where: { ($0.sequence, $0.key) > (row.sequence, row.key) }) else {
          found.append("\(row.key) was silenced, and nothing came after it")
          continue
        }
        let named = Self.member(teller.body, "held_back")
        if !named.contains(event), Self.member(teller.body, "event") != event,
          named.split(separator: "\"event\"").count <= 20
        {
          found.append("\(teller.key) does not tell of \(row.key): \(named)")
        }
      }
      if held.contains(first.key) || rows.first?.state == .silenced {
        // Whoever has heard nothing hears all of it.
        let event = Self.member(first.body, "event")
        if !event.contains("opened"), !event.contains("resolved") {
          found.append("\(first.key) is the first word to \(pair), and is \(event)")
        }
        if Self.member(first.body, "held_back").isEmpty { found.append("\(first.key) was held, and does not say so") }
      }
      let ends = told.last { ["incident.resolved", "incident.reopened"].contains(Self.text($0.body, "event")) }
      if isOver, ends.map({ Self.text($0.body, "event") }) != "incident.resolved" {
        found.append("\(pair) never heard of the end")
      }
      // Whoever has heard of an end must hear that the incident is open again.
      if !isOver, ends.map({ Self.text($0.body, "event") }) == "incident.resolved" {
        found.append("\(pair) heard of an end and not that it has reopened")
      }
    }
    return found
  }

  private static func member(_ body: String, _ name: String) -> String {
    let value = (try? JSONValue(parsing: Array(body.utf8))).flatMap { try? JSONReader($0).member(name).value }
    return value.map(CanonicalJSON.text(of:)) ?? ""
  }

  private static func text(_ body: String, _ name: String) -> String {
    (try? JSONValue(parsing: Array(body.utf8))).flatMap { try? JSONReader($0).member(name).text() } ?? ""
  }

  /// What a list of evidence names.
  private static func named(_ evidence: String, _ monitor: String) -> [[SilenceMatchers.Field: String]] {
    let list = (try? JSONValue(parsing: Array(evidence.utf8))).flatMap { try? JSONReader($0).elements() } ?? []
    return list.map { item in
      var names: [SilenceMatchers.Field: String] = [.monitor: monitor]
      for field in [SilenceMatchers.Field.check, .subject, .slice] {
        names[field] = try? item.member(field.rawValue).string()
      }
      return names
    }
  }
}
