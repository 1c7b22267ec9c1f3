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
    let monitor = slackText(stored.monitor, limit: 63)
    let title = "\(slackText(stored.action, limit: 60)): \(monitor)"
    text = "\(title) (\(slackText(stored.tier, limit: 20)), \(slackText(stored.incident, limit: 120)))"
    blocks.append(Block(type: "header", text: .plain(title)))
    blocks.append(Block(type: "section", fields: Self.facts(stored)))
    if let spread = stored.spread, !spread.isEmpty {
      blocks.append(
        Block(
          type: "section", text: .marked(Self.list("What is new", spread.map { $0.sentence(stored.evidence ?? []) }))))
    } else if let evidence = stored.evidence, !evidence.isEmpty {
      // What is left when an incident has ended is at info, and no reason to keep it open.
      let title = stored.event == "incident.resolved" ? "Still at info" : "What fired"
      blocks.append(
        Block(type: "section", text: .marked(Self.list(title, evidence.map { $0.sentence(limit: 60) }))))
    }
    if let link = Self.link(stored.url) { blocks.append(Block(type: "section", text: .marked(link))) }
    blocks.append(Block(type: "context", elements: [.marked(slackText(stored.incident, limit: 200))]))
  }

  /// At most Slack's 10 fields.
  private static func facts(_ stored: StoredNotification) -> [Text] {
    var fields: [Text] = []
    func add(_ name: String, _ value: String?) {
      guard let value, !value.isEmpty else { return }
      fields.append(.marked("*\(name)*\n\(slackText(value, limit: 200))"))
    }
    add("Monitor", stored.monitor)
    add("Tier", stored.tier)
    add("Cause", stored.reason)
    add("Advice", stored.advice)
    add("Model version", stored.modelVersion)
    if let start = stored.window?.start, let end = stored.window?.end { add("Window", "\(start) to \(end)") }
    add("Opened", stored.openedAt)
    add("Deadline", stored.deadline)
    add("Retrain", stored.held ?? stored.heldSince.map { "asked for; held since \($0)" })
    add("Receiver", stored.receiver)
    add("Message", stored.message)
    add("Why", stored.because)
    return Array(fields.prefix(10))
  }

  private static func list(_ title: String, _ sentences: [String]) -> String {
    var text = "*\(title)*"
    var shown = 0
    for sentence in sentences.prefix(10) {
      let line = "\n• " + slackText(sentence, limit: 400)
      // Room is left for the last line.
      guard text.utf16.count + line.utf16.count <= 2_950 else { break }
      text += line
      shown += 1
    }
    return shown < sentences.count ? text + "\n• and \(sentences.count - shown) more" : text
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
