import LeewayCore

/// What people do in a simulated world.
extension Simulation {
  /// As an endpoint does it: what is asked for waits in the ledger until the monitor's evaluator folds it.
  func ask(_ choice: Int, over ledger: any Ledger, now: EventTime) throws -> String? {
    let incidents = try ledger.read { try $0.incidents(IncidentQuery(limit: .max)) }
    let open = incidents.filter { $0.state != .resolved }
    // Now and then about one that has ended.
    let among = choice % 10 == 0 ? incidents : open
    guard !among.isEmpty else { return nil }
    let incident = among[choice / 10 % among.count]
    if let act = accept(choice, incident) { return try ask(act, over: ledger, now: now) }
    let reasons = PersonAct.Reason.allCases
    let deed: PersonAct.Deed =
      switch choice / 100 % 10 {
      case 0...2: .acknowledge(note: choice % 3 == 0 ? "seen" : nil)
      case 3: .assign(to: "bob", note: nil)
      case 4: .comment("c\(choice)")
      default: .resolve(reasons[choice / 1000 % reasons.count], note: nil, decided: [:])
      }
    return try ask(PersonAct(incident: incident.id, by: ["alice", "carol"][choice % 2], deed), over: ledger, now: now)
  }

  /// That what has shifted is normal, or is so no more; nil: something else is done.
  private func accept(_ choice: Int, _ incident: IncidentRecord) -> PersonAct? {
    let by = ["alice", "carol"][choice % 2]
    if choice % 7 == 0 { return PersonAct(incident: incident.id, by: by, .undoAccept(note: nil, from: nil)) }
    guard incident.state != .resolved, incident.evidence.contains("\"stream\":"), choice % 3 > 0 else { return nil }
    let since = choice % 5 == 0 ? incident.changedAt - SimulatedMonitor.shiftHour * 2 : nil
    return PersonAct(incident: incident.id, by: by, .accept(since: since, note: nil, normal: nil))
  }

  private func ask(_ act: PersonAct, over ledger: any Ledger, now: EventTime) throws -> String? {
    do {
      let record = try ledger.write { try PersonActs.queue(act, now: now, in: $0) }
      return "\(act.by) asks, as \(record.number), for \(act.kind) of \(act.incident)"
    } catch let refusal as PersonActs.Refusal {
      return "\(act.by) is refused \(act.kind) of \(act.incident): \(refusal)"
    }
  }

  /// Every act is folded or void in the end, and is in a log exactly once if it was folded.
  func unsettledActs() throws -> [String] {
    let monitor = world.plans[0].monitor.name
    let (acts, logged) = try ledger.read { reader in
      (
        try reader.incidents(IncidentQuery(limit: .max)).flatMap { try reader.acts(incident: $0.id, limit: .max) },
        try reader.outsideDecisions(monitor: monitor, after: nil, limit: .max)
          .filter { PersonAct.kinds.contains($0.kind) }
      )
    }
    var found = acts.filter { $0.state == .queued }.map { "act \($0.number) is still queued" }
    let folded = acts.compactMap { act in act.input.map { "\(act.group.rawValue) \($0) \(act.kind)" } }
    let inputs = logged.map { "\($0.group.rawValue) \($0.place) \($0.kind)" }
    if folded.sorted() != inputs.sorted() { found.append("acts \(folded.sorted()), and inputs \(inputs.sorted())") }
    return found
  }
}
