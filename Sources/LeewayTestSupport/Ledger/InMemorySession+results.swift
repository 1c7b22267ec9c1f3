import LeewayCore

extension InMemorySession {
  /// Index of the first line whose position is not below `position`.
  private func index(of position: ResultPosition) -> Int {
    var low = 0
    var high = tables.results.count
    while low < high {
      let middle = (low + high) / 2
      if tables.results[middle].position < position { low = middle + 1 } else { high = middle }
    }
    return low
  }

  func put(results: [ResultRecord]) throws {
    for var result in results {
      if result.value?.isNaN == true { result.value = nil }
      if flaw == .stageOfResults { result.stage = .final }
      result.revision = 0
      let position = result.position
      let i = index(of: position)
      if i < tables.results.count, !(position < tables.results[i].position) {
        let known = tables.results[i]
        result.revision = known.revision + (known.line.utf8.elementsEqual(result.line.utf8) ? 0 : 1)
        tables.results[i] = result
      } else {
        tables.results.insert(result, at: i)
      }
    }
  }

  func reclaimResults(monitor: String, generation: String, before: EventTime, limit: Int) throws -> Int {
    let scope = InMemoryTables.Scope(monitor, generation)
    var left = max(0, limit)
    let count = tables.results.count
    tables.results.removeAll { line in
      guard left > 0, line.end < before, InMemoryTables.Scope(line.monitor, line.generation) == scope else {
        return false
      }
      left -= 1
      return true
    }
    return count - tables.results.count
  }

  func delete(results: [ResultPosition]) throws -> Int {
    var gone = 0
    for position in results {
      let i = index(of: position)
      guard i < tables.results.count, !(position < tables.results[i].position) else { continue }
      tables.results.remove(at: i)
      gone += 1
    }
    return gone
  }

  func resultKeys(monitor: String, after: EventTime, through: EventTime) throws -> [ResultKey] {
    tables.results.lazy.filter { $0.end > after && $0.end <= through && ByteName($0.monitor) == ByteName(monitor) }
      .map { ResultKey(position: $0.position, rawTier: $0.rawTier) }
  }

  func thinning(of monitor: String) throws -> ThinningProgress? { tables.thinnings[ByteName(monitor)] }
  func put(thinning: ThinningProgress, monitor: String) throws { tables.thinnings[ByteName(monitor)] = thinning }
  /// Lines in memory are what they are.
  func packResults(monitor: String, generation: String, limit: Int) throws -> Int { 0 }

  func results(_ query: ResultQuery) throws -> [ResultRecord] {
    func matches(_ wanted: String?, _ value: String) -> Bool { wanted.map { ByteName($0) == ByteName(value) } ?? true }
    return Array(
      tables.results.lazy.filter { line in
        matches(query.monitor, line.monitor) && (query.type ?? line.type) == line.type
          && matches(query.window, line.window) && matches(query.slice, line.slice)
          && matches(query.subject, line.subject) && (query.stage ?? line.stage) == line.stage
          && line.end >= query.from ?? line.end
          && (query.to.map { line.end < $0 } ?? true) && (query.after.map { $0 < line.position } ?? true)
      }.prefix(max(0, query.limit)))
  }

  func verdicts(monitor: String, generation: String, check: String, stage: Stage, ends: [EventTime]) throws
    -> [VerdictRecord]
  {
    let ends = Set(ends)
    let scope = InMemoryTables.Scope(monitor, generation)
    return tables.results.compactMap { line in
      guard line.type == .verdict, line.stage == stage || flaw == .stageOfVerdicts, ends.contains(line.end),
        let tier = line.rawTier,
        InMemoryTables.Scope(line.monitor, line.generation) == scope, ByteName(line.check) == ByteName(check)
      else { return nil }
      return VerdictRecord(end: line.end, slice: line.slice, subject: line.subject, rawTier: tier, value: line.value)
    }
  }

  func latestResults(monitor: String, generation: String, type: ResultType) throws -> [ResultRecord] {
    let scope = InMemoryTables.Scope(monitor, generation)
    var newest: [[ByteName]: ResultRecord] = [:]
    for line in tables.results
    where line.type == type && InMemoryTables.Scope(line.monitor, line.generation) == scope {
      let key = [line.window, line.slice, line.subject, line.check, line.metric, line.stage.rawValue].map(ByteName.init)
      if let known = newest[key], (known.end, known.sequence) > (line.end, line.sequence) { continue }
      newest[key] = line
    }
    return newest.values.sorted { $0.position < $1.position }
  }
}
