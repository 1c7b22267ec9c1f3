import Dispatch
import LeewayCore
import Testing

@Suite("Ledger: transactions")
struct TransactionConformance {
  private struct Abandoned: Error {}

  @Test(arguments: ledgers)
  func aBodyThatThrowsLeavesNothing(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let key = PartitionKey(monitor: "m", topic: "t", partition: 0)
    try ledger.write {
      try $0.register(writer: "w", instance: .here)
      try $0.ensure(partitions: [(key: key, role: .predictions)])
    }
    let before = try ledger.read { try $0.partitions(of: "m") }
    #expect(throws: Abandoned.self) {
      try ledger.write { ledger in
        _ = try ledger.advance(writer: "w", expected: 0)
        _ = try ledger.claim(partitions: [key], owner: "w")
        try ledger.put(generation: GenerationRecord(monitor: "m", generation: "g", startsAt: .at(0), baseline: "b"))
        try ledger.put(
          waiting: [WaitingRow(id: [1], state: [1], reclaimAfter: .at(0))], monitor: "m", generation: "g")
        try ledger.put(
          .drift, monitor: "m", generation: "g", writer: "w", blocks: [(PaneKey(pane: .at(0), slice: "all"), [1])])
        try ledger.mark(dirty: [(.drift, .at(0))], monitor: "m", generation: "g")
        try ledger.put(progress: EvaluationProgress(), monitor: "m", generation: "g")
        try ledger.put(results: [
          ResultRecord(
            monitor: "m", generation: "g", type: .drift, window: "1h", size: 1, end: .at(1), slice: "all", subject: "x",
            line: "{}")
        ])
        try ledger.put(machine: [1], monitor: "m", group: .drift)
        try ledger.put(setting: "s", value: [1])
        try ledger.enqueue([
          OutboxRecord(
            key: "k", monitor: "m", incident: "i", receiver: "r", sequence: 1, body: "", createdAt: .at(0),
            nextAttemptAt: .at(0))
        ])
        _ = try ledger.acquire(lease: "l", holder: "h", lasting: .seconds(1))
        throw Abandoned()
      }
    }
    try ledger.read { (reader: any LedgerReader) throws in
      #expect(try reader.writer("w")?.flushSequence == 0)
      #expect(try reader.partitions(of: "m") == before)
      #expect(try reader.generation(of: "m") == nil)
      #expect(try reader.waiting(monitor: "m", generation: "g", ids: [[1]]) == [nil])
      let all = EventTime.distantPast..<EventTime.distantFuture
      #expect(try reader.paneStarts(.drift, monitor: "m", generation: "g", in: all) == [])
      #expect(try reader.dirtyMarks(monitor: "m", generation: "g") == [])
      #expect(try reader.progress(monitor: "m", generation: "g") == nil)
      #expect(try reader.results(ResultQuery(limit: 9)) == [])
      #expect(try reader.machine(monitor: "m", group: .drift) == nil)
      #expect(try reader.setting("s") == nil)
      #expect(try reader.outboxBacklog() == [])
    }
    #expect(try ledger.write { try $0.epoch(ofLease: "l") } == nil)
    // And the ledger goes on.
    try ledger.write { try $0.put(setting: "s", value: [2]) }
    #expect(try ledger.read { try $0.setting("s") } == [2])
  }

  @Test(arguments: ledgers)
  func aCallThatFailedDoomsItsTransaction(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    #expect(throws: LedgerError.self) {
      try ledger.write { ledger in
        try ledger.put(setting: "s", value: [1])
        try ledger.register(writer: "w", instance: .here)
        try? ledger.register(writer: "w", instance: .here)
      }
    }
    #expect(try ledger.read { try $0.setting("s") } == nil)
    #expect(try ledger.read { try $0.writer("w") } == nil)
  }

  @Test(arguments: ledgers)
  func aReadSeesOneMomentWhateverIsCommittedBesideIt(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    try ledger.write { try $0.put(setting: "s", value: [1]) }
    try ledger.read { (reader: any LedgerReader) throws in
      #expect(try reader.setting("s") == [1])
      // On a thread of its own: a ledger may forbid a write inside a read.
      let done = DispatchSemaphore(value: 0)
      DispatchQueue.global().async {
        #expect(throws: Never.self) { try ledger.write { try $0.put(setting: "s", value: [2]) } }
        done.signal()
      }
      done.wait()
      #expect(try reader.setting("s") == [1])
    }
    #expect(try ledger.read { try $0.setting("s") } == [2])
  }

  @Test(arguments: ledgers)
  func writesFromManyThreadsFollowOneAnother(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      #expect(throws: Never.self) {
        for _ in 0..<25 {
          try ledger.write { ledger in
            let count = try ledger.setting("count")?.first ?? 0
            try ledger.put(setting: "count", value: [count + 1])
          }
        }
      }
    }
    #expect(try ledger.read { try $0.setting("count") } == [200])
  }
}
