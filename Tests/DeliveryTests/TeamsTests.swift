import Foundation
import LeewayDelivery
import LeewayTestSupport
import Testing

@Suite struct TeamsTests {
  private let url =
    "https://prod-1.westeurope.logic.azure.com:443/workflows/a/triggers/manual/paths/invoke?sp=%2Ftriggers%2Fmanual%2Frun&sig=s-secret"

  private func request(_ json: String, to url: String? = nil) throws -> HTTPRequest? {
    let receiver = try Receiver(name: "chat", type: .teams, values: ["url": url ?? self.url])
    guard
      case .request(let request) = try receiver.format.render(
        Delivery(key: "k", notification: Array(json.utf8)), now: 0)
    else { return nil }
    return request
  }

  /// Every mistake that a Workflows flow would meet in the card.
  private func mistakes(_ body: [UInt8]) -> [String] {
    let message = FieldReading(body)
    _ = message.choice("type", ["message"])
    for attachment in message.objects("attachments") {
      _ = attachment.choice("contentType", ["application/vnd.microsoft.card.adaptive"])
      attachment.null("contentUrl")
      if let card = attachment.object("content") {
        _ = card.address("$schema")
        _ = card.choice("type", ["AdaptiveCard"])
        _ = card.choice("version", ["1.2", "1.3", "1.4", "1.5"])
        _ = card.anyObject("msteams", required: false)
        for block in card.objects("body") {
          switch block.choice("type", ["TextBlock", "FactSet"]) {
          case "TextBlock":
            _ = block.text("text")
            _ = block.choice("weight", ["Default", "Lighter", "Bolder"], required: false)
            _ = block.choice("size", ["Default", "Small", "Medium", "Large", "ExtraLarge"], required: false)
            _ = block.choice("color", ["Default", "Accent", "Good", "Warning", "Attention"], required: false)
            _ = block.choice("spacing", ["None", "Small", "Default"], required: false)
            _ = block.bool("wrap", required: false)
          default:
            for fact in block.objects("facts") {
              _ = fact.text("title")
              _ = fact.text("value")
              fact.finish()
            }
          }
          block.finish()
        }
        for action in card.objects("actions", required: false) {
          _ = action.choice("type", ["Action.OpenUrl"])
          _ = action.text("title")
          _ = action.address("url")
          action.finish()
        }
        card.finish()
      }
      attachment.finish()
    }
    message.finish()
    return message.problems
  }

  @Test func goldenCard() throws {
    let request = try #require(try request(Sample.opened))
    #expect(request.url == url)
    #expect(mistakes(request.body) == [])
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == #"{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"#
        + #""content":{"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard","version":"1.4","#
        + #""msteams":{"width":"full"},"body":[{"type":"TextBlock","text":"Incident opened: fraud","weight":"Bolder","#
        + #""size":"Medium","color":"Warning","wrap":true},{"type":"FactSet","facts":[{"title":"Monitor","value":"fraud"},"#
        + #"{"title":"Tier","value":"warning"},{"title":"Cause","value":"drift"},"#
        + #"{"title":"Window","value":"2025-12-25T00:00:00.000Z to 2026-01-01T00:00:00.000Z"},"#
        + #"{"title":"Compared with","value":"training data, baseline sha256:abcd"},"#
        + #"{"title":"Since","value":"2026-01-01T00:00:00.000Z"},{"title":"Incident","value":"fraud-9f2c"}]},"#
        + #"{"type":"TextBlock","text":"What fired","weight":"Bolder","wrap":true},"#
        + #"{"type":"TextBlock","text":"traffic: rows in channel=web 1234567, limit 2000000 (1234567 rows, window 1h)","#
        + #""spacing":"Small","wrap":true},"#
        + #"{"type":"TextBlock","text":"input-drift: psi of amount 0.3123, limit 0.3 (q 3e-12, 50321 rows, window 7d)","#
        + #""spacing":"Small","wrap":true},{"type":"TextBlock","text":"What to do","weight":"Bolder","wrap":true},"#
        + #"{"type":"TextBlock","text":"Find out whether the change is real and lasts; retrain if it does.","spacing":"Small","#
        + #""wrap":true}],"actions":[{"type":"Action.OpenUrl","title":"Open the incident","#
        + #""url":"https://leeway.example.com/incidents/fraud-9f2c?a=1&b=2"}]}}]}"#)
  }

  /// The query is signed: a character written in another way would make it another address.
  @Test func theAddressIsSentByteForByte() throws {
    let server = try LoopbackReceiver(otherwise: .answer(status: 202))
    let path = "/workflows/a/triggers/manual/paths/invoke?sp=%2Ftriggers%2fmanual%2Frun&sv=1.0&sig=a-b_c%3D"
    let request = try #require(try request(Sample.opened, to: server.url(path)))
    #expect(try HTTPRequestSender(version: "1", abort: AbortFlag()).send(request).get().status == 202)
    #expect(server.requests.map(\.path) == [path])
  }

  @Test(arguments: ["n", "&", "é", "👩‍👩‍👧‍👧", "\"", "\\", "[a](http://b)", "*", "\u{301}", "\n"])
  func cardsStayBelowTheLimit(piece: String) throws {
    let request = try #require(try request(Sample.flooded(with: piece)))
    #expect(request.body.count <= 20_000)
    #expect(mistakes(request.body) == [])
    #expect(!request.text.contains("](http") || request.text.contains(#"\\]"#))
  }

  @Test(arguments: [("incident.resolved", "Good"), ("incident.opened", "Attention"), ("incident.failed", "Attention")])
  func colourSaysHowBadItIs(event: String, color: String) throws {
    let request = try #require(try request(Sample.opened(["event": event, "tier": "critical"])))
    #expect(request.text.contains(#""color":"\#(color)""#))
  }

  @Test(
    arguments: [
      ([:], "url is missing; add url: \"${NAME}\""),
      (
        ["url": "https://example.webhook.office.com/webhookb2/x"],
        "url is an Office 365 connector, which Microsoft has retired; make a Workflows webhook in Teams and use its address"
      ),
    ] as [([String: String], String)])
  func mistakesAreNamed(values: [String: String], message: String) {
    let mistake = #expect(throws: Receiver.Invalid.self) { try Receiver(name: "r", type: .teams, values: values) }
    #expect(mistake?.description == message)
  }
}

extension HTTPRequest {
  var text: String { String(decoding: body, as: UTF8.self) }
}
