import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayService
@testable import LeewayWeb

@Suite struct QueryParametersTests {
  private let known = ["monitor", "from", "limit", "open"]

  @Test func valuesAreDecoded() throws {
    let query = try QueryParameters(
      "monitor=a%20b+%C3%BC&&limit=7&from=2025-03-01T12:00:00%2B01:00&open=false", known: known)
    #expect(try query.text("monitor") == "a b ü")
    #expect(try query.integer("limit", in: 1...10, default: 5) == 7)
    #expect(try query.time("from") == MadeUpService.noon - .hours(1))
    #expect(try query.bool("open") == false)
    #expect(try QueryParameters(nil, known: known).integer("limit", in: 1...10, default: 5) == 5)
  }

  private struct Case: CustomTestStringConvertible {
    var query: String
    var document: String
    var testDescription: String { query }
    init(_ query: String, _ document: String) {
      self.query = query
      self.document = document
    }
  }

  /// The whole document of every mistake, through the server.
  @Test func everyMistakeHasItsDocument() async throws {
    let cases = [
      Case(
        "/api/v1/results?from=yesterday",
        #"{"type":"urn:leeway:problem:bad-parameter","title":"Bad parameter","status":400,"detail":"The parameter from is \"yesterday\", which is not a time.","instance":"/api/v1/results","parameter":"from","value":"yesterday","fix":"Write RFC 3339, as 2025-03-01T12:00:00Z; a + must be sent as %2B."}"#
      ),
      Case(
        "/api/v1/results?limit=10001",
        #"{"type":"urn:leeway:problem:bad-parameter","title":"Bad parameter","status":400,"detail":"The parameter limit is \"10001\", which is not a whole number from 1 to 10000.","instance":"/api/v1/results","parameter":"limit","value":"10001","fix":"Give one in that range; it is 1000 if left out."}"#
      ),
      Case(
        "/api/v1/results?type=Drift",
        #"{"type":"urn:leeway:problem:bad-parameter","title":"Bad parameter","status":400,"detail":"The parameter type is \"Drift\", which is not one of drift, performance, comparison, shift, verdict, incident.","instance":"/api/v1/results","parameter":"type","value":"Drift","fix":"Give one of them, or leave it out. Did you mean drift?"}"#
      ),
      Case(
        "/api/v1/results?open=1",
        #"{"type":"urn:leeway:problem:bad-parameter","title":"Bad parameter","status":400,"detail":"The parameter open is \"1\", which is neither true nor false.","instance":"/api/v1/results","parameter":"open","value":"1","fix":"Give true or false, or leave it out."}"#
      ),
      Case(
        "/api/v1/results?cursor=00",
        #"{"type":"urn:leeway:problem:bad-parameter","title":"Bad parameter","status":400,"detail":"The parameter cursor is not one that this service gave.","instance":"/api/v1/results","parameter":"cursor","value":"00","fix":"Pass on `next` of the page before, or leave it out to begin at the first."}"#
      ),
      Case(
        "/api/v1/results?from=2025-03-01T12:00:00Z&to=2025-03-01T12:00:00Z",
        #"{"type":"urn:leeway:problem:bad-parameter","title":"Bad parameter","status":400,"detail":"The parameter to is 2025-03-01T12:00:00.000Z, which is not after from, 2025-03-01T12:00:00.000Z.","instance":"/api/v1/results","parameter":"to","value":"2025-03-01T12:00:00.000Z","fix":"Windows count whose end is at or after from and before to; give a later to."}"#
      ),
      Case(
        "/api/v1/results?monitor=",
        #"{"type":"urn:leeway:problem:bad-parameter","title":"Bad parameter","status":400,"detail":"The parameter monitor is empty.","instance":"/api/v1/results","parameter":"monitor","value":"","fix":"Give a value, or leave it out."}"#
      ),
      Case(
        "/api/v1/incidents?moniter=fraud",
        #"{"type":"urn:leeway:problem:unknown-parameter","title":"Unknown parameter","status":400,"detail":"This path has no parameter \"moniter\".","instance":"/api/v1/incidents","parameter":"moniter","value":"fraud","fix":"Did you mean monitor? Use monitor, open, limit."}"#
      ),
      Case(
        "/healthz?x",
        #"{"type":"urn:leeway:problem:unknown-parameter","title":"Unknown parameter","status":400,"detail":"This path has no parameter \"x\".","instance":"/healthz","parameter":"x","value":"","fix":"This path takes no parameters."}"#
      ),
      Case(
        "/api/v1/incidents?monitor=a&monitor=b",
        #"{"type":"urn:leeway:problem:repeated-parameter","title":"Repeated parameter","status":400,"detail":"The parameter monitor is given more than once.","instance":"/api/v1/incidents","parameter":"monitor","value":"b","fix":"Give it once."}"#
      ),
      Case(
        "/api/v1/incidents?monitor=%f",
        #"{"type":"urn:leeway:problem:bad-parameter","title":"Bad parameter","status":400,"detail":"The query holds an escape that is not % and two hexadecimal digits, or is not UTF-8.","instance":"/api/v1/incidents","value":"monitor=%f","fix":"Percent-encode the value as UTF-8."}"#
      ),
      Case(
        "/api/v1/monitors/fraud/histogram",
        #"{"type":"urn:leeway:problem:bad-parameter","title":"Bad parameter","status":400,"detail":"The parameter subject is needed.","instance":"/api/v1/monitors/fraud/histogram","parameter":"subject","fix":"Add it, as subject=score."}"#
      ),
      Case(
        "/api/v1/monitors/fraud/histogram?subject=x",
        #"{"type":"urn:leeway:problem:bad-parameter","title":"Bad parameter","status":400,"detail":"The monitor fraud has no subject \"x\".","instance":"/api/v1/monitors/fraud/histogram","parameter":"subject","value":"x","fix":"Use amount, age, country, score."}"#
      ),
      Case(
        "/api/v1/monitors/fraud/histogram?subject=age&window=2h",
        #"{"type":"urn:leeway:problem:bad-parameter","title":"Bad parameter","status":400,"detail":"The monitor fraud has no window \"2h\".","instance":"/api/v1/monitors/fraud/histogram","parameter":"window","value":"2h","fix":"Did you mean 1h? Use 1h, 7d."}"#
      ),
      Case(
        "/api/v1/monitors/fraud/histogram?subject=age&slice=version%3Dv1&end=2030-01-01T00:00:00Z",
        #"{"type":"urn:leeway:problem:not-found","title":"Not found","status":404,"detail":"No rows of age in window 1h, slice version=v1, ending 2030-01-01T00:00:00.000Z.","instance":"/api/v1/monitors/fraud/histogram","fix":"Take window, slice and end from a drift line of /api/v1/results."}"#
      ),
      Case(
        "/api/v1/monitors/frod",
        #"{"type":"urn:leeway:problem:not-found","title":"Not found","status":404,"detail":"There is no monitor named \"frod\".","instance":"/api/v1/monitors/frod","value":"frod","fix":"Use fraud, prices."}"#
      ),
      Case(
        "/api/v1/incidents/none",
        #"{"type":"urn:leeway:problem:not-found","title":"Not found","status":404,"detail":"There is no incident named \"none\".","instance":"/api/v1/incidents/none","value":"none","fix":"See /api/v1/incidents for those there are."}"#
      ),
      Case(
        "/api/v1/retrains/none",
        #"{"type":"urn:leeway:problem:not-found","title":"Not found","status":404,"detail":"There is no retrain named \"none\".","instance":"/api/v1/retrains/none","value":"none","fix":"See /api/v1/retrains for those there are."}"#
      ),
      Case(
        "/api/v2",
        #"{"type":"urn:leeway:problem:not-found","title":"Not found","status":404,"detail":"There is nothing at this path.","instance":"/api/v2","fix":"See /api/v1/openapi.json for what there is."}"#
      ),
    ]
    try await serving(try .filled()) { client in
      for one in cases {
        let response = try await client.get(one.query)
        #expect(response.text == one.document)
        #expect(response.headers[.contentType] == "application/problem+json")
        #expect(try response.json()["status"]?.integer == Int64(response.status.code))
      }
      let long = try await client.get("/api/v1/results?monitor=" + String(repeating: "x", count: 9000))
      #expect(
        long.text
          == #"{"type":"urn:leeway:problem:uri-too-long","title":"URI too long","status":414,"detail":"The request's target is longer than 8192 bytes.","instance":"/api/v1/results","fix":"Ask for less."}"#
      )
      let many = try await client.get("/healthz?" + String(repeating: "a=1&", count: 40))
      #expect(try many.json()["detail"]?.text == "The query has 40 parameters and the limit is 32.")
    }
  }

  /// Queries made from pieces of good ones: whatever comes, it is an answer or a problem, and the server lives.
  @Test func hostileQueriesGetAnAnswer() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    let pieces = [
      "monitor", "type", "limit", "from", "open", "cursor", "=", "=", "&", "&", "%", "%00", "%ff", "%2", "+", "?", "#",
      "/", "//",
      "fraud", "drift", "1", "-1", "99999999999999999999", "1e3", "2025-03-01T12:00:00Z", "9999-12-31T23:59:59.999Z",
      "0000-01-01T00:00:00Z", "true", "5b5d", ";", ":", "@", "[", "]", "\"", "'", "é", "..", "\u{1F6A2}", "{", "%E9",
    ]
    var queries: [String] = []
    for _ in 0..<3000 {
      let count = Int.random(in: 0...12, using: &random)
      queries.append((0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined())
    }
    for query in queries {
      // Either it is understood or it is refused; neither ends the process.
      _ = try? QueryParameters(query, known: known)
    }
    let paths = ["/api/v1/results", "/api/v1/incidents", "/api/v1/monitors/fraud/histogram", "/", "/healthz"]
    let asked = queries.prefix(300).map { (paths.randomElement(using: &random) ?? "/") + "?" + $0 }
    try await serving(try .filled()) { client in
      let port = client.port
      for uri in asked {
        let socket = try LoopbackSocket(port: port)
        try socket.write(Array("GET \(uri) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8))
        let answer = String(decoding: await socket.readToEnd(), as: UTF8.self)
        let status = answer.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        #expect([200, 400, 404].contains(status), "\(uri): \(answer.prefix(200)), seed \(seed)")
        // What is not even HTTP is refused by the parser, without a body.
        if status != 200, !answer.contains("content-length: 0\r\n"), !answer.contains("Content-Length: 0\r\n") {
          #expect(answer.contains("{\"type\":\"urn:leeway:problem:"), "\(uri): \(answer), seed \(seed)")
        }
      }
    }
  }

  /// What is no request, or more of one than is taken.
  @Test func brokenRequestsAreRefusedAndTheServerLives() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    var requests: [[UInt8]] = [
      Array("GET / HTTP/9.9\r\n\r\n".utf8), Array("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8),
      Array("GET http://%00/?#? HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8),
      Array("CONNECT x:1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8),
      Array("GET ? HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8), Array("\r\n\r\n\r\n".utf8),
      Array("GET / HTTP/1.1\r\nHost: x\r\nX: ".utf8) + Array(repeating: UInt8(ascii: "x"), count: 40_000),
      Array("GET / HTTP/1.1\r\n".utf8) + Array(repeatElement("A: b\r\n", count: 200).joined().utf8)
        + Array("\r\n".utf8),
    ]
    let good = Array("GET /api/v1/results?limit=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
    for _ in 0..<200 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      requests.append(bytes)
    }
    let hostile = requests
    var limits = HTTPLimits.patient
    // Those that are never complete are ended by the request's time.
    limits.requestTime = .milliseconds(300)
    limits.idleTime = .milliseconds(300)
    try await serving(try .filled(), limits: limits) { client in
      let port = client.port
      for request in hostile {
        let socket = try LoopbackSocket(port: port)
        try? socket.write(request)
        socket.endWriting()
        let answer = String(decoding: await socket.readToEnd(), as: UTF8.self)
        #expect(!answer.hasPrefix("HTTP/1.1 5"), "\(String(decoding: request, as: UTF8.self)), seed \(seed)")
      }
      // The time of a request holds for a good one too: on a busy machine not every one is answered in it.
      let deadline = ContinuousClock.now + .seconds(600)
      var answer = ""
      while !answer.hasPrefix("HTTP/1.1 200 OK\r\n"), ContinuousClock.now < deadline {
        let socket = try LoopbackSocket(port: port)
        try? socket.write(good)
        answer = String(decoding: await socket.readToEnd(), as: UTF8.self)
      }
      #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    }
  }
}
