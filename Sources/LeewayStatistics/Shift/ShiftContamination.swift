/// What a baseline holds that is no normal traffic: each half judged by a null of the other half.
///
/// Five days of a shift by one standard deviation in eight weeks widen a feature's null so far that it finds nothing any more. They stand
/// out against the other half, and can be left out (`ShiftValues.without`).
package enum ShiftContamination {
  /// Incidents of the first tier, in order of their opening; those of a clean baseline are as rare as its budget.
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
      for row in 0..<rows.hours {
        found += fold.take(rows, row: row, null).opened.filter { $0.tier == 0 }
      }
    }
    return found
  }
}
