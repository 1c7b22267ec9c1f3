/// What the intake's threads spend their time on, in the order of the data flow.
package enum IntakeStage: String, Sendable, CaseIterable {
  /// Nothing to read.
  case wait
  /// Taking messages from librdkafka, whose own threads fetch and decompress.
  case poll
  /// Messages to columns.
  case decode
  /// Columns to panes.
  case aggregate
  /// Dead letters, and the flush to the ledger.
  case commit
}
