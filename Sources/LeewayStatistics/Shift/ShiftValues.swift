/// What the streams say in T hours in a row: T × K numbers each, row by row.
package struct ShiftValues: Sendable, Equatable {
  /// The hour of the first row.
  package private(set) var first: Int
  /// K.
  package let streams: Int
  /// T.
  package private(set) var hours = 0
  /// The value, in units of the stream.
  package private(set) var y: [Double] = []
  /// Rows behind it; 0: no value in this hour.
  package private(set) var n: [Double] = []
  /// Its variance per row, so that its sampling variance is about w / n.
  package private(set) var w: [Double] = []

  package init(first: Int, streams: Int) {
    self.first = first
    self.streams = streams
  }

  package init(_ history: ShiftHistory, _ streams: ShiftStreams) {
    self.init(first: history.first, streams: streams.count)
    y.reserveCapacity(history.hours.count * self.streams)
    n.reserveCapacity(history.hours.count * self.streams)
    w.reserveCapacity(history.hours.count * self.streams)
    for counts in history.hours { append(counts, streams) }
  }

  /// Numbers that were kept (rule H4): K each for every hour.
  package init(first: Int, streams: Int, y: [Double], n: [Double], w: [Double]) {
    precondition(streams > 0 && y.count % streams == 0 && n.count == y.count && w.count == y.count, "whole hours")
    self.init(first: first, streams: streams)
    hours = y.count / streams
    (self.y, self.n, self.w) = (y, n, w)
  }

  /// Row of the hour, or nil.
  package func row(of hour: Int) -> Int? { hour >= first && hour - first < hours ? hour - first : nil }

  /// Hours `rows` alone, counted from the first.
  package func part(_ rows: Range<Int>) -> ShiftValues {
    let cells = rows.lowerBound * streams..<rows.upperBound * streams
    return ShiftValues(
      first: first + rows.lowerBound, streams: streams, y: Array(y[cells]), n: Array(n[cells]), w: Array(w[cells]))
  }

  /// Takes in the next hour's counts, one for each subject.
  ///
  /// N = valid rows of the subject, m₂, m₄ = central moments of its scores:
  ///
  /// - location: y = Σ c s / N, w = m₂, at least 10⁻⁴;
  /// - spread: y = ln(m₂ N / (N − 1)), the argument at least 10⁻³; w = m₄ / m₂² − 1 in [0.2, 20]; no value under `spreadRows` rows;
  /// - category: of N; missing: of valid + missing; invalid: of all rows; unseen, outside: of N; all `shareValue`, w = 1.
  ///
  /// Sums run in cell order.
  package mutating func append(_ counts: [ShiftCounts], _ layout: ShiftStreams) {
    precondition(counts.count == layout.subjects.count && layout.count == streams, "one count for each subject")
    var index = 0
    for (subject, table) in layout.tables.enumerated() {
      let rows = counts[subject]
      precondition(rows.cells.count == table.scores.count, "counts of other cells")
      let valid = Double(rows.valid)
      if table.isNumeric { append(rows.cells, valid, table.scores, layout.spreadRows) }
      while index < streams, layout.all[index].subject == subject {
        let stream = layout.all[index]
        index += 1
        switch stream.kind {
        case .location, .spread: break
        case .category: append(share: Double(rows.cells[stream.cell]), of: valid)
        case .missing: append(share: Double(rows.missing), of: valid + Double(rows.missing))
        case .invalid: append(share: Double(rows.invalid), of: valid + Double(rows.missing) + Double(rows.invalid))
        case .unseen: append(share: Double(rows.unseen), of: valid)
        case .outside: append(share: Double(rows.outside), of: valid)
        }
      }
    }
    hours += 1
  }

  private mutating func append(_ cells: [Int64], _ valid: Double, _ scores: [Double], _ spreadRows: Double) {
    var (q1, q2, q3, q4) = (0.0, 0.0, 0.0, 0.0)
    for (count, s) in zip(cells, scores) where count != 0 {
      let c = Double(count)
      let square = s * s
      q1 += c * s
      q2 += c * square
      q3 += c * (square * s)
      q4 += c * (square * square)
    }
    let rows = max(valid, 1)
    q1 /= rows
    q2 /= rows
    q3 /= rows
    q4 /= rows
    let square = q1 * q1
    let m2 = max(q2 - square, 1e-4)
    let m4 = q4 - 4 * q1 * q3 + 6 * square * q2 - 3 * (square * square)
    y.append(q1)
    n.append(valid)
    w.append(m2)
    y.append(RepeatableMath.log(max(m2 * rows / max(rows - 1, 1), 1e-3)))
    n.append(valid >= spreadRows ? valid : 0)
    w.append(min(max(m4 / (m2 * m2) - 1, 0.2), 20))
  }

  private mutating func append(share k: Double, of n: Double) {
    y.append(Self.shareValue(k, of: n))
    self.n.append(n)
    w.append(1)
  }

  /// 2 arcsin √((k + ⅜) / (n + ¾)) for 0 ≤ k ≤ n: a share with sampling variance 1/n whatever its size. In (0, π).
  ///
  /// Source: Anscombe, "The transformation of Poisson, binomial and negative-binomial data" (Biometrika 35, 1948).
  package static func shareValue(_ k: Double, of n: Double) -> Double {
    2 * RepeatableMath.arcsine(((k + 0.375) / (n + 0.75)).squareRoot())
  }
}
