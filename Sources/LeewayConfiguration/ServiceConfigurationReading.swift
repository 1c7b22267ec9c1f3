import LeewayCore
import LeewayDelivery
import LeewayLedger
import LeewaySource

/// `leeway.yaml` on its way to a `ServiceConfiguration`.
package final class ServiceConfigurationReading {
  static let keys: [ConfigurationKey] = [
    .init("kafka", .other("map", nil), required: true, "the broker"),
    .init("dead_letter_topic", .other("name of a topic", nil), "an existing topic for messages that are not counted"),
    .init(
      "schema_registry", .other("map", nil), "has the writers' schemas of monitors in Avro and Protobuf that name none"),
    .init(
      "ledger", .other("`sqlite:FILE` or `postgres://…`", "sqlite:leeway.db"), "the store; instances share a PostgreSQL"
    ),
    .init("http", .other("map", nil), "listeners and who may use them"),
    .init("receivers", .other("map of up to 100 names to maps", nil), "where messages go; `log` is always there"),
    .init("limits", .other("map", nil), "what is held, and how much of it"),
    .init("evaluation", .other("map", nil), "when windows are looked for"),
    .init("maintenance", .other("list of up to 100 maps", nil), "recurring times in which messages are held back"),
  ]

  static let kafkaKeys: [ConfigurationKey] = [
    .init(
      "bootstrap", .other("`HOST:PORT`, several separated by commas", nil), required: true, "brokers to begin with"),
    .init("group", .other("text", "leeway"), "the consumer group, the same for all instances"),
    .init("properties", .other("map", nil), "librdkafka's own properties, passed on"),
    .init(
      "idle_after", .span(.seconds(1) ... .days(1), .minutes(1)),
      "a partition this long at its end holds no window back"),
    .init(
      "start", .choice(ServiceConfiguration.Kafka.Start.self, .earliest),
      "where a partition begins that was never read"),
    .init(
      "on_gap", .choice(GapDecision.self, .fail),
      "messages that are gone unread: `fail` holds the partition, `skip` counts them and goes on"),
    .init(
      "threads", .integer(1...64, nil), without: "one for every two processors, up to 4",
      "threads that decode and count"),
  ]

  static let httpKeys: [ConfigurationKey] = [
    .init("listen", .other("`HOST:PORT`", "127.0.0.1:8080"), "where pages and the API are"),
    .init(
      "public_url", .other("http or https address", nil),
      "the service as others see it; trainers answer there, and messages link to it"),
    .init("tokens_file", .other("path", nil), "bearer tokens and their roles; `leeway token new` writes it"),
    .init("probes", .other("`HOST:PORT`", nil), "`/healthz`, `/readyz` and `/metrics` without tokens"),
    .init("tls", .other("map", nil), "`listen` speaks HTTPS"),
    .init(
      "callback_keys", .other("list of up to 10 keys of 32 bytes or more", nil), without: "one in the ledger",
      "sign the tokens of retrains; the first signs, all are accepted"),
  ]

  static let tlsKeys: [ConfigurationKey] = [
    .init("certificate", .other("path", nil), required: true, "PEM: the listener's own first, then those up to a root"),
    .init("key", .other("path", nil), required: true, "PEM, without a passphrase"),
  ]

  private static let standard = ServiceConfiguration.Limits()
  static let limitKeys: [ConfigurationKey] = [
    .init("message_bytes", .bytes(1024...(64 << 20), Int64(standard.messageBytes)), "the longest message that is read"),
    .init(
      "flush_bytes", .bytes((1 << 20)...(1 << 30), Int64(standard.flushBytes)),
      "changes that are committed at once at the latest"),
    .init(
      "flush_every", .span(.milliseconds(10) ... .minutes(1), standard.flushEvery),
      "the longest time that what was read waits for its commit"),
    .init(
      "max_series", .integer(0...1_000_000, Int64(standard.maximumSeries)), "exported Prometheus series of a monitor"),
    .init(
      "quarantine_rows", .integer(0...10_000_000, Int64(standard.quarantineRows)),
      "messages of a monitor that were set aside and are kept to be looked at"),
    .init(
      "waiting_rows", .integer(1...1_000_000_000_000, Int64(standard.waitingRows)),
      "predictions that may wait for labels, of all monitors together"),
    .init(
      "shutdown_time", .span(.seconds(1) ... .hours(1), standard.shutdownTime),
      "how long a shutdown may take to commit what was read"),
    .init(
      "results_kept", .span(.days(1) ... .days(36_500), standard.resultsKept),
      "how far behind the newest window results go, in event time"),
    .init(
      "results_whole", .span(.days(1) ... .days(36_500), standard.resultsWhole),
      "how far behind maturity an hour keeps one line of each series, in event time"),
    .init(
      "deliveries_kept", .span(.days(1) ... .days(36_500), standard.deliveriesKept),
      "how long deliveries that are done are kept"),
    .init(
      "stall_after", .span(.seconds(30) ... .hours(24), standard.stallAfter),
      "`/readyz` fails when messages wait, or a thread is silent, so long"),
  ]

  static let evaluationKeys: [ConfigurationKey] = [
    .init("every", .span(.milliseconds(100) ... .hours(1), .seconds(1)), "how often finished windows are looked for")
  ]

  let reading: ConfigurationReading
  let path: String
  /// What monitors' alerts are checked against; nil if the receivers can't be read at all.
  var receivers: [String: Receiver]?
  /// Also those with a mistake of their own.
  var receiverNames: [String] = ["log"]
  private(set) var hasPublicURL = false
  /// The file of tokens, and where it is named.
  private(set) var tokens: (path: String, place: ConfigurationNode.Place)?
  /// The files of `http.tls`, and where each is named.
  private(set) var tls:
    (files: ServiceConfiguration.HTTP.TLS, certificate: ConfigurationNode.Place, key: ConfigurationNode.Place)?
  var ledgerPlace = ConfigurationNode.Place.start
  /// What each maintenance window is about, and where it says so.
  var silenced: [(matchers: SilenceMatchers, places: [SilencedPlace])] = []
  /// Whether there is a registry, with a mistake or without.
  private(set) var hasSchemaRegistry = false
  /// The dead-letter topic, and where it says so.
  private(set) var deadLetters: (topic: String, place: ConfigurationNode.Place)?

  init(path: String, environment: [String: String]) {
    self.path = path
    reading = ConfigurationReading(file: path, environment: environment)
  }

  func read(_ content: [UInt8]? = nil) -> ServiceConfiguration? {
    let example = "kafka: {bootstrap: \"localhost:9092\"}"
    guard
      let top = content.map({ reading.root($0, .service, example: example) })
        ?? reading.root(.service, example: example)
    else {
      return nil
    }
    let kafka = readKafka(top)
    let ledger = readLedger(top)
    let http = readHTTP(top)
    let receivers = readReceivers(top)
    let limits = readLimits(top)
    let evaluation = readEvaluation(top)
    let deadLetterTopic = readDeadLetterTopic(top)
    hasSchemaRegistry = top.contains("schema_registry")
    let schemaRegistry = readSchemaRegistry(top)
    let maintenance = readMaintenance(top)
    top.finish()
    guard !reading.problems.hasErrors, let kafka, let ledger, let http, let receivers, let limits, let evaluation else {
      return nil
    }
    return ServiceConfiguration(
      kafka: kafka, deadLetterTopic: deadLetterTopic, schemaRegistry: schemaRegistry, ledger: ledger, http: http,
      receivers: receivers, limits: limits,
      evaluation: evaluation, maintenance: maintenance)
  }

  // MARK: - Kafka

  private func readKafka(_ top: ConfigurationMap) -> ServiceConfiguration.Kafka? {
    typealias Kafka = ServiceConfiguration.Kafka
    guard
      let map = top.required("kafka", add: "kafka: {bootstrap: \"localhost:9092\"}")?
        .map("a map with bootstrap, group and properties", .kafka)
    else { return nil }
    let bootstrap = map.required("bootstrap", add: "bootstrap: \"HOST:PORT\"").flatMap(readBootstrap)
    let group = map.value("group").map { $0.text(limit: 255) } ?? "leeway"
    let (properties, confidential) = map.value("properties").map(readProperties) ?? ([:], [])
    let idleAfter = map.span("idle_after")
    let start = map.choice("start", Kafka.Start.self)
    let onGap = map.choice("on_gap", GapDecision.self)
    let threads = map.value("threads") == nil ? Int64(Kafka.standardThreads) : map.integer("threads")
    map.finish()
    guard let bootstrap, let group, let idleAfter, let start, let onGap, let threads else { return nil }
    refuseSettings(map, bootstrap: bootstrap, group: group)
    return Kafka(
      bootstrap: bootstrap, group: group, properties: properties, confidential: confidential, idleAfter: idleAfter,
      start: start, onGap: onGap, threads: Int(threads))
  }

  /// What only a consumer would refuse.
  private func refuseSettings(_ map: ConfigurationMap, bootstrap: String, group: String) {
    do throws(KafkaSettingsError) { _ = try KafkaSettings(bootstrap: bootstrap, group: group) } catch {
      for problem in error.problems { map.value(problem.property)?.complain(problem.message) }
    }
  }

  private func readDeadLetterTopic(_ top: ConfigurationMap) -> String? {
    guard let value = top.value("dead_letter_topic"), let name = value.text(limit: 4096) else { return nil }
    guard NameRule.isTopic(name) else {
      value.refuse("Kafka's topic names are 1 to 249 letters, digits, dots, underscores and hyphens, and not . or ..")
      return nil
    }
    deadLetters = (name, value.place)
    return name
  }

  private func readBootstrap(_ value: ConfigurationValue) -> String? {
    guard let text = value.text(limit: 4096) else { return nil }
    let addresses = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimming { $0 == " " } }
    for address in addresses {
      guard let (host, port) = Self.hostAndPort(address), !host.isEmpty, port > 0 else {
        value.refuse("it takes HOST:PORT, several separated by commas")
        return nil
      }
    }
    // A consumer takes no space between them.
    return addresses.joined(separator: ",")
  }

  private func readProperties(_ value: ConfigurationValue) -> (properties: [String: Secret], confidential: Set<String>)
  {
    var properties: [String: Secret] = [:]
    var confidential: Set<String> = []
    for (name, _, value) in value.map("a map of librdkafka's properties")?.all() ?? [] {
      guard let (secret, hadPlaceholder) = value.secret() else { continue }
      properties[name] = secret
      if hadPlaceholder { confidential.insert(name) }
      // librdkafka knows its properties and their values; the address and the group stand for any.
      do throws(KafkaSettingsError) {
        _ = try KafkaSettings(
          bootstrap: "localhost:9092", group: "any", properties: [name: secret.revealed],
          confidential: hadPlaceholder ? [name] : [])
      } catch {
        let known = KafkaSettings.propertyNames
        let suggestion = known.contains(name) ? "" : Spelling.suggestion(for: name, among: known)
        for problem in error.problems {
          let end = suggestion.isEmpty ? "" : ".\(suggestion)"
          reading.error(value.place, "\(value.path): \(problem.message)\(end)")
        }
      }
      if Self.isUnreadable(name, secret.revealed) {
        value.complain(
          "names \(hadPlaceholder ? "a file" : secret.revealed), which this user cannot read here; name a file that it can"
        )
      }
    }
    return (properties, confidential)
  }

  /// librdkafka opens certificates, keys and keytabs when it starts, so a file that is not there would end the start.
  private static func isUnreadable(_ property: String, _ path: String) -> Bool {
    // `probe` has librdkafka look for the system's certificates.
    property.hasPrefix("ssl.") && property.hasSuffix(".location") && path != "probe" && !TextFile.isReadable(path)
  }

  // MARK: - Ledger and HTTP

  private func readHTTP(_ top: ConfigurationMap) -> ServiceConfiguration.HTTP? {
    guard let value = top.value("http") else {
      return top.contains("http") ? nil : .init(host: "127.0.0.1", port: 8080, publicURL: nil, tokensFile: nil)
    }
    guard let map = value.map("a map with listen, public_url, tls, tokens_file, probes and callback_keys", .http) else {
      return nil
    }
    let listenValue = map.value("listen")
    var address: (host: String, port: Int)? = ("127.0.0.1", 8080)
    if let listenValue, let text = listenValue.text() {
      address = Self.hostAndPort(text[...])
      if address == nil { listenValue.refuse("it takes HOST:PORT, as 127.0.0.1:8080 or [::1]:8080") }
    }
    hasPublicURL = map.contains("public_url")
    let publicURL = map.value("public_url").flatMap { value -> String? in
      guard let text = value.text(limit: 2048) else { return nil }
      guard Self.isWebAddress(text), !text.contains("?"), !text.contains("#"), !text.contains("@") else {
        value.complain("must be http:// or https:// with a host, as https://leeway.example.com")
        return nil
      }
      return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
    let tokensFile = map.value("tokens_file").flatMap { value -> String? in
      guard let path = value.text(limit: 4096).map({ TextFile.path($0, in: TextFile.folder(of: path)) }) else {
        return nil
      }
      tokens = (path, value.place)
      return path
    }
    let probes = map.value("probes").flatMap { value -> ServiceConfiguration.HTTP.Probes? in
      guard let text = value.text() else { return nil }
      guard let (host, port) = Self.hostAndPort(text[...]) else {
        value.refuse("it takes HOST:PORT, as 0.0.0.0:8081")
        return nil
      }
      if let address, port != 0, address == (host, port) {
        value.refuse("it is http.listen too; give health and metrics a port of their own")
      }
      return .init(host: host, port: port)
    }
    let tls = map.value("tls").flatMap(readTLS)
    let callbackKeys = map.value("callback_keys").map(readCallbackKeys) ?? []
    map.finish()
    guard let address else { return nil }
    let http = ServiceConfiguration.HTTP(
      host: address.host, port: address.port, publicURL: publicURL, tokensFile: tokensFile, probes: probes,
      callbackKeys: callbackKeys, tls: tls)
    if !map.contains("tokens_file"), !http.readingIsOpen,
      let value = Self.isLoopback(address.host) ? map.value("public_url") : listenValue
    {
      value.warn(
        "lets others reach the service, so reading needs a token, and there is none; add http.tokens_file, whose lines "
          + "leeway token new makes")
    }
    return http
  }

  private func readTLS(_ value: ConfigurationValue) -> ServiceConfiguration.HTTP.TLS? {
    guard let map = value.map("a map with certificate and key, two files in PEM", .tls) else { return nil }
    let certificate = map.required("certificate", add: "certificate: FILE")
    let key = map.required("key", add: "key: FILE")
    map.finish()
    let folder = TextFile.folder(of: path)
    guard let certificate, let key, let certificatePath = certificate.text(limit: 4096),
      let keyPath = key.text(limit: 4096)
    else { return nil }
    let files = ServiceConfiguration.HTTP.TLS(
      certificate: TextFile.path(certificatePath, in: folder), key: TextFile.path(keyPath, in: folder))
    tls = (files, certificate.place, key.place)
    return files
  }

  private func readCallbackKeys(_ value: ConfigurationValue) -> [Secret] {
    let values = value.list(of: "keys, the one that signs first", atMost: 10) ?? []
    return values.compactMap { value in
      guard let (key, hadPlaceholder) = value.secret() else { return nil }
      guard key.revealed.utf8.count >= 32 else {
        value.complain("is shorter than 32 bytes and can be guessed; make one with openssl rand -hex 32")
        return nil
      }
      if !hadPlaceholder {
        value.warn("is a secret in the file itself; write ${file:/path/to/key}, or ${NAME} for a variable")
      }
      return key
    }
  }

  // MARK: - Limits

  private func readLimits(_ top: ConfigurationMap) -> ServiceConfiguration.Limits? {
    var limits = ServiceConfiguration.Limits()
    guard let value = top.value("limits") else { return limits }
    guard let map = value.map("a map of limits", .limits) else { return nil }
    if let bytes = map.byteCount("message_bytes") { limits.messageBytes = Int(bytes) }
    if let bytes = map.byteCount("flush_bytes") { limits.flushBytes = Int(bytes) }
    if let every = map.span("flush_every") { limits.flushEvery = every }
    if let count = map.integer("max_series") { limits.maximumSeries = Int(count) }
    if let count = map.integer("quarantine_rows") { limits.quarantineRows = Int(count) }
    if let count = map.integer("waiting_rows") { limits.waitingRows = Int(count) }
    if let time = map.span("shutdown_time") { limits.shutdownTime = time }
    if let time = map.span("results_kept") { limits.resultsKept = time }
    if let time = map.span("results_whole") { limits.resultsWhole = time }
    if let time = map.span("deliveries_kept") { limits.deliveriesKept = time }
    if let time = map.span("stall_after") { limits.stallAfter = time }
    map.finish()
    return limits
  }

  private func readEvaluation(_ top: ConfigurationMap) -> ServiceConfiguration.Evaluation? {
    guard let value = top.value("evaluation") else { return .init(every: .seconds(1)) }
    guard let map = value.map("a map such as {every: 1s}", .evaluation) else { return nil }
    let every = map.span("every")
    map.finish()
    return every.map { .init(every: $0) }
  }
}

extension StringProtocol {
  fileprivate func trimming(_ isBlank: (Character) -> Bool) -> SubSequence {
    var text = drop(while: isBlank)
    while let last = text.last, isBlank(last) { text = text.dropLast() }
    return text
  }
}
