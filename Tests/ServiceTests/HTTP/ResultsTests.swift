import Hummingbird
import LeewayCore
import LeewayLedger
import LeewayLocks
import LeewayTestSupport
import Testing

@testable import LeewayService
@testable import LeewayWeb

@Suite struct ResultsTests {
  @Test func threePagesAreTheStreamIsOneRead() async throws {
    let service = try MadeUpService.filled()
    let expected = try service.ledger.read { try $0.results(ResultQuery(monitor: "fraud", limit: 100_000)) }.map(\.line)
    #expect(expected.count == 48 * 25 + 9)
    var limits = HTTPLimits.patient
    limits.streamPage = 100
    try await serving(service, limits: limits) { client in
      var paged: [String] = []
      var pages = 0
      var cursor: String? = ""
      while let next = cursor {
        let suffix = next.isEmpty ? "" : "&cursor=\(next)"
        let response = try await client.get("/api/v1/results?monitor=fraud&limit=403\(suffix)")
        #expect(response.status == .ok)
        let page = try response.json()
        paged +=
          page["results"]?.elements.map { value in
            var json = JSONWriter()
            json.value(value)
            return json.text
          } ?? []
        cursor = page["next"]?.text
        pages += 1
      }
      #expect(pages == 3)
      #expect(paged == expected)
      let stream = try await client.get("/api/v1/results?monitor=fraud", [.accept: "application/x-ndjson"])
      #expect(stream.headers[.contentType] == "application/x-ndjson")
      #expect(stream.text == expected.map { $0 + "\n" }.joined())
      let few = try await client.get("/api/v1/results?limit=250", [.accept: "text/html, application/x-ndjson;q=0.9"])
      #expect(few.text == expected.prefix(250).map { $0 + "\n" }.joined())
    }
  }

