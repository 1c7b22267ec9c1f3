import LeewayConfiguration
import LeewayCore
import LeewayWeb

/// Where the configuration came from, so that it can be read again.
package struct ConfigurationFiles: Sendable {
  package var configPath: String
  package var monitorsDirectory: String
  /// What `${NAME}` expands to.
  package var environment: [String: String]

  package init(configPath: String, monitorsDirectory: String, environment: [String: String]) {
    self.configPath = configPath
    self.monitorsDirectory = monitorsDirectory
    self.environment = environment
  }

  /// Reads all files again. Blocks.
  ///
  /// - Parameter running: what runs now; what of it needs a restart must not have changed.
  /// - Returns: the setup and warnings, or everything that is wrong.
  func read(after running: ServiceConfiguration) -> Result<(setup: Setup, warnings: [String]), ReloadRefusal> {
    var (configuration, problems) = Configuration.load(
      configPath: configPath, monitorsDirectory: monitorsDirectory, environment: environment, now: WallClock.now())
    // A file with mistakes may still say, beside them, that it needs a restart: all in one go.
    let (service, _) = ServiceConfiguration.load(configPath, environment: environment)
    if let service { problems += restartProblems(from: running, to: service) }
    guard !problems.hasErrors, let configuration, let service = configuration.service else {
      return .failure(ReloadRefusal(problems: problems.filter { $0.severity == .error }.sorted().map(\.description)))
    }
    do {
      let setup = try Setup(configuration: service, plans: configuration.plans)
      return .success((setup, problems.map(\.description)))
    } catch {
      return .failure(ReloadRefusal(problems: "\(error)".split(separator: "\n").map(String.init)))
    }
  }

  /// Changes that only a restart can make: each with its place in the new file.
  private func restartProblems(
    from old: ServiceConfiguration, to new: ServiceConfiguration
  ) -> [ConfigurationProblem] {
    var keys: [[String]] = []
    if old.kafka.bootstrap != new.kafka.bootstrap { keys.append(["kafka", "bootstrap"]) }
    if old.kafka.group != new.kafka.group { keys.append(["kafka", "group"]) }
    let properties = Set(old.kafka.properties.keys).union(new.kafka.properties.keys)
    for name in properties.sorted(by: utf8Order) where old.kafka.properties[name] != new.kafka.properties[name] {
      keys.append(["kafka", "properties", name])
    }
    // Whatever else is said of Kafka, but for what is done about gaps.
    var kafka = old.kafka
    kafka.onGap = new.kafka.onGap
    if keys.isEmpty, kafka != new.kafka { keys.append(["kafka"]) }
    if old.deadLetterTopic != new.deadLetterTopic { keys.append(["dead_letter_topic"]) }
    if old.schemaRegistry != new.schemaRegistry { keys.append(["schema_registry"]) }
    if old.ledger != new.ledger { keys.append(["ledger"]) }
    if old.http.host != new.http.host || old.http.port != new.http.port { keys.append(["http", "listen"]) }
    if (old.http.tls == nil) != (new.http.tls == nil) { keys.append(["http", "tls"]) }
    if old.http.probes != new.http.probes { keys.append(["http", "probes"]) }
    if old.http.callbackKeys != new.http.callbackKeys { keys.append(["http", "callback_keys"]) }
    guard !keys.isEmpty else { return [] }
    let root = (try? TextFile.bytes(at: configPath, limit: YAMLDocument.maximumBytes)).flatMap {
      try? YAMLDocument.parse($0)
    }
    return keys.map { key in
      let place = root?.place(of: key) ?? .start
      return ConfigurationProblem(
        file: configPath, line: place.line, column: place.column, severity: .error,
        message: "\(key.joined(separator: ".")) has changed, which a reload cannot do; restart the service, or undo it")
    }
  }
}

extension ConfigurationNode {
  /// Where the key stands, or the deepest map on the way to it that there is.
  fileprivate func place(of key: [String]) -> Place {
    guard let first = key.first, case .map(let pairs) = content, let pair = pairs.first(where: { $0.key == first })
    else { return place }
    return key.count == 1 ? pair.keyPlace : pair.value.place(of: Array(key.dropFirst()))
  }
}
