import Foundation
import LeewayTestSupport
import Testing

@testable import LeewayCore

/// The invariant that everything else serves: whatever the interleaving, the batches, the crashes, the take-overs and the
/// number of instances, results and transitions are those of one naive batch over the same messages.
@Suite struct SimulationTests {
  /// `SEEDS` and `FROM` in the environment; see `make simulate`.
  private static let seeds: Range<UInt64> = {
    let environment = ProcessInfo.processInfo.environment
    let from = environment["FROM"].flatMap(UInt64.init) ?? 1
    return from..<from + (environment["SEEDS"].flatMap(UInt64.init) ?? 1000)
  }()

  @Test(arguments: 0..<2)
  func everySeedEndsAsTheNaiveBatch(_ half: UInt64) {
    var failures = 0
    var reach = Reach()
    var runs = 0
    for seed in Self.seeds where seed % 2 == half && failures < 3 {
      let world = SimulatedWorld(seed: seed)
      let actions = SimulatedAction.plan(for: world)
      let outcome = Comparison.differences(world, actions)
      reach.add(outcome.reach)
      runs += 1
      guard !outcome.found.isEmpty else { continue }
      failures += 1
      let shortest = Comparison.shrunk(world, actions)
      let (found, history, _) = Comparison.differences(world, shortest)
      Issue.record(
        """
        seed \(seed) (make simulate FROM=\(seed) SEEDS=1):
        \(found.prefix(3).joined(separator: "\n"))
        history, shortened from \(actions.count) to \(shortest.count) actions:
        \(history.joined(separator: "\n"))
        """)
    }
    // A few seeds say nothing of how often something is reached.
    if ProcessInfo.processInfo.environment["SHOW_SEEDS"] != nil { print("\(runs) runs: \(reach.runs)") }
    if runs >= 400 { #expect(reach.missing(in: runs) == []) }
  }

  /// The simulator notices when a rule is left out, and soon.
  @Test(arguments: LedgerFlaw.allCases)
  func aLedgerWithoutARuleIsFound(_ flaw: LedgerFlaw) {
    let seed = (UInt64(1)...200).first { seed in
      let world = SimulatedWorld(seed: seed)
      guard flaw.matters(in: world) else { return false }
      return !Comparison.differences(world, SimulatedAction.plan(for: world), without: flaw).found.isEmpty
    }
    if ProcessInfo.processInfo.environment["SHOW_SEEDS"] != nil { print("without \(flaw): seed \(seed ?? 0)") }
    #expect(seed != nil, "200 seeds pass without \(flaw)")
  }

  /// And when a batch leaves out a rule that no ledger could.
  @Test(arguments: BatchRule.allCases)
  func aBatchWithoutARuleIsFound(_ rule: BatchRule) {
    let seed = (UInt64(1)...200).first { seed in
      let world = SimulatedWorld(seed: seed)
      guard rule.matters(in: world) else { return false }
      return !Comparison.differences(world, SimulatedAction.plan(for: world), batchWithout: rule).found.isEmpty
    }
    if ProcessInfo.processInfo.environment["SHOW_SEEDS"] != nil { print("without \(rule): seed \(seed ?? 0)") }
    #expect(seed != nil, "200 seeds pass without \(rule)")
  }

  /// The worlds are no easy ones.
  @Test func worldsHoldEverythingThatHappensToLogs() {
    let worlds = (UInt64(1)...60).map { SimulatedWorld(seed: $0) }
    let batches = worlds.map { NaiveBatch($0, plan: $0.plans[0]) }
    #expect(batches.count { $0.late > 0 } > 10)
    #expect(batches.count { $0.verdicts.contains { $0.tier >= .warning } } > 30)
    #expect(batches.count { $0.verdicts.contains { $0.metric.family == .performance && $0.tier == .critical } } > 5)
    let pairs = batches.flatMap(\.lines.values).filter {
      $0.type == .comparison && !$0.line.contains("\"pairs\":0") && $0.line.contains("\"paired\":true")
    }
    #expect(pairs.count > 10)
    #expect(batches.count { $0.verdicts.contains { $0.subject == "comparison" && $0.tier >= .info } } > 3)
    let measured = batches.map { batch in
      batch.verdicts.filter { $0.reference?.hasPrefix("first ") == true && $0.metric.family != .performance }
    }
    #expect(measured.count { verdicts in verdicts.contains { $0.tier >= .info } } > 5)
    #expect(measured.count { verdicts in verdicts.contains { $0.why?.reason == .reference } } > 10)
    #expect(worlds.count { $0.plans.count > 1 } > 5)
    let keepsPairs = worlds.map { $0.plans.map(\.pairShape) }.map { shapes in
      shapes.count > 1 ? shapes[1].flatMap { new in shapes[0].map(new.carriesOn) } : nil
    }
    #expect(keepsPairs.count { $0 == true } > 3 && keepsPairs.count { $0 == false } > 3)
    #expect(worlds.count { $0.partitions.contains { $0.since > 0 } } > 5)
  }

  /// Silences stop messages, and nothing else: results, transitions, logs, retrains and what is owed are the same bytes without them.
  @Test func silencesChangeNothingButWhatIsSent() throws {
    var held = 0
    for seed in Self.seeds.prefix(200) {
      let world = SimulatedWorld(seed: seed)
      guard world.hasSilences else { continue }
      // A mishap that comes at a call of a sender would come at another one.
      let actions = SimulatedAction.plan(for: world).map { $0.withoutMishap ?? $0 }
      let without = actions.filter { if case .silence = $0 { false } else { true } }
      let runs = try [actions, without].map { actions in
        let simulation = try Simulation(world)
        try simulation.run(actions)
        return simulation
      }
      for simulation in runs { #expect(simulation.problems == [], "seed \(seed)") }
      let (loud, quiet) = (try Decided(runs[1].ledger), try Decided(runs[0].ledger))
      #expect(loud.firstDifference(from: quiet) == nil, "seed \(seed)")
      held += try runs[0].ledger.read { try $0.deliveries(state: .silenced, limit: .max) }.count
    }
    #expect(held > 0 || Self.seeds.count < 50, "no message was silenced in \(Self.seeds)")
  }

  /// All of a ledger that silences must not touch.
  private struct Decided {
    let lines: [String]

    init(_ ledger: InMemoryLedger) throws {
      lines = try ledger.read { reader in
        let incidents = try reader.incidents(IncidentQuery(limit: .max))
        let name = incidents.first?.monitor ?? ""
        var lines = try reader.results(ResultQuery(limit: .max)).map(\.line)
        lines += try reader.decisions(monitor: name, group: nil, outside: false, after: nil, limit: .max)
          .map { "\($0.group) \($0.number) \($0.kind) \($0.at) \($0.body)" }
        lines += incidents.map { "\($0)" }
        lines += try reader.retrains(monitor: nil, limit: .max).map { "\($0)" }
        lines += try reader.deliveries(incident: nil, limit: .max).map(\.key)
          // How many messages a spread is depends on when the one before was sent.
          .filter { !$0.contains("-spread/") }.sorted()
        return lines
      }
    }

    func firstDifference(from other: Decided) -> String? {
      guard lines != other.lines else { return nil }
      return zip(lines, other.lines).first { $0 != $1 }.map { "\($0) and \($1)" }
        ?? "\(lines.count) and \(other.lines.count)"
    }
  }

  @Test func aSeedReplaysExactly() {
    for seed in UInt64(1)...5 {
      let world = SimulatedWorld(seed: seed)
      let runs = (0..<2).map { _ in Comparison.differences(world, SimulatedAction.plan(for: world)).history }
      #expect(runs[0] == runs[1] && runs[0].count > 30, "seed \(seed)")
    }
  }
}
