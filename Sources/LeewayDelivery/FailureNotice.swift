package import LeewayCore

/// What a receiver's `fallback` gets when a message could not be delivered: which one, to whom, and why. Not the message
/// itself: that of a retrain is a call which only the trainer may answer.
package enum FailureNotice {
  /// Whether the row is such a notice. For one that dies too there is no notice: two receivers that are each other's fallback
  /// would never come to an end.
  package static func isNotice(_ row: OutboxRecord) -> Bool { row.key.contains(separator) }

  private static let separator = "/fallback/"

  /// The row that is owed to `fallback`.
  ///
  /// - Parameters:
  ///   - row: has been given up; its `lastError` says why.
  ///   - at: wall time.
  package static func row(about row: OutboxRecord, to fallback: String, at: EventTime) -> OutboxRecord {
    OutboxRecord(
      // With its attempts: a message that was sent again and died again is told of again.
      key: "\(row.key)\(separator)\(row.attempts)/\(fallback)", monitor: row.monitor, incident: row.incident,
      receiver: fallback, sequence: row.sequence, body: body(about: row, at: at), createdAt: at, nextAttemptAt: at)
  }

  /// `{"version":1,"event":"delivery.failed","incident":"…","monitor":"…","tier":"critical","at":"…","receiver":"pager",
  /// "message":"incident.opened","because":"the receiver answered 410","url":"…"}`, with what the message said of the
  /// incident: `opened_at`, `reason`, `url`.
  private static func body(about row: OutboxRecord, at: EventTime) -> String {
    let members = (try? JSONValue(parsing: Array(row.body.utf8))).flatMap { try? JSONReader($0).members() } ?? []
    func text(_ key: String) -> String? { members.first { $0.key == key }.flatMap { try? $0.reader.string() } }
    var json = JSONWriter(capacity: 512)
    json.beginObject()
    json.key("version")
    json.number(1 as Int64)
    for case (let key, let value?) in [
      ("event", "delivery.failed"), ("incident", row.incident), ("monitor", row.monitor),
      ("tier", text("tier") ?? "critical"), ("opened_at", text("opened_at")), ("reason", text("reason")),
      ("receiver", row.receiver), ("message", text("event")), ("retrain", row.retrain), ("because", row.lastError),
      ("url", text("url")),
    ] as [(String, String?)] {
      json.key(key)
      json.string(value)
    }
    json.key("at")
    json.time(at)
    json.endObject()
    return json.text
  }
}
