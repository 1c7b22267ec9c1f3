import LeewayTestSupport

@testable import LeewayCore

extension Comparison {
  /// Lines that say nothing of people are lines of the verdicts only: each of them; and where nobody has resolved anything by hand,
  /// there is no other.
  static func verdictsOnly(
    _ simulation: Simulation, _ verdicts: [(plan: MonitorPlan, verdicts: [Verdict])], _ inputs: [DecisionRecord]
  ) throws -> [String] {
    let inputs = inputs.filter { $0.kind != "policy" }
    guard !inputs.isEmpty else { return [] }
    let scratch = InMemoryLedger()
    let context = DecisionContext(receivers: SimulatedMonitor.receivers)
    for (plan, verdicts) in verdicts {
      _ = try scratch.write {
        try Decision(plan: plan, context: context).decide(verdicts, now: .distantPast, in: $0)
      }
    }
    func lines(_ ledger: InMemoryLedger) throws -> [String] {
      try ledger.read { try $0.results(ResultQuery(type: .incident, limit: .max)) }.map(\.line)
    }
    let (stored, plain) = (try lines(simulation.ledger), try lines(scratch))
    let unmarked = stored.filter { !$0.contains("\"input\":") }
    if let stranger = unmarked.first(where: { !plain.contains($0) }) {
      return ["people: no verdicts lead to \(stranger)"]
    }
    // Where a retrain was answered, an incident that reopens may ask for another, and what is asked for then rests on that.
    let asksAgain = stored.contains { line in
      line.contains("\"input\":")
        && ["retraining", "retrain_held"].contains { line.contains("\"transition\":\"\($0)\"") }
    }
    guard !asksAgain, !inputs.contains(where: { $0.kind == "resolve_by_hand" }) else { return [] }
    // What follows a trainer's answer is marked, and is what follows without it.
    let ofOthers = ["acknowledged", "accepted", "candidate", "verifying", "failed", "overdue"].map {
      "\"transition\":\"\($0)\""
    }
    let found = stored.filter { line in !ofOthers.contains { line.contains($0) } }
      .map { $0.replacing(/"input":[0-9]+,/, with: "") }
    guard found != plain else { return [] }
    let first = zip(found, plain).first { $0 != $1 }
    return ["people: \(found.count) lines for \(plain.count)\nfound  \(first?.0 ?? "")\nwanted \(first?.1 ?? "")"]
  }
}
