import LeewayLocks

/// What went on in a browser.
final class BrowserRecord: Sendable {
  private struct Seen {
    var faults: [String] = []
    var requests: [String] = []
  }

  private let seen = Mutex(Seen())

  var faults: [String] { seen.withLock { $0.faults } }
  var requests: [String] { seen.withLock { $0.requests } }

  /// Keeps what a test looks at, of a message of the DevTools protocol.
  func note(_ method: String, _ parameters: [String: Any]) {
    for text in Self.faults(method, parameters) { seen.withLock { $0.faults.append(text) } }
    if method == "Network.requestWillBeSent", let request = parameters["request"] as? [String: Any] {
      let address = request["url"] as? String ?? ""
      seen.withLock { $0.requests.append(address) }
    }
  }

  private static func faults(_ method: String, _ parameters: [String: Any]) -> [String] {
    switch method {
    case "Runtime.exceptionThrown":
      let details = parameters["exceptionDetails"] as? [String: Any]
      let exception = details?["exception"] as? [String: Any]
      return ["exception: \(exception?["description"] ?? details?["text"] ?? "")"]
    case "Runtime.consoleAPICalled":
      guard let type = parameters["type"] as? String, ["error", "warning", "assert"].contains(type) else { return [] }
      let words = (parameters["args"] as? [[String: Any]] ?? []).map { "\($0["value"] ?? $0["description"] ?? "")" }
      return ["console: \(words.joined(separator: " "))"]
    case "Log.entryAdded":
      guard let entry = parameters["entry"] as? [String: Any], entry["level"] as? String == "error",
        entry["source"] as? String != "network"
      else { return [] }
      return ["\(entry["source"] ?? ""): \(entry["text"] ?? "")"]
    case "Page.javascriptDialogOpening": return ["dialog: \(parameters["message"] ?? "")"]
    default: return []
    }
  }
}
