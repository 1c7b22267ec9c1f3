/// The stored form: a version byte, the configuration, plan and subjects with their tables (or none, where whoever reads it has the
/// baseline's counts), then all numbers as doubles, matrices row by row. About 8 (P + 180) bytes a stream, P the location and category streams of all subjects.
extension ShiftNull {
  static let formatVersion: UInt8 = 1
  private static let most = (subjects: 1 << 16, cells: 1 << 20, streams: 1 << 20)

  /// - Parameter withTables: false: without subjects and tables, which the reader then needs.
  package func encoded(withTables: Bool = true) -> [UInt8] {
    let k = streams.count
    var out = ShiftWriter(
      version: Self.formatVersion, capacity: 4096 + 8 * k * (ShiftProfile.hours + regression.predictors.count + 32))
    configuration.write(to: &out)
    out.whole(ShiftPlan.allCases.firstIndex(of: plan) ?? 0)
    out.whole(withTables ? streams.subjects.count : 0)
    for (subject, table) in zip(streams.subjects, streams.tables) where withTables {
      out.text(subject.name)
      switch subject.form {
      case .numeric: out.whole(0)
      case .category(let other):
        out.whole(1)
        out.whole(other.map { $0 + 1 } ?? 0)
      case .level: out.whole(2)
      }
      out.whole(table.shares.count)
      out.numbers(table.shares)
      if subject.isNumeric { out.numbers(table.scores) }
      out.whole(table.largest.count)
      for cell in table.largest { out.whole(cell) }
    }
    for numbers in [
      fit.profile.values, fit.rowVariance, fit.variance, fit.memory, regression.weights, regression.left, inflation,
      cap, beyond, tolerance,
      levels, typicalResponse, typicalGain,
    ] { out.numbers(numbers) }
    out.whole(calibration == nil ? 0 : 1)
    if let calibration {
      out.numbers(calibration.excess)
      out.numbers(calibration.own)
      for tails in calibration.tails {
        for (kind, _) in streams.byKind {
          for tail in tails[kind] ?? [] { out.numbers([tail.threshold, tail.rate, tail.shape, tail.scale]) }
        }
      }
    }
    return out.bytes
  }

  /// Reads what `encoded` wrote.
  ///
  /// - Parameter baseline: what it was written without: the subjects, and the baseline's counts of each by cell.
  package init(
    encoded bytes: [UInt8], baseline: (subjects: [ShiftSubject], totals: [[Int64]])? = nil
  ) throws(ShiftDamaged) {
    var reader = try ShiftReader(bytes, version: Self.formatVersion)
    let configuration = try ShiftConfiguration(from: &reader)
    let plan = ShiftPlan.allCases[try reader.whole(in: 0...ShiftPlan.allCases.count - 1)]
    let streams: ShiftStreams
    if let baseline {
      _ = try reader.whole(in: 0...0)
      streams = ShiftStreams(subjects: baseline.subjects, totals: baseline.totals, configuration)
    } else {
      streams = try Self.streams(&reader, configuration)
    }
    let k = streams.count
    guard k > 0, k <= Self.most.streams else { throw ShiftDamaged(reason: "no streams") }
    let profile = try reader.numbers(
      ShiftProfile.hours * k, in: -Double.greatestFiniteMagnitude...Double.infinity)
    let rowVariance = try reader.numbers(k, in: .notNegative)
    let variance = try reader.numbers(k, in: .positive)
    let memory = try reader.numbers(k, in: 0...(1 - Double.ulpOfOne))
    let predictors = streams.all.indices.filter { streams.all[$0].kind.isPredictor }
    let weights = try reader.numbers(predictors.count * k)
    let left = try reader.numbers(k, in: .positive)
    let inflation = try reader.numbers(2 * k, in: .positive)
    let cap = try reader.numbers(k, in: .notNegative)
    let beyond = try reader.numbers(k, in: .notNegative)
    let tolerance = try reader.numbers(k, in: .notNegative)
    let levels = try reader.numbers(configuration.tiers.count * 2 * k, in: .notNegative)
    let typicalResponse = try reader.numbers(k, in: .notNegative)
    let typicalGain = try reader.numbers(k, in: .notNegative)
    var calibration: ShiftCalibration?
    if try reader.whole(in: 0...1) == 1 {
      let excess = try reader.numbers(2 * k, in: .positive)
      let own = try reader.numbers(2 * k, in: .notNegative)
      calibration = ShiftCalibration(
        excess: excess,
        tails: [try Self.tails(&reader, streams, configuration), try Self.tails(&reader, streams, configuration)],
        own: own)
    }
    try reader.end()
    self.init(
      configuration: configuration, plan: plan, streams: streams,
      fit: ShiftFit(
        profile: ShiftProfile(streams: k, values: profile), rowVariance: rowVariance,
        variance: variance, memory: memory),
      regression: ShiftRegression(predictors: predictors, weights: weights, left: left), inflation: inflation, cap: cap,
      beyond: beyond, tolerance: tolerance, levels: levels, calibration: calibration, typicalResponse: typicalResponse,
      typicalGain: typicalGain)
  }

  /// The plan of a stored null, without the rest.
  package static func plan(ofEncoded bytes: [UInt8]) throws(ShiftDamaged) -> ShiftPlan {
    var reader = try ShiftReader(bytes, version: formatVersion)
    _ = try ShiftConfiguration(from: &reader)
    return ShiftPlan.allCases[try reader.whole(in: 0...ShiftPlan.allCases.count - 1)]
  }

  private static func streams(
    _ reader: inout ShiftReader, _ configuration: ShiftConfiguration
  ) throws(ShiftDamaged) -> ShiftStreams {
    var subjects: [ShiftSubject] = []
    var tables: [ShiftTable] = []
    for _ in 0..<(try reader.whole(in: 1...most.subjects)) {
      let name = try reader.text()
      let form: ShiftSubject.Form
      switch try reader.whole(in: 0...2) {
      case 0: form = .numeric
      case 1:
        let other = try reader.whole(in: 0...most.cells)
        form = .category(other: other == 0 ? nil : other - 1)
      default: form = .level
      }
      let cells = try reader.whole(in: 0...most.cells)
      let shares = try reader.numbers(cells, in: 0...1)
      let scores = form == .numeric ? try reader.numbers(cells) : [Double](repeating: 0, count: cells)
      let count = try reader.whole(in: 0...(form == .numeric ? 0 : min(cells, configuration.largest)))
      var largest: [Int] = []
      for _ in 0..<count { largest.append(try reader.whole(in: 0...cells - 1)) }
      guard Set(largest).count == count else { throw ShiftDamaged(reason: "a category twice") }
      subjects.append(ShiftSubject(name, form))
      tables.append(ShiftTable(shares: shares, scores: scores, largest: largest))
    }
    return ShiftStreams(subjects: subjects, tables: tables, configuration)
  }

  private static func tails(
    _ reader: inout ShiftReader, _ streams: ShiftStreams, _ configuration: ShiftConfiguration
  ) throws(ShiftDamaged) -> [ShiftKind: [ShiftTail]] {
    var out: [ShiftKind: [ShiftTail]] = [:]
    for (kind, _) in streams.byKind {
      var tails: [ShiftTail] = []
      for _ in configuration.tailCounts {
        let numbers = try reader.numbers(4, in: 0...Double.greatestFiniteMagnitude)
        tails.append(ShiftTail(threshold: numbers[0], rate: numbers[1], shape: numbers[2], scale: numbers[3]))
      }
      out[kind] = tails
    }
    return out
  }
}
