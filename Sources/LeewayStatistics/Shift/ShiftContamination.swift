/// What a baseline holds that is no normal traffic: each half judged by a null of the other half.
///
/// Five days of a shift by one standard deviation in eight weeks widen a feature's null so far that it finds nothing any more. They stand
/// out against the other half, and can be left out (`ShiftValues.without`).
package enum ShiftContamination {
  /// Incidents of the first tier, in order of their opening; those of a clean baseline are as rare as its budget. `last` is about the
  /// hour in which it ended.
  ///
  /// Halves are whole weeks from 336 hours on, as in the calibration. A shorter baseline has no halves that could be judged: nothing is
  /// found in it.
  package static func find(
    _ values: ShiftValues, _ streams: ShiftStreams, _ configuration: ShiftConfiguration
  ) -> [ShiftIncident] {
    guard values.hours >= 336 else { return [] }
    let middle = values.hours / 2 / 168 * 168
    let halves = [0..<middle, middle..<values.hours]
    var found: [ShiftIncident] = []
    for (judge, judged) in [(halves[1], halves[0]), (halves[0], halves[1])] {
      guard let null = ShiftNull(values.part(judge), streams, configuration) else { continue }
      let rows = values.part(judged)
      var fold = ShiftFold(null, next: rows.first)
      var mine: [ShiftIncident] = []
      func end(_ incident: ShiftIncident, at hour: Int) {
        guard let index = mine.lastIndex(where: { $0.stream == incident.stream && $0.opened == incident.opened }) else {
          return
        }
        mine[index].last = max(incident.last, hour)
      }
      for row in 0..<rows.hours {
        let outcome = fold.take(rows, row: row, null)
        mine += outcome.opened.filter { $0.tier == 0 }
        // It closes when the last day is back by half, so about half a day after the end.
        for closed in outcome.closed where closed.tier == 0 { end(closed, at: outcome.evidence.hour - 12) }
      }
      for open in fold.incidents where open.tier == 0 { end(open, at: fold.next - 1) }
      found += mine
    }
    return found
  }
}
