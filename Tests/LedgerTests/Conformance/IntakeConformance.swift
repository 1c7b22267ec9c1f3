import LeewayCore
import LeewayTestSupport
import Testing

@Suite("Ledger: intake")
struct IntakeConformance {
  @Test(arguments: ledgers)
  func aWritersFlushesAreCountedWhileItLives(_ store: LedgerUnderTest) throws {
    let clock = ManualClock()
    let ledger = try store.make(clock)
    func record() throws -> WriterRecord? { try ledger.read { try $0.writer("w") } }
    #expect(try record() == nil)
    try ledger.write { try $0.register(writer: "w", instance: .here) }
    let registered = try #require(try record())
    #expect(registered.instance == .here && registered.flushSequence == 0 && registered.alive)
    #expect(registered.lastSeenAt == registered.registeredAt && registered.lastFlushAt == nil)
    clock.advance(.seconds(10))
    #expect(try ledger.write { try $0.advance(writer: "w", expected: 0) })
    #expect(try !ledger.write { try $0.advance(writer: "w", expected: 0) })
    #expect(try !ledger.write { try $0.advance(writer: "w", expected: 2) })
    #expect(try !ledger.write { try $0.advance(writer: "nobody", expected: 0) })
    let flushed = try #require(try record())
    #expect(flushed.flushSequence == 1 && flushed.lastFlushAt == flushed.lastSeenAt)
    #expect((.seconds(10) ... .seconds(19)).contains(flushed.lastSeenAt - registered.registeredAt))
    clock.advance(.seconds(10))
    #expect(try ledger.write { try $0.heartbeat(writer: "w") })
    #expect(try !ledger.write { try $0.heartbeat(writer: "nobody") })
    let seen = try #require(try record())
    #expect(seen.lastFlushAt == flushed.lastFlushAt && seen.lastSeenAt >= flushed.lastSeenAt + .seconds(10))
    #expect(try ledger.write { try $0.lock(writer: "w") } == seen)
    #expect(try ledger.write { try $0.lock(writer: "nobody") } == nil)
    try ledger.write { try $0.retire(writer: "w") }
    #expect(try !ledger.write { try $0.advance(writer: "w", expected: 1) })
    #expect(try !ledger.write { try $0.heartbeat(writer: "w") })
    var dead = seen
    dead.alive = false
    #expect(try record() == dead)
    #expect(throws: LedgerError.self) { try ledger.write { try $0.register(writer: "w", instance: .here) } }
    clock.advance(.seconds(10))
    try ledger.write { try $0.register(writer: "a", instance: InstanceIdentity(host: "é", process: .max)) }
    #expect(try ledger.read { try $0.writers() }.map(\.id) == ["w", "a"])
  }

  @Test(arguments: PaneKind.allCases, ledgers)
  func aDeadWriterGoesOnceItHoldsNothing(_ kind: PaneKind, _ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let key = PaneKey(pane: .at(10), slice: "all")
    try ledger.write { ledger in
      for writer in ["alive", "dead", "empty"] { try ledger.register(writer: writer, instance: .here) }
      for writer in ["dead", "empty"] { try ledger.retire(writer: writer) }
      try ledger.put(kind, monitor: "m", generation: "g", writer: "dead", blocks: [(key, [1])])
    }
    func reclaim(_ limit: Int) throws -> Int { try ledger.write { try $0.reclaimWriters(limit: limit) } }
    #expect(try reclaim(0) == 0)
    #expect(try reclaim(9) == 1)
    #expect(try Set(ledger.read { try $0.writers() }.map(\.id)) == ["alive", "dead"])
    try ledger.write { try $0.delete(kind, monitor: "m", generation: "g", writer: "dead", keys: [key]) }
    #expect(try reclaim(9) == 1)
    #expect(try ledger.read { try $0.writers() }.map(\.id) == ["alive"])
  }

