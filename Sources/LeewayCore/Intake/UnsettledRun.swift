/// What is kept of a run of predictions until somebody knows the watermark before it; parallel to the rows in columns.
struct UnsettledRun {
  var times: [EventTime] = []
  var joins: [(row: Int, id: [UInt8], half: JoinedPrediction, offset: Int64)] = []
  /// Rows that have no usable id or output.
  var unjoinable: [Int] = []
  /// By row; empty where none is late.
  private(set) var isLate: [Bool] = []
  private(set) var lateRows = 0
  private(set) var reached = EventTime.distantPast

  /// The rule of `PartitionIntake.isLate`, for all rows in their order.
  mutating func settle(after watermark: EventTime, lateness: TimeSpan) -> EventTime {
    reached = watermark
    for (row, time) in times.enumerated() {
      if time < reached - lateness {
        if isLate.isEmpty { isLate = Array(repeating: false, count: times.count) }
        isLate[row] = true
        lateRows += 1
      }
      if time > reached { reached = time }
    }
    return reached
  }
}
