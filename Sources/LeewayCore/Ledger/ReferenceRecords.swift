/// Which reference from production: what its counts mean, and of which slice they are.
package struct ReferenceKey: Sendable, Hashable {
  /// A hash of field, type, bins and length, as `ReferencePlan` makes it: the same in every generation that counts alike.
  package let hash: String
  private let name: NameKey

  package var slice: String { name.name }

  package init(hash: String, slice: String) {
    self.hash = hash
    name = NameKey(slice)
  }

  /// By hash, then the slice's bytes.
  package static func precedes(_ a: ReferenceKey, _ b: ReferenceKey) -> Bool {
    a.hash != b.hash ? a.hash < b.hash : utf8Order(a.slice, b.slice)
  }
}

/// The first days of production of one subject, or of a stage's performance, in one slice. It holds the sum of all panes with
/// start in `begins..<through`; once `through` has reached `ends` nothing changes it any more.
package struct ReferenceRecord: Sendable, Equatable {
  package var key: ReferenceKey
  /// The first pane with rows of the key.
  package var begins: EventTime
  /// The first pane that is not in it any more.
  package var ends: EventTime
  /// Panes that start before it have been taken, each once.
  package var through: EventTime
  /// Event time at which a check last asked for it, to within a day. A reference that no check asks for is removed after a while.
  package var usedAt: EventTime
  /// A `CellBlock`, encoded. nil: not read, and where the record is put, as it is stored.
  package var block: [UInt8]?

  package init(
    key: ReferenceKey, begins: EventTime, ends: EventTime, through: EventTime, usedAt: EventTime, block: [UInt8]? = nil
  ) {
    self.key = key
    self.begins = begins
    self.ends = ends
    self.through = through
    self.usedAt = usedAt
    self.block = block
  }

  package var isFull: Bool { through >= ends }
}
