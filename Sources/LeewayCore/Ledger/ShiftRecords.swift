/// Which state of a detector of shifts: what its null is, and of which slice.
package struct ShiftKey: Sendable, Hashable {
  /// As `ShiftDesign` makes it: the same in every generation with the same null.
  package let hash: String
  private let name: NameKey

  package var slice: String { name.name }

  package init(hash: String, slice: String) {
    self.hash = hash
    name = NameKey(slice)
  }

  /// By hash, then the slice's bytes.
  package static func precedes(_ a: ShiftKey, _ b: ShiftKey) -> Bool {
    a.hash != b.hash ? a.hash < b.hash : utf8Order(a.slice, b.slice)
  }
}

/// What a detector of shifts knows after an hour.
package struct ShiftRecord: Sendable, Equatable {
  package var key: ShiftKey
  /// The end of the last hour that it took.
  package var through: EventTime
  /// A `ShiftStanding`, encoded.
  package var state: [UInt8]

  package init(key: ShiftKey, through: EventTime, state: [UInt8]) {
    self.key = key
    self.through = through
    self.state = state
  }
}
