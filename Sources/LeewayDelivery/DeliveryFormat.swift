package import LeewayCore

/// A row of the outbox, as far as formats need it.
package struct Delivery: Sendable, Equatable {
  /// Made of incident, transition and receiver; the same at every attempt, so that a receiver can drop repetitions.
  package var key: String
  /// The notification's JSON as it was stored with the transition: the body of the webhook.
  package var notification: [UInt8]

  package init(key: String, notification: [UInt8]) {
    self.key = key
    self.notification = notification
  }
}

/// Turns a stored notification into what one kind of receiver takes.
package protocol DeliveryFormat: Sendable {
  /// Called again for every attempt, because a signature holds the time.
  /// - Parameter now: milliseconds since the epoch.
  /// - Throws: `UnreadableNotification`; no retry fixes it.
  func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery

  /// Whether anything of it may stand in the outbox after it was taken: a message that is sent again, or a run that is asked about.
  var leavesStanding: Bool { get }

  /// How long after it was taken a message is sent again; nil: it is done with that.
  ///
  /// - Parameters:
  ///   - first: when it was first sent, in milliseconds since the epoch, as `now`.
  func repetition(of delivery: Delivery, first: Int64, now: Int64) -> TimeSpan?
}

extension DeliveryFormat {
  package var leavesStanding: Bool { false }
  package func repetition(of delivery: Delivery, first: Int64, now: Int64) -> TimeSpan? { nil }
}

package enum RenderedDelivery: Sendable, Equatable {
  /// For the service's own log: one line, without its line break.
  case line(String)
  /// For an `HTTPRequestSender`.
  case request(HTTPRequest)
  /// For a `MailSender`.
  case mail(MailMessage)
  /// The event is none that this kind of receiver is told of.
  case nothing
}

extension HTTPRequest {
  /// What every format's request has in common.
  init(json body: [UInt8], to url: String, key: String, limits: RequestLimits) {
    self.init(
      url: url, headers: [HTTPHeader("Content-Type", "application/json"), HTTPHeader("Idempotency-Key", key)],
      body: body, limits: limits)
  }
}
