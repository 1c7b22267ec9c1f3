/// The file format, versions 1 to 4: one JSON object. Version 2 adds the member `estimation`, version 3 the `performance` of
/// slices, version 4 `hours`; without them a file is written as the version that needs neither, which earlier versions read. `identity` is `sha256:` and the digest of the same object written
/// without `identity`; numbers are the shortest text that reads back the same. Numbers beyond 64 bits are decimal
/// strings. Cells of slices are sparse: index, value, index, value, …
extension Baseline {
  package static let formatName = "leeway-baseline"
  package static let formatVersion: Int64 = 4

  private var writtenVersion: Int64 {
    if hours != nil { return 4 }
    if slices.contains(where: { $0.performance != nil }) { return 3 }
    return estimation == nil ? 1 : 2
  }

  /// The file's bytes, with a final newline; sets the identity that belongs to the content.
  package mutating func encoded() -> [UInt8] {
    identity = contentIdentity()
    var w = JSONWriter(capacity: 1 << 16)
    write(to: &w, withIdentity: true)
    return w.bytes + [UInt8(ascii: "\n")]
  }

  func contentIdentity() -> String {
    var w = JSONWriter(capacity: 1 << 16)
    write(to: &w, withIdentity: false)
    return "sha256:" + SHA256.hash(w.bytes).hex
  }

  private func write(to w: inout JSONWriter, withIdentity: Bool) {
    w.beginObject()
    w.key("format")
    w.string(Self.formatName)
    w.key("version")
    w.number(writtenVersion)
    if withIdentity {
      w.key("identity")
      w.string(identity)
    }
    w.key("monitor")
    w.string(monitor)
    w.key("task")
    w.string(task.rawValue)
    w.key("rows")
    w.number(rows)
    w.key("subjects")
    w.beginArray()
    for subject in subjects { subject.write(to: &w) }
    w.endArray()
    w.key("segments")
    w.beginArray()
    for segment in segments {
      w.beginObject()
      w.key("name")
      w.string(segment.name)
      w.key("values")
      w.strings(segment.values)
      w.endObject()
    }
    w.endArray()
    w.key("slices")
    w.beginArray()
    for slice in slices {
      w.beginObject()
      w.key("slice")
      w.string(slice.slice)
      w.key("rows")
      w.number(slice.rows)
      w.key("subjects")
      w.beginArray()
      for cells in slice.subjects { cells.writeSparse(to: &w) }
      w.endArray()
      if let performance = slice.performance {
        w.key("performance")
        performance.write(to: &w)
      }
      w.endObject()
    }
    w.endArray()
    w.key("classes")
    w.strings(classes)
    w.key("performance")
    if let performance { performance.write(to: &w) } else { w.null() }
    if let estimation {
      w.key("estimation")
      estimation.write(to: &w)
    }
    if let hours {
      w.key("hours")
      hours.write(to: &w)
    }
    w.endObject()
  }
}

extension EstimationBaseline {
  func write(to w: inout JSONWriter) {
    w.beginObject()
    w.key("rows")
    w.number(rows)
    w.key("in_sample")
    w.bool(inSample)
    switch basis {
    case .scores(let map):
      w.key("scores")
      w.numbers(map.scores)
      w.key("probabilities")
      w.numbers(map.probabilities)
    case .errors(let rows, let errors):
      w.key("bin_rows")
      w.numbers(rows)
      w.key("bin_absolute_errors")
      w.numbers(errors)
    }
    w.endObject()
  }
}

extension SubjectBaseline {
  fileprivate func write(to w: inout JSONWriter) {
    w.beginObject()
    w.key("name")
    w.string(name)
    w.key("kind")
    switch domain {
    case .numeric(let numeric):
      w.string("numeric")
      w.key("mean")
      w.number(mean)
      w.key("standard_deviation")
      w.number(standardDeviation)
      w.key("knots")
      w.numbers(numeric.binning.knots)
      w.key("cuts")
      w.numbers(numeric.binning.cuts)
      w.key("origin")
      w.number(numeric.fixedPoint.origin)
      w.key("exponent")
      w.number(numeric.fixedPoint.exponent)
      w.key("sums")
      w.strings(cells.sums.map(\.description))
      cells.writeSquares(to: &w)
      w.key("outlying")
      w.number(cells.outlying)
    case .categorical(let categorical):
      w.string("categorical")
      w.key("categories")
      w.strings(categorical.categories)
      w.key("other_hashes")
      w.strings(categorical.otherHashes.map { String($0, radix: 16) })
      w.key("overflowed")
      w.bool(categorical.overflowed)
    }
    w.key("counts")
    w.numbers(cells.counts)
    w.key("missing")
    w.number(cells.missing)
    w.key("invalid")
    w.number(cells.invalid)
    w.endObject()
  }
}

extension SubjectCells {
  fileprivate func writeSquares(to w: inout JSONWriter) {
    w.key("squares")
    w.strings([squares.high.description, squares.low.description])
  }

  fileprivate func writeSparse(to w: inout JSONWriter) {
    w.beginObject()
    w.key("counts")
    w.beginArray()
    for (i, count) in counts.enumerated() where count != 0 {
      w.number(i)
      w.number(count)
    }
    w.endArray()
    w.key("sums")
    w.beginArray()
    for (i, sum) in sums.enumerated() where sum != 0 {
      w.number(i)
      w.string(sum.description)
    }
    w.endArray()
    writeSquares(to: &w)
    for (key, count) in [("missing", missing), ("invalid", invalid), ("outlying", outlying)] {
      w.key(key)
      w.number(count)
    }
    w.endObject()
  }
}

extension PerformanceBaseline {
  func write(to w: inout JSONWriter) {
    w.beginObject()
    w.key("labelled")
    w.number(labelled)
    w.key("in_sample")
    w.bool(inSample)
    if let threshold {
      w.key("threshold")
      w.number(threshold)
    }
    w.key("metrics")
    w.beginObject()
    for (name, value) in metrics.sorted(by: { utf8Order($0.key, $1.key) }) {
      w.key(name)
      w.number(value)
    }
    w.endObject()
    w.endObject()
  }
}

extension JSONWriter {
  fileprivate mutating func numbers(_ numbers: [Double]) {
    beginArray()
    for x in numbers { number(x) }
    endArray()
  }

  fileprivate mutating func numbers(_ numbers: [Int64]) {
    beginArray()
    for x in numbers { number(x) }
    endArray()
  }
}
