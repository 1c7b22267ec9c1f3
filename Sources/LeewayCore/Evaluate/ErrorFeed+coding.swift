import LeewayStatistics

/// What is stored of detectors is damaged.
struct ErrorFeedDamaged: Error, CustomStringConvertible {
  var reason: String
  var description: String { "the stored detectors are damaged: \(reason)" }
}

/// The stored form: a version byte, then times and numbers as LEB128, then detectors by key.
extension ErrorFeed {
  static let formatVersion: UInt8 = 1

  func encoded() -> [UInt8] {
    var out: [UInt8] = [Self.formatVersion]
    Varint.append(signed: fedThrough.milliseconds, to: &out)
    Varint.append(signed: late, to: &out)
    Varint.append(UInt128(watches.count), to: &out)
    for watch in watches {
      watch.key.encode(to: &out)
      Varint.append(signed: watch.since.milliseconds, to: &out)
      Varint.append(blob: watch.detector.encoded(), to: &out)
    }
    return out
  }

  init(encoded bytes: [UInt8]) throws(ErrorFeedDamaged) {
    var reader = Varint.Reader(bytes)
    guard reader.byte() == Self.formatVersion else { throw ErrorFeedDamaged(reason: "unknown format version") }
    guard let fedThrough = reader.signed(), let late = reader.signed(), late >= 0, let count = reader.integer() else {
      throw ErrorFeedDamaged(reason: "cut off")
    }
    self.init(from: EventTime(milliseconds: fedThrough))
    self.late = late
    for _ in 0..<count {
      let key = try DetectorKey(from: &reader)
      guard let since = reader.signed(), let state = reader.blob() else { throw ErrorFeedDamaged(reason: "cut off") }
      let detector: ChangeDetector
      do { detector = try ChangeDetector(encoded: state) } catch { throw ErrorFeedDamaged(reason: error.reason) }
      guard detector.method == key.method else { throw ErrorFeedDamaged(reason: "a detector is of another method") }
      restore(Watch(key: key, since: EventTime(milliseconds: since), detector: detector))
    }
    guard reader.isAtEnd else { throw ErrorFeedDamaged(reason: "bytes left over") }
  }
}

extension DetectorKey {
  fileprivate func encode(to out: inout [UInt8]) {
    Varint.append(blob: method.rawValue.utf8, to: &out)
    Varint.append(blob: slice.name.utf8, to: &out)
  }

  fileprivate init(from reader: inout Varint.Reader) throws(ErrorFeedDamaged) {
    guard let name = reader.text(), let method = ChangeDetector.Method(rawValue: name), let slice = reader.text() else {
      throw ErrorFeedDamaged(reason: "unknown detector")
    }
    self.init(method: method, slice: slice)
  }
}

/// A pane's counts, in the same way.
extension [DetectorKey: FedCounts] {
  func encodedFedPane() -> [UInt8] {
    var out: [UInt8] = [ErrorFeed.formatVersion]
    Varint.append(UInt128(count), to: &out)
    for (key, counts) in sorted(by: { $0.key < $1.key }) {
      key.encode(to: &out)
      for number in [counts.errors, counts.warnings, counts.changes] { Varint.append(signed: number, to: &out) }
      out.append(counts.lastChange == nil ? 0 : 1)
      if let time = counts.lastChange { Varint.append(signed: time.milliseconds, to: &out) }
    }
    return out
  }

  init(fedPane bytes: [UInt8]) throws(ErrorFeedDamaged) {
    self.init()
    var reader = Varint.Reader(bytes)
    guard reader.byte() == ErrorFeed.formatVersion, let count = reader.integer() else {
      throw ErrorFeedDamaged(reason: "unknown format version of a pane")
    }
    func number() throws(ErrorFeedDamaged) -> Int64 {
      guard let number = reader.signed(), number >= 0, number <= CellBlock.maximumCount else {
        throw ErrorFeedDamaged(reason: "bad count of a pane")
      }
      return number
    }
    for _ in 0..<count {
      let key = try DetectorKey(from: &reader)
      var counts = FedCounts(errors: try number(), warnings: try number(), changes: try number())
      switch reader.byte() {
      case 0: break
      case 1:
        guard let time = reader.signed() else { throw ErrorFeedDamaged(reason: "cut off") }
        counts.lastChange = EventTime(milliseconds: time)
      default: throw ErrorFeedDamaged(reason: "cut off")
      }
      self[key] = counts
    }
    guard reader.isAtEnd else { throw ErrorFeedDamaged(reason: "bytes left over") }
  }
}
