/// How far event time has come, over all partitions.
package struct Watermarks: Sendable, Equatable {
  package var predictions: EventTime
  package var labels: EventTime

  package init(predictions: EventTime, labels: EventTime) {
    self.predictions = predictions
    self.labels = labels
  }

  /// The minimum over the partitions of each role that are not idle at `now` (the ledger's clock). Where all are idle, or none
  /// is known, the watermark is −∞, which holds what was reached before.
  package init(partitions: [PartitionRecord], now: EventTime) {
    func minimum(_ role: StreamRole) -> EventTime {
      partitions.filter { $0.role == role && !($0.idleUntil.map { $0 > now } ?? false) }.map(\.watermark).min()
        ?? .distantPast
    }
    self.init(predictions: minimum(.predictions), labels: minimum(.labels))
  }

  /// Windows with end at or below it are closed.
  func closedThrough(_ monitor: Monitor) -> EventTime { Self.back(predictions, monitor.lateness) }

  /// Closed windows with end at or below it are mature: the labels are past their horizon.
  func maturedThrough(_ monitor: Monitor) -> EventTime {
    guard let labels = monitor.labels else { return .distantPast }
    return Self.back(Self.back(self.labels, labels.horizon), monitor.lateness)
  }

  private static func back(_ time: EventTime, _ span: TimeSpan) -> EventTime {
    time == .distantPast ? time : time - span
  }
}
