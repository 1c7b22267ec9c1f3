import CZlib
import Foundation
import LeewayStatistics
import Testing

/// The golden case of the shift detector: inputs and every stage of the reference implementation, 12 significant digits.
///
/// 6 subjects with 39 streams, 672 hours of baseline and 504 of production: a step, a burst of missing values, an hour without rows.
struct ShiftGolden: Decodable, Sendable {
  struct Subject: Decodable, Sendable {
    let name: String
    let numeric: Bool
    let other: Int?
  }

  struct Counts: Decodable, Sendable {
    let cells: [[Int64]]
    let missing, invalid, unseen, outside: [Int64]
  }

  struct Table: Decodable, Sendable {
    let p, s: [Double]
    let largest: [Int]
  }

  /// Subject, kind and cell.
  struct Stream: Decodable, Sendable {
    let stream: ShiftStream

    init(from decoder: any Decoder) throws {
      var values = try decoder.unkeyedContainer()
      let subject = try values.decode(Int.self)
      let kind = try #require(ShiftKind(rawValue: values.decode(String.self)))
      stream = ShiftStream(subject: subject, kind: kind, cell: try values.decode(Int.self))
    }
  }

  /// y of all hours, n and w of production.
  struct Values: Decodable, Sendable { let y, n, w: [[Double]] }

  struct Fit: Decodable, Sendable {
    let profile: [[Double]]
    let c, `var`, phi: [Double]
  }

  struct Null: Decodable, Sendable {
    let m, f: [[Double]]
    let s, cap, beyond, tolerance, typicalI, typicalGain: [Double]
  }

  struct Tail: Decodable, Sendable { let u0, rate, alpha, beta: Double }

  struct Calibration: Decodable, Sendable {
    let excess, own: [[Double]]
    let tails: [[String: [Tail]]]
  }

  /// By hour of production, `held` then by tier, view and stream.
  struct Online: Decodable, Sendable {
    let u, v, i, gain: [[Double]]
    let held: [[[[Double]]]]
  }

  struct Alarm: Decodable, Sendable {
    let hour, tier, stream, view, start: Int
    let w, level, delta, size: Double
  }

  /// What, hour, tier and subject.
  struct Incident: Decodable, Sendable, Equatable {
    let what: String
    let hour, tier, subject: Int

    init(_ what: String, _ hour: Int, _ incident: ShiftIncident) {
      (self.what, self.hour, tier, subject) = (what, hour, incident.tier, incident.subject)
    }

    init(from decoder: any Decoder) throws {
      var values = try decoder.unkeyedContainer()
      what = try values.decode(String.self)
      hour = try values.decode(Int.self)
      tier = try values.decode(Int.self)
      subject = try values.decode(Int.self)
    }
  }

  struct Fallback: Decodable, Sendable {
    let days: Int
    let plan: String
    let `var`, phi, cap, beyond, tolerance: [Double]
    let f: [[Double]]
    let levels: [[[Double]]]
  }

  let first, baselineHours: Int
  let subjects: [Subject]
  let counts: [Counts]
  let tables: [Table]
  let streams: [Stream]
  let values: Values
  let fit: Fit
  let null: Null
  let calibration: Calibration
  let levels: [[[Double]]]
  let online: Online
  let alarms: [Alarm]
  let incidents: [Incident]
  let fallback: [Fallback]
  /// Stream, tier, hours, size.
  let explain: [[Double]]

  /// Of the golden case: the reference with all four shares.
  static let configuration: ShiftConfiguration = {
    var configuration = ShiftConfiguration.reference
    configuration.shares = [.missing, .invalid, .unseen, .outside]
    return configuration
  }()

  static let shared = Result { try read() }

  private static func read() throws -> ShiftGolden {
    let url = try #require(
      Bundle.module.url(forResource: "shift", withExtension: "json.gz", subdirectory: "Fixtures"))
    return try decode(inflated(Array(Data(contentsOf: url))))
  }

  static func decode(_ json: [UInt8]) throws -> ShiftGolden {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(ShiftGolden.self, from: Data(json))
  }

  private static func inflated(_ bytes: [UInt8]) throws -> [UInt8] {
    var bytes = bytes
    // The last four bytes of gzip are the length.
    var out = [UInt8](repeating: 0, count: bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) })
    var stream = z_stream()
    // 16: with gzip's header.
    try #require(
      inflateInit2_(&stream, 16 + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK)
    defer { inflateEnd(&stream) }
    let end = bytes.withUnsafeMutableBufferPointer { input in
      out.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        return inflate(&stream, Z_FINISH)
      }
    }
    try #require(end == Z_STREAM_END)
    return out
  }

  /// All hours.
  var history: ShiftHistory {
    ShiftHistory(
      first: first,
      hours: counts[0].missing.indices.map { t in
        counts.map {
          ShiftCounts(
            cells: $0.cells[t], missing: $0.missing[t], invalid: $0.invalid[t], unseen: $0.unseen[t],
            outside: $0.outside[t])
        }
      })
  }

  func history(_ hours: Range<Int>) -> ShiftHistory {
    ShiftHistory(first: first + hours.lowerBound, hours: Array(history.hours[hours]))
  }

  var shiftSubjects: [ShiftSubject] {
    subjects.map { ShiftSubject($0.name, $0.numeric ? .numeric : .category(other: $0.other)) }
  }
}

/// The largest deviation of many numbers from golden ones: relative, absolute where the golden number is below 1.
struct Deviation: CustomStringConvertible {
  private(set) var worst = 0.0
  private(set) var count = 0

  mutating func take(_ actual: some Sequence<Double>, _ expected: some Sequence<Double>) {
    let (actual, expected) = (Array(actual), Array(expected))
    count += expected.count
    guard actual.count == expected.count, !expected.isEmpty else {
      worst = .infinity
      return
    }
    for (a, b) in zip(actual, expected) where a != b {
      let deviation = abs(a - b) / max(abs(b), 1)
      // Not a number, or one of them infinite: no agreement.
      worst = deviation.isFinite ? max(worst, deviation) : .infinity
    }
  }

  mutating func take(_ actual: Double, _ expected: Double) { take([actual], [expected]) }

  var description: String { "\(worst) of \(count)" }
}
