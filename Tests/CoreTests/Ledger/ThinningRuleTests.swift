import LeewayTestSupport
import Testing

@testable import LeewayCore

struct ThinningRuleTests {
  private func key(
    _ minutes: Int64, _ type: ResultType = .drift, subject: String = "x", slice: String = "all", window: String = "1h",
    metric: Metric? = nil, tier: Tier? = nil, stage: Stage = .final
  ) -> ResultKey {
    ResultKey(
      position: ResultPosition(
        end: World.start + .minutes(minutes), size: 3600, slice: slice, type: type.rawValue, subject: subject,
        check: metric == nil ? "" : "c", metric: metric?.name ?? "", stage: stage, sequence: 0, monitor: "m",
        window: window, generation: "g"),
      rawTier: tier)
  }

  /// By bytes: to Swift, two ways to write an accent are equal.
  private func isSame(_ a: ResultPosition, _ b: ResultPosition) -> Bool { !(a < b) && !(b < a) }

  private func kept(_ keys: [ResultKey]) -> [ResultKey] {
    let gone = ThinningRule.superfluous(keys)
    return keys.filter { key in !gone.contains { isSame($0, key.position) } }
  }

  @Test func anHourEndsWithItsLastMoment() {
    let hour = World.start.floor(to: .hours(1))
    #expect(ThinningRule.hour(of: hour) == hour)
    #expect(ThinningRule.hour(of: hour + .minutes(5)) == hour + .hours(1))
    #expect(ThinningRule.hour(of: hour + .minutes(60)) == hour + .hours(1))
  }

  @Test func theLastOfEachSeriesStays() {
    let keys = [key(5), key(10), key(60), key(5, subject: "y"), key(10, subject: "y"), key(20, .incident)]
    #expect(kept(keys) == [key(60), key(10, subject: "y"), key(20, .incident)])
  }

  @Test func whatAFailedVerdictWasFoundInStays() {
    let failed = key(5, .verdict, metric: .psi, tier: .warning)
    let ends = [5, 60] as [Int64]
    func lines(_ type: ResultType, _ subject: String, _ slice: String) -> [ResultKey] {
      ends.map { key($0, type, subject: subject, slice: slice) }
    }
    let mine = lines(.drift, "x", "all") + lines(.drift, "x", "country=DE")
    let other = lines(.drift, "y", "all") + lines(.performance, "", "all")
    let fine = key(5, .verdict, subject: "y", metric: .psi, tier: .ok)
    let last = key(60, .verdict, subject: "y", metric: .psi, tier: .ok)
    let end = last.position.end
    let wanted: [ResultKey] = [failed, last] + mine + other.filter { $0.position.end == end }
    #expect(kept([failed, fine, last] + mine + other) == wanted)
    // Of labels: performance of every slice.
    let labels = key(5, .verdict, subject: "performance", metric: .auc, tier: .critical)
    #expect(kept([labels] + lines(.performance, "", "all") + lines(.performance, "", "b")).count == 5)
    #expect(kept([labels] + lines(.drift, "x", "all")).count == 2)
    // Of rows: every subject of its slice.
    let rows = key(5, .verdict, subject: "traffic", metric: .rows, tier: .info)
    #expect(kept([rows] + lines(.drift, "x", "all") + lines(.drift, "y", "all") + lines(.drift, "y", "b")).count == 6)
    // Another window's is none of it.
    #expect(kept([failed] + ends.map { key($0, window: "2h") }).count == 2)
  }

  /// Removing part of what goes, in any order, leads to what removing all of it does.
  @Test func stepsOfAnySizeEndWithTheSameLines() {
    for seed in UInt64(1)...200 {
      var numbers = SeededGenerator(seed: seed)
      func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &numbers)] }
      var keys: [ResultKey] = []
      for _ in 0..<60 {
        let type = pick(ResultType.allCases)
        let made = key(
          5 * Int64.random(in: 1...12, using: &numbers), type, subject: pick(["x", "y", "performance"]),
          slice: pick(["all", "e\u{301}", "\u{e9}"]), window: pick(["1h", "2h"]),
          metric: type == .verdict ? pick([.psi, .auc, .rows]) : nil,
          tier: type == .verdict ? pick([.ok, .ok, .ok, .info, .insufficientData]) : nil,
          stage: pick(Stage.allCases))
        if !keys.contains(where: { isSame($0.position, made.position) }) {
          keys.append(made)
        }
      }
      // Naively: line by line, by the words of the rule.
      func bytes(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }
      let naive = keys.filter { key in
        let p = key.position
        func isSeries(_ q: ResultPosition) -> Bool {
          bytes(p.type, q.type) && bytes(p.window, q.window) && bytes(p.slice, q.slice) && bytes(p.subject, q.subject)
            && bytes(p.metric, q.metric) && p.stage == q.stage
        }
        let failed = keys.filter { $0.position.type == "verdict" && ($0.rawTier ?? .ok) >= .info }
        if p.type == "incident" || failed.contains(where: { isSame($0.position, p) }) { return true }
        if !keys.contains(where: { isSeries($0.position) && $0.position.end > p.end }) { return true }
        return failed.contains { verdict in
          let v = verdict.position
          guard v.end == p.end, v.window == p.window else { return false }
          switch p.type {
          case "comparison": return true
          case "performance": return v.metric == "auc"
          case "drift":
            return v.metric == "psi" && bytes(v.subject, p.subject) || v.metric == "rows" && bytes(v.slice, p.slice)
          default: return false
          }
        }
      }
      #expect(kept(keys) == naive, "seed \(seed)")
      var left = keys.shuffled(using: &numbers)
      while case let gone = ThinningRule.superfluous(left), let first = gone.randomElement(using: &numbers) {
        left.removeAll { isSame($0.position, first) }
      }
      #expect(left.map(\.position).sorted() == naive.map(\.position).sorted(), "seed \(seed)")
    }
  }
}
