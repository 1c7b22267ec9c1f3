/// How to reach Kafka: the `kafka:` part of the configuration, checked.
package struct KafkaSettings: Sendable, CustomStringConvertible, CustomReflectable {
  package let bootstrap: String
  package let group: String
  /// librdkafka's own, passed through; some of the values are secret.
  let properties: [String: String]
  let redaction: Redaction

  /// Checks every property with librdkafka itself, as far as it can tell without connecting.
  ///
  /// - Parameters:
  ///   - bootstrap: `host:port`, several separated by commas.
  ///   - group: the consumer group of all instances of this service.
  ///   - properties: librdkafka's own, passed through.
  ///   - confidential: names of the properties whose values must not be shown, besides those that are secret by name.
  /// - Throws: `KafkaSettingsError` with every problem found.
  package init(
    bootstrap: String, group: String, properties: [String: String] = [:], confidential: Set<String> = []
  ) throws(KafkaSettingsError) {
    self.bootstrap = bootstrap
    self.group = group
    self.properties = properties
    let secrets = properties.filter { confidential.contains($0.key) || Redaction.isSecret(property: $0.key) }
    redaction = Redaction(secrets: Array(secrets.values))

    var problems: [KafkaSettingsError.Problem] = []
    if let message = Self.problem(ofBootstrap: bootstrap) { problems.append(.init("bootstrap", message)) }
    if group.isEmpty || group.utf8.contains(0) {
      problems.append(.init("group", "is empty or holds a zero byte; give the consumer group a name, such as leeway"))
    }
    let trial = KafkaConfiguration()
    for (property, value) in properties.sorted(by: { $0.key < $1.key }) {
      if let fixed = Self.fixed[property] {
        if fixed.value != value {
          let limit = fixed.value.map { " is always \($0) here" } ?? " can't be set here"
          problems.append(.init(property, "\(property)\(limit): \(fixed.reason); remove it"))
        }
      } else if let message = trial.set(property, value) {
        problems.append(.init(property, redaction.apply(to: message)))
      }
    }
    guard problems.isEmpty else { throw KafkaSettingsError(problems: problems) }
  }

  /// Names no property, so that no log line can show a secret.
  package var description: String { "KafkaSettings(bootstrap: \(bootstrap), group: \(group))" }
  package var customMirror: Mirror { Mirror(self, children: ["bootstrap": bootstrap, "group": group]) }

  /// Every property of this librdkafka, in the order of its own table; for guesses at what a wrong name meant.
  package static let propertyNames: [String] = KafkaConfiguration.propertyNames()

  /// What correctness rests on. A nil value: the property may not be set at all.
  private static let fixed: [String: (value: String?, reason: String)] = {
    let ledger = "the ledger keeps the offsets"
    let group = "instances hand partitions over one by one"
    return [
      "enable.auto.commit": ("false", ledger),
      "auto.commit.enable": (nil, ledger),
      "enable.auto.offset.store": ("false", ledger),
      "auto.offset.reset": ("error", "an offset that is gone is reported, never skipped"),
      "check.crcs": ("true", "a damaged record must not be counted"),
      "isolation.level": ("read_committed", "records of aborted transactions must not be counted"),
      "enable.partition.eof": ("true", "the end of a partition makes it idle"),
      "partition.assignment.strategy": ("cooperative-sticky", group),
      "group.protocol": ("classic", group),
      "bootstrap.servers": (nil, "it is kafka.bootstrap"),
      "metadata.broker.list": (nil, "it is kafka.bootstrap"),
      "group.id": (nil, "it is kafka.group"),
      "allow.auto.create.topics": ("false", "reading a topic must not create it"),
    ]
  }()

  private static func problem(ofBootstrap bootstrap: String) -> String? {
    let example = "give host:port, several separated by commas, such as localhost:9092"
    for server in bootstrap.split(separator: ",", omittingEmptySubsequences: false) {
      // A port is whatever follows the last colon outside the brackets of an IPv6 address.
      guard let colon = server.lastIndex(of: ":"), colon > server.startIndex,
        let port = UInt16(server[server.index(after: colon)...]), port > 0,
        !server.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F })
      else { return "'\(server)' isn't a broker's address; \(example)" }
    }
    return nil
  }

  /// Defaults first, then the user's properties, then what isn't the user's to choose.
  func consumerConfiguration() throws(KafkaError) -> KafkaConfiguration {
    let configuration = KafkaConfiguration()
    try configuration.apply([("client.id", "leeway")] + Self.queueDefaults + fetchDefaults, redaction)
    try configuration.apply(properties.sorted { $0.key < $1.key }.filter { Self.fixed[$0.key] == nil }, redaction)
    // `group.protocol` is unknown to librdkafka before 2.4, and classic by default after.
    let fixed = Self.fixed.compactMap { name, rule in name == "group.protocol" ? nil : rule.value.map { (name, $0) } }
    try configuration.apply(fixed, redaction)
    try configuration.apply([("bootstrap.servers", bootstrap), ("group.id", group)], redaction)
    return configuration
  }

  /// How much is fetched ahead, only in bytes.
  ///
  /// librdkafka before 2.2 stops fetching for a second, not adjustable, whenever the queue is full. So the queue is all
  /// one can read in such a second, and must be larger there; each record costs some 300 bytes besides.
  private static var queueDefaults: [(String, String)] {
    let bytesAlone = ("queued.min.messages", "1000000")
    return KafkaLibrary.number < 0x0202_0000
      ? [bytesAlone, ("queued.max.messages.kbytes", "131072")]
      : [bytesAlone, ("queued.max.messages.kbytes", "32768"), ("fetch.queue.backoff.ms", "10")]
  }

  /// What one answer of a broker may bring, which comes on top of a queue that is nearly full. Messages of any size are
  /// read all the same: the first of an answer may be larger. Where one of these is set, librdkafka fits it to them by itself.
  private var fetchDefaults: [(String, String)] {
    let bounds = ["message.max.bytes", "receive.message.max.bytes", "queued.max.messages.kbytes"]
    return bounds.contains { properties[$0] != nil } ? [] : [("fetch.max.bytes", "16777216")]
  }

  /// The same brokers and rights; durable, and bounded in memory.
  func producerConfiguration() throws(KafkaError) -> KafkaConfiguration {
    let configuration = KafkaConfiguration()
    let defaults = [
      ("client.id", "leeway"), ("acks", "all"), ("queue.buffering.max.kbytes", "32768"),
      ("message.max.bytes", "16777216"),
    ]
    try configuration.apply(defaults, redaction)
    try configuration.apply(properties.sorted { $0.key < $1.key }.filter { Self.fixed[$0.key] == nil }, redaction)
    try configuration.apply([("bootstrap.servers", bootstrap)], redaction)
    return configuration
  }
}

/// What is wrong with the Kafka settings.
package struct KafkaSettingsError: Error, Equatable, Sendable, CustomStringConvertible {
  package struct Problem: Equatable, Sendable {
    /// `bootstrap`, `group`, or a librdkafka property.
    package let property: String
    /// Plain English, without any secret.
    package let message: String

    init(_ property: String, _ message: String) {
      self.property = property
      self.message = message
    }
  }

  /// `bootstrap` and `group` first, then in the order of the properties' names.
  package let problems: [Problem]

  package var description: String {
    problems.map { "\($0.property): \($0.message)" }.joined(separator: "\n")
  }
}
