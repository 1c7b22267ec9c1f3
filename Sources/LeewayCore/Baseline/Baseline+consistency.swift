/// What belongs together in a baseline: a file that was edited by hand may have a right digest and be wrong all the same.
extension Baseline {
  /// - Parameter root: for the places in errors.
  /// - Throws: `JSONFailure` where counts of one row do not add up to the rows, a part is larger than the whole, a metric
  ///   has a value that it cannot have, or a name comes twice.
  func requireConsistency(_ root: JSONReader) throws(JSONFailure) {
    let readers = try root.member("subjects").elements()
    try Self.requireDifferent(subjects.map(\.name), readers)
    for (subject, reader) in zip(subjects, readers) {
      try Self.requireRows(subject.cells, rows, reader, of: "the baseline")
    }
    for (i, (subject, reader)) in zip(subjects, readers).enumerated() {
      guard case .numeric(let domain) = subject.domain else {
        try Self.requireTexts(of: subject, reader)
        continue
      }
      let isOutput = i == subjects.count - 1
      try requireMoments(of: subject, domain, isOutput: isOutput, isScore: task == .binary && isOutput, reader)
    }
    let slices = try root.member("slices").elements()
    try Self.requireDifferent(self.slices.map(\.slice), slices)
    for (slice, reader) in zip(self.slices, slices) {
      guard slice.rows <= rows else {
        throw try reader.member("rows").failure("is \(slice.rows), and the baseline has \(rows) rows; \(Self.fix)")
      }
      let parts = try reader.member("subjects").elements()
      for ((cells, whole), part) in zip(zip(slice.subjects, subjects), parts) {
        try Self.requireRows(cells, slice.rows, part, of: slice.slice)
        let isPart =
          zip(cells.counts, whole.cells.counts).allSatisfy { $0 <= $1 } && cells.missing <= whole.cells.missing
          && cells.invalid <= whole.cells.invalid && cells.outlying <= whole.cells.outlying
        guard isPart else {
          throw part.failure(
            "counts more of \(whole.name) in \(slice.slice) than there is in the baseline; \(Self.fix)")
        }
        if case .numeric(let domain) = whole.domain { try Self.requireSums(cells, domain, part) }
      }
      try Self.requirePart(slice.performance, of: slice.rows, reader)
    }
    try Self.requirePart(performance, of: rows, root)
    try requireEstimation(root)
    try Self.requireDifferent(segments.map(\.name), try root.member("segments").elements())
  }

  private static let fix = "fit it again with leeway baseline fit"
  private static let rounding = 1e-9

  /// Every row has one value of a subject, is missing one, or has an invalid one.
  private static func requireRows(
    _ cells: SubjectCells, _ rows: Int64, _ reader: JSONReader, of what: String
  ) throws(JSONFailure) {
    guard cells.rows == rows else {
      throw reader.failure(
        "has \(cells.present) values, \(cells.missing) missing and \(cells.invalid) invalid, together \(cells.rows), and "
          + "\(what) has \(rows) rows; \(fix)")
    }
    guard cells.outlying <= cells.present else {
      throw reader.failure("has \(cells.outlying) outlying of \(cells.present) values; \(fix)")
    }
  }

  /// Held-out rows are not in `rows` and may outnumber them. Relative limits are measured from these metrics, so a value that no
  /// model can have would make a check always fire, or never.
  private static func requirePart(
    _ performance: PerformanceBaseline?, of rows: Int64, _ reader: JSONReader
  ) throws(JSONFailure) {
    guard let performance else { return }
    let place = try reader.member("performance")
    guard !performance.inSample || performance.labelled <= rows else {
      throw place.failure("has \(performance.labelled) labelled of \(rows) rows; \(fix)")
    }
    guard performance.labelled > 0 || performance.metrics.isEmpty else {
      throw place.failure("has metrics and no labelled row; \(fix)")
    }
    // In the order of their names, so that a file has one message.
    for (name, value) in performance.metrics.sorted(by: { $0.key < $1.key }) {
      // A sum of many parts of 1 may be a little more than 1.
      guard let range = Metric.named(name)?.range,
        value < range.lowerBound - rounding || value > range.upperBound + rounding
      else { continue }
      throw try place.member("metrics").member(name).failure(
        "is \(value), and no model's \(name) is \(value < range.lowerBound ? "below \(range.lowerBound)" : "above \(range.upperBound)"); \(fix)"
      )
    }
    try requireF1(performance.metrics, place)
  }

