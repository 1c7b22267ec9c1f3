import LeewayCore

/// `schema_registry`: who has the schemas that messages name by their number.
extension ServiceConfigurationReading {
  static let schemaRegistryKeys: [ConfigurationKey] = [
    .init(
      "urls", .other("list of up to 10 http or https addresses", nil), required: true,
      "of one registry, tried in order; it speaks as Confluent's does"),
    .init("username", .other("text", nil), "for basic authentication"),
    .init("password", .other("text", nil), without: "required with `username`", "for basic authentication"),
    .init("token", .other("text", nil), "a bearer token, in place of the two"),
    .init(
      "ca_file", .other("path", nil), "PEM: those who sign the registry's certificate, in place of the system's"),
    .init("certificate", .other("path", nil), "PEM: what Leeway shows to the registry"),
    .init("key", .other("path", nil), without: "required with `certificate`", "PEM, without a passphrase"),
    .init(
      "unknown_after", .span(.seconds(1) ... .days(1), ServiceConfiguration.SchemaRegistry.standardUnknownAfter),
      "how long a number that the registry does not have is asked for, before its messages are rejected"),
    .init(
      "name", .other("text", nil), without: "the first of `urls`",
      "what the ledger keeps schemas by; one name for all addresses of a registry, never changed"),
  ]

  private static let mostURLs = 10

  func readSchemaRegistry(_ top: ConfigurationMap) -> ServiceConfiguration.SchemaRegistry? {
    let example = "urls: [\"https://registry.example.com\"]"
    guard let map = top.value("schema_registry")?.map("a map such as {\(example)}", .schemaRegistry) else { return nil }
    let urlsValue = map.required("urls", add: example)
    let urls = urlsValue.flatMap(readRegistryURLs)
    let username = map.value("username")
    let password = map.value("password")
    let token = map.value("token")
    let name = map.value("name")?.text()
    let authorities = map.value("ca_file").flatMap(readRegistryFile)
    let certificate = map.value("certificate")
    let key = map.value("key")
    let unknownAfter = map.span("unknown_after")
    map.finish()
    if let username, map.contains("token") {
      username.complain("is there beside \(map.path(of: "token")); keep one of them")
    }
    if let username, !map.contains("password") {
      username.complain("needs a password; add password: ${NAME}")
    }
    if let password, !map.contains("username") {
      password.complain("needs a name; add username: NAME")
    }
    if let certificate, !map.contains("key") { certificate.complain("needs its key; add key: FILE") }
    if let key, !map.contains("certificate") { key.complain("needs its certificate; add certificate: FILE") }
    guard let urls, let first = urls.first, let unknownAfter else { return nil }
    return ServiceConfiguration.SchemaRegistry(
      name: name ?? first, urls: urls, username: username?.text(), password: password.flatMap(readRegistrySecret),
      token: token.flatMap(readRegistrySecret), authorities: authorities,
      certificate: certificate.flatMap(readRegistryFile), key: key.flatMap(readRegistryFile),
      unknownAfter: unknownAfter)
  }

  private func readRegistryURLs(_ value: ConfigurationValue) -> [String]? {
    guard let names = value.names(of: "addresses", atMost: Self.mostURLs) else { return nil }
    if names.isEmpty { value.complain("is an empty list; name an address, as https://registry.example.com") }
    let urls = names.compactMap { name, value -> String? in
      guard Self.isWebAddress(name), !name.contains("?"), !name.contains("#") else {
        value.complain("must be http:// or https:// with a host, as https://registry.example.com")
        return nil
      }
      guard !name.contains("@") else {
        value.complain("has a user in it, which would show in logs; write username and password")
        return nil
      }
      return name.hasSuffix("/") ? String(name.dropLast()) : name
    }
    return urls.isEmpty || urls.count < names.count ? nil : urls
  }

  private func readRegistrySecret(_ value: ConfigurationValue) -> Secret? {
    guard let (secret, hadPlaceholder) = value.secret() else { return nil }
    if !hadPlaceholder {
      value.warn("is a secret in the file itself; write ${NAME} for a variable, or ${file:/path/to/it}")
    }
    return secret
  }

  private func readRegistryFile(_ value: ConfigurationValue) -> String? {
    guard let name = value.text(limit: 4096) else { return nil }
    let file = TextFile.path(name, in: TextFile.folder(of: path))
    guard TextFile.isReadable(file) else {
      value.complain("names \(file), which this user cannot read here; name a file that it can")
      return nil
    }
    return file
  }
}
