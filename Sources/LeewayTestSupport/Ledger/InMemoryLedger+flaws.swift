/// A rule that a broken ledger leaves out, to see that somebody notices.
package enum LedgerFlaw: String, Sendable, CaseIterable, CustomStringConvertible {
  /// Offsets advance whatever the epoch and the offset before.
  case compareAndSet
  /// What a transaction that failed did to offsets stays.
  case flushAtomicity
  /// What a transaction that failed did to the evaluation's progress stays.
  case evaluationAtomicity
  /// What a transaction that failed did to detectors stays.
  case feedAtomicity
  /// The join reads an id's state as it was before the last commit.
  case joinLock
  /// Folding reads rows as they were before the last commit.
  case foldLock
  /// A lease keeps its epoch when it changes hands.
  case leaseEpoch
  /// Panes are read as they were before the last commit, marks and watermarks as they are.
  case snapshot
  /// A pane that is marked again keeps its mark, which an evaluator that read it before deletes.
  case dirtyMarks
  /// A partition that nobody has read yet does not count.
  case unreadPartitions
  /// A sender stores an outcome whoever has leased the delivery since.
  case settlement

  package var description: String { rawValue }
}
