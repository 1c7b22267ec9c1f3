import Foundation
import LeewayDelivery
import LeewayTestSupport
import Testing

/// A real request to a real, badly behaved server on loopback.
@Suite struct HTTPRequestSenderTests {
  /// Short where the receiver never answers; nothing asserts how long anything took.
  private static let short = RequestLimits(connect: 2_000, total: 300, stall: 10_000)

  private func post(
    to receiver: LoopbackReceiver, path: String = "/hook?key=q-secret",
    limits: RequestLimits = RequestLimits(total: 60_000)
  ) throws -> Result<HTTPAnswer, HTTPFailure> {
    try HTTPRequestSender(version: "1.2.3", abort: AbortFlag())
      .send(HTTPRequest(url: receiver.url(path), headers: [], body: Array("{}".utf8), limits: limits))
  }

  @Test func requestArrivesByteForByte() throws {
    let receiver = try LoopbackReceiver(otherwise: .answer(status: 202, body: "taken"))
    let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
    let sender = try HTTPRequestSender(version: "1.2.3", abort: AbortFlag())
    let answer = try sender.send(
      HTTPRequest(
        url: receiver.url("/hook?a=1"), headers: [HTTPHeader("Idempotency-Key", "k-1"), HTTPHeader("X-Empty", "")],
        body: body, limits: RequestLimits(total: 60_000))
    ).get()
    #expect(answer == HTTPAnswer(status: 202, bodyPrefix: Array("taken".utf8)))
    let request = try #require(receiver.requests.first)
    #expect(request.method == "POST")
    #expect(request.path == "/hook?a=1")
    #expect(request.body == body)
    #expect(request.header("User-Agent") == "leeway/1.2.3")
    #expect(request.header("Idempotency-Key") == "k-1")
    #expect(request.header("X-Empty") == "")
    #expect(request.header("Expect") == nil)
  }

  @Test func emptyBodyIsSentEmpty() throws {
    let receiver = try LoopbackReceiver()
    let sender = try HTTPRequestSender(version: "1", abort: AbortFlag())
    _ = try sender.send(HTTPRequest(url: receiver.url(), headers: [], body: [])).get()
    #expect(receiver.requests.map(\.body) == [[]])
    #expect(receiver.requests.first?.header("Content-Length") == "0")
  }

  @Test func everyStatusIsAnAnswer() throws {
    let statuses = [200, 204, 400, 404, 408, 410, 429, 500, 503, 599]
    let receiver = try LoopbackReceiver(script: statuses.map { .answer(status: $0) })
    let sender = try HTTPRequestSender(version: "1", abort: AbortFlag())
    let answers = try statuses.map { _ in
      try sender.send(HTTPRequest(url: receiver.url(), headers: [], body: [1])).get().status
    }
    #expect(answers == statuses)
  }

  @Test func retryAfterIsReadInBothForms() throws {
    let receiver = try LoopbackReceiver(script: [
      .answer(status: 429, headers: ["Retry-After": "120"]),
      .answer(status: 503, headers: ["retry-AFTER": " Thu, 01 Jan 2026 00:00:00 GMT "]),
      .answer(status: 429),
    ])
    let sender = try HTTPRequestSender(version: "1", abort: AbortFlag())
    let answers = try (0..<3).map { _ in
      try sender.send(HTTPRequest(url: receiver.url(), headers: [], body: [1])).get().retryAfter
    }
    #expect(answers == [.seconds(120), .date(1_767_225_600_000), nil])
  }

  @Test func interimAnswersHeadersAreForgotten() throws {
    let receiver = try LoopbackReceiver(
      otherwise: .raw(
        Array("HTTP/1.1 103 Early\r\nRetry-After: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8)))
    #expect(try post(to: receiver) == .success(HTTPAnswer(status: 200)))
  }

  @Test func hangingReceiverTimesOut() throws {
    let receiver = try LoopbackReceiver(otherwise: .hang)
    let failure = try #require(try post(to: receiver, limits: Self.short).failed)
    #expect(failure.kind == .timeout)
    #expect(
      failure.text
        == "POST http://127.0.0.1:\(receiver.port): no complete answer within 300 ms (to connect: 2000 ms)")
  }

  @Test func drippingReceiverTimesOut() throws {
    let receiver = try LoopbackReceiver(otherwise: .drip)
    let request = HTTPRequest(method: .get, url: receiver.url(), headers: [], body: [], limits: Self.short)
    let sender = try HTTPRequestSender(version: "1", abort: AbortFlag())
    #expect(sender.send(request).failed?.kind == .timeout)
  }

  /// It has said that it took the request: sent again it would take it twice.
  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwhat",
    "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwhat\r\nno chunk",
    "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n",
  ])
  func aStatusStandsWhateverBecomesOfTheBody(_ bytes: String) throws {
    let receiver = try LoopbackReceiver(otherwise: .raw(Array(bytes.utf8)))
    let answer = try post(to: receiver).get()
    #expect((200..<300).contains(answer.status))
    // The last is whole: 204 has no body.
    #expect((answer.bodyProblem != nil) == (answer.status != 204))
    #expect(answer.isCut == (answer.status != 204))
  }

