import Foundation

extension ReceiverType {
  /// `slack`: an incoming webhook of Slack.
  package static let slack = ReceiverType(name: "slack", keys: [.url]) { values throws(Receiver.Invalid) in
    SlackFormat(url: try ReceiverKey.url(in: values))
  }
}

/// A Block Kit message for an incoming webhook, within Slack's limits.
package struct SlackFormat: DeliveryFormat {
  package let url: String
  package let limits: RequestLimits

  package init(url: String, limits: RequestLimits = RequestLimits()) {
    self.url = url
    self.limits = limits
  }

  package func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery {
    let message = SlackMessage(try StoredNotification.read(delivery.notification))
    let encoder = JSONEncoder()
    // Sorted so that the same notification gives the same bytes at every attempt.
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let body = try? encoder.encode(message) else {
      throw UnreadableNotification(problem: "cannot be written as JSON")
    }
    return .request(HTTPRequest(json: Array(body), to: url, key: delivery.key, limits: limits))
  }
}