  @Test func pagesSayBeforeWhenLinesMayBeMissing() async throws {
    let service = try MadeUpService.filled()
    let before = EventTime(milliseconds: 1_767_225_600_000)
    try await serving(service) { client in
      for path in ["?monitor=fraud&limit=1", "?limit=1"] {
        #expect(try await client.get("/api/v1/results\(path)").json()["thinned_before"] == .null)
      }
      try service.ledger.write {
        try $0.put(thinning: ThinningProgress(through: before, before: before), monitor: "fraud")
      }
      for path in ["?monitor=fraud&limit=1", "?limit=1"] {
        #expect(
          try await client.get("/api/v1/results\(path)").json()["thinned_before"]?.text == "2026-01-01T00:00:00.000Z")
      }
      #expect(try await client.get("/api/v1/results?monitor=prices").json()["thinned_before"] == .null)
    }
  }

  @Test func pagesSayHowOftenALineWasRevised() async throws {
    let service = try MadeUpService.filled()
    let query = ResultQuery(monitor: "fraud", type: .performance, limit: 4)
    try service.ledger.write { tx in
      for (i, record) in try tx.results(query).enumerated() {
        for n in 0..<i {
          var revised = record
          revised.line = "{\"type\":\"performance\",\"revised\":\(n)}"
          try tx.put(results: [revised])
        }
      }
    }
    try await serving(service) { client in
      let page = try await client.get("/api/v1/results?monitor=fraud&type=performance&limit=4").json()
      let revisions = page["revisions"]?.elements.map { value in
        var json = JSONWriter()
        json.value(value)
        return json.text
      }
      #expect(revisions == ["0", "1", "2", "3"])
    }
  }

  @Test func filtersNarrowWhatIsShown() async throws {
    try await serving(try .filled()) { client in
      func lines(_ query: String) async throws -> [JSONValue] {
        try await client.get("/api/v1/results?limit=10000&" + query).json()["results"]?.elements ?? []
      }
      expectEqual(try await lines("type=performance&window=7d&slice=version%3Dv1").count, 12)
      expectEqual(try await lines("type=drift&subject=age&slice=all&from=2025-03-01T12:00:00Z").count, 2)
      expectEqual(
        try await lines("type=drift&subject=age&slice=all&window=1h&to=2025-03-01T11:00:00%2B01:00").count, 11)
      let hostile = "channel%3D%3Cimg+src%3Dx+onerror%3D%22document.title%3D%27owned%27%22%3E%26amp%3B"
      expectEqual(try await lines("type=drift&subject=age&window=7d&slice=\(hostile)").count, 12)
    }
  }

  @Test func openWindowsAreMergedInOrderOverPages() async throws {
    var service = MadeUpService(ledger: try SQLiteLedger.temporary())
    let window = MadeUpService.fraud.windows[0]
    let all = (0..<40).map { step in
      MadeUpService.drift(window, end: MadeUpService.noon + window.every * Int64(step), slice: "all", subject: "age")
    }
    // Every third is open, wherever it stands; one is in both, as if it had closed between the reads.
    let open = all.enumerated().filter { $0.offset % 3 == 0 || $0.offset == 10 }.map { element in
      var record = element.element
      record.line = "{\"open\":\(element.offset)}"
      return record
    }
    let stored = all.enumerated().filter { $0.offset % 3 != 0 }.map(\.element)
    try service.ledger.write { try $0.put(results: stored) }
    service.openResults = { query in
      Array(
        open.filter { record in
          query.after.map { $0 < record.position } ?? true && query.to.map { record.end < $0 } ?? true
        }.prefix(query.limit))
    }
    let expected = all.enumerated().map { $0.offset % 3 == 0 ? "{\"open\":\($0.offset)}" : $0.element.line }
    let view = service.view()
    for limit in [1, 2, 7, 39, 40, 41] {
      var pager = ResultPager(view: view, query: ResultQuery(limit: limit), includesOpen: true)
      var lines: [String] = []
      while true {
        let page = try pager.page(limit: limit)
        #expect(page.records.count <= limit)
        lines += page.records.map(\.line)
        if page.next == nil { break }
      }
      #expect(lines == expected, "pages of \(limit)")
    }
    try await serving(service) { client in
      let closed = try await client.get("/api/v1/results", [.accept: "application/x-ndjson"])
      #expect(closed.text == stored.map { $0.line + "\n" }.joined())
      let both = try await client.get("/api/v1/results?open=true", [.accept: "application/x-ndjson"])
      #expect(both.text == expected.map { $0 + "\n" }.joined())
    }
  }

  @Test func aCursorIsReadBackAndNothingElseIs() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    for record in MadeUpService.lines().prefix(50) {
      let text = ResultCursor.text(of: record.position)
      #expect(ResultCursor.position(of: text) == record.position)
      #expect(ResultCursor.position(of: String(text.dropLast())) == nil)
      var damaged = Array(text.utf8)
      damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...127, using: &random)
      // Whatever it is read as, reading does not end the process and the cursor is one that could have been given.
      if let position = ResultCursor.position(of: String(decoding: damaged, as: UTF8.self)) {
        #expect(ResultCursor.position(of: ResultCursor.text(of: position)) == position, "seed \(seed)")
      }
    }
    for text in ["", "5b5d", "zz", "5b", "e4", "Ä", String(repeating: "5b", count: 40_000)] {
      #expect(ResultCursor.position(of: text) == nil)
    }
  }

  /// 32 MB are owed to a client that reads nothing. The pages must not be read ahead of it, and it must not keep its
  /// place for ever.
  @Test func aReaderThatStopsIsCutOffAndHoldsNoMemory() async throws {
    let service = MadeUpService(ledger: try SQLiteLedger.temporary())
    let window = MadeUpService.fraud.windows[0]
    let padding = String(repeating: "x", count: 4000)
    let records = (0..<8000).map { index in
      var record = MadeUpService.drift(window, end: MadeUpService.noon, slice: "all", subject: "s\(index)")
      record.line = "{\"padding\":\"\(padding)\"}"
      return record
    }
    try service.ledger.write { try $0.put(results: records) }
    // On a busy machine the client may be cut off before anybody else has asked; then it gets more time.
    var wasRefused = false
    for time in [Duration.seconds(3), .seconds(30), .seconds(300)] where !wasRefused {
      wasRefused = try await refusesOthers(service, cuttingOffAfter: time)
    }
    #expect(wasRefused)
  }

  /// - Returns: whether another one who asked meanwhile was refused.
  private func refusesOthers(_ madeUp: MadeUpService, cuttingOffAfter time: Duration) async throws -> Bool {
    var service = madeUp
    let counter = PageCounter()
    service.openResults = { _ in
      counter.pages.withLock { $0 += 1 }
      return []
    }
    var limits = HTTPLimits.patient
    limits.streams = 1
    limits.stalledWriteTime = time
    limits.streamPage = 500
    let refused = Mutex(0)
    try await serving(service, limits: limits) { client in
      let stalled = try LoopbackSocket(port: client.port)
      try stalled.write(
        Array("GET /api/v1/results?open=true HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n".utf8))
      defer { withExtendedLifetime(stalled) {} }
      // The only place is taken once the first page has been read, and free again when the client is cut off.
      while counter.pages.withLock({ $0 }) == 0 { await Task.yield() }
      while true {
        let response = try await client.get("/api/v1/results?limit=1", [.accept: "application/x-ndjson"])
        if response.status == .ok { break }
        #expect(response.status == .serviceUnavailable)
        refused.withLock { $0 += 1 }
      }
      #expect(counter.pages.withLock { $0 } < 16)
    }
    return refused.withLock { $0 } > 0
  }

  private final class PageCounter: Sendable {
    let pages = Mutex(0)
  }
}
