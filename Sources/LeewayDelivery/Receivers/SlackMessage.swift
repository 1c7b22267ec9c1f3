/// The JSON of `chat.postMessage` and incoming webhooks: a fallback text, and blocks.
///
/// Slack's limits (characters): header 150, section 3000, field 2000; 10 fields in a section, 50 blocks in a message.
struct SlackMessage: Encodable {
  /// What notifications and clients without blocks show.
  var text: String
  var blocks: [Block] = []

  struct Block: Encodable {
    var type: String
    var text: Text?
    var fields: [Text]?
    var elements: [Text]?
  }

  struct Text: Encodable {
    var type: String
    var text: String

    static func plain(_ text: String) -> Text { Text(type: "plain_text", text: text) }
    /// Text in Slack's own markup.
    static func marked(_ text: String) -> Text { Text(type: "mrkdwn", text: text) }
  }

  init(_ stored: StoredNotification) {
    let content = MessageContent(stored)
    let monitor = slackText(stored.monitor, limit: 63)
    let title = "\(slackText(stored.action, limit: 60)): \(monitor)"
    text = "\(title) (\(slackText(stored.tier, limit: 20)), \(slackText(stored.incident, limit: 120)))"
    blocks.append(Block(type: "header", text: .plain(title)))
    // The incident's id is in the context below.
    let facts = content.facts.filter { $0.name != "Incident" }.prefix(10).map { fact in
      Text.marked("*\(fact.name)*\n\(slackText(fact.value, limit: 200))")
    }
    blocks.append(Block(type: "section", fields: Array(facts)))
    for (title, lines) in content.paragraphs {
      // Three subjects and the number of others, 400 characters each at most: far below what a section takes.
      let list = lines.map { "\n• " + slackText($0, limit: 400) }.joined()
      blocks.append(Block(type: "section", text: .marked("*\(title)*\(list)")))
    }
    if let link = Self.link(stored.url) { blocks.append(Block(type: "section", text: .marked(link))) }
    blocks.append(Block(type: "context", elements: [.marked(slackText(stored.incident, limit: 200))]))
  }

  /// Only an http or https URL without the characters that end or split Slack's `<url|text>`.
  private static func link(_ url: String?) -> String? {
    guard let url, URLOrigin(url) != nil, !url.contains(where: { "<>|".contains($0) }) else { return nil }
    let escaped = slackText(url, limit: 2_000)
    return escaped.hasSuffix("…") ? nil : "<\(escaped)|Open the incident>"
  }
}

/// The text on one line, with `&`, `<` and `>` as Slack's entities (which also disarms `<!channel>`), cut with an
/// ellipsis to `limit` UTF-16 units after escaping, and never inside an entity.
func slackText(_ text: String, limit: Int) -> String {
  var result = ""
  var size = 0
  for scalar in text.onOneLine(limit: limit).unicodeScalars {
    let piece =
      switch scalar {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      default: String(scalar)
      }
    // One unit is kept for the ellipsis.
    guard size + piece.utf16.count < limit else { return result + "…" }
    result += piece
    size += piece.utf16.count
  }
  return result
}
