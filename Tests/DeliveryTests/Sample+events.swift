import Foundation

extension Sample {
  /// `opened` with other members; nil removes one.
  static func opened(_ changes: [String: Any?]) throws -> String {
    var object = try JSONSerialization.jsonObject(with: Data(opened.utf8)) as? [String: Any] ?? [:]
    for (key, value) in changes { object[key] = value }
    return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
  }

  /// Every text of an opened incident is `piece`, 4,000 times.
  static func flooded(with piece: String, event: String = "incident.opened") throws -> String {
    let name = String(repeating: piece, count: 4_000)
    let item = ["check": name, "slice": name, "subject": name, "metric": name, "window": name, "tier": "critical"]
    let evidence = (0..<100).map { i in item.merging(["subject": "\(i)\(name)"]) { $1 } }
    let object: [String: Any] = [
      "version": 1, "event": event, "incident": name, "monitor": name, "tier": name, "reason": name, "advice": name,
      "model_version": name, "at": name, "opened_at": name, "deadline": name, "url": "https://a/" + name,
      "held": name, "retrain": name, "because": name, "baseline": name, "window": ["start": name, "end": name],
      "evidence": evidence,
    ]
    return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
  }
}
