import LeewayLedger
import Testing

@testable import LeewayService
@testable import LeewayWeb

/// Clients that speak HTTP in ways that browsers do not, over sockets.
@Suite struct ConnectionRulesTests {
  /// What the service answers until it closes the connection.
  private func answer(_ text: String, _ port: Int) async throws -> String {
    let socket = try LoopbackSocket(port: port)
    try socket.write(Array(text.utf8))
    return String(decoding: await socket.readToEnd(), as: UTF8.self)
  }

  /// It would take the numbers of chunks for parts of the page, and wait for the end of the connection.
  @Test(arguments: ["/", "/healthz", "/metrics", "/api/v1/monitors", "/nothing"])
  func aClientOfHTTP10GetsNoChunksAndTheEndOfItsConnection(_ path: String) async throws {
    let service = MadeUpService(ledger: try SQLiteLedger.temporary())
    try await running(service, limits: .patient) { port in
      let answer = try await answer("GET \(path) HTTP/1.0\r\n\r\n", port)
      #expect(answer.hasPrefix("HTTP/1.0 "))
      #expect(!answer.lowercased().contains("transfer-encoding"))
      #expect(answer.lowercased().contains("connection: close\r\n"))
    }
  }

  @Test func whatIsStreamedEndsWithTheConnection() async throws {
    let service = MadeUpService(ledger: try SQLiteLedger.temporary())
    let record = MadeUpService.drift(
      MadeUpService.fraud.windows[0], end: MadeUpService.noon, slice: "all", subject: "amount")
    try service.ledger.write { try $0.put(results: [record]) }
    try await running(service, limits: .patient) { port in
      let head = "GET /api/v1/results HTTP/1.0\r\nAccept: application/x-ndjson\r\nConnection: keep-alive\r\n\r\n"
      let answer = try await answer(head, port)
      #expect(!answer.lowercased().contains("transfer-encoding"))
      #expect(answer.lowercased().contains("connection: close\r\n"))
      #expect(answer.hasSuffix("\r\n\r\n" + record.line + "\n"), "\(answer)")
    }
  }

  @Test func aClientOfHTTP10ThatAsksForItKeepsItsConnection() async throws {
    let service = MadeUpService(ledger: try SQLiteLedger.temporary())
    try await running(service, limits: .patient) { port in
      let kept = "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
      let answers = try await answer(kept + kept + "GET /healthz HTTP/1.0\r\n\r\n", port)
      #expect(answers.components(of: "HTTP/1.0 200 OK") == 3)
      #expect(answers.lowercased().components(of: "connection: keep-alive\r\n") == 2)
      #expect(answers.lowercased().components(of: "connection: close\r\n") == 1)
    }
  }

  @Test(arguments: ["close", "Close", "keep-alive, CLOSE"])
  func aConnectionIsClosedInWhateverLettersThatIsAskedFor(_ word: String) async throws {
    let service = MadeUpService(ledger: try SQLiteLedger.temporary())
    try await running(service, limits: .patient) { port in
      let answer = try await answer("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: \(word)\r\n\r\n", port)
      #expect(answer.hasPrefix("HTTP/1.1 200 OK"))
      #expect(answer.lowercased().contains("connection: close\r\n"))
    }
  }

  /// It is the client's mistake, and no failure of the service.
  @Test(arguments: ["ZZ\r\n", "fffffffffffffffff\r\n"])
  func brokenChunksAreABadBody(_ chunk: String) async throws {
    let service = MadeUpService(ledger: try SQLiteLedger.temporary())
    try await running(service, tokens: try PersonEndpointTests.tokens(), limits: .patient) { port in
      let head =
        "POST /api/v1/silences HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token-of-alice\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n"
      let answer = try await answer(head + chunk, port)
      #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request"), "\(answer)")
      #expect(!answer.contains("500 Internal"), "\(answer)")
    }
  }

  /// `curl` waits for a second before it sends a long body unasked; other clients wait for ever.
  @Test func whoWaitsToBeToldIsToldToSendTheBody() async throws {
    let service = MadeUpService(ledger: try SQLiteLedger.temporary())
    try await running(service, limits: .patient) { port in
      let socket = try LoopbackSocket(port: port)
      let head = "POST /api/v1/silences HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n"
      try socket.write(Array((head + "Connection: close\r\n\r\n").utf8))
      #expect(String(decoding: socket.readSome(), as: UTF8.self).hasPrefix("HTTP/1.1 100 Continue\r\n\r\n"))
      try socket.write(Array("{}".utf8))
      let rest = String(decoding: await socket.readToEnd(), as: UTF8.self)
      #expect(rest.contains("HTTP/1.1 401") || rest.isEmpty, "\(rest)")
    }
  }

  /// Told at once it would stand within the answer before it.
  @Test func inALineOfRequestsTheWordComesBehindTheAnswersBefore() async throws {
    let service = MadeUpService(ledger: try SQLiteLedger.temporary())
    try await running(service, limits: .patient) { port in
      let first = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
      let second = "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
      let socket = try LoopbackSocket(port: port)
      try socket.write(Array((first + second + "Connection: close\r\n\r\n").utf8))
      var text = ""
      while !text.contains("100 Continue") {
        let part = socket.readSome()
        guard !part.isEmpty else { break }
        text += String(decoding: part, as: UTF8.self)
      }
      #expect(text.hasPrefix("HTTP/1.1 200 OK"))
      #expect(text.components(of: "100 Continue") == 1)
    }
  }
}

extension String {
  /// How often a text is in it.
  fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
