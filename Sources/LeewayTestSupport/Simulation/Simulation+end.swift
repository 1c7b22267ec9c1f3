import LeewayCore

/// Brings a world to its end, and looks at what must be true then.
extension Simulation {
  func finish() throws {
    say("the end")
    while phase < world.phases - 1 { try perform(.produce) }
    clock.advance(.hours(1))
    members[0].version = max(version, switches.count - 1)
    try restart(0)
    for place in places { assignment[place] = 0 }
    try claim(0)
    for partition in world.partitions {
      members[0].instance.read(partition.place, .max / 2)
      if partition.endsIdle {
        members[0].instance.intake.claimIdle(partition.place, lasting: .hours(9), at: steady)
      }
    }
    try flush(0)
    // What is left is judged in one go, or end by end, so that states are stored in between.
    try evaluate(0, world.recurs && world.seed % 2 == 0 ? 1 : 512)
    var rows = 1
    for _ in 0..<100 where rows > 0 {
      guard let lease = try lease(0) else { break }
      members[0].merges.forget(monitor: monitor)
      rows = try Fold(plan: try plan(0), deadAfter: Self.deadAfter).step(members[0].others, lease: lease).rows
    }
    if rows > 0 { problems.append("folding does not end") }
    try evaluate(0, 512)
    clock.advance(.hours(1))
    for _ in 0..<200 where try ledger.read({ try $0.outboxBacklog() }).contains(where: { $0.owed > 0 }) {
      try send(0, true)
      clock.advance(.minutes(1))
    }
    try check()
  }

  /// What holds whatever the results are.
  func check() throws {
    let (partitions, deliveries) = try ledger.read { reader in
      (
        try reader.partitions(of: monitor), try reader.deliveries(incident: nil, limit: .max)
      )
    }
    for partition in world.partitions {
      let row = partitions.first {
        $0.key.topic == partition.place.topic && $0.key.partition == partition.place.partition
      }
      if row?.nextOffset != Int64(partition.entries.count) {
        problems.append("\(partition.place) ends at \(row?.nextOffset ?? -1), not at \(partition.entries.count)")
      }
    }
    let received = Set(receipts.map(\.key))
    for row in deliveries {
      if row.state == .silenced, world.hasSilences { continue }
      if row.state != .delivered { problems.append("\(row.key) is \(row.state)") }
      if !received.contains(row.key) { problems.append("\(row.key) was never sent") }
    }
    problems += try unsettledActs() + unsettledRetrains() + untoldStories(held)
    for key in received.subtracting(deliveries.map(\.key)) { problems.append("\(key) was sent and is not owed") }
    var first: Set<String> = []
    var last: [String: Int64] = [:]
    for receipt in receipts where first.insert(receipt.key).inserted {
      let line = "\(receipt.receiver) \(receipt.incident)"
      // What final verdicts say of an early incident may come while it is open, and its end after that.
      if receipt.sequence >= IncidentMachine.sequenceOfFinalVerdicts { continue }
      if let before = last[line], before > receipt.sequence { problems.append("\(receipt.key) came after \(before)") }
      last[line] = receipt.sequence
    }
  }
}
