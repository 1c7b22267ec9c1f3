/// Where a schema registry is, and how it is asked.
package struct SchemaRegistryServer: Sendable, Equatable {
  /// How it knows who asks.
  package enum Credentials: Sendable, Equatable {
    case none
    case basic(username: String, password: String)
    case bearer(token: String)
  }

  /// Addresses of one registry, tried in order: `http://` or `https://`, without a slash at the end. At least one.
  package var urls: [String]
  package var credentials: Credentials
  package var tls: HTTPTrust

  package init(urls: [String], credentials: Credentials = .none, tls: HTTPTrust = HTTPTrust()) {
    precondition(!urls.isEmpty)
    self.urls = urls
    self.credentials = credentials
    self.tls = tls
  }
}

/// Files in PEM that say whom a client trusts over TLS, and who it is itself.
package struct HTTPTrust: Sendable, Equatable {
  /// Those who sign the server's certificate; nil: the system's.
  package var authorities: String?
  /// The client's own certificate and its key; nil: it shows none.
  package var certificate: String?
  package var key: String?

  package init(authorities: String? = nil, certificate: String? = nil, key: String? = nil) {
    self.authorities = authorities
    self.certificate = certificate
    self.key = key
  }
}
