/// How far event time has come, over all partitions.
///
/// Example: partitions that have come to 10:07 and to 10:03 make 10:03; while the second is idle, 10:07.
package struct Watermarks: Sendable, Equatable {
  /// Idle partitions aside.
  package var predictions: EventTime
  package var labels: EventTime
  /// For the predictions, with the partitions that are idle: nothing that comes can be behind it by more than the lateness.
  package var settled: EventTime
  /// Every prediction partition is idle: no data come, and the watermark holds.
  package var noData: Bool

  /// Watermarks that do not rest on idleness.
  package init(predictions: EventTime, labels: EventTime) {
    self.predictions = predictions
    self.labels = labels
    settled = predictions
    noData = false
  }

  /// The minimum over the partitions of each role that are not idle at `now` (the ledger's clock). Where all are idle it holds what
  /// it was: that is at least the minimum over those that have had events, and more where `reached` knows it. −∞ where none is
  /// known.
  ///
  /// - Parameter reached: as it was found before.
  package init(partitions: [PartitionRecord], now: EventTime, reached: Watermarks? = nil) {
    func isIdle(_ partition: PartitionRecord) -> Bool { partition.isIdle(at: now) }
    func minimum(_ role: StreamRole, reached: EventTime?) -> EventTime {
      let mine = partitions.filter { $0.role == role }
      if let least = mine.filter({ !isIdle($0) }).map(\.watermark).min() { return least }
      let least = mine.map(\.watermark).filter { $0 > .distantPast }.min() ?? .distantPast
      return max(least, reached ?? .distantPast)
    }
    predictions = minimum(.predictions, reached: reached?.predictions)
    labels = minimum(.labels, reached: reached?.labels)
    let all = partitions.filter { $0.role == .predictions }
    settled = all.map(\.watermark).min() ?? .distantPast
    noData = !all.isEmpty && all.allSatisfy(isIdle)
  }

  /// Windows with end at or below it are closed.
  func closedThrough(_ monitor: Monitor) -> EventTime { Self.back(predictions, monitor.lateness) }

  /// Windows with end at or below it are closed and stay as they are.
  func finalThrough(_ monitor: Monitor) -> EventTime { Self.back(settled, monitor.lateness) }

  /// Closed windows with end at or below it are mature: the labels are past their horizon.
  func maturedThrough(_ monitor: Monitor) -> EventTime {
    guard let labels = monitor.labels else { return .distantPast }
    return Self.back(Self.back(self.labels, labels.horizon), monitor.lateness)
  }

  /// The same of stage early: labels are past the age at which they count for it. −∞ without that stage.
  func earlyMaturedThrough(_ monitor: Monitor) -> EventTime {
    guard let early = monitor.labels?.early else { return .distantPast }
    return Self.back(Self.back(labels, early), monitor.lateness)
  }

  private static func back(_ time: EventTime, _ span: TimeSpan) -> EventTime {
    time == .distantPast ? time : time - span
  }
}
