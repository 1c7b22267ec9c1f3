import Foundation
import LeewayLocks

/// Takes events as PagerDuty's Events API v2 does, and refuses with 400 what that would refuse.
///
/// Rules from PagerDuty's documents: fields, their types and lengths, the four severities, 512 kB an event; an event for a key that is
/// not open is taken and does nothing; after `resolve` the same key opens a new alert.
public final class PagerDutyStandIn: Sendable {
  public enum Alert: String, Sendable { case triggered, acknowledged, resolved }

  public let server: LoopbackReceiver
  private let state: State

  private final class State: Sendable {
    let alerts = Mutex<[String: [Alert]]>([:])
    let problems = Mutex<[String]>([])
  }

  public init(routingKey: String) throws {
    let state = State()
    self.state = state
    server = try LoopbackReceiver { request, _ in
      var problems: [String] = []
      if request.method != "POST" || request.path != "/v2/enqueue" {
        problems.append("POST /v2/enqueue is what it takes")
      }
      if request.header("Content-Type") != "application/json" {
        problems.append("Content-Type is not application/json")
      }
      if request.body.count > 512_000 { problems.append("the event is over 512000 bytes") }
      let (action, key, mistakes) = Self.read(request.body, routingKey: routingKey)
      problems += mistakes
      guard problems.isEmpty, let action, let key else {
        state.problems.withLock { $0 += problems }
        let errors = problems.map { "\"\($0)\"" }.joined(separator: ",")
        return .answer(
          status: 400,
          body: "{\"status\":\"invalid event\",\"message\":\"Event object is invalid\",\"errors\":[\(errors)]}")
      }
      state.alerts.withLock { alerts in
        let isOpen = alerts[key].map { $0.last != .resolved } ?? false
        switch action {
        case "trigger" where !isOpen: alerts[key, default: []].append(.triggered)
        case "acknowledge" where isOpen: alerts[key, default: []].append(.acknowledged)
        case "resolve" where isOpen: alerts[key, default: []].append(.resolved)
        default: break
        }
      }
      return .answer(
        status: 202, body: "{\"status\":\"success\",\"message\":\"Event processed\",\"dedup_key\":\"\(key)\"}")
    }
  }

  public var url: String { server.url("/v2/enqueue") }
  /// What each key has been through.
  public var alerts: [String: [Alert]] { state.alerts.withLock { $0 } }
  /// Mistakes of all events.
  public var problems: [String] { state.problems.withLock { $0 } }

  private static func read(_ body: [UInt8], routingKey: String) -> (action: String?, key: String?, [String]) {
    let event = FieldReading(body)
    if event.text("routing_key") != routingKey { event.mistake("routing_key is not the integration's") }
    let action = event.choice("event_action", ["trigger", "acknowledge", "resolve"])
    let key = event.text("dedup_key", atMost: 255)
    _ = event.text("client", required: false)
    _ = event.address("client_url", required: false)
    if action == "trigger", let payload = event.object("payload") {
      _ = payload.text("summary", atMost: 1024)
      _ = payload.text("source")
      _ = payload.choice("severity", ["critical", "error", "warning", "info"])
      _ = payload.time("timestamp", required: false)
      for name in ["component", "group", "class"] { _ = payload.text(name, required: false) }
      _ = payload.anyObject("custom_details", required: false)
      payload.finish()
    }
    for link in event.objects("links", required: false) {
      _ = link.address("href")
      _ = link.text("text", required: false)
      link.finish()
    }
    event.finish()
    return (action, key, event.problems)
  }
}
