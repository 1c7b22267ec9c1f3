import LeewayCore
import LeewayTestSupport
import Testing

@Suite("Ledger: results")
struct ResultConformance {
  /// Lines over few values of every part, so that ties are common at every depth of the order.
  private func lines(_ count: Int, _ numbers: inout SeededGenerator) -> [ResultRecord] {
    func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &numbers)] }
    var lines: [ResultRecord] = []
    for i in 0..<count {
      let type = pick(ResultType.allCases)
      lines.append(
        ResultRecord(
          monitor: pick(["m", "n"]), generation: pick(["g1", "g2"]), type: type, window: pick(["1h", "7d"]),
          size: pick([0, 3600, 604_800]), end: .at(pick([-10, 0, 10, 20, 30])), slice: pick(awkwardNames),
          subject: pick(["", "x", "X", "\u{e9}", "e\u{301}"]), check: pick(["", "c"]), metric: pick(["", "psi"]),
          stage: pick(Stage.allCases), sequence: type == .incident ? pick([0, 1, -1]) : 0, line: "{\"n\":\(i)}",
          rawTier: type == .verdict ? pick(Tier.allCases) : nil, value: pick([nil, 0.5, -1e300])))
    }
    return lines
  }

  /// What a ledger holds after `puts`, by a dictionary and a sort.
  private func expected(_ puts: [ResultRecord]) -> [ResultRecord] {
    var kept: [[UInt8]: ResultRecord] = [:]
    for put in puts {
      let p = put.position
      let key = Array(
        ([
          "\(p.end.milliseconds)", "\(p.size)", p.slice, p.type, p.subject, p.check, p.metric, p.stage.rawValue,
          "\(p.sequence)",
          p.monitor, p.window, p.generation,
        ] as [String]).map { "\($0.utf8.count):\($0)" }.joined().utf8)
      var line = put
      if let old = kept[key] { line.revision = old.revision + (old.line == put.line ? 0 : 1) }
      kept[key] = line
    }
    return kept.values.sorted { $0.position < $1.position }
  }

  @Test(arguments: ledgers)
  func linesComeInTheFixedOrderWholeOrInPagesFilteredOrNot(_ store: LedgerUnderTest) throws {
    let seed = UInt64.random(in: 0..<(.max))
    var numbers = SeededGenerator(seed: seed)
    let ledger = try store.make()
    var puts: [ResultRecord] = []
    for _ in 0..<4 {
      let batch = lines(400, &numbers)
      try ledger.write { try $0.put(results: batch) }
      puts += batch
    }
    let all = expected(puts)
    #expect(try ledger.read { try $0.results(ResultQuery(limit: 10_000)) } == all, "seed \(seed)")
    for round in 0..<60 {
      func maybe<T>(_ value: T) -> T? { Int.random(in: 0..<3, using: &numbers) == 0 ? value : nil }
      func bytes(_ wanted: String?, _ value: String) -> Bool {
        wanted.map { $0.utf8.elementsEqual(value.utf8) } ?? true
      }
      let sample = all[Int.random(in: 0..<all.count, using: &numbers)]
      var query = ResultQuery(
        monitor: maybe(sample.monitor), type: maybe(sample.type), window: maybe(sample.window),
        slice: maybe(sample.slice), subject: maybe(sample.subject), stage: maybe(sample.stage), from: maybe(.at(0)),
        to: maybe(round % 7 == 0 ? .distantPast : .at(30)), limit: 100_000)
      let wanted = all.filter { line in
        bytes(query.monitor, line.monitor) && (query.type ?? line.type) == line.type && bytes(query.window, line.window)
          && bytes(query.slice, line.slice) && bytes(query.subject, line.subject)
          && (query.stage ?? line.stage) == line.stage && line.end >= query.from ?? .distantPast
          && line.end < query.to ?? .distantFuture
      }
      #expect(try ledger.read { try $0.results(query) } == wanted, "seed \(seed), round \(round)")
      query.limit = Int.random(in: 1...50, using: &numbers)
      var paged: [ResultRecord] = []
      while true {
        let page = try ledger.read { try $0.results(query) }
        try #require(
          page.count <= query.limit && paged.count + page.count <= wanted.count, "seed \(seed), round \(round)")
        paged += page
        guard let last = page.last else { break }
        query.after = last.position
      }
      #expect(paged == wanted, "seed \(seed), round \(round)")
    }
  }

  @Test(arguments: ledgers)
  func theLatestLinesAreThoseWithTheGreatestEnd(_ store: LedgerUnderTest) throws {
    let seed = UInt64.random(in: 0..<(.max))
    var numbers = SeededGenerator(seed: seed)
    let ledger = try store.make()
    let puts = lines(600, &numbers).map { line in
      // One size a window name, as configurations have it.
      var line = line
      line.size = line.window == "1h" ? 3600 : 604_800
      return line
    }
    try ledger.write { try $0.put(results: puts) }
    for type in ResultType.allCases {
      var newest: [[[UInt8]]: ResultRecord] = [:]
      for line in expected(puts) where line.monitor == "m" && line.generation == "g1" && line.type == type {
        let key = [line.window, line.slice, line.subject, line.check, line.metric, line.stage.rawValue].map {
          Array($0.utf8)
        }
        if let other = newest[key], (other.end, other.sequence) > (line.end, line.sequence) { continue }
        newest[key] = line
      }
      let found = try ledger.read { try $0.latestResults(monitor: "m", generation: "g1", type: type) }
      #expect(found == newest.values.sorted { $0.position < $1.position }, "seed \(seed)")
    }
  }

  @Test(arguments: ledgers)
  func aRevisionCountsChangesOfTheLine(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    var line = ResultRecord(
      monitor: "m", generation: "g", type: .drift, window: "1h", size: 3600, end: .at(10), slice: "all", subject: "x",
      line: "a", revision: 40)
    func stored() throws -> [ResultRecord] { try ledger.read { try $0.results(ResultQuery(limit: 9)) } }
    for (text, revision) in [("a", 0), ("a", 0), ("b", 1), ("b", 1), ("a", 2)] as [(String, Int64)] {
      line.line = text
      try ledger.write { try $0.put(results: [line]) }
      #expect(try stored().map(\.revision) == [revision])
      #expect(try stored().map(\.line) == [text])
    }
    // An older window does not become the latest by coming later.
    line.end = .at(5)
    try ledger.write { try $0.put(results: [line]) }
    #expect(
      try ledger.read { try $0.latestResults(monitor: "m", generation: "g", type: .drift) }.map(\.end) == [.at(10)])
    #expect(try stored().map(\.end) == [.at(5), .at(10)])
  }

  @Test(arguments: ledgers)
  func linesAreReclaimedOldestFirstOfOneGeneration(_ store: LedgerUnderTest) throws {
    let ledger = try store.make()
    func line(_ end: Int64, _ subject: String, _ generation: String = "g") -> ResultRecord {
      ResultRecord(
        monitor: "m", generation: generation, type: .drift, window: "1h", size: 3600, end: .at(end), slice: "all",
        subject: subject, line: "{}")
    }
    try ledger.write {
      try $0.put(
        results: [10, 20, 30, 40].flatMap { [line($0, "x"), line($0, "y")] } + [line(5, "z"), line(10, "x", "h")])
    }
    func reclaim(_ before: Int64, _ limit: Int) throws -> Int {
      try ledger.write { try $0.reclaimResults(monitor: "m", generation: "g", before: .at(before), limit: limit) }
    }
    func ends(_ generation: String) throws -> [Int64] {
      try ledger.read { try $0.results(ResultQuery(limit: 99)) }.filter { $0.generation == generation }
        .map(\.end.milliseconds)
    }
    #expect(try reclaim(30, 0) == 0)
    #expect(try reclaim(30, 3) == 3)
    #expect(try ends("g") == [20, 20, 30, 30, 40, 40])
    #expect(try reclaim(30, 3) == 2)
    #expect(try reclaim(30, 3) == 0)
    #expect(try ends("g") == [30, 30, 40, 40])
    #expect(try ends("h") == [10])
    let latest = try ledger.read { try $0.latestResults(monitor: "m", generation: "g", type: .drift) }
    #expect(latest.map(\.subject) == ["x", "y"] && latest.allSatisfy { $0.end == .at(40) })
    // A series that was emptied begins again.
    try ledger.write { try $0.put(results: [line(50, "z")]) }
    #expect(try ledger.read { try $0.results(ResultQuery(subject: "z", limit: 9)) }.map(\.end) == [.at(50)])
  }
}
