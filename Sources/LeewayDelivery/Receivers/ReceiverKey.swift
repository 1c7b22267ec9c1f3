/// A key of a type of receiver. Its value is a text, or a map of texts.
package struct ReceiverKey: Sendable {
  package let name: String
  /// For the documents: what it is, in a few words.
  package let help: String
  /// As a line to add, such as `url: "https://…"`.
  package let example: String
  package let isRequired: Bool
  /// What holds without it; nil: nothing does.
  package let standard: String?
  /// Whether the value is never shown, and stands in a variable or a file and not in the configuration itself.
  package let isSecret: Bool
  /// Whether it is a map of names to texts; its value is then a line `NAME: TEXT` for each.
  package let isMap: Bool

  init(
    name: String, help: String, example: String, isRequired: Bool = false, standard: String? = nil,
    isSecret: Bool = false, isMap: Bool = false
  ) {
    self.name = name
    self.help = help
    self.example = example
    self.isRequired = isRequired
    self.standard = standard
    self.isSecret = isSecret
    self.isMap = isMap
  }

  /// An address that takes requests.
  static let url = ReceiverKey(
    name: "url", help: "http or https; often a secret itself", example: "url: \"https://…\"", isRequired: true)

  /// - Parameter standard: what is asked where the configuration names no address.
  /// - Throws: where the text is no address that can be asked.
  static func url(in values: [String: String], standard: String = "") throws(Receiver.Invalid) -> String {
    let text = values["url"] ?? standard
    guard URLOrigin(text) != nil else {
      throw Receiver.Invalid(key: "url", problem: "must be http:// or https:// with a host, without spaces")
    }
    return text
  }

  /// A value that goes into a header or a body as it is: printable ASCII without spaces.
  ///
  /// - Parameter limit: the most characters that it may have.
  func token(in values: [String: String], limit: Int = 4096) throws(Receiver.Invalid) -> String? {
    guard let text = values[name] else { return nil }
    guard (1...limit).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw Receiver.Invalid(key: name, problem: "must be 1 to \(limit) characters of ASCII without spaces")
    }
    return text
  }
}
