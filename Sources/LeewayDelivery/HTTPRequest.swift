/// A field of an HTTP header.
package struct HTTPHeader: Sendable, Equatable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// A request that waits for an `HTTPRequestSender`.
package struct HTTPRequest: Sendable, Equatable {
  /// `GET` goes without a body.
  package enum Method: String, Sendable, CaseIterable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
  }

  package var method = Method.post
  /// Begins with `http://` or `https://`. Secret: a Slack URL's path is all the authority there is.
  package var url: String
  package var headers: [HTTPHeader]
  package var body: [UInt8]
  package var limits: RequestLimits
  /// nil: not signed for AWS.
  package var signing: AWSSigning?

  package init(
    method: Method = .post, url: String, headers: [HTTPHeader], body: [UInt8], limits: RequestLimits = RequestLimits()
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.limits = limits
  }
}

extension HTTPRequest {
  /// Whether the address is a plain `http://` or `https://` one.
  package var isSendable: Bool { URLOrigin(url) != nil }
}

/// What signs a request with AWS Signature Version 4.
package struct AWSSigning: Sendable, Equatable {
  package var region: String
  package var service: String
  package var accessKey: String
  package var secretKey: String

  package init(region: String, service: String, accessKey: String, secretKey: String) {
    self.region = region
    self.service = service
    self.accessKey = accessKey
    self.secretKey = secretKey
  }
}

/// How long and how much one request may take.
package struct RequestLimits: Sendable, Equatable {
  /// Milliseconds, at least 1, for the name, the connection and TLS.
  package var connect: Int64
  /// Milliseconds, at least 1, from the first byte of work to the answer's last.
  package var total: Int64
  /// Milliseconds, rounded up to seconds. A request is given up after this long under 64 bytes a second, which includes
  /// the time in which the receiver thinks. Matters where it is shorter than `total`.
  package var stall: Int64
  /// Bytes of the answer's body that are kept; the connection is closed when more arrives.
  package var answerBytes: Int

  /// Bytes of all the headers of an answer, its interim answers included.
  static let answerHeaderBytes = 65_536

  package init(
    connect: Int64 = 5_000, total: Int64 = 10_000, stall: Int64 = 10_000, answerBytes: Int = 65_536
  ) {
    self.connect = connect
    self.total = total
    self.stall = stall
    self.answerBytes = answerBytes
  }
}
