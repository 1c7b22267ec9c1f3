import LeewayStatistics

/// Whether a metric is worse in one slice than in the others.
package enum SliceContrast: Sendable, Equatable {
  /// No slice is significantly worse than the rest of the rows.
  ///
  /// - Parameter leftOut: slices of which that is not known: those with too few rows, or without a baseline.
  case alike(leftOut: Int)
  /// The worst of those that are.
  case worst(WorstSlice)

  package var worst: WorstSlice? { if case .worst(let slice) = self { slice } else { nil } }
}

/// A slice of which a metric is significantly worse than of all other rows.
package struct WorstSlice: Sendable, Equatable {
  package var slice: String
  package var value: Double
  package var rows: Int64
  /// That the slice is no worse than the rest, adjusted over the slices.
  package var qValue: Double

  package init(slice: String, value: Double, rows: Int64, qValue: Double) {
    self.slice = slice
    self.value = value
    self.rows = rows
    self.qValue = qValue
  }
}

extension WorstSlice {
  func write(to w: inout JSONWriter) {
    w.beginObject()
    w.key("slice")
    w.string(slice)
    w.key("value")
    w.number(value)
    w.key("rows")
    w.number(rows)
    w.key("q_value")
    w.number(qValue)
    w.endObject()
  }
}

/// A slice beside the rest of the rows.
struct SliceCandidate {
  var slice: String
  var value: Double
  /// What the slice is worse by: the value, or where the limit is a change, how far it is from the slice's own reference.
  var change: Double
  var rows: Int64
  /// One-sided: of the slice being worse than the rest by chance.
  var pValue: Double
}

extension SliceContrast {
  /// The worst of the slices that are worse than the whole and whose adjusted p-value is small; the first by name of equals.
  ///
  /// Where a distance has reached its end, as of a feature that is missing everywhere, slices differ in the sixth digit and chance
  /// has next to no room: what is worse by less than a thousandth is not.
  ///
  /// - Parameters:
  ///   - leftOut: slices that are no candidates, since they have too few rows or no baseline.
  ///   - whole: the same of all rows: the metric's value, or how far it is from their reference.
  ///   - size: of the metric over all rows.
  ///   - fires: the side on which it is worse.
  /// - Returns: nil without candidates.
  init?(
    _ candidates: [SliceCandidate], leftOut: Int, whole: Double, size: Double, fires: Metric.Direction,
    significance: Double
  ) {
    guard !candidates.isEmpty else { return nil }
    func isWorse(_ a: Double, than b: Double) -> Bool {
      switch fires {
      case .above: a > b
      case .below: a < b
      case .eitherSide: abs(a) > abs(b)
      }
    }
    let q = benjaminiHochberg(candidates.map(\.pValue))
    let found = zip(candidates, q).filter {
      $1 <= significance && isWorse($0.change, than: whole) && abs($0.change - whole) > abs(size) / 1000
    }
    let first = found.min { a, b in
      a.0.change == b.0.change ? utf8Order(a.0.slice, b.0.slice) : isWorse(a.0.change, than: b.0.change)
    }
    self =
      first.map { candidate, q in
        .worst(WorstSlice(slice: candidate.slice, value: candidate.value, rows: candidate.rows, qValue: q))
      } ?? .alike(leftOut: leftOut)
  }
}
