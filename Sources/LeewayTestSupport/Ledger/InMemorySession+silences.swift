import LeewayCore

/// What people asked not to be told of for a while.
extension InMemorySession {
  func silences(_ states: Set<SilenceState>, limit: Int) throws -> [SilenceRecord] {
    let now = try now()
    return Array(tables.silences.reversed().filter { states.contains($0.state(at: now)) }.prefix(max(0, limit)))
  }

  func silence(_ number: Int64) throws -> SilenceRecord? { tables.silences.first { $0.number == number } }

  func add(silence: SilenceRecord) throws -> Int64 {
    tables.lastSilence += 1
    var silence = silence
    silence.number = tables.lastSilence
    tables.silences.append(silence)
    return silence.number
  }

  func expire(silence number: Int64, by name: String, at: EventTime) throws -> Bool {
    guard let i = tables.silences.firstIndex(where: { $0.number == number && $0.ends > at }) else { return false }
    (tables.silences[i].ends, tables.silences[i].expiredBy) = (at, name)
    return true
  }

  func reclaimSilences(endedBefore before: EventTime, limit: Int) throws -> Int {
    let old = tables.silences.indices.filter { tables.silences[$0].ends < before }
      .sorted { (tables.silences[$0].ends, $0) < (tables.silences[$1].ends, $1) }.prefix(max(0, limit))
    for i in old.sorted(by: >) { tables.silences.remove(at: i) }
    return old.count
  }
}
