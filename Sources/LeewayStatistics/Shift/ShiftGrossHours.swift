/// Hours that no traffic explains, for where there is no null of hours yet (plan `iid`).
package struct ShiftGrossHours: Sendable, Equatable {
  /// A hit is this many such hours in a row.
  package static let hours = 3
  /// Fewer rows break the run.
  package static let rows = 10.0

  /// Such hours in a row, by stream.
  package internal(set) var runs: [Int]

  package init(streams: Int) { runs = [Int](repeating: 0, count: streams) }

  /// As it was stored.
  package init(runs: [Int]) { self.runs = runs }

  /// Takes in one hour. It counts with 10 rows or more and |location| ≥ 2, spread ≥ 1.5 (a new unit of a feature around 0 moves both
  /// tails and not the mean), or a share of half the rows or more; category shares and levels never.
  ///
  /// - Returns: the streams whose third such hour in a row it is.
  package mutating func take(_ values: ShiftValues, row: Int, _ streams: ShiftStreams) -> [Int] {
    precondition(values.streams == runs.count && streams.count == runs.count, "other streams")
    let half = ShiftValues.shareValue(1, of: 2)
    var hits: [Int] = []
    for (stream, what) in streams.all.enumerated() {
      let y = values.y[row * runs.count + stream]
      let isGross =
        switch what.kind {
        case .location: abs(y) >= 2
        case .spread: y >= 1.5
        case .category, .level: false
        case .missing, .invalid, .unseen, .outside: y >= half
        }
      guard isGross, values.n[row * runs.count + stream] >= Self.rows else {
        runs[stream] = 0
        continue
      }
      // Beyond the hit only that it is past counts.
      runs[stream] = min(runs[stream] + 1, Self.hours + 1)
      if runs[stream] == Self.hours { hits.append(stream) }
    }
    return hits
  }
}
