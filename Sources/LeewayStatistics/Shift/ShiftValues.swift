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

  /// Only the hours `rows`, counted from the first.
  package func part(_ rows: Range<Int>) -> ShiftValues {
    let cells = rows.lowerBound * streams..<rows.upperBound * streams
    return ShiftValues(
      first: first + rows.lowerBound, streams: streams, y: Array(y[cells]), n: Array(n[cells]), w: Array(w[cells]))
  }

  /// The same without any value in some hours: days left out, hours that alarmed.
  package func without(_ isLeftOut: (Int) -> Bool) -> ShiftValues {
    var rest = self
    for row in 0..<hours where isLeftOut(first + row) {
      for cell in row * streams..<(row + 1) * streams { rest.n[cell] = 0 }
    }
    return rest
  }

  /// Takes in the next hour's counts, one for each subject; none may be a level.
  package mutating func append(_ counts: [ShiftCounts], _ layout: ShiftStreams) {
    precondition(counts.count == layout.subjects.count, "one count for each subject")
    append(
      zip(counts, layout.subjects.indices).map { ShiftSums($0, layout.subjects[$1], layout.tables[$1]) }, layout)
  }

  /// Takes in the next hour, one sum for each subject.
  ///
  /// With N valid rows of the subject and m₂, m₄ the central moments of its scores:
  ///
  /// - location: y = the mean score, w = m₂;
  /// - spread: y = ln(m₂ N / (N − 1)), the argument at least 10⁻³; w = m₄ / m₂² − 1; no value under `spreadRows` rows;
  /// - category: of N; missing: of valid + missing; invalid: of all rows; unseen, outside: of N; all `shareValue`, w = 1;
  /// - level: what it says.
  package mutating func append(_ sums: [ShiftSums], _ layout: ShiftStreams) {
    precondition(sums.count == layout.subjects.count && layout.count == streams, "one sum for each subject")
    var index = 0
    for (subject, rows) in sums.enumerated() {
      let valid = Double(rows.valid)
      let present = max(valid, 1)
      while index < streams, layout.all[index].subject == subject {
        let kind = layout.all[index].kind
        switch (kind, rows.body) {
        case (.location, .numeric(let mean, let variance, _)): append(mean, valid, variance)
        case (.spread, .numeric(_, let variance, let tail)):
          let spread = RepeatableMath.log(max(variance * present / max(present - 1, 1), 1e-3))
          append(spread, rows.valid >= layout.spreadRows ? valid : 0, tail)
        case (.category, .category(let counts)):
          // The subject's categories are its first streams.
          for count in counts { append(share: Double(count), of: valid) }
          index += counts.count - 1
        case (.missing, _): append(share: Double(rows.missing), of: valid + Double(rows.missing))
        case (.invalid, _):
          append(share: Double(rows.invalid), of: valid + Double(rows.missing) + Double(rows.invalid))
        case (.unseen, _): append(share: Double(rows.unseen), of: valid)
        case (.outside, _): append(share: Double(rows.outside), of: valid)
        case (.level, .level(let value, let variance)): append(value, valid, variance)
        default: preconditionFailure("sums of another subject")
        }
        index += 1
      }
    }
    hours += 1
  }

  private mutating func append(_ y: Double, _ n: Double, _ w: Double) {
    self.y.append(y)
    self.n.append(n)
    self.w.append(w)
  }

  private mutating func append(share k: Double, of n: Double) {
    append(Self.shareValue(k, of: n), n, 1)
  }

  /// 2 arcsin √((k + ⅜) / (n + ¾)) for 0 ≤ k ≤ n: a share with sampling variance 1/n whatever its size. In (0, π).
  ///
  /// Source: Anscombe, "The transformation of Poisson, binomial and negative-binomial data" (Biometrika 35, 1948).
  package static func shareValue(_ k: Double, of n: Double) -> Double {
    2 * RepeatableMath.arcsine(((k + 0.375) / (n + 0.75)).squareRoot())
  }

  /// The share that such a value stands for: sin²(y / 2), y cut to [0, π].
  package static func share(of y: Double) -> Double {
    let sine = RepeatableMath.sine(min(max(y, 0), Double.pi) / 2)
    return min(sine * sine, 1)
  }

  /// By what a standard deviation is multiplied where the log of the variance moves by `size`: √eˢⁱᶻᵉ.
  package static func deviationRatio(_ size: Double) -> Double { RepeatableMath.exp(size / 2) }
}
