/// The error of one labelled prediction, for detectors of concept drift. Rows are ordered and keyed by (time, id's bytes,
/// version's bytes).
package struct ErrorRow: Sendable, Equatable {
  /// The prediction's.
  package var time: EventTime
  package var id: [UInt8]
  package var version: [UInt8]
  /// 1 for a wrong class and 0 for a right one, or the size of a regression's error; nil deletes the row.
  package var error: Double?
  /// Watched slices that it is in, as `WatchedSlices` stores them.
  package var slices: [UInt8]

  package init(time: EventTime, id: [UInt8], version: [UInt8], error: Double?, slices: [UInt8] = []) {
    self.time = time
    self.id = id
    self.version = version
    self.error = error
    self.slices = slices
  }
}

/// What the detectors made of one pane's errors, as `[DetectorKey: FedCounts].encodedFedPane` writes it.
package struct FedPaneRecord: Sendable, Equatable {
  package var pane: EventTime
  package var block: [UInt8]

  package init(pane: EventTime, block: [UInt8]) {
    self.pane = pane
    self.block = block
  }
}
