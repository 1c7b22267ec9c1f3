import LeewayStatistics

/// A baseline file cannot be used; says where and what to do. The file's name is the caller's to add.
package struct BaselineDamaged: Error, Sendable, CustomStringConvertible {
  package var description: String
}

extension Baseline {
  /// Largest file that is read.
  package static let maximumBytes = 1 << 30

  /// Reads a baseline file.
  ///
  /// - Throws: `BaselineDamaged` for anything that this version cannot have written: other formats, newer versions, values
  ///   out of range, or content that does not match its identity.
  package init(decoding bytes: [UInt8]) throws(BaselineDamaged) {
    let root: JSONReader
    do throws(JSONFailure) {
      root = JSONReader(
        try JSONValue(parsing: bytes, maximumBytes: Self.maximumBytes, refusingDuplicates: true))
      guard try root.member("format").string() == Self.formatName else {
        throw try root.member("format").failure("not a baseline of leeway; make one with leeway baseline fit")
      }
      let version = try root.member("version").integer()
      guard version <= Self.formatVersion else {
        throw try root.member("version").failure(
          "\(version) was written by a newer leeway and this one reads up to \(Self.formatVersion); upgrade leeway or fit the baseline again"
        )
      }
      guard version >= 1 else {
        throw try root.member("version").failure("\(version) is no version that there was; fit the baseline again")
      }
      try self.init(root, version: version)
    } catch {
      throw BaselineDamaged(description: error.description)
    }
    let found = contentIdentity()
    guard found == identity else {
      throw BaselineDamaged(
        description:
          "the content has been changed: its digest is \(found), the file says \(identity); fit it again with leeway baseline fit"
      )
    }
    do throws(JSONFailure) { try requireConsistency(root) } catch {
      throw BaselineDamaged(description: error.description)
    }
  }

  private init(_ root: JSONReader, version: Int64) throws(JSONFailure) {
    guard let task = ModelTask(rawValue: try root.member("task").string()) else {
      throw try root.member("task").failure("unknown task; known are binary, multiclass, regression")
    }
    let classes = try root.member("classes").strings()
    guard classes.count <= Self.maximumClasses else {
      throw try root.member("classes").failure("more than \(Self.maximumClasses) classes")
    }
    guard Set(classes.map(NameKey.init)).count == classes.count else {
      throw try root.member("classes").failure("a class comes twice")
    }
    let subjects = try root.member("subjects").array { (r) throws(JSONFailure) in try SubjectBaseline(r) }
    self.init(
      identity: try root.member("identity").string(), monitor: try root.member("monitor").string(), task: task,
      rows: try root.member("rows").count(), subjects: subjects,
      segments: try root.member("segments").array { (r) throws(JSONFailure) in
        SegmentProfile(name: try r.member("name").string(), values: try r.member("values").strings())
      },
      slices: try root.member("slices").array { (r) throws(JSONFailure) in
        let cells = try r.member("subjects").elements()
        guard cells.count == subjects.count else {
          throw try r.member("subjects").failure("expected \(subjects.count) subjects, found \(cells.count)")
        }
        var read: [SubjectCells] = []
        for (r, subject) in zip(cells, subjects) { read.append(try SubjectCells(sparse: r, like: subject.cells)) }
        return SliceBaseline(
          slice: try r.member("slice").string(), rows: try r.member("rows").count(), subjects: read,
          performance: version >= 3
            ? try r.member("performance").optional { (r) throws(JSONFailure) in try PerformanceBaseline(r) } : nil)
      },
      classes: classes,
      performance: try root.member("performance").optional { (r) throws(JSONFailure) in try PerformanceBaseline(r) })
    if version >= 2 {
      // A baseline without training labels for estimates may still be written as version 3.
      estimation = try root.member("estimation").optional { (r) throws(JSONFailure) in
        try EstimationBaseline(r, task, subjects)
      }
    }
    if version >= 4 {
      hours = try root.member("hours").optional { (r) throws(JSONFailure) in try BaselineHours(r) }
    }
  }
}

