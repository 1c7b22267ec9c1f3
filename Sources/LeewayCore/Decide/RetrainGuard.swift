/// Whether a retrain may be asked for at an end. It looks at what other machines were after that same end, and counts in event
/// time, so that a backlog decides as the service would have decided day by day.
struct RetrainGuard {
  let policy: RetrainPolicy
  let machines: [CauseGroup: IncidentMachine]

  struct Hold: Equatable {
    /// The same as long as the same thing holds it.
    var cause: String
    var reason: String
  }

  /// - Parameters:
  ///   - start: where the windows that ask begin.
  ///   - end: where they end.
  ///   - twin: of a final incident, the early one that was open at this end. What it has asked for is the answer to what
  ///     the final verdicts say later of the same windows.
  /// - Returns: what holds the retrain back; nil if nothing does.
  func hold(askingSince start: EventTime, _ end: EventTime, twin: IncidentMachine.Span? = nil) -> Hold? {
    let data = machines[.dataQuality]
    if let open = data?.span(openAt: end) { return Hold(cause: open.id, reason: "data incident \(open.id) is open") }
    if let over = data?.span(after: start, through: end) {
      return Hold(cause: over.id, reason: "data incident \(over.id) overlapped the window that asks")
    }
    if let twin, let asked = twin.retrain, asked.at <= end {
      return Hold(cause: twin.id, reason: "early incident \(twin.id) has asked for \(asked.id)")
    }
    let earlier = machines.filter(\.key.retrains).values.flatMap(\.requests).filter { $0.at <= end }
    let last = earlier.max { $0.at != $1.at ? $0.at < $1.at : utf8Order($0.id, $1.id) }
    if let last, end < last.at + policy.cooldown {
      return Hold(
        cause: "cooldown", reason: "\(last.id) was requested less than the cooldown of \(policy.cooldown) ago")
    }
    if earlier.filter({ end < $0.at + .days(7) }).count >= policy.maximumPerWeek {
      return Hold(
        cause: "max_per_week",
        reason: policy.maximumPerWeek == 1
          ? "a retrain was requested within 7d, and max_per_week allows one"
          : "\(policy.maximumPerWeek) retrains were requested within 7d, the most that max_per_week allows")
    }
    return nil
  }
}
