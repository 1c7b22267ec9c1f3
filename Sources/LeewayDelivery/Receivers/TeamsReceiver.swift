import LeewayCore

extension ReceiverType {
  /// `teams`: a webhook of a Workflows flow, which posts to a channel of Microsoft Teams.
  package static let teams = ReceiverType(name: "teams", keys: [TeamsFormat.address]) {
    values throws(Receiver.Invalid) in
    let url = try ReceiverKey.url(in: values)
    // Such addresses take requests no more: what is sent there is lost.
    let host = url.split(separator: "/").dropFirst().first.map(String.init) ?? ""
    if host.lowercased().hasSuffix("webhook.office.com") {
      throw Receiver.Invalid(
        key: "url",
        problem:
          "is an Office 365 connector, which Microsoft has retired; make a Workflows webhook in Teams and use its address"
      )
    }
    return TeamsFormat(url: url)
  }
}

/// An Adaptive Card in the message that a Workflows webhook takes.
///
/// A message may have about 28 KB, and larger ones fail later, in the flow, unseen; some have failed from 21 KB on. A card is kept within
/// ``byteLimit``: texts are cut shorter until it fits. Source: Microsoft Learn, "Create and send messages"; adaptivecards.io, 1.4.
package struct TeamsFormat: DeliveryFormat {
  let url: String
  let limits: RequestLimits

  static let byteLimit = 20_000
  static let address = ReceiverKey(
    name: "url", help: "the address of a Workflows webhook, as Teams shows it", example: "url: \"${NAME}\"",
    isRequired: true, isSecret: true)

  /// - Parameter url: sent as it is, byte for byte: its query is signed.
  package init(url: String, limits: RequestLimits = RequestLimits()) {
    self.url = url
    self.limits = limits
  }

  package func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery {
    let stored = try StoredNotification.read(delivery.notification)
    if stored.event == "incident.confirmed" { return .nothing }
    let content = MessageContent(stored)
    var body: [UInt8] = []
    for limit in [400, 200, 100, 50, 20] {
      body = Self.message(content, color: Self.color(stored), limit: limit)
      if body.count <= Self.byteLimit { break }
    }
    return .request(HTTPRequest(json: body, to: url, key: delivery.key, limits: limits))
  }

  private static func color(_ stored: StoredNotification) -> String {
    if stored.event == "incident.resolved" { return "Good" }
    return stored.tier == "critical" ? "Attention" : stored.tier == "warning" ? "Warning" : "Accent"
  }

  private static func message(_ content: MessageContent, color: String, limit: Int) -> [UInt8] {
    func text(_ text: String) -> String { cardText(text, limit: limit) }
    var json = JSONWriter(capacity: 4096)
    func block(_ string: String, _ more: [(String, String)] = []) {
      json.beginObject()
      json.member("type", "TextBlock")
      json.member("text", string)
      for (key, value) in more { json.member(key, value) }
      json.key("wrap")
      json.bool(true)
      json.endObject()
    }
    json.beginObject()
    json.member("type", "message")
    json.key("attachments")
    json.beginArray()
    json.beginObject()
    json.member("contentType", "application/vnd.microsoft.card.adaptive")
    json.key("contentUrl")
    json.null()
    json.key("content")
    json.beginObject()
    json.member("$schema", "http://adaptivecards.io/schemas/adaptive-card.json")
    json.member("type", "AdaptiveCard")
    json.member("version", "1.4")
    json.member("msteams") { $0.member("width", "full") }
    json.key("body")
    json.beginArray()
    block(text(content.title), [("weight", "Bolder"), ("size", "Medium"), ("color", color)])
    json.beginObject()
    json.member("type", "FactSet")
    json.key("facts")
    json.beginArray()
    for fact in content.facts {
      json.beginObject()
      json.member("title", fact.name)
      json.member("value", text(fact.value))
      json.endObject()
    }
    json.endArray()
    json.endObject()
    for (title, lines) in content.paragraphs {
      block(title, [("weight", "Bolder")])
      for line in lines { block(text(line), [("spacing", "Small")]) }
    }
    json.endArray()
    if let link = content.link, link.utf8.count <= 2_000 {
      json.key("actions")
      json.beginArray()
      json.beginObject()
      json.member("type", "Action.OpenUrl")
      json.member("title", "Open the incident")
      json.member("url", link)
      json.endObject()
      json.endArray()
    }
    json.endObject()
    json.endObject()
    json.endArray()
    json.endObject()
    return json.bytes
  }
}

/// The text on one line, with what Adaptive Cards take for Markdown escaped by a backslash, so that a name makes no link and no emphasis.
private func cardText(_ text: String, limit: Int) -> String {
  var result = ""
  for scalar in text.onOneLine(limit: limit).unicodeScalars {
    if "\\[]*`~<>#".unicodeScalars.contains(scalar) { result.unicodeScalars.append("\\") }
    result.unicodeScalars.append(scalar)
  }
  return result
}