extension PerformanceBaseline {
  fileprivate init(_ r: JSONReader) throws(JSONFailure) {
    var metrics: [String: Double] = [:]
    for (name, value) in try r.member("metrics").members() { metrics[name] = try value.double() }
    self.init(
      labelled: try r.member("labelled").count(), inSample: try r.member("in_sample").bool(), metrics: metrics,
      threshold: try r.member("threshold").optional { (r) throws(JSONFailure) in try r.double() })
  }
}

extension EstimationBaseline {
  fileprivate init(_ r: JSONReader, _ task: ModelTask, _ subjects: [SubjectBaseline]) throws(JSONFailure) {
    let rows = try r.member("rows").count()
    let inSample = try r.member("in_sample").bool()
    switch task {
    case .binary:
      guard
        let map = IsotonicMap(
          scores: try r.member("scores").doubles(), probabilities: try r.member("probabilities").doubles())
      else {
        throw r.failure("scores must ascend and as many probabilities from 0 to 1 never fall")
      }
      self.init(rows: rows, inSample: inSample, basis: .scores(map))
    case .regression:
      let bins = try r.member("bin_rows").array { (e) throws(JSONFailure) in try e.count() }
      let errors = try r.member("bin_absolute_errors").doubles()
      var known = 0
      if case .numeric(let domain) = subjects.last?.domain { known = domain.binning.cuts.count + 1 }
      try r.member("bin_rows").require(bins.count, known)
      try r.member("bin_absolute_errors").require(errors.count, known)
      guard errors.allSatisfy({ $0 >= 0 && $0.isFinite }) else { throw r.failure("errors must not be negative") }
      try r.member("bin_rows").requireTotal(of: bins)
      self.init(rows: rows, inSample: inSample, basis: .errors(rows: bins, absoluteErrors: errors))
    case .multiclass: throw r.failure("a multiclass baseline has none")
    }
  }
}

extension SubjectBaseline {
  fileprivate init(_ r: JSONReader) throws(JSONFailure) {
    let name = try r.member("name").string()
    var counts: [Int64] = []
    for element in try r.member("counts").elements() { counts.append(try element.count()) }
    let missing = try r.member("missing").count()
    let invalid = try r.member("invalid").count()
    switch try r.member("kind").string() {
    case "numeric":
      let domain = try NumericDomain(r)
      try r.member("counts").require(counts.count, domain.binning.cellCount)
      let sums = try r.member("sums").array { (e) throws(JSONFailure) in try e.wide() }
      try r.member("sums").require(sums.count, domain.binning.knots.count + 1)
      let cells = SubjectCells(
        counts: counts, sums: sums, squares: try r.member("squares").squares(), missing: missing, invalid: invalid,
        outlying: try r.member("outlying").count())
      try r.requireTotal(of: cells)
      self.init(
        name: name, domain: .numeric(domain), cells: cells,
        mean: try r.member("mean").optional { (e) throws(JSONFailure) in try e.double() },
        standardDeviation: try r.member("standard_deviation").optional { (e) throws(JSONFailure) in try e.double() })
    case "categorical":
      let categories = try r.member("categories").strings()
      // By bytes: strings compare equal when they only look alike.
      guard Set(categories.map(NameKey.init)).count == categories.count else {
        throw try r.member("categories").failure("a category comes twice")
      }
      try r.member("counts").require(counts.count, categories.count + 2)
      let hashes = try r.member("other_hashes").array { (e) throws(JSONFailure) in
        let text = try e.string()
        guard let hash = UInt64(text, radix: 16) else {
          throw e.failure("expected a hexadecimal number, found \"\(text)\"")
        }
        return hash
      }
      guard zip(hashes, hashes.dropFirst()).allSatisfy(<) else {
        throw try r.member("other_hashes").failure("must ascend")
      }
      let cells = SubjectCells(counts: counts, missing: missing, invalid: invalid)
      try r.requireTotal(of: cells)
      self.init(
        name: name,
        domain: .categorical(
          CategoricalDomain(
            categories: categories, otherHashes: hashes, overflowed: try r.member("overflowed").bool())),
        cells: cells)
    case let kind: throw try r.member("kind").failure("expected numeric or categorical, found \"\(kind)\"")
    }
  }
}

