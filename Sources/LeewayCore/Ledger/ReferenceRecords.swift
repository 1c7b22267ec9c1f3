/// The first days of production of one subject, or of a stage's performance, in one slice. It holds the sum of all panes with
/// start in `begins..<through`; once `through` has reached `ends` nothing changes it any more.
package struct ReferenceRecord: Sendable, Equatable {
  package var key: SliceKey
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
    key: SliceKey, begins: EventTime, ends: EventTime, through: EventTime, usedAt: EventTime, block: [UInt8]? = nil
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
