import LeewayCore

extension ReceiverType {
  /// `pagerduty`: the Events API, version 2.
  package static let pagerduty = ReceiverType(
    name: "pagerduty", keys: [PagerDutyFormat.key, PagerDutyFormat.address], keepsAlerts: true
  ) { values throws(Receiver.Invalid) in
    PagerDutyFormat(
      url: try ReceiverKey.url(in: values, standard: PagerDutyFormat.standardURL),
      routingKey: try PagerDutyFormat.key.token(in: values, limit: 100) ?? "")
  }
}

/// One alert for each incident, under the incident's id as `dedup_key`: triggered while the incident is open, acknowledged and
/// resolved with it.
///
/// Limits (characters, unless it says bytes): `dedup_key` 255, `summary` 1024, an event 512 kB. The texts that an event is made of
/// are cut well below.
/// Source: developer.pagerduty.com, Events API v2.
package struct PagerDutyFormat: DeliveryFormat {
  let url: String
  let routingKey: String
  let limits: RequestLimits

  static let standardURL = "https://events.pagerduty.com/v2/enqueue"
  static let key = ReceiverKey(
    name: "routing_key", help: "the integration key of an Events API v2 integration",
    example: "routing_key: \"${NAME}\"",
    isRequired: true, isSecret: true)
  static let address = ReceiverKey(
    name: "url", help: "`https://events.eu.pagerduty.com/v2/enqueue` for accounts in the EU",
    example: "url: \"https://…\"", standard: standardURL)

  package init(url: String, routingKey: String, limits: RequestLimits = RequestLimits()) {
    self.url = url
    self.routingKey = routingKey
    self.limits = limits
  }

  package func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery {
    let stored = try StoredNotification.read(delivery.notification)
    guard let action = Action(stored.event) else { return .nothing }
    var json = JSONWriter(capacity: 2048)
    json.beginObject()
    json.member("routing_key", routingKey)
    json.member("event_action", action.rawValue)
    json.member("dedup_key", Self.dedupKey(stored))
    if action == .trigger { Self.writeTrigger(stored, to: &json) }
    json.endObject()
    return .request(HTTPRequest(json: json.bytes, to: url, key: delivery.key, limits: limits))
  }

  private enum Action: String {
    case trigger, acknowledge, resolve

    /// nil: an alert that is resolved would be opened again by it, or it is no news to a pager.
    init?(_ event: String) {
      switch event {
      case "incident.resolved": self = .resolve
      case "incident.acknowledged", "incident.accepted": self = .acknowledge
      case "incident.confirmed", "incident.withdrawn", "incident.verifying", "model.restore": return nil
      default: self = .trigger
      }
    }
  }

  /// A message that another receiver did not take is an alert of its own, which a person resolves.
  private static func dedupKey(_ stored: StoredNotification) -> String {
    let key =
      stored.event == "delivery.failed"
      ? "\(stored.incident)/delivery/\(stored.receiver ?? "")" : stored.incident
    return key.onOneLine(limit: 255)
  }

  private static func writeTrigger(_ stored: StoredNotification, to json: inout JSONWriter) {
    let content = MessageContent(stored)
    json.member("client", "Leeway")
    if let link = content.link { json.member("client_url", link) }
    json.member("payload") { json in
      json.member("summary", content.summary.onOneLine(limit: 1024))
      json.member("source", stored.monitor.onOneLine(limit: 63))
      json.member("severity", severity(stored.tier))
      if let at = stored.at ?? stored.openedAt { json.member("timestamp", at.onOneLine(limit: 40)) }
      if let subject = content.worstSubject { json.member("component", subject) }
      json.member("group", stored.monitor.onOneLine(limit: 63))
      if let reason = stored.reason { json.member("class", reason.onOneLine(limit: 60)) }
      json.member("custom_details") { json in
        for fact in content.facts { json.member(fact.name, fact.value) }
        for (title, lines) in content.paragraphs { json.member(title, lines) }
      }
    }
    if let link = content.link {
      json.key("links")
      json.beginArray()
      json.beginObject()
      json.member("href", link)
      json.member("text", "Open the incident")
      json.endObject()
      json.endArray()
    }
  }

  /// PagerDuty knows four; a tier that this release does not know is an error.
  private static func severity(_ tier: String) -> String {
    ["critical", "warning", "info"].contains(tier) ? tier : "error"
  }
}
