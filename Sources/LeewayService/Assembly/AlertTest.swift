package import LeewayConfiguration
import LeewayCore
import LeewayDelivery

/// Sends a receiver a message that says of itself that it is a test.
package struct AlertTest {
  private let receiver: Receiver
  private let publicURL: String?

  /// - Throws: `InputProblem` where the configuration has no such receiver, or one that must not be tried.
  package init(_ name: String, configuration: ServiceConfiguration) throws {
    guard let receiver = configuration.receivers[name] else {
      let names = configuration.receivers.keys.sorted(by: utf8Order)
      throw InputProblem(
        "\(name) is no receiver; there are \(names.joined(separator: ", "))."
          + Spelling.suggestion(for: name, among: names))
    }
    guard name != DecisionContext.retrainReceiver else {
      throw InputProblem(
        "\(name) is called to retrain, and a test would start a training; try it where that is harmless")
    }
    self.receiver = receiver
    publicURL = configuration.http.publicURL
  }

  /// Sends the opening of an incident, and to a receiver that keeps alerts its end too, so that nothing stays open.
  ///
  /// - Returns: a line for each message, with the answer.
  /// - Throws: `EnvironmentProblem` where nothing was answered or what may pass, `InputProblem` for a refusal that is final.
  package func run() throws -> [String] {
    let now = WallClock.now()
    let courier: Courier
    do { courier = try Courier(version: ServiceVersion.text, abort: AbortFlag()) } catch {
      throw EnvironmentProblem("\(error)")
    }
    let incident = "\(SampleMessages.monitor)-\(now.milliseconds)"
    let events = ["incident.opened"] + (receiver.type.keepsAlerts ? ["incident.resolved"] : [])
    return try events.map { event in
      let delivery = Delivery(
        key: "\(incident)/\(event)/\(receiver.name)",
        notification: SampleMessages.message(event, incident: incident, at: now, url: publicURL))
      return try "\(event) to \(receiver): \(send(delivery, courier))"
    }
  }

  private func send(_ delivery: Delivery, _ courier: Courier) throws -> String {
    let rendered: RenderedDelivery
    do { rendered = try receiver.format.render(delivery, now: WallClock.now().milliseconds) } catch {
      throw InputProblem("receiver \(receiver.name): \(error)")
    }
    if case .line(let line) = rendered { return line }
    guard rendered.isSent else { return "not told of this event" }
    let result = courier.deliver(rendered)
    let answer = receiver.redacted(result.shown)
    switch RetrySchedule().decide(attempt: 1, delivery: result, spent: 0, now: 0, random: 0) {
    case .delivered: return answer
    case .retry: throw EnvironmentProblem("receiver \(receiver.name): \(answer)")
    case .deadLetter: throw InputProblem("receiver \(receiver.name): \(answer)")
    }
  }
}
