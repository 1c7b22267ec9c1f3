package import LeewayCore
import LeewayLocks

/// A ledger without a file, for simulations and tests of what rests on one: the same words as the stores keep, held to
/// them by the same conformance tests. A transaction works on a copy, so one that throws leaves nothing.
package final class InMemoryLedger: Ledger {
  private let committed = Mutex(InMemoryTables())
  /// One writer at a time; readers go on beside it.
  private let writing = Mutex(())

  private let clock: @Sendable () -> EventTime
  private let flaw: LedgerFlaw?
  /// As it was before the last commit; kept only for flaws.
  private let before = Mutex(InMemoryTables())

  /// - Parameters:
  ///   - clock: what leases and idleness are compared with; it stands still unless given.
  ///   - flaw: a rule to leave out.
  package init(
    clock: @escaping @Sendable () -> EventTime = { EventTime(milliseconds: 0) }, without flaw: LedgerFlaw? = nil
  ) {
    self.clock = clock
    self.flaw = flaw
  }

  /// Another ledger that holds what this one holds now.
  package func copy() -> InMemoryLedger {
    let copy = InMemoryLedger(clock: clock, without: flaw)
    let tables = committed.withLock { $0 }
    copy.committed.withLock { $0 = tables }
    return copy
  }

  private func session() -> InMemorySession {
    let session = InMemorySession(committed.withLock { $0 }, clock: clock)
    if let flaw {
      session.flaw = flaw
      session.stale = before.withLock { $0 }
    }
    return session
  }

  package var location: String { "memory" }

  package func read<T>(_ body: (any LedgerReader) throws -> T) throws -> T {
    let session = session()
    let value = try body(session)
    if let failure = session.failure { throw failure }
    return value
  }

  package func write<T>(_ body: (any LedgerWriter) throws -> T) throws -> T {
    try writing.withLock { _ in
      let session = session()
      do {
        let value = try body(session)
        if let failure = session.failure { throw failure }
        if flaw != nil { before.withLock { $0 = committed.withLock { $0 } } }
        let tables = session.tables
        committed.withLock { $0 = tables }
        return value
      } catch {
        let tables = session.tables
        switch flaw {
        case .flushAtomicity: committed.withLock { $0.partitions = tables.partitions }
        case .evaluationAtomicity: committed.withLock { $0.progress = tables.progress }
        case .shiftAtomicity: committed.withLock { $0.shiftStates = tables.shiftStates }
        case .feedAtomicity: committed.withLock { $0.errorFeeds = tables.errorFeeds }
        default: break
        }
        throw error
      }
    }
  }
}

/// Text that is equal only if its bytes are.
struct ByteName: Hashable, Comparable, Sendable {
  var text: String

  init(_ text: String) { self.text = text }

  static func == (a: ByteName, b: ByteName) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }
  static func < (a: ByteName, b: ByteName) -> Bool { utf8Order(a.text, b.text) }
  func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
  }
}

/// All that is stored. A value: copies are snapshots.
struct InMemoryTables: Sendable {
  struct Scope: Hashable, Sendable {
    var monitor: ByteName
    var generation: ByteName

    init(_ monitor: String, _ generation: String) {
      self.monitor = ByteName(monitor)
      self.generation = ByteName(generation)
    }
  }

  struct PaneTable: Hashable, Sendable {
    var kind: PaneKind
    var scope: Scope
  }

  struct Block: Hashable, Comparable, Sendable {
    var slice: ByteName
    var writer: ByteName

    static func < (a: Block, b: Block) -> Bool { a.slice == b.slice ? a.writer < b.writer : a.slice < b.slice }
  }

  struct MachineKey: Hashable, Sendable {
    var monitor: ByteName
    var group: CauseGroup
  }

  struct ErrorKey: Hashable, Comparable, Sendable {
    var time: EventTime
    var id: [UInt8]
    var version: [UInt8]

    static func < (a: ErrorKey, b: ErrorKey) -> Bool {
      if a.time != b.time { return a.time < b.time }
      return a.id == b.id ? a.version.lexicographicallyPrecedes(b.version) : a.id.lexicographicallyPrecedes(b.id)
    }
  }

  struct Mark: Sendable {
    var scope: Scope
    var mark: DirtyMark
  }

  struct Lease: Sendable {
    var holder: ByteName?
    var epoch: Int64
    var until: EventTime
  }

  struct Delivery: Sendable {
    var record: OutboxRecord
    var leasedUntil: EventTime?
  }

  var writers: [ByteName: WriterRecord] = [:]
  /// The current one of a monitor is its last.
  var generations: [GenerationRecord] = []
  /// How often one was put, by monitor.
  var generationNumbers: [ByteName: Int64] = [:]
  var generationFiles: [Scope: GenerationFiles] = [:]
  var partitions: [PartitionKey: PartitionRecord] = [:]
  var waiting: [Scope: [[UInt8]: WaitingRow]] = [:]
  var panes: [PaneTable: [EventTime: [Block: [UInt8]]]] = [:]
  var errors: [Scope: [ErrorKey: ErrorRow]] = [:]
  var fedPanes: [Scope: [EventTime: FedPaneRecord]] = [:]
  var errorFeeds: [Scope: [UInt8]] = [:]
  var references: [ByteName: [SliceKey: ReferenceRecord]] = [:]
  var shiftStates: [ByteName: [SliceKey: ShiftRecord]] = [:]
  var marks: [Mark] = []
  var lastMark: Int64 = 0
  var progress: [Scope: EvaluationProgress] = [:]
  var machines: [MachineKey: [UInt8]] = [:]
  var decisions: [MachineKey: [DecisionRecord]] = [:]
  /// Ascending by position.
  var results: [ResultRecord] = []
  var thinnings: [ByteName: ThinningProgress] = [:]
  var leases: [ByteName: Lease] = [:]
  var incidents: [ByteName: IncidentRecord] = [:]
  var retrains: [ByteName: RetrainRecord] = [:]
  var outbox: [ByteName: Delivery] = [:]
  var inputs: [OutsideInput] = []
  /// Ascending by number.
  var acts: [ActRecord] = []
  var lastAct: Int64 = 0
  var audit: [AuditRecord] = []
  var lastAudit: Int64 = 0
  /// Ascending by number.
  var silences: [SilenceRecord] = []
  var lastSilence: Int64 = 0
  var quarantine: [QuarantineRecord] = []
  var settings: [ByteName: [UInt8]] = [:]
  var schemas: [ByteName: [SchemaID: SchemaRecord]] = [:]
}
