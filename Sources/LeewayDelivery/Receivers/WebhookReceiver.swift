extension ReceiverType {
  /// `webhook`: the notification's JSON, for other systems.
  package static let webhook = ReceiverType(
    name: "webhook",
    keys: [
      .url,
      ReceiverKey(
        name: "secret", help: "signs bodies with HMAC-SHA256", example: "secret: \"${NAME}\"", isSecret: true),
    ],
    callsTrainers: true, modelCalls: [.promotion, .fallingBack]
  ) { values throws(Receiver.Invalid) in
    let url = try ReceiverKey.url(in: values)
    if values["secret"] == "" {
      throw Receiver.Invalid(key: "secret", problem: "is empty; give one or remove the key")
    }
    return WebhookFormat(url: url, secret: values["secret"])
  }
}

/// The stored JSON byte for byte, signed where the receiver has a secret.
package struct WebhookFormat: DeliveryFormat {
  package let url: String
  package let secret: String?
  package let limits: RequestLimits

  package init(url: String, secret: String?, limits: RequestLimits = RequestLimits()) {
    self.url = url
    self.secret = secret
    self.limits = limits
  }

  package func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery {
    var request = HTTPRequest(json: delivery.notification, to: url, key: delivery.key, limits: limits)
    if let secret {
      request.headers += WebhookSignature(of: delivery.notification, secret: secret, now: now).headers
    }
    return .request(request)
  }
}
