import LeewayCore

/// A rule that a broken ledger leaves out, to see that somebody notices.
package enum LedgerFlaw: String, Sendable, CaseIterable, CustomStringConvertible {
  /// Sums of panes are kept as doubles.
  case exactSums
  /// Offsets advance whatever the epoch and the offset before.
  case compareAndSet
  /// What a transaction that failed did to offsets stays.
  case flushAtomicity
  /// What a transaction that failed did to the evaluation's progress stays.
  case evaluationAtomicity
  /// What a transaction that failed did to detectors stays.
  case feedAtomicity
  /// What a transaction that failed did to detectors of shifts stays.
  case shiftAtomicity
  /// Detectors of shifts are never stored, so that each round begins without evidence.
  case shiftStates
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
  /// A partition that was never read does not count.
  case unreadPartitions
  /// A result's key has no stage: what is early takes the place of what is final.
  case stageOfResults
  /// Verdicts of both stages are read as if they were one's.
  case stageOfVerdicts
  /// Incidents that have ended are forgotten, so that a guard sees only what is open now and not what was at its end.
  case pastIncidents
  /// What each key had reached in an incident is forgotten, so that all that fires is new.
  case highestTiers
  /// Early incidents that no final verdict has spoken of yet are forgotten, so that none is confirmed or withdrawn.
  case unconfirmedIncidents
  /// What a person has resolved is not muted, so that it opens another incident at once.
  case mutedKeys
  /// Which lines depend on a resolve by hand is forgotten.
  case interventions
  /// How many windows a key has been back in is forgotten.
  case clearingKeys
  /// The incident that may reopen is forgotten.
  case endedIncidents
  /// How often what fires has come and gone is forgotten.
  case recoveries
  /// Which reminders were sent is forgotten, so that whoever judges next sends them again.
  case reminders
  /// An act that was folded stays queued, and is folded again in the next round.
  case settledActs
  /// What becomes of a retrain after it was asked for is forgotten, so that it is answered, decided and overdue again.
  case retrainRecords
  /// A sender stores an outcome whoever has leased the delivery since.
  case settlement
  /// What holds a message back is forgotten, so that the end of a silence is the end of nothing.
  case heldMessages
  /// A message that was told with another stays owed.
  case silencedMessages

  package var description: String { rawValue }
}

extension CellBlock {
  /// A stored block with its sums as doubles would have them.
  static func inexact(_ bytes: [UInt8]) -> [UInt8] {
    // Stored blocks are sparse and do not say their shape; this one is larger than any simulated monitor's.
    var block = CellBlock(CellBlock.Shape(counts: 1 << 12, sums: 1 << 10, squares: 1 << 8))
    guard (try? block.merge(encoded: bytes)) != nil else { return bytes }
    block.sums = block.sums.map { Int128(exactly: Double($0)) ?? $0 }
    return block.encoded()
  }
}

extension LedgerFlaw {
  /// Whether a world can show it.
  package func matters(in world: SimulatedWorld) -> Bool {
    switch self {
    case .stageOfResults, .stageOfVerdicts, .unconfirmedIncidents: world.isStaged
    case .shiftAtomicity, .shiftStates: world.shifts
    case .mutedKeys, .interventions, .settledActs: world.hasPeople
    case .clearingKeys, .endedIncidents, .recoveries, .reminders: world.recurs
    case .heldMessages, .silencedMessages: world.hasSilences
    default: true
    }
  }

  /// Whether machines differ from their log in bytes.
  package var damagesMachines: Bool {
    switch self {
    case .pastIncidents, .highestTiers, .unconfirmedIncidents, .mutedKeys, .interventions, .clearingKeys,
      .endedIncidents,
      .recoveries, .reminders:
      true
    default: false
    }
  }

  /// An incident machine as a ledger with this flaw keeps it.
  func damaged(_ machine: [UInt8]) -> [UInt8] {
    let member: String
    var nothing = JSONValue.array([])
    switch self {
    case .pastIncidents: member = "past"
    case .highestTiers: member = "highest"
    case .unconfirmedIncidents: member = "unconfirmed"
    case .mutedKeys: member = "muted"
    case .interventions: member = "interventions"
    case .recoveries: member = "recoveries"
    case .clearingKeys: (member, nothing) = ("clearing", .null)
    case .endedIncidents: (member, nothing) = ("ended", .null)
    case .reminders: (member, nothing) = ("reminded", .null)
    default: return machine
    }
    guard let root = try? JSONValue(parsing: machine) else { return machine }
    func without(_ value: JSONValue) -> JSONValue {
      if case .array(let elements) = value { return .array(elements.map(without)) }
      guard case .object(let members) = value else { return value }
      return .object(
        members.map { JSONValue.Member($0.key, $0.key == member ? nothing : without($0.value)) })
    }
    return CanonicalJSON.bytes(of: without(root))
  }
}
