extension ReceiverType {
  /// `template`: any service that takes JSON over HTTP, whose body the configuration describes.
  package static let template = ReceiverType(
    name: "template", keys: TemplateFormat.keys, modelCalls: [.promotion, .fallingBack]
  ) {
    values throws(Receiver.Invalid) in
    let url = try ReceiverKey.url(in: values)
    let name = values["method"] ?? "POST"
    guard let method = HTTPRequest.Method(rawValue: name), method != .get else {
      throw Receiver.Invalid(key: "method", problem: "takes POST, PUT or PATCH")
    }
    if values["secret"] == "" {
      throw Receiver.Invalid(key: "secret", problem: "is empty; give one or remove the key")
    }
    let template: MessageTemplate
    do throws(MessageTemplate.Invalid) {
      template = try MessageTemplate(values["body"] ?? "")
      try template.check()
    } catch {
      throw Receiver.Invalid(key: "body", problem: error.problem)
    }
    return TemplateFormat(
      url: url, method: method, headers: try TemplateFormat.headers(values["headers"] ?? ""), template: template,
      secret: values["secret"])
  }
}

/// A JSON body with places that are filled from the message.
struct TemplateFormat: DeliveryFormat {
  let url: String
  let method: HTTPRequest.Method
  let headers: [HTTPHeader]
  let template: MessageTemplate
  let secret: String?
  var limits = RequestLimits()

  static let keys: [ReceiverKey] = [
    .url,
    ReceiverKey(name: "method", help: "`POST`, `PUT` or `PATCH`", example: "method: PUT", standard: "POST"),
    ReceiverKey(
      name: "headers", help: "sent besides `Content-Type: application/json`; never shown",
      example: "headers: {Authorization: \"Bearer ${NAME}\"}", isSecret: true, isMap: true),
    ReceiverKey(
      name: "body", help: "JSON with `{{places}}`", example: "body: '{\"text\": \"{{summary}}\"}'", isRequired: true),
    ReceiverKey(
      name: "secret", help: "signs bodies with HMAC-SHA256", example: "secret: \"${NAME}\"", isSecret: true),
  ]

  private static let mostHeaders = 20
  /// What the sender itself says.
  private static let reserved: Set<String> = [
    "content-length", "transfer-encoding", "host", "connection", "expect", "idempotency-key",
  ]

  /// - Parameter lines: `NAME: TEXT`.
  static func headers(_ lines: String) throws(Receiver.Invalid) -> [HTTPHeader] {
    var headers: [HTTPHeader] = []
    for line in lines.split(separator: "\n") {
      let name = line.prefix { $0 != ":" }
      let value = line.dropFirst(name.count).drop { $0 == ":" }.drop { $0 == " " }
      let isName =
        !name.isEmpty
        && name.utf8.allSatisfy { byte in
          (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "_")
        }
      guard isName, value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }), !reserved.contains(name.lowercased()) else {
        throw Receiver.Invalid(
          key: "headers",
          problem: "has \(name.prefix(40)), which is no header that can be set; names are letters, digits"
            + " and hyphens, values ASCII")
      }
      headers.append(HTTPHeader(String(name), String(value)))
    }
    guard headers.count <= mostHeaders else {
      throw Receiver.Invalid(key: "headers", problem: "has \(headers.count) headers; it takes at most \(mostHeaders)")
    }
    return headers
  }

  func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery {
    let body = try template.body(delivery)
    var request = HTTPRequest(json: body, to: url, key: delivery.key, limits: limits)
    request.method = method
    for header in headers {
      request.headers.removeAll { $0.name.lowercased() == header.name.lowercased() }
      request.headers.append(header)
    }
    if let secret { request.headers += WebhookSignature(of: body, secret: secret, now: now).headers }
    return .request(request)
  }
}