  @Test(arguments: ledgers)
  func theGenerationPutLastIsTheCurrentOne(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let old = GenerationRecord(monitor: "m", generation: "g1", startsAt: .distantPast, baseline: "b1")
    let new = GenerationRecord(monitor: "m", generation: "g2", startsAt: .at(300), baseline: "b2")
    let other = GenerationRecord(monitor: "n", generation: "g9", startsAt: .at(-5), baseline: "")
    #expect(try ledger.read { try $0.generation(of: "m") } == nil)
    try ledger.write { for generation in [old, new, other] { try $0.put(generation: generation) } }
    #expect(try ledger.read { try $0.generation(of: "m") } == new)
    #expect(try ledger.read { try $0.generation(of: "n") } == other)
    var again = old
    again.startsAt = .at(900)
    try ledger.write { try $0.put(generation: again) }
    #expect(try ledger.read { try $0.generation(of: "m") } == again)
    #expect(try ledger.read { try $0.generations(of: "m") } == [new, again])
    #expect(try ledger.read { try $0.generations(of: "none") } == [])
    // What pairs depend on, and what a generation was made of.
    let third = GenerationRecord(
      monitor: "m", generation: "g1-2", definition: "g1", startsAt: .at(1200), baseline: "b", pairs: "g2",
      pairsStartAt: .at(300), earlyStartsAt: .at(1200), pairShape: "p l 345600000 s", readThrough: .at(1100))
    let files = GenerationFiles(monitor: "monitor: m\n# a\u{0}b é\n", baseline: [0, 255, 10])
    try ledger.write { try $0.put(generation: third, files: files) }
    #expect(try ledger.read { try $0.generation(of: "m") } == third)
    #expect(try ledger.read { try $0.generations(of: "m") } == [new, again, third])
    #expect(try ledger.read { try $0.files(monitor: "m", generation: "g1-2") } == files)
    #expect(try ledger.read { try $0.files(monitor: "m", generation: "g1") } == nil)
    #expect(try ledger.read { try $0.files(monitor: "n", generation: "g1-2") } == nil)
    try ledger.write {
      try $0.lockGeneration(of: "m")
      try $0.lockGeneration(of: "none")
    }
  }

  @Test(arguments: ledgers)
  func aGenerationIsDrainedOnceNothingWaitsAmongItsPairsAndItsFilesGo(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let files = GenerationFiles(monitor: "monitor: m", baseline: [1])
    func record(_ name: String, _ pairs: String, monitor: String = "m") -> GenerationRecord {
      GenerationRecord(monitor: monitor, generation: name, startsAt: .at(1), baseline: "b", pairs: pairs)
    }
    func drained() throws -> [String] {
      try ledger.read { try $0.generations(of: "m") + $0.generations(of: "n") }.filter(\.isDrained).map {
        "\($0.monitor) \($0.generation)"
      }
    }
    func kept() throws -> [String] {
      try ["g1", "g2", "g3"].filter { name in try ledger.read { try $0.files(monitor: "m", generation: name) } != nil }
    }
    try ledger.write { tx in
      for one in [record("g1", "g1"), record("g2", "g1"), record("g3", "g3"), record("g1", "g1", monitor: "n")] {
        try tx.put(generation: one, files: files)
      }
      try tx.put(waiting: [WaitingRow(id: [1], state: [1], reclaimAfter: .at(5))], monitor: "m", generation: "g1")
      try tx.put(waiting: [WaitingRow(id: [1], state: [1], reclaimAfter: .at(5))], monitor: "m", generation: "g3")
    }
    #expect(try ledger.write { try $0.drain(monitor: "m", pairs: "g1") } == 0)
    #expect(try drained() == [] && kept() == ["g1", "g2", "g3"])
    _ = try ledger.write { try $0.reclaimWaiting(monitor: "m", generation: "g1", before: .at(9), limit: 9) }
    #expect(try ledger.write { try $0.drain(monitor: "m", pairs: "g1") } == 2)
    #expect(try drained() == ["m g1", "m g2"] && kept() == ["g3"])
    #expect(try ledger.write { try $0.drain(monitor: "m", pairs: "g1") } == 0)
    #expect(try ledger.write { try $0.drain(monitor: "m", pairs: "none") } == 0)
    #expect(try ledger.read { try $0.files(monitor: "n", generation: "g1") } == files)
  }

