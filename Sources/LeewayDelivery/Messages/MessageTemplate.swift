import LeewayCore
import Mustache

/// A JSON body with places in `{{ }}`, filled with what a message says. The template language is Mustache.
///
/// What fills a place is escaped for a JSON string, so a place stands within quotes; `{{{message}}}` is the whole webhook body and stands
/// without. Partials, blocks, pragmas and other delimiters are not taken: a template is one text and reads nothing else.
struct MessageTemplate: Sendable {
  private let template: MustacheTemplate

  /// Bytes of a template.
  static let byteLimit = 65_536
  /// Sections are within one another at most so deep, and there are no more of them.
  private static let sectionLimit = 200
  /// Bytes of a body.
  static let bodyLimit = 1 << 20

  /// Names of places with one text.
  static let places = [
    "event", "action", "title", "summary", "description", "advice", "incident", "monitor", "tier", "reason", "url",
    "at",
    "opened_at", "model_version", "baseline", "window_start", "window_end", "retrain", "held", "because", "deadline",
    "receiver", "key", "message",
  ]
  /// Names of lists, whose elements are texts but for `facts`, which have `name` and `value`.
  static let lists = ["subjects", "facts", "done"]
  /// Names that hold or do not.
  static let conditions = ["opened", "resolved"]

  struct Invalid: Error {
    /// To follow the key in a sentence.
    let problem: String
  }

  init(_ text: String) throws(Invalid) {
    guard text.utf8.count <= Self.byteLimit else {
      throw Invalid(problem: "has \(text.utf8.count) bytes; it takes at most \(Self.byteLimit)")
    }
    var sections = 0
    for tag in text.matches(of: /\{\{\{?\s*([#^\/&!>$<=%*]?)\s*([^}\s]*)\s*\}?\}\}/) {
      let (kind, name) = (String(tag.output.1), String(tag.output.2))
      if kind == "!" { continue }
      guard ["", "#", "^", "/", "&"].contains(kind) else {
        throw Invalid(problem: "has {{\(kind)\(name.prefix(40))}}; partials, blocks and pragmas are not taken")
      }
      if kind == "#" || kind == "^" { sections += 1 }
      let isFunction = ["first()", "last()", "empty()"].contains(name)
      guard isFunction || (Self.places + Self.lists + Self.conditions + [".", "name", "value"]).contains(name) else {
        throw Invalid(
          problem: "has {{\(name.prefix(40))}}, which is no place; there are "
            + (Self.places + Self.lists + Self.conditions).joined(separator: ", "))
      }
    }
    guard sections <= Self.sectionLimit else {
      throw Invalid(problem: "has \(sections) sections; it takes at most \(Self.sectionLimit)")
    }
    // Tags that the expression above does not see, such as a pragma with blanks in it.
    for forbidden in ["{{>", "{{<", "{{$", "{{=", "{{%", "{{*"] where text.replacing(" ", with: "").contains(forbidden)
    {
      throw Invalid(problem: "has \(forbidden); partials, blocks and pragmas are not taken")
    }
    _ = Self.jsonIsKnown
    do {
      template = try MustacheTemplate(string: "{{% CONTENT_TYPE:\(JSONEscaping.name)}}\(text)")
    } catch {
      throw Invalid(problem: "is no Mustache template: a section or a {{ is not closed")
    }
  }

  /// Every event fills it to JSON.
  func check() throws(Invalid) {
    for event in SampleMessages.events {
      let json = SampleMessages.message(event, incident: "test", at: EventTime(milliseconds: 0), url: "https://a")
      do {
        _ = try body(Delivery(key: "test", notification: json))
      } catch {
        throw Invalid(
          problem: "makes no JSON of \(event): put places in quotes, and commas between the elements of a list in"
            + " {{^last()}},{{/last()}}")
      }
    }
  }

  func body(_ delivery: Delivery) throws(UnreadableNotification) -> [UInt8] {
    let stored = try StoredNotification.read(delivery.notification)
    let body = Array(template.render(Self.values(stored, delivery)).utf8)
    guard body.count <= Self.bodyLimit, (try? JSONValue(parsing: body)) != nil else {
      throw UnreadableNotification(problem: "makes no JSON with the receiver's body; correct the template")
    }
    return body
  }

  /// What is not there has no key, so that its section is left out.
  private static func values(_ stored: StoredNotification, _ delivery: Delivery) -> [String: Any] {
    let content = MessageContent(stored)
    var values: [String: Any] = [
      "title": content.title, "summary": content.summary, "action": stored.action, "key": delivery.key,
      "message": String(decoding: delivery.notification, as: UTF8.self), "subjects": content.subjects,
      "done": content.done, "facts": content.facts.map { ["name": $0.name, "value": $0.value] },
      "opened": stored.event != "incident.resolved", "resolved": stored.event == "incident.resolved",
      "description": content.paragraphs.map { paragraph in
        "\(paragraph.title):\n" + paragraph.lines.map { "- \($0)" }.joined(separator: "\n")
      }.joined(separator: "\n"),
    ]
    for (key, value) in [
      ("event", stored.event), ("advice", content.advice), ("incident", stored.incident), ("monitor", stored.monitor),
      ("tier", stored.tier), ("reason", stored.reason), ("url", content.link), ("at", stored.at),
      ("opened_at", stored.openedAt), ("model_version", stored.modelVersion), ("baseline", stored.baseline),
      ("window_start", stored.window?.start), ("window_end", stored.window?.end), ("retrain", stored.retrain),
      ("held", stored.held), ("because", stored.because), ("deadline", stored.deadline), ("receiver", stored.receiver),
    ] as [(String, String?)] {
      if let value, !value.isEmpty { values[key] = value.onOneLine(limit: 2_000) }
    }
    return values
  }

  private static let jsonIsKnown: Bool = {
    MustacheContentTypes.register(JSONEscaping(), named: JSONEscaping.name)
    return true
  }()
}

/// Texts as they stand between the quotes of a JSON string.
private struct JSONEscaping: MustacheContentType {
  static let name = "LEEWAY_JSON"

  func escapeText(_ text: String) -> String {
    var json = JSONWriter()
    json.string(text)
    return String(decoding: json.bytes.dropFirst().dropLast(), as: UTF8.self)
  }
}