  @Test(arguments: [
    "HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\nwhat", "HTTP/1.1 20",
    "HTTP/1.1 100 Continue\r\n\r\n",
  ])
  func anAnswerThatHasNotComeOrIsARefusalIsAFailure(_ bytes: String) throws {
    let receiver = try LoopbackReceiver(otherwise: .raw(Array(bytes.utf8)))
    #expect(try post(to: receiver).failed != nil)
  }

  @Test func drippingReceiverIsGivenUpBeforeALongLimit() throws {
    // A megabyte at a byte a second would end in eleven days; the total limit is a day.
    let receiver = try LoopbackReceiver(otherwise: .drip)
    let limits = RequestLimits(total: 86_400_000, stall: 1_000)
    let answer = try post(to: receiver, limits: limits).get()
    #expect(answer.status == 200)
    #expect(answer.bodyProblem?.contains("no complete answer within") == true)
  }

  @Test(arguments: [LoopbackReceiver.Behaviour.reset, .raw([])])
  func brokenConnectionIsAReset(_ behaviour: LoopbackReceiver.Behaviour) throws {
    let receiver = try LoopbackReceiver(otherwise: behaviour)
    let failure = try #require(try post(to: receiver).failed)
    #expect(failure.kind == .reset)
    #expect(failure.text == "POST http://127.0.0.1:\(receiver.port): the connection ended before the answer did")
  }

  @Test func redirectLoopIsNotFollowed() throws {
    let receiver = try LoopbackReceiver(otherwise: .redirect(to: "/hook"))
    #expect(try post(to: receiver).get().status == 302)
    #expect(receiver.requests.count == 1)
  }

  @Test(arguments: [nil, 10 << 30] as [Int64?])
  func endlessAnswerIsCutAndItsStatusStands(_ contentLength: Int64?) throws {
    let receiver = try LoopbackReceiver(otherwise: .endless(contentLength: contentLength))
    let answer = try post(to: receiver).get()
    #expect(answer.status == 200)
    #expect(answer.isCut)
    #expect(answer.bodyPrefix == [UInt8](repeating: UInt8(ascii: "x"), count: 65_536))
  }

  @Test func answerOfExactlyTheLimitIsWhole() throws {
    let receiver = try LoopbackReceiver(otherwise: .endless(contentLength: 65_536))
    let answer = try post(to: receiver).get()
    #expect(!answer.isCut)
    #expect(answer.bodyPrefix.count == 65_536)
  }

  @Test func senderServesTheNextRequestAfterACutOne() throws {
    let receiver = try LoopbackReceiver(script: [.endless(), .reset, .answer(status: 200, body: "b")])
    let sender = try HTTPRequestSender(version: "1", abort: AbortFlag())
    let request = HTTPRequest(url: receiver.url(), headers: [], body: [1])
    #expect(try sender.send(request).get().isCut)
    #expect(sender.send(request).failed?.kind == .reset)
    #expect(sender.send(request) == .success(HTTPAnswer(status: 200, bodyPrefix: [0x62])))
  }

  @Test func deadConnectionIsNotRetriedInOneAttempt() throws {
    let receiver = try LoopbackReceiver(script: [.answer(status: 500), .reset])
    let sender = try HTTPRequestSender(version: "1", abort: AbortFlag())
    let request = HTTPRequest(url: receiver.url(), headers: [], body: [1])
    #expect(sender.send(request) == .success(HTTPAnswer(status: 500)))
    #expect(sender.send(request).failed?.kind == .reset)
    #expect(receiver.requests.count == 2)
  }