  /// F1 is the harmonic mean of the other two, whatever the rows.
  private static func requireF1(_ metrics: [String: Double], _ place: JSONReader) throws(JSONFailure) {
    guard let f1 = metrics["f1"], let precision = metrics["precision"], let recall = metrics["recall"],
      precision + recall > 0
    else { return }
    let harmonic = 2 * precision * recall / (precision + recall)
    guard (f1 - harmonic).magnitude > rounding else { return }
    throw try place.member("metrics").member("f1").failure(
      "is \(f1), and precision \(precision) and recall \(recall) make it \(harmonic); \(fix)")
  }

  private func requireEstimation(_ root: JSONReader) throws(JSONFailure) {
    guard let estimation else { return }
    let place = try root.member("estimation")
    guard !estimation.inSample || estimation.rows <= rows else {
      throw try place.member("rows").failure(
        "is \(estimation.rows), in sample, and the baseline has \(rows) rows; \(Self.fix)")
    }
    let labelled = performance?.labelled ?? 0
    guard estimation.rows <= labelled else {
      throw try place.member("rows").failure("is \(estimation.rows), and \(labelled) rows have a label; \(Self.fix)")
    }
    // The fit takes every labelled row; of a regression all but errors too large to be summed, which are few or end it.
    let fewest = task == .regression ? labelled - labelled / 100 - 1 : labelled
    guard estimation.rows >= fewest else {
      throw try place.member("rows").failure(
        "is \(estimation.rows), and it is fitted on all \(labelled) rows that have a label; \(Self.fix)")
    }
    switch estimation.basis {
    case .scores(let map):
      guard map.scores.allSatisfy({ $0 >= -Self.rounding && $0 <= 1 + Self.rounding }) else {
        throw try place.member("scores").failure("must be 0 to 1; \(Self.fix)")
      }
    case .errors(let rows, _):
      let total = rows.reduce(0, &+)
      guard total == estimation.rows else {
        throw try place.member("bin_rows").failure("has \(total) rows of \(estimation.rows); \(Self.fix)")
      }
    }
  }

  /// A category that no message can have counts nothing for good.
  private static func requireTexts(of subject: SubjectBaseline, _ reader: JSONReader) throws(JSONFailure) {
    guard case .categorical(let domain) = subject.domain else { return }
    for (text, element) in zip(domain.categories, try reader.member("categories").elements())
    where text.utf8.contains(0) {
      let shown = text.prefix(40).replacing("\0", with: "\\u0000")
      throw element.failure("is \"\(shown)\" and holds a NUL, which no category has; \(fix)")
    }
    for (text, element) in zip(domain.categories, try reader.member("categories").elements()) {
      let counted = Array(text.utf8).withUnsafeBytes { Array(ShortestText.withoutZeroFraction($0)) }
      guard counted.count < text.utf8.count else { continue }
      throw element.failure(
        "is \"\(text.prefix(40))\", which is counted as \"\(String(decoding: counted.prefix(40), as: UTF8.self))\"; \(fix)"
      )
    }
    // A category that is counted by its name is not among those that are known only by their hash.
    let others = Set(domain.otherHashes)
    for (text, element) in zip(domain.categories, try reader.member("categories").elements())
    where others.contains(Digest64.hash(text)) {
      throw element.failure("is \"\(text.prefix(40))\", whose hash is among other_hashes too; \(fix)")
    }
  }

  private static func requireDifferent(_ names: [String], _ readers: [JSONReader]) throws(JSONFailure) {
    var seen = Set<NameKey>()
    for (name, reader) in zip(names, readers) where !seen.insert(NameKey(name)).inserted {
      throw reader.failure("is named \(name), as another before it; \(fix)")
    }
  }
}
