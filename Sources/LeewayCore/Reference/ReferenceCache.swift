/// Full references in the form that comparisons take, kept from round to round: nothing changes them, so they need no lease
/// and no marks. One thread's.
package final class ReferenceCache {
  private struct Key: Hashable {
    var monitor: String
    var key: SliceKey
    var begins: EventTime
    var ends: EventTime
  }

  private let limitBytes: Int
  private var sides: [Key: BaselineSide] = [:]
  private var generations: [String: String] = [:]
  /// Bytes of all that is kept.
  package private(set) var residentBytes = 0

  /// - Parameter limitBytes: what finds no room is read in every round.
  package init(limitBytes: Int) { self.limitBytes = limitBytes }

  func side(_ record: ReferenceRecord, monitor: String) -> BaselineSide? { sides[key(record, monitor)] }

  func keep(_ side: BaselineSide, _ record: ReferenceRecord, monitor: String) {
    let bytes = Self.bytes(side)
    guard residentBytes + bytes <= limitBytes, sides.updateValue(side, forKey: key(record, monitor)) == nil else {
      return
    }
    residentBytes += bytes
  }

  /// Forgets what an earlier generation of a monitor was measured from: it may never be asked for again.
  func enter(monitor: String, generation: String) {
    guard generations.updateValue(generation, forKey: monitor) != generation else { return }
    for (key, side) in sides where key.monitor == monitor {
      residentBytes -= Self.bytes(side)
      sides[key] = nil
    }
  }

  private static func bytes(_ side: BaselineSide) -> Int {
    (side.cells.counts.count + side.bins.count) * 8 + side.cells.sums.count * 16
  }

  private func key(_ record: ReferenceRecord, _ monitor: String) -> Key {
    Key(monitor: monitor, key: record.key, begins: record.begins, ends: record.ends)
  }
}
