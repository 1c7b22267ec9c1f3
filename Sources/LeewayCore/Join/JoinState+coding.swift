/// The stored form: a version byte, then predictions and labels with LEB128 lengths and numbers.
extension JoinState {
  static let formatVersion: UInt8 = 1

  func encoded() -> [UInt8] {
    var out: [UInt8] = [Self.formatVersion]
    out.reserveCapacity(96)
    Varint.append(UInt128(predictions.count), to: &out)
    for prediction in predictions { prediction.encode(to: &out) }
    Varint.append(UInt128(labels.count), to: &out)
    for label in labels { label.encode(to: &out) }
    return out
  }

  package init(encoded bytes: [UInt8]) throws(JoinStateDamaged) {
    var reader = Varint.Reader(bytes)
    guard reader.byte() == Self.formatVersion else { throw JoinStateDamaged() }
    guard let predictionCount = reader.integer(), predictionCount <= Self.maximumVersions else {
      throw JoinStateDamaged()
    }
    for _ in 0..<predictionCount { predictions.append(try JoinedPrediction(from: &reader)) }
    guard let labelCount = reader.integer(), labelCount <= Self.keptLabels else { throw JoinStateDamaged() }
    for _ in 0..<labelCount { labels.append(try JoinedLabel(from: &reader)) }
    guard reader.isAtEnd else { throw JoinStateDamaged() }
  }
}

extension JoinState {
  /// nil where nothing is stored.
  init?(stored bytes: [UInt8]?) throws(JoinStateDamaged) {
    guard let bytes else { return nil }
    try self.init(encoded: bytes)
  }

  /// How many labels a stored state holds if it has no prediction; 0 where it has one, or is damaged.
  static func parkedLabels(in bytes: [UInt8]) -> Int64 {
    var reader = Varint.Reader(bytes)
    guard reader.byte() == formatVersion, reader.integer() == 0 else { return 0 }
    return reader.integer().flatMap { $0 <= maximumLabels ? Int64($0) : nil } ?? 0
  }
}

/// A stored join state is damaged.
package struct JoinStateDamaged: Error, CustomStringConvertible {
  package var description: String { "a stored waiting prediction or label is damaged" }
}

extension JoinedPrediction {
  func encode(to out: inout [UInt8]) {
    Varint.append(blob: version.utf8, to: &out)
    Varint.append(signed: time.milliseconds, to: &out)
    switch output {
    case .number(let x):
      out.append(0)
      Varint.append(bits: x, to: &out)
    case .category(let name, let probabilities):
      out.append(1)
      Varint.append(blob: name.utf8, to: &out)
      Varint.append(UInt128(probabilities.count), to: &out)
      for p in probabilities {
        Varint.append(blob: p.name.utf8, to: &out)
        Varint.append(bits: p.probability, to: &out)
      }
    }
    Varint.append(UInt128(slices.count), to: &out)
    for slice in slices { Varint.append(blob: slice.utf8, to: &out) }
    withUnsafeBytes(of: digest.littleEndian) { out.append(contentsOf: $0) }
  }

  init(from reader: inout Varint.Reader) throws(JoinStateDamaged) {
    guard let version = reader.text(), let time = reader.signed(), let kind = reader.byte() else {
      throw JoinStateDamaged()
    }
    let output: ModelOutput
    switch kind {
    case 0:
      guard let x = reader.double() else { throw JoinStateDamaged() }
      output = .number(x)
    case 1:
      guard let name = reader.text(), let count = reader.integer() else { throw JoinStateDamaged() }
      var probabilities: [ClassProbability] = []
      for _ in 0..<count {
        guard let name = reader.text(), let p = reader.double(), (0...1).contains(p) else { throw JoinStateDamaged() }
        probabilities.append(ClassProbability(name: name, probability: p))
      }
      output = .category(name, probabilities: probabilities)
    default: throw JoinStateDamaged()
    }
    guard let count = reader.integer() else { throw JoinStateDamaged() }
    var slices: [String] = []
    for _ in 0..<count {
      guard let slice = reader.text() else { throw JoinStateDamaged() }
      slices.append(slice)
    }
    guard let digest = reader.fixed(16) else { throw JoinStateDamaged() }
    self.init(
      version: version, time: EventTime(milliseconds: time), output: output, slices: slices,
      digest: digest.reversed().reduce(UInt128(0)) { $0 << 8 | UInt128($1) })
  }
}

extension JoinedLabel {
  func encode(to out: inout [UInt8]) {
    Varint.append(signed: time.milliseconds, to: &out)
    switch value {
    case nil: out.append(0)
    case .number(let x):
      out.append(1)
      Varint.append(bits: x, to: &out)
    case .category(let name):
      out.append(2)
      Varint.append(blob: name.utf8, to: &out)
    }
    Varint.append(blob: canonical, to: &out)
  }

  init(from reader: inout Varint.Reader) throws(JoinStateDamaged) {
    guard let time = reader.signed(), let kind = reader.byte() else { throw JoinStateDamaged() }
    let value: LabelValue?
    switch kind {
    case 0: value = nil
    case 1:
      guard let x = reader.double() else { throw JoinStateDamaged() }
      value = .number(x)
    case 2:
      guard let name = reader.text() else { throw JoinStateDamaged() }
      value = .category(name)
    default: throw JoinStateDamaged()
    }
    guard let canonical = reader.blob() else { throw JoinStateDamaged() }
    self.init(time: EventTime(milliseconds: time), value: value, canonical: canonical)
  }
}

extension Varint {
  static func append(bits x: Double, to out: inout [UInt8]) {
    withUnsafeBytes(of: x.bitPattern.littleEndian) { out.append(contentsOf: $0) }
  }
}

extension Varint.Reader {
  /// Text that was written as UTF-8; damaged bytes are repaired rather than refused.
  mutating func text() -> String? { blob().map { String(decoding: $0, as: UTF8.self) } }

  mutating func fixed(_ count: Int) -> [UInt8]? {
    var out: [UInt8] = []
    for _ in 0..<count {
      guard let b = byte() else { return nil }
      out.append(b)
    }
    return out
  }

  /// A finite number: no message holds another.
  mutating func double() -> Double? {
    let number = fixed(8).map { Double(bitPattern: $0.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }) }
    return number.flatMap { $0.isFinite ? $0 : nil }
  }
}
