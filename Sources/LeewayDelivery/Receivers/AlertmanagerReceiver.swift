package import LeewayCore

extension ReceiverType {
  /// `alertmanager`: the alerts of Alertmanager's API, version 2.
  package static let alertmanager = ReceiverType(
    name: "alertmanager",
    keys: [AlertmanagerFormat.address, AlertmanagerFormat.tokenKey, AlertmanagerFormat.resendKey],
    keepsAlerts: true
  ) { values throws(Receiver.Invalid) in
    let url = try ReceiverKey.url(in: values)
    var resend = AlertmanagerFormat.standardResend
    if let text = values[AlertmanagerFormat.resendKey.name] {
      guard let span = try? TimeSpan(text), (.seconds(1) ... .hours(1)).contains(span) else {
        throw Receiver.Invalid(key: "resend_every", problem: "is no duration from 1s to 1h; give one, as 1m")
      }
      resend = span
    }
    return AlertmanagerFormat(
      url: url, token: try AlertmanagerFormat.tokenKey.token(in: values), resendEvery: resend)
  }
}

/// An alert for each incident and tier, sent again until the incident is resolved, since Alertmanager drops what it is not told
/// again.
///
/// The labels are the alert's identity, so they hold only what stays the same for an incident, and the tier, by which people route. An
/// escalation ends the alerts of lower tiers: an escalated incident is one alert. All that changes is in the annotations, of which the
/// last message's stand.
///
/// `endsAt` is four times `resend_every` ahead, as Prometheus sends it, so that two lost messages end nothing. A resolved alert is sent
/// for 5 minutes, for an Alertmanager that has restarted. Source: Alertmanager 0.25, api/v2, and docs/alerts_api.md.
package struct AlertmanagerFormat: DeliveryFormat {
  let url: String
  let token: String?
  let resendEvery: TimeSpan
  let limits: RequestLimits

  static let standardResend = TimeSpan.minutes(1)
  private static let resolvedFor = TimeSpan.minutes(5)
  /// Notices of messages that were not taken are not sent again.
  private static let noticeFor = TimeSpan.days(1)

  static let address = ReceiverKey(
    name: "url", help: "one Alertmanager, as `http://localhost:9093`, with its path prefix",
    example: "url: \"https://…\"",
    isRequired: true)
  static let tokenKey = ReceiverKey(
    name: "token", help: "bearer token of a proxy before it", example: "token: \"${NAME}\"", isSecret: true)
  static let resendKey = ReceiverKey(
    name: "resend_every", help: "how often open alerts are sent again; they end four times as long after the last",
    example: "resend_every: 1m", standard: "1m")

  /// - Parameter url: Alertmanager's address with its path prefix, without `/api/v2/alerts`.
  package init(
    url: String, token: String? = nil, resendEvery: TimeSpan = .minutes(1), limits: RequestLimits = RequestLimits()
  ) {
    var base = url[...]
    while base.hasSuffix("/") { base = base.dropLast() }
    self.url = base.hasSuffix("/api/v2/alerts") ? String(base) : "\(base)/api/v2/alerts"
    self.token = token
    self.resendEvery = resendEvery
    self.limits = limits
  }

  package func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery {
    let stored = try StoredNotification.read(delivery.notification)
    let now = EventTime(milliseconds: now)
    var json = JSONWriter(capacity: 2048)
    json.beginArray()
    switch stored.event {
    // They can come after the incident's end, and would open the alert again.
    case "incident.confirmed", "incident.withdrawn", "incident.verifying", "model.restore": return .nothing
    case "delivery.failed":
      write(stored, "LeewayDeliveryFailed", stored.tier, until: now + Self.noticeFor, now, to: &json)
    default:
      let tier = stored.highest ?? stored.tier
      let end = stored.event == "incident.resolved" ? now : now + .milliseconds(resendEvery.milliseconds * 4)
      write(stored, "LeewayIncident", tier, until: end, now, to: &json)
      // Only then can there be alerts of lower tiers: in any other message they would be ends of what never began.
      if stored.event == "incident.escalated" {
        for lower in ["info", "warning", "critical"].prefix(while: { $0 != tier }) {
          write(stored, "LeewayIncident", lower, until: now, now, to: &json)
        }
      }
    }
    json.endArray()
    var request = HTTPRequest(json: json.bytes, to: url, key: delivery.key, limits: limits)
    if let token { request.headers.append(HTTPHeader("Authorization", "Bearer \(token)")) }
    return .request(request)
  }

  package var leavesStanding: Bool { true }

  package func repetition(of delivery: Delivery, first: Int64, now: Int64) -> TimeSpan? {
    guard let event = try? StoredNotification.read(delivery.notification).event else { return nil }
    switch event {
    case "incident.confirmed", "incident.withdrawn", "incident.verifying", "model.restore", "delivery.failed":
      return nil
    case "incident.resolved": return now - first < Self.resolvedFor.milliseconds ? resendEvery : nil
    default: return resendEvery
    }
  }

  private func write(
    _ stored: StoredNotification, _ name: String, _ tier: String, until end: EventTime, _ now: EventTime,
    to json: inout JSONWriter
  ) {
    let content = MessageContent(stored)
    json.beginObject()
    json.member("labels") { json in
      json.member("alertname", name)
      for case (let key, let value?) in [
        ("monitor", stored.monitor), ("incident", stored.incident), ("cause", stored.reason), ("severity", tier),
        ("receiver", stored.receiver),
      ] where !value.isEmpty {
        json.member(key, value.onOneLine(limit: 200))
      }
    }
    json.member("annotations") { json in
      json.member("summary", content.summary)
      let text = content.paragraphs.map { "\($0.title):\n" + $0.lines.map { "- \($0)" }.joined(separator: "\n") }
      if !text.isEmpty { json.member("description", text.joined(separator: "\n")) }
      for fact in content.facts where ["Model version", "Window", "Compared with", "Why"].contains(fact.name) {
        json.member(fact.name.lowercased().replacing(" ", with: "_"), fact.value)
      }
    }
    // Event time may be ahead of the clock, and an alert that ends before it starts is refused.
    let opened = stored.openedAt.flatMap(EventTime.init(rfc3339:)) ?? now
    json.key("startsAt")
    json.time(min(opened, now))
    json.key("endsAt")
    json.time(end)
    if let link = content.link { json.member("generatorURL", link) }
    json.endObject()
  }
}
