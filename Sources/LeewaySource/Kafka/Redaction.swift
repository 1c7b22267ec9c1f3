/// Takes secrets out of what librdkafka writes.
struct Redaction: Sendable {
  private let secrets: [String]

  /// Longest first, so that a secret inside another leaves nothing of the longer one.
  init(secrets: [String] = []) {
    self.secrets = secrets.filter { !$0.isEmpty }.sorted { $0.utf8.count > $1.utf8.count }
  }

  /// True for properties that hold a secret whatever their value.
  static func isSecret(property: String) -> Bool {
    let words = ["password", "secret", "token", "jaas", "oauthbearer.config"]
    return property.hasSuffix(".pem") || words.contains { property.contains($0) }
  }

  func apply(to text: String) -> String {
    secrets.reduce(text) { $0.replacing($1, with: "(hidden)") }
  }
}