  @Test(arguments: ledgers)
  func anOldGenerationGoesOnceNothingOfItIsLeft(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let pane = PaneKey(pane: .at(10), slice: "all")
    let line = ResultRecord(
      monitor: "m", generation: "old", type: .drift, window: "1h", size: 3600, end: .at(10), slice: "all", subject: "x",
      line: "{}")
    try ledger.write { ledger in
      for name in ["old", "new"] {
        try ledger.put(
          generation: GenerationRecord(monitor: "m", generation: name, startsAt: .distantPast, baseline: ""))
        try ledger.mark(dirty: [(.drift, .at(10))], monitor: "m", generation: name)
        try ledger.put(progress: EvaluationProgress(), monitor: "m", generation: name)
      }
      try ledger.put(.drift, monitor: "m", generation: "old", writer: "w", blocks: [(pane, [1])])
      try ledger.put(
        waiting: [WaitingRow(id: [1], state: [1], reclaimAfter: .at(0))], monitor: "m", generation: "old")
      try ledger.put(results: [line])
    }
    func reclaim(_ generation: String) throws -> Int {
      try ledger.write { try $0.reclaimGeneration(monitor: "m", generation: generation) }
    }
    #expect(try reclaim("old") == 0)
    #expect(
      try ledger.write {
        try $0.reclaimPanes(.drift, monitor: "m", generation: "old", before: .distantFuture, limit: 9)
      } == 1)
    #expect(try reclaim("old") == 0)
    #expect(
      try ledger.write {
        try $0.reclaimWaiting(monitor: "m", generation: "old", before: .distantFuture, limit: 9).count
      } == 1)
    #expect(try reclaim("old") == 0)
    #expect(
      try ledger.write {
        try $0.reclaimResults(monitor: "m", generation: "old", before: .distantFuture, limit: 9)
      } == 1)
    #expect(try reclaim("old") == 1)
    #expect(try reclaim("old") == 0)
    #expect(try reclaim("new") == 0)
    try ledger.read { (reader: any LedgerReader) throws in
      #expect(try reader.generations(of: "m").map(\.generation) == ["new"])
      #expect(try reader.dirtyMarks(monitor: "m", generation: "old") == [])
      #expect(try reader.progress(monitor: "m", generation: "old") == nil)
      #expect(try reader.dirtyMarks(monitor: "m", generation: "new").count == 1)
    }
    // A name that comes back starts from nothing.
    try ledger.write { try $0.mark(dirty: [(.drift, .at(20))], monitor: "m", generation: "old") }
    #expect(try ledger.read { try $0.dirtyMarks(monitor: "m", generation: "old") }.map(\.pane) == [.at(20)])
  }

  @Test(arguments: ledgers)
  func partitionsAreMadeOnceAndReadInOrder(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let keys = [("b", 0), ("a", 10), ("a", 2), ("B", 1)].map {
      PartitionKey(monitor: "m", topic: $0.0, partition: Int32($0.1))
    }
    try ledger.write { ledger in
      try ledger.ensure(partitions: keys.map { (key: $0, role: .predictions) })
      try ledger.ensure(partitions: [(key: PartitionKey(monitor: "n", topic: "a", partition: .max), role: .labels)])
    }
    _ = try ledger.write { try $0.claim(partitions: [keys[0]], owner: "me") }
    try ledger.write { try $0.ensure(partitions: keys.map { (key: $0, role: .labels) }) }
    let found = try ledger.read { try $0.partitions(of: "m") }
    #expect(found.map(\.key) == keys.sorted())
    #expect(found.allSatisfy { $0.role == .predictions && $0.nextOffset == 0 && $0.watermark == .distantPast })
    #expect(found.first { $0.key == keys[0] }?.epoch == 1)
    #expect(found.first { $0.key == keys[0] }?.owner == "me")
    #expect(found.first { $0.key == keys[1] }?.owner == nil)
    #expect(try ledger.read { try $0.partitions(of: "n") }.first?.key.partition == .max)
    #expect(try ledger.read { try $0.partitions(of: "none") } == [])
  }

  @Test(arguments: ledgers)
  func aClaimFencesTheOwnerBefore(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let keys = (0..<3).map { PartitionKey(monitor: "m", topic: "t", partition: Int32($0)) }
    func advance(_ i: Int, epoch: Int64, from: Int64, to: Int64) -> PartitionAdvance {
      PartitionAdvance(
        key: keys[i], epoch: epoch, expectedOffset: from, nextOffset: to, watermark: .at(to),
        idleFor: .seconds(77), endOffset: to + 5)
    }
    try ledger.write { try $0.ensure(partitions: keys.map { (key: $0, role: .predictions) }) }
    let claimed = try ledger.write { try $0.claim(partitions: keys.reversed(), owner: "a") }
    #expect(claimed.map(\.key) == keys.reversed())
    #expect(claimed.map(\.epoch) == [1, 1, 1])
    #expect(
      try ledger.write {
        try $0.advance(partitions: (0..<3).map { advance($0, epoch: 1, from: 0, to: 10) })
      } == [true, true, true])
    // Somebody takes 1 over; the first owner flushes all three.
    let taken = try ledger.write { try $0.claim(partitions: [keys[1]], owner: "b") }
    #expect(
      taken == [
        PartitionRecord(
          key: keys[1], role: .predictions, epoch: 2, owner: "b", nextOffset: 10, watermark: .at(10), idleUntil: nil,
          endOffset: 15)
      ])
    let before = try ledger.read { try $0.partitions(of: "m") }
    let idle = try #require(before[0].idleUntil) - ledger.read { try $0.now() }
    #expect((.seconds(67) ... .seconds(77)).contains(idle))
    #expect(
      try ledger.write {
        try $0.advance(partitions: (0..<3).map { advance($0, epoch: 1, from: 10, to: 20) })
      } == [true, false, true])
    let after = try ledger.read { try $0.partitions(of: "m") }
    #expect(after.map(\.nextOffset) == [20, 10, 20])
    #expect(after[1] == before[1])
    // What an advance does not say: idleness ends, the log's end stays.
    #expect(
      try ledger.write {
        try $0.advance(partitions: [
          PartitionAdvance(key: keys[2], epoch: 1, expectedOffset: 20, nextOffset: 20, watermark: .at(20))
        ])
      } == [true])
    let quiet = try ledger.read { try $0.partitions(of: "m") }[2]
    #expect(quiet.idleUntil == nil && quiet.endOffset == 25 && quiet.nextOffset == 20)
    // The right epoch with a stale offset, and a partition that has no row.
    let missing = PartitionAdvance(
      key: PartitionKey(monitor: "m", topic: "t", partition: 9), epoch: 0, expectedOffset: 0, nextOffset: 1,
      watermark: .at(1))
    #expect(
      try ledger.write { try $0.advance(partitions: [advance(0, epoch: 1, from: 10, to: 30), missing]) } == [
        false, false,
      ])
    #expect(try ledger.read { try $0.partitions(of: "m") }.dropLast() == after.dropLast())
    #expect(throws: LedgerError.self) { try ledger.write { try $0.claim(partitions: [missing.key], owner: "c") } }
  }

  @Test(arguments: ledgers)
  func aPartitionWithoutItsOwnerIsNobodysAndNotIdle(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let keys = (0..<4).map { PartitionKey(monitor: "m", topic: "t", partition: Int32($0)) }
    try ledger.write { ledger in
      for writer in ["a", "b"] { try ledger.register(writer: writer, instance: .here) }
      try ledger.ensure(partitions: keys.map { (key: $0, role: .predictions) })
      _ = try ledger.claim(partitions: Array(keys[..<3]), owner: "a")
      _ = try ledger.claim(partitions: [keys[3]], owner: "b")
      _ = try ledger.advance(
        partitions: keys.map {
          PartitionAdvance(
            key: $0, epoch: 1, expectedOffset: 0, nextOffset: 1, watermark: .at(1), idleFor: .seconds(1000))
        })
    }
    func owners() throws -> [String?] { try ledger.read { try $0.partitions(of: "m") }.map(\.owner) }
    func idle() throws -> [Bool] { try ledger.read { try $0.partitions(of: "m") }.map { $0.idleUntil != nil } }
    #expect(try idle() == [true, true, true, true])
    // b's is not a's to let go.
    try ledger.write { try $0.release(partitions: [keys[0], keys[3]], owner: "a") }
    #expect(try owners() == [nil, "a", "a", "b"])
    #expect(try idle() == [false, true, true, true])
    try ledger.write { try $0.retire(writer: "a") }
    #expect(try owners() == [nil, nil, nil, "b"])
    #expect(try idle() == [false, false, false, true])
    let rows = try ledger.read { try $0.partitions(of: "m") }
    #expect(rows.map(\.epoch) == [1, 1, 1, 1] && rows.map(\.nextOffset) == [1, 1, 1, 1])
  }

  @Test(arguments: ledgers)
  func waitingRowsAreKeptReplacedAndDeletedById(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    let rows = [[], [0], [0, 0], [0xFF], Array("id".utf8)].map {
      WaitingRow(id: $0, state: $0 + [7], reclaimAfter: .at(100))
    }
    try ledger.write { try $0.put(waiting: rows, monitor: "m", generation: "g") }
    try ledger.write { try $0.put(waiting: [rows[1]], monitor: "m", generation: "h") }
    let asked: [[UInt8]] = [[0xFF], [1], [], [0, 0]]
    func read(_ generation: String) throws -> [[UInt8]?] {
      try ledger.read { try $0.waiting(monitor: "m", generation: generation, ids: asked) }
    }
    #expect(try read("g") == [[0xFF, 7], nil, [7], [0, 0, 7]])
    #expect(try read("h") == [nil, nil, nil, nil])
    let ordered = asked.sorted { $0.lexicographicallyPrecedes($1) }
    let locked = try ledger.write { try $0.lockWaiting(monitor: "m", generation: "g", ids: ordered) }
    #expect(locked == [[7], [0, 0, 7], nil, [0xFF, 7]])
    // Locking leaves nothing behind.
    #expect(try read("g")[1] == nil)
    #expect(try read("none") == [nil, nil, nil, nil])
    try ledger.write {
      try $0.put(
        waiting: [
          WaitingRow(id: [], state: nil, reclaimAfter: .at(0)), WaitingRow(id: [0xFF], state: [], reclaimAfter: .at(5)),
          WaitingRow(id: [9], state: nil, reclaimAfter: .at(0)),
        ], monitor: "m", generation: "g")
      // A transaction reads what it has written.
      #expect(try $0.waiting(monitor: "m", generation: "g", ids: asked) == [[], nil, nil, [0, 0, 7]])
    }
    #expect(try read("g") == [[], nil, nil, [0, 0, 7]])
  }

  @Test(arguments: ledgers)
  func waitingRowsMatchAModel(_ store: LedgerUnderTest) throws {
    let seed = UInt64.random(in: 0..<(.max))
    var numbers = SeededGenerator(seed: seed)
    let ledger = try store.make()
    var model: [[UInt8]: (state: [UInt8], after: Int64, mayGo: Bool)] = [:]
    var removed: [[UInt8]] = []
    var due: Set<[UInt8]> = []
    for flush in 0..<60 {
      var batch: [[UInt8]: WaitingRow] = [:]
      for _ in 0..<Int.random(in: 1...200, using: &numbers) {
        let id = withUnsafeBytes(of: UInt16.random(in: 0..<600, using: &numbers)) { [UInt8]($0) }
        let state: [UInt8]? =
          Bool.random(using: &numbers) ? id + Array("\(flush)".utf8) + Array(repeating: 7, count: Int(id[0] % 40)) : nil
        batch[id] = WaitingRow(id: id, state: state, reclaimAfter: .at(Int64.random(in: 0..<1000, using: &numbers)))
      }
      let rows = batch.values.sorted { $0.id.lexicographicallyPrecedes($1.id) }
      try ledger.write { try $0.put(waiting: rows, monitor: "m", generation: "g") }
      for row in rows { model[row.id] = row.state.map { ($0, row.reclaimAfter.milliseconds, false) } }
      let before = Int64.random(in: 0..<300, using: &numbers)
      for (id, row) in model where row.after < before {
        model[id]?.mayGo = true
        due.insert(row.state)
      }
      let limit = Int.random(in: 0..<100, using: &numbers)
      removed += try ledger.write {
        try $0.reclaimWaiting(monitor: "m", generation: "g", before: .at(before), limit: limit)
      }
      let ids = model.keys.sorted { $0.lexicographicallyPrecedes($1) }
      let stored = try ledger.read { try $0.waiting(monitor: "m", generation: "g", ids: ids) }
      for (id, state) in zip(ids, stored) {
        if state == nil {
          #expect(model[id]?.mayGo == true, "seed \(seed)")
          model[id] = nil
        } else {
          #expect(state == model[id]?.state, "seed \(seed)")
        }
      }
    }
    #expect(due.isSuperset(of: removed), "seed \(seed)")
    #expect(Set(removed).count == removed.count, "seed \(seed)")
    // Whatever is due goes in the end, each row once.
    for _ in 0..<100 {
      removed += try ledger.write {
        try $0.reclaimWaiting(monitor: "m", generation: "g", before: .distantFuture, limit: 100)
      }
    }
    #expect(Set(removed).count == removed.count, "seed \(seed)")
    #expect(model.values.allSatisfy { removed.contains($0.state) }, "seed \(seed)")
    let ids = Array(model.keys)
    let left = try ledger.read { try $0.waiting(monitor: "m", generation: "g", ids: ids) }
    #expect(left.allSatisfy { $0 == nil }, "seed \(seed)")
  }

  @Test(arguments: ledgers)
  func theNewestQuarantinedMessagesAreKeptSoManyAMonitor(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    func record(_ monitor: String, _ offset: Int64) -> QuarantineRecord {
      QuarantineRecord(
        monitor: monitor, topic: "t", partition: 3, offset: offset, code: "not_json", reason: "byte 0",
        sample: [0, 255])
    }
    try ledger.write { try $0.quarantine((0..<5).map { record("a", $0) } + [record("b", 100)], keep: 3) }
    #expect(try ledger.read { try $0.quarantined(monitor: "a", limit: 10) } == [4, 3, 2].map { record("a", $0) })
    #expect(try ledger.read { try $0.quarantined(monitor: nil, limit: 2) } == [record("b", 100), record("a", 4)])
    try ledger.write { try $0.quarantine([record("a", 5)], keep: 3) }
    #expect(try ledger.read { try $0.quarantined(monitor: "a", limit: 10) }.map(\.offset) == [5, 4, 3])
    #expect(try ledger.read { try $0.quarantined(monitor: "b", limit: 10) }.map(\.offset) == [100])
    #expect(try ledger.read { try $0.quarantined(monitor: "a", limit: 0) } == [])
  }
}