extension NumericDomain {
  fileprivate init(_ r: JSONReader) throws(JSONFailure) {
    let knots = try r.member("knots").doubles()
    let cuts = try r.member("cuts").doubles()
    for (name, values) in [("knots", knots), ("cuts", cuts)] {
      guard zip(values, values.dropFirst()).allSatisfy(<), values.allSatisfy(\.isFinite) else {
        throw try r.member(name).failure("must be finite and ascend")
      }
    }
    guard Set(knots).isSuperset(of: cuts) else { throw try r.member("cuts").failure("every cut must be a knot") }
    guard cuts.count <= NumericBinning.maximumCuts else {
      throw try r.member("cuts").failure("more than \(NumericBinning.maximumCuts) cuts")
    }
    guard knots.count <= 1 << 20 else { throw try r.member("knots").failure("more than 1048576 knots") }
    let origin = try r.member("origin").double()
    guard origin.isFinite else { throw try r.member("origin").failure("must be finite") }
    self.init(
      binning: NumericBinning(knots: knots, cuts: cuts),
      fixedPoint: FixedPoint(origin: origin, exponent: try r.member("exponent").integer(in: -900...900)))
  }
}

extension SubjectCells {
  fileprivate init(sparse r: JSONReader, like full: SubjectCells) throws(JSONFailure) {
    var counts = [Int64](repeating: 0, count: full.counts.count)
    try r.member("counts").pairs(below: counts.count) { (i, e) throws(JSONFailure) in counts[i] = try e.count() }
    var sums = [Int128](repeating: 0, count: full.sums.count)
    try r.member("sums").pairs(below: sums.count) { (i, e) throws(JSONFailure) in sums[i] = try e.wide() }
    self.init(
      counts: counts, sums: sums, squares: try r.member("squares").squares(), missing: try r.member("missing").count(),
      invalid: try r.member("invalid").count(), outlying: try r.member("outlying").count())
    try r.requireTotal(of: self)
  }
}

extension JSONReader {
  /// A number of rows: 0 to 2^48, more than anybody trains on, so that sums of products stay in range.
  fileprivate func count() throws(JSONFailure) -> Int64 {
    let n = try integer()
    guard n >= 0, n <= CellBlock.maximumCount else { throw failure("expected a count of 0 to 2^48, found \(n)") }
    return n
  }

  /// All counts of a subject together are a number of rows too.
  fileprivate func requireTotal(of cells: SubjectCells) throws(JSONFailure) {
    try requireTotal(of: cells.counts + [cells.missing, cells.invalid])
  }

  /// - Parameter counts: each from 0 to 2^48.
  fileprivate func requireTotal(of counts: [Int64]) throws(JSONFailure) {
    var total: Int64 = 0
    for count in counts {
      total += count
      guard total <= CellBlock.maximumCount else { throw failure("holds more than 2^48 rows") }
    }
  }

  fileprivate func strings() throws(JSONFailure) -> [String] { try array { (e) throws(JSONFailure) in try e.string() } }

  fileprivate func wide() throws(JSONFailure) -> Int128 {
    let text = try string()
    guard let value = Int128(text) else { throw failure("expected a whole number as a string, found \"\(text)\"") }
    return value
  }

  fileprivate func squares() throws(JSONFailure) -> Int192 {
    let parts = try strings()
    guard parts.count == 2, let high = Int64(parts[0]), let low = UInt128(parts[1]), high >= 0 else {
      throw failure("expected the high and the low part of a sum of squares as strings")
    }
    return Int192(low: low, high: high)
  }

  fileprivate func require(_ found: Int, _ expected: Int) throws(JSONFailure) {
    guard found == expected else { throw failure("expected \(expected) entries, found \(found)") }
  }

  fileprivate func pairs(below limit: Int, _ body: (Int, JSONReader) throws(JSONFailure) -> Void) throws(JSONFailure) {
    let elements = try self.elements()
    guard elements.count % 2 == 0 else { throw failure("expected pairs of index and value") }
    for i in stride(from: 0, to: elements.count, by: 2) {
      guard limit > 0 else { throw failure("expected nothing") }
      try body(try elements[i].integer(in: 0...limit - 1), elements[i + 1])
    }
  }
}
