import Foundation
import LeewayDelivery
import LeewayTestSupport
import Testing

@Suite struct ReceiverTests {
  @Test func descriptionShowsOriginOnly() throws {
    let url = "https://user:u-secret@hooks.example.com:8443/services/p-secret?token=q-secret#f-secret"
    let receiver = try Receiver(name: "trainer", type: .webhook, values: ["url": url, "secret": "s-secret"])
    #expect(receiver.description == "trainer (webhook, https://hooks.example.com:8443)")
    #expect("\(receiver)" == receiver.description)
    #expect(String(reflecting: receiver) == receiver.description)
    #expect(!"\([receiver])".contains("secret"))
    var dumped = ""
    dump(receiver, to: &dumped)
    #expect(!dumped.contains("secret"))
    #expect(try Receiver(name: "log", type: .log).description == "log (log)")
  }

  @Test func defaultLimitsAreFiveAndTenSeconds() throws {
    for type in [ReceiverType.webhook, .slack, .teams, .pagerduty, .alertmanager, .template] {
      var values = ["url": "https://hooks.example.com/x"]
      for key in type.keys where key.isRequired && key.name != "url" {
        values[key.name] = key.name == "body" ? "{}" : "x"
      }
      let receiver = try Receiver(name: "r", type: type, values: values)
      let rendered = try receiver.format.render(Delivery(key: "k", notification: Array(Sample.retrain.utf8)), now: 0)
      guard case .request(let request) = rendered else {
        Issue.record("a \(type.name) receiver is sent requests")
        continue
      }
      #expect(request.limits.connect == 5_000)
      #expect(request.limits.total == 10_000)
      #expect(request.limits.answerBytes == 65_536)
    }
  }

  @Test(
    arguments: [
      ("log", ["url": "http://a/"], "url is no key of a log receiver; remove it"),
      ("webhook", [:], "url is missing; add url: \"https://…\""),
      ("slack", ["url": "ftp://a/q-secret"], "url must be http:// or https:// with a host, without spaces"),
      ("slack", ["url": "https://a/", "secret": "s-secret"], "secret is no key of a slack receiver; remove it"),
      ("webhook", ["url": "https://a/", "secret": ""], "secret is empty; give one or remove the key"),
    ] as [(String, [String: String], String)])
  func mistakesAreNamedWithoutValues(name: String, values: [String: String], message: String) throws {
    let type = try #require(ReceiverType.all.first { $0.name == name })
    let mistake = #expect(throws: Receiver.Invalid.self) { try Receiver(name: "r", type: type, values: values) }
    #expect(mistake?.description == message)
  }

  /// The whole of a webhook's delivery against a real server: refused twice, then taken.
  @Test func attemptsShareAKeyAndAreSignedAnew() throws {
    let loopback = try LoopbackReceiver(script: [.answer(status: 500), .reset])
    let receiver = try Receiver(
      name: "trainer", type: .webhook, values: ["url": loopback.url("/retrain"), "secret": "whsec-loopback"])
    let delivery = Delivery(key: "fraud-1/opened/trainer", notification: Array(Sample.retrain.utf8))
    let sender = try HTTPRequestSender(version: "1", abort: AbortFlag())
    let first: Int64 = 1_767_225_600_000
    var now = first
    var attempt = 0
    var decision = RetrySchedule.Decision.retry(after: 0)
    while case .retry(let wait) = decision, attempt < 5 {
      now += wait
      attempt += 1
      guard case .request(let request) = try receiver.format.render(delivery, now: now) else {
        Issue.record("a webhook is sent by request")
        return
      }
      decision = RetrySchedule().decide(
        attempt: attempt, result: sender.send(request), spent: now - first, now: now, random: 1.0.nextDown)
    }
    #expect(decision == .delivered)
    let requests = loopback.requests
    #expect(requests.count == 3)
    #expect(requests.map(\.text) == [Sample.retrain, Sample.retrain, Sample.retrain])
    #expect(Set(requests.map { $0.header("Content-Type") }) == ["application/json"])
    #expect(Set(requests.map { $0.header("Idempotency-Key") }) == ["fraud-1/opened/trainer"])
    #expect(requests.map { $0.header("X-Leeway-Timestamp") } == ["1767225600", "1767225600", "1767225602"])
    for request in requests {
      let seconds = try #require(request.header("X-Leeway-Timestamp").flatMap { Int64($0) })
      let signature = WebhookSignature(of: request.body, secret: "whsec-loopback", now: seconds * 1_000)
      #expect(request.header("X-Leeway-Signature") == "v1=\(signature.digest)")
    }
    #expect(requests[0].header("X-Leeway-Signature") != requests[2].header("X-Leeway-Signature"))
  }

  @Test func webhookWithoutASecretIsNotSigned() throws {
    let receiver = try Receiver(name: "r", type: .webhook, values: ["url": "http://127.0.0.1:9/x"])
    let delivery = Delivery(key: "k", notification: Array("not even JSON".utf8))
    #expect(
      try receiver.format.render(delivery, now: 0)
        == .request(
          HTTPRequest(
            url: "http://127.0.0.1:9/x",
            headers: [HTTPHeader("Content-Type", "application/json"), HTTPHeader("Idempotency-Key", "k")],
            body: Array("not even JSON".utf8))))
  }
}
