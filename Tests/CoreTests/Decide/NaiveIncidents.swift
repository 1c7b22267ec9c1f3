@testable import LeewayCore

/// What incidents must come of verdicts of one cause, worked out hour by hour from the whole history and the words of the
/// documents: no log, no stored state, no machine.
struct NaiveIncidents {
  /// What one window says of a key.
  enum Said: Int, CaseIterable {
    case nothing, tooFew
    /// Back beyond `clear`; within the limit; beyond the limit and not certain.
    case back, short, uncertain
    case info, warning, critical

    var tier: Tier? { Tier(rawValue: rawValue - Said.info.rawValue + 1).flatMap { $0 >= .info ? $0 : nil } }
  }

  struct Step: Equatable, CustomStringConvertible {
    var hour: Int
    var kind: String
    var tier: Tier
    /// Which incident, counted from 0.
    var incident: Int

    var description: String { "\(hour) \(kind) \(tier.name) #\(incident)" }
  }

  /// By hour, then by key.
  var said: [[Said]]
  var clearWindows: Int
  var reopen: Int
  var moreThan: Int?
  var within: Int

  /// The tier at which a key fires after an hour, for its incident; nil: it does not.
  private func firing(_ key: Int, _ hour: Int) -> Tier? {
    guard let last = (0...hour).last(where: { said[$0][key].tier != nil }) else { return nil }
    var run = 0
    for later in said[(last + 1)...].prefix(hour - last) {
      switch later[key] {
      case .back: run += 1
      case .short, .uncertain: run = 0
      default: break
      }
      if run == clearWindows { return nil }
    }
    return said[last][key].tier
  }

  func steps() -> [Step] {
    var steps: [Step] = []
    var count = -1
    var isOpen = false
    var isFlapping = false
    var quietSince: Int?
    var resolved: Int?
    var rests: [Int] = []
    var top = Tier.ok
    var best: [Int: Tier] = [:]
    // Left at info by an incident that has ended.
    var left: Set<Int> = []
    for hour in said.indices {
      let all = said[hour].indices.reduce(into: [Int: Tier]()) { $0[$1] = firing($1, hour) }
      left = left.filter { all[$0] == .info }
      let present = all.filter { !left.contains($0.key) }
      let highest = present.values.max()
      if !isOpen {
        guard let highest else { continue }
        let returns = resolved.map { hour < $0 + reopen } ?? false
        if !returns { count += 1 }
        (isOpen, isFlapping, quietSince, top, best) = (true, false, nil, highest, present)
        steps.append(Step(hour: hour, kind: returns ? "reopened" : "opened", tier: top, incident: count))
        continue
      }
      let news = present.filter { $0.value > best[$0.key] ?? .ok }.values.max() ?? .ok
      best.merge(present) { max($0, $1) }
      if let highest, highest > top {
        top = highest
        steps.append(Step(hour: hour, kind: "escalated", tier: top, incident: count))
      } else if news >= .warning {
        steps.append(Step(hour: hour, kind: "spread", tier: news, incident: count))
      }
      if present.keys.contains(where: { top < .warning || best[$0] ?? .ok >= .warning }) {
        quietSince = nil
        continue
      }
      let begins = quietSince == nil
      if begins {
        quietSince = hour
        rests.append(hour)
      }
      if let moreThan {
        if isFlapping, hour - (quietSince ?? hour) < within { continue }
        if !isFlapping, rests.count(where: { hour - $0 < within }) > moreThan {
          isFlapping = true
          steps.append(Step(hour: hour, kind: "flapping", tier: top, incident: count))
          continue
        }
      }
      steps.append(Step(hour: hour, kind: "resolved", tier: top, incident: count))
      (isOpen, resolved, left) = (false, hour, Set(all.filter { $0.value == .info }.keys))
    }
    return steps
  }
}
