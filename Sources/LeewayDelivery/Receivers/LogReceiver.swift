extension ReceiverType {
  /// `log`: the service's own log. It needs nothing, so a receiver of that name is always there.
  package static let log = ReceiverType(name: "log", keys: [], modelCalls: [.promotion, .fallingBack]) { _ in
    LogFormat()
  }
}

/// One line of `key=value` pairs, values quoted where they hold anything but plain characters.
package struct LogFormat: DeliveryFormat {
  package init() {}

  package func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery {
    let stored = try StoredNotification.read(delivery.notification)
    var line = "event=\(quoted(stored.event))"
    func add(_ key: String, _ value: String?) {
      if let value, !value.isEmpty { line += " \(key)=\(quoted(value))" }
    }
    add("incident", stored.incident)
    add("monitor", stored.monitor)
    add("tier", stored.tier)
    add("reason", stored.reason)
    add("receiver", stored.receiver)
    add("message", stored.message)
    add("advice", stored.advice)
    add("held", stored.held)
    add("held_since", stored.heldSince)
    add("early", stored.early)
    add("because", stored.because)
    add("by", stored.by)
    add("note", stored.note)
    add("at", stored.at)
    add("opened_at", stored.openedAt)
    add("model_version", stored.modelVersion)
    add("window_start", stored.window?.start)
    add("window_end", stored.window?.end)
    add("baseline", stored.baseline)
    add("retrain", stored.retrain)
    add("deadline", stored.deadline)
    let spread = stored.spread ?? []
    for item in spread.prefix(Self.longestEvidence) { add("spread", item.sentence(stored.evidence ?? [])) }
    if spread.count > Self.longestEvidence { add("more_spread", String(spread.count - Self.longestEvidence)) }
    let evidence = spread.isEmpty ? stored.evidence ?? [] : []
    for item in evidence.prefix(Self.longestEvidence) { add("fired", item.sentence(limit: 60)) }
    if evidence.count > Self.longestEvidence { add("more_fired", String(evidence.count - Self.longestEvidence)) }
    add("url", stored.url)
    return .line(line)
  }

  private static let longestEvidence = 5

  private func quoted(_ value: String) -> String {
    let value = value.onOneLine(limit: 300)
    let isPlain = value.utf8.allSatisfy {
      $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") && $0 != 0x5C
    }
    if isPlain { return value }
    return "\"" + value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}
