/// What holds messages back: by its name, as `silence 7 of alice` or `maintenance nightly`, and until when at least.
/// Maintenance goes by the time of events, so that the clock does not say until when.
struct SilenceHold: Equatable {
  var name: String
  var until: EventTime

  /// All that fires must be matched, each key by one of them: a message that is told in part tells the rest, too.
  ///
  /// - Parameters:
  ///   - silences: that are active.
  ///   - maintenance: its name where a window of maintenance is about the key and holds the end.
  /// - Returns: of those that hold, the one that ends first; nil if something is not matched.
  static func of(
    _ firing: FiringKeys, monitor: String, _ silences: [SilenceRecord], _ maintenance: DeliveryGate.Maintenance?
  ) -> SilenceHold? {
    func last(_ key: IncidentMachine.Key?, _ end: EventTime?) -> SilenceHold? {
      if let name = key.flatMap({ key in end.flatMap { maintenance?(monitor, key, $0) } }) {
        return SilenceHold(name: name, until: .distantFuture)
      }
      return silences.filter { $0.matchers.matches(monitor: monitor, key) }.max { $0.ends < $1.ends }
        .map { SilenceHold(name: $0.name, until: $0.ends) }
    }
    guard !firing.ends.isEmpty else { return last(nil, nil) }
    var first: SilenceHold?
    for (key, end) in firing.ends.sorted(by: { $0.key < $1.key }) {
      guard let hold = last(key, end) else { return nil }
      if hold.until < first?.until ?? .distantFuture || first == nil { first = hold }
    }
    return first
  }
}