  /// The status stands before them, and says whether the receiver has taken it.
  @Test(arguments: [200, 400, 503])
  func endlessHeadersAreCutAndTheStatusHolds(_ status: Int) throws {
    let headers = String(repeating: "X-Padding: \(String(repeating: "p", count: 1_000))\r\n", count: 200)
    let receiver = try LoopbackReceiver(otherwise: .raw(Array("HTTP/1.1 \(status) So\r\n\(headers)\r\n".utf8)))
    let answer = try post(to: receiver).get()
    #expect(answer.status == status && answer.isCut && answer.bodyPrefix.isEmpty)
    #expect(
      answer.bodyProblem == "POST http://127.0.0.1:\(receiver.port): the answer's headers are over 65536 bytes")
  }

  @Test func answerThatIsNotHTTPIsRefused() throws {
    let receiver = try LoopbackReceiver(otherwise: .raw(Array("220 mail.example.com ESMTP\r\n".utf8)))
    #expect(try post(to: receiver).failed?.kind == .badAnswer)
  }

  @Test func plainServerBehindHTTPSIsATLSFailure() throws {
    let receiver = try LoopbackReceiver(otherwise: .raw(Array("HTTP/1.1 200 OK\r\n\r\n".utf8)))
    let sender = try HTTPRequestSender(version: "1", abort: AbortFlag())
    let url = receiver.url("/?key=q-secret").replacing("http://", with: "https://user:p-secret@")
    let failure = try #require(sender.send(HTTPRequest(url: url, headers: [], body: [1])).failed)
    #expect(failure.kind == .tls)
    #expect(failure.text.hasPrefix("POST https://127.0.0.1:\(receiver.port): "))
    #expect(!failure.text.contains("secret"))
  }

  @Test func closedPortIsAConnectFailure() throws {
    let receiver = try LoopbackReceiver()
    receiver.stop()
    #expect(try post(to: receiver).failed?.kind == .connect)
  }

  @Test func unknownNameIsAResolveFailure() throws {
    let sender = try HTTPRequestSender(version: "1", abort: AbortFlag())
    // RFC 6761 keeps `invalid` from ever being a name.
    let request = HTTPRequest(url: "http://leeway.invalid/", headers: [], body: [1])
    #expect(sender.send(request).failed?.kind == .resolve)
  }

  @Test(arguments: [
    "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1:70/", "127.0.0.1/", "http://", "http://:80/",
    "http://127.0.0.1/\r\nX-Injected: 1", "http://127.0.0.1/\u{0}", "http://127.0.0.1/a b", "",
  ])
  func onlyPlainHTTPAddressesAreSpokenTo(_ url: String) throws {
    let sender = try HTTPRequestSender(version: "1", abort: AbortFlag())
    let failure = try #require(sender.send(HTTPRequest(url: url, headers: [], body: [1])).failed)
    #expect(failure.kind == .badRequest)
    #expect(failure.text == "the receiver's url is not a plain http:// or https:// address; correct it")
  }

  @Test(arguments: [
    HTTPHeader("X-A", "1\r\nX-Injected: 1"), HTTPHeader("X-A", "1\u{0}"), HTTPHeader("X-A\r\nX-B", "1"),
    HTTPHeader("X-A:", "1"), HTTPHeader("", "1"), HTTPHeader("X A", "1"),
  ])
  func headersCannotAddHeaders(_ header: HTTPHeader) throws {
    let receiver = try LoopbackReceiver()
    let sender = try HTTPRequestSender(version: "1", abort: AbortFlag())
    let request = HTTPRequest(url: receiver.url(), headers: [header], body: [1])
    #expect(sender.send(request).failed?.kind == .badRequest)
    #expect(receiver.requests.isEmpty)
  }

  @Test func anotherThreadEndsAHangingRequest() async throws {
    let receiver = try LoopbackReceiver(otherwise: .hang)
    let abort = AbortFlag()
    let url = receiver.url()
    let (results, end) = AsyncStream<Result<HTTPAnswer, HTTPFailure>>.makeStream()
    // Started at once, on a thread of its own: a task might wait behind other tests' blocking requests.
    Thread.detachNewThread {
      let limits = RequestLimits(total: 86_400_000, stall: 86_400_000)
      if let sender = try? HTTPRequestSender(version: "1", abort: abort) {
        end.yield(sender.send(HTTPRequest(url: url, headers: [], body: [1], limits: limits)))
      }
      end.finish()
    }
    // Only once the request is under way does raising the flag prove anything.
    #expect(await receiver.requests(atLeast: 1).count == 1)
    abort.raise()
    let result = await results.first { _ in true }
    #expect(result?.failed == HTTPFailure(.aborted, "POST http://127.0.0.1:\(receiver.port): ended by shutdown"))
  }

  @Test func raisedFlagSendsNothing() throws {
    let receiver = try LoopbackReceiver()
    let abort = AbortFlag()
    abort.raise()
    let sender = try HTTPRequestSender(version: "1", abort: abort)
    let request = HTTPRequest(url: receiver.url(), headers: [], body: [1])
    #expect(sender.send(request).failed?.kind == .aborted)
    #expect(receiver.requests.isEmpty)
  }

  @Test func failuresNeverShowSecrets() throws {
    let receiver = try LoopbackReceiver(otherwise: .hang)
    let sender = try HTTPRequestSender(version: "1", abort: AbortFlag())
    let url = receiver.url("/p-secret?key=q-secret").replacing("http://", with: "http://user:u-secret@")
    // The time may be over before it has been sent.
    repeat {
      let failure = try #require(
        sender.send(HTTPRequest(url: url, headers: [], body: Array("b-secret".utf8), limits: Self.short)).failed)
      #expect(!failure.text.contains("secret"))
    } while receiver.requests.isEmpty
    #expect(receiver.requests.first?.path == "/p-secret?key=q-secret")
  }
}

extension Result {
  fileprivate var failed: Failure? {
    if case .failure(let failure) = self { failure } else { nil }
  }
}
