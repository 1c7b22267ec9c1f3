/// All that the streams of one subject need of one hour: a few numbers, whatever its rows and cells.
///
/// They are kept for 70 days, and a fit in production reads nothing else (rule H4).
package struct ShiftSums: Sendable, Equatable {
  enum Body: Sendable, Equatable {
    /// Mean of the scores; their variance m₂, at least 10⁻⁴; m₄ / m₂² − 1 in [0.2, 20], the variance of the log variance per row.
    case numeric(mean: Double, variance: Double, tail: Double)
    /// Rows of the largest categories.
    case category([Int64])
    /// The number and its variance per row, 0 or more.
    case level(Double, variance: Double)
  }

  /// Rows with a value.
  package let valid: Int64
  package let missing, invalid: Int64
  /// For a category subject, part of `valid`; and of a numeric one, likewise.
  package let unseen, outside: Int64
  let body: Body

  /// Those that have a value, and those that have none.
  package var rows: Int64 { valid &+ missing &+ invalid }

  init(valid: Int64, missing: Int64, invalid: Int64, unseen: Int64, outside: Int64, _ body: Body) {
    (self.valid, self.missing, self.invalid) = (valid, missing, invalid)
    (self.unseen, self.outside, self.body) = (unseen, outside, body)
  }

  /// A number that was made elsewhere.
  ///
  /// - Parameters:
  ///   - value: say ln of the rows of all features; finite where there are rows.
  ///   - rows: behind it; 0: no value in this hour.
  ///   - variance: per row, so that its sampling variance is this over the rows; 1 for ln of a count and for `shareValue`.
  package static func level(_ value: Double, rows: Int64, variance: Double) -> ShiftSums {
    precondition(rows >= 0 && (rows == 0 || value.isFinite) && variance >= 0 && variance.isFinite, "no such number")
    return ShiftSums(
      valid: rows, missing: 0, invalid: 0, unseen: 0, outside: 0,
      .level(rows > 0 ? value : 0, variance: rows > 0 ? variance : 0))
  }

  /// The sums of an hour's counts; sums run in cell order.
  ///
  /// For a numeric subject, by power sums of the scores: q_i = Σ c sⁱ / N, m₂ = q₂ − q₁², m₄ = q₄ − 4 q₁q₃ + 6 q₁²q₂ − 3 q₁⁴.
  package init(_ counts: ShiftCounts, _ subject: ShiftSubject, _ table: ShiftTable) {
    precondition(counts.cells.count == table.scores.count, "counts of other cells")
    valid = counts.cells.reduce(counts.unseen, &+)
    missing = counts.missing
    invalid = counts.invalid
    unseen = counts.unseen
    outside = counts.outside
    switch subject.form {
    case .numeric: body = Self.moments(counts.cells, table.scores, rows: max(Double(valid), 1))
    case .category: body = .category(table.largest.map { counts.cells[$0] })
    case .level: preconditionFailure("a level has no counts")
    }
  }

  private static func moments(_ cells: [Int64], _ scores: [Double], rows: Double) -> Body {
    var (q1, q2, q3, q4) = (0.0, 0.0, 0.0, 0.0)
    for (count, s) in zip(cells, scores) where count != 0 {
      let c = Double(count)
      let square = s * s
      q1 += c * s
      q2 += c * square
      q3 += c * (square * s)
      q4 += c * (square * square)
    }
    q1 /= rows
    q2 /= rows
    q3 /= rows
    q4 /= rows
    return moments(q1, q2, q3, q4)
  }

  /// From the means of the scores' first four powers.
  static func moments(_ q1: Double, _ q2: Double, _ q3: Double, _ q4: Double) -> Body {
    let square = q1 * q1
    let m2 = max(q2 - square, 1e-4)
    let m4 = q4 - 4 * q1 * q3 + 6 * square * q2 - 3 * (square * square)
    return .numeric(mean: q1, variance: m2, tail: min(max(m4 / (m2 * m2) - 1, 0.2), 20))
  }

  /// For an hour without rows.
  package static func none(_ subject: ShiftSubject, _ table: ShiftTable) -> ShiftSums {
    switch subject.form {
    case .level: level(0, rows: 0, variance: 0)
    case .numeric, .category:
      ShiftSums(ShiftCounts(cells: [Int64](repeating: 0, count: table.scores.count)), subject, table)
    }
  }
}

// MARK: - Stored form

extension ShiftSums {
  static let formatVersion: UInt8 = 1

  /// One hour of all subjects: a version byte, then by subject its rows as whole numbers and three doubles (numeric), whole numbers by
  /// category, or two doubles (level); nothing more where it has no rows. About 30 bytes a subject.
  package static func encoded(_ hour: [ShiftSums], _ streams: ShiftStreams) -> [UInt8] {
    precondition(hour.count == streams.subjects.count, "one sum for each subject")
    var out = ShiftWriter(version: formatVersion, capacity: 32 * hour.count)
    for (sums, subject) in zip(hour, streams.subjects) {
      out.whole(Int(sums.valid))
      if subject.form != .level {
        for rows in [sums.missing, sums.invalid, subject.isNumeric ? sums.outside : sums.unseen] {
          out.whole(Int(rows))
        }
      }
      guard sums.valid > 0 else { continue }
      switch sums.body {
      case .numeric(let mean, let variance, let tail): out.numbers([mean, variance, tail])
      case .category(let counts): for count in counts { out.whole(Int(count)) }
      case .level(let value, let variance): out.numbers([value, variance])
      }
    }
    return out.bytes
  }

  /// Reads what `encoded` wrote for the same streams.
  package static func decoded(_ bytes: [UInt8], _ streams: ShiftStreams) throws(ShiftDamaged) -> [ShiftSums] {
    var reader = try ShiftReader(bytes, version: formatVersion)
    var out: [ShiftSums] = []
    for (subject, table) in zip(streams.subjects, streams.tables) {
      let valid = try reader.rows()
      let isLevel = subject.form == .level
      let missing = isLevel ? 0 : try reader.rows()
      let invalid = isLevel ? 0 : try reader.rows()
      let odd = isLevel ? 0 : try reader.rows()
      guard odd <= valid else { throw ShiftDamaged(reason: "more rows than there are") }
      var body = none(subject, table).body
      if valid > 0 {
        switch subject.form {
        case .numeric:
          body = .numeric(
            mean: try reader.number(), variance: try reader.number(in: .positive),
            tail: try reader.number(in: .positive))
        case .category:
          var counts: [Int64] = []
          for _ in table.largest { counts.append(try reader.rows()) }
          // No sum: a damaged one could overflow.
          guard counts.allSatisfy({ $0 <= valid }) else { throw ShiftDamaged(reason: "more rows than there are") }
          body = .category(counts)
        case .level:
          body = .level(try reader.number(), variance: try reader.number(in: 0...Double.greatestFiniteMagnitude))
        }
      }
      out.append(
        ShiftSums(
          valid: valid, missing: missing, invalid: invalid, unseen: subject.isNumeric ? 0 : odd,
          outside: subject.isNumeric ? odd : 0, body))
    }
    try reader.end()
    return out
  }
}

extension ShiftReader {
  fileprivate mutating func rows() throws(ShiftDamaged) -> Int64 { Int64(try whole(in: 0...Int.max)) }
}
