import Foundation
import LeewayDelivery
import LeewayTestSupport
import Testing

@Suite struct TemplateTests {
  private func receiver(_ body: String, _ values: [String: String] = [:]) throws -> Receiver {
    try Receiver(
      name: "r", type: .template,
      values: ["url": "https://api.example.com/alerts", "body": body].merging(values) { $1 })
  }

  private func request(_ receiver: Receiver, _ json: String = Sample.opened) throws -> HTTPRequest {
    guard
      case .request(let request) = try receiver.format.render(
        Delivery(key: "key-1", notification: Array(json.utf8)), now: 1_767_225_600_000)
    else {
      Issue.record("a template is sent by request")
      return HTTPRequest(url: "", headers: [], body: [])
    }
    return request
  }

  @Test func placesAreFilled() throws {
    let receiver = try receiver(
      #"""
      {"message": "{{title}}", "alias": "{{incident}}", "priority": {{#resolved}}null{{/resolved}}{{^resolved}}"P2"{{/resolved}},
       "tags": [{{#subjects}}"{{.}}"{{^last()}},{{/last()}}{{/subjects}}],
       "details": { {{#facts}}"{{name}}": "{{value}}"{{^last()}}, {{/last()}}{{/facts}} },
       "version": "{{model_version}}", "body": {{{message}}}}
      """#, ["method": "PUT", "headers": "Authorization: GenieKey g-secret\nX-Team: ml", "secret": "s-secret"])
    let request = try request(receiver)
    #expect(request.method == .put && request.url == "https://api.example.com/alerts")
    let object = try #require(JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
    #expect(object["message"] as? String == "Incident opened: fraud" && object["alias"] as? String == "fraud-9f2c")
    #expect(object["priority"] as? String == "P2" && object["version"] as? String == "")
    #expect((object["tags"] as? [String])?.count == 2)
    #expect((object["details"] as? [String: String])?["Cause"] == "drift")
    #expect((object["body"] as? [String: Any])?["event"] as? String == "incident.opened")
    let signature = WebhookSignature(of: request.body, secret: "s-secret", now: 1_767_225_600_000)
    #expect(
      request.headers == [
        HTTPHeader("Content-Type", "application/json"), HTTPHeader("Idempotency-Key", "key-1"),
        HTTPHeader("Authorization", "GenieKey g-secret"), HTTPHeader("X-Team", "ml"),
      ] + signature.headers)
    #expect(receiver.redacted("GenieKey g-secret, s-secret, ml") == "***, ***, ml")
    let resolved = try self.request(receiver, Sample.opened(["event": "incident.resolved", "evidence": [Any]()]))
    let end = try #require(JSONSerialization.jsonObject(with: Data(resolved.body)) as? [String: Any])
    #expect(end["priority"] is NSNull && (end["tags"] as? [String]) == [])
  }

  /// Whatever names hold, the body is JSON and no place reaches beyond its quotes.
  @Test(arguments: ["n", "\"", "\\", "\n", "\u{0}", "{{monitor}}", "é", "👩‍👩‍👧‍👧", "</script>", "\u{301}"])
  func valuesAreEscaped(piece: String) throws {
    let receiver = try receiver(
      #"{"m":"{{monitor}}","d":"{{description}}","f":[{{#facts}}"{{value}}"{{^last()}},{{/last()}}{{/facts}}]}"#)
    let name = String(repeating: piece, count: 5)
    let request = try request(receiver, Sample.opened(["monitor": name, "advice": name, "model_version": name]))
    let object = try #require(JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
    #expect(object.keys.sorted() == ["d", "f", "m"])
    let shown = String(String.UnicodeScalarView(name.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
    #expect(object["m"] as? String == shown)
  }

  @Test(
    arguments: [
      (
        "{\"a\": {{title}}}",
        "body makes no JSON of incident.opened: put places in quotes, and commas between the elements of a list in {{^last()}},{{/last()}}"
      ),
      // Good for an incident that has opened, and for none of which nothing fires now.
      (
        "{\"a\": [{{#subjects}}1{{/subjects}}{{^subjects}}oops{{/subjects}}]}",
        "body makes no JSON of incident.flapping: put places in quotes, and commas between the elements of a list in {{^last()}},{{/last()}}"
      ),
      (
        "{\"a\": \"{{montor}}\"}",
        "body has {{montor}}, which is no place; there are event, action, title, summary, description, advice, incident, monitor, tier, reason, url, at, opened_at, model_version, baseline, window_start, window_end, retrain, held, because, deadline, receiver, key, message, subjects, facts, done, opened, resolved"
      ),
      ("{\"a\": \"{{#facts}}\"}", "body is no Mustache template: a section or a {{ is not closed"),
      ("{{> other}}", "body has {{>other}}; partials, blocks and pragmas are not taken"),
      ("{{$block}}{{/block}}", "body has {{$block}}; partials, blocks and pragmas are not taken"),
      ("{{% CONTENT_TYPE:TEXT}}{}", "body has {{%CONTENT_TYPE:TEXT}}; partials, blocks and pragmas are not taken"),
      ("{{=<% %>=}}{}", "body has {{=; partials, blocks and pragmas are not taken"),
      (
        String(repeating: "{{#facts}}", count: 201) + String(repeating: "{{/facts}}", count: 201),
        "body has 201 sections; it takes at most 200"
      ),
    ] as [(String, String)])
  func mistakesOfTheBodyAreNamed(body: String, message: String) {
    let mistake = #expect(throws: Receiver.Invalid.self) { try receiver(body) }
    #expect(mistake?.description == message)
  }

  @Test(
    arguments: [
      (["method": "GET"], "method takes POST, PUT or PATCH"),
      (
        ["headers": "Content-Length: 5"],
        "headers has Content-Length, which is no header that can be set; names are letters, digits and hyphens, values ASCII"
      ),
      (
        ["headers": "A b: c"],
        "headers has A b, which is no header that can be set; names are letters, digits and hyphens, values ASCII"
      ),
      (["secret": ""], "secret is empty; give one or remove the key"),
    ] as [([String: String], String)])
  func otherMistakesAreNamed(values: [String: String], message: String) {
    let mistake = #expect(throws: Receiver.Invalid.self) { try receiver("{}", values) }
    #expect(mistake?.description == message)
  }

  @Test func otherMethodsAreSentAsWhatTheyAre() throws {
    let server = try LoopbackReceiver()
    let sender = try HTTPRequestSender(version: "1", abort: AbortFlag())
    for method in HTTPRequest.Method.allCases + [.post, .get] {
      var request = HTTPRequest(url: server.url("/x"), headers: [], body: method == .get ? [] : Array("{}".utf8))
      request.method = method
      #expect(try sender.send(request).get().status == 200)
    }
    #expect(server.requests.map(\.method) == ["GET", "POST", "PUT", "PATCH", "POST", "GET"])
    #expect(server.requests.map(\.text) == ["", "{}", "{}", "{}", "{}", ""])
  }
}
