import Foundation
package import LeewayCore
import LeewayDelivery
import LeewayLedger
import LeewaySource
package import Logging
import ServiceLifecycle

/// The whole service, assembled from a configuration.
package struct LeewayServer: Sendable {
  private let configuration: ServiceConfiguration
  private let plans: [MonitorPlan]
  private let logger: Logger
  private let onRunning: @Sendable (_ port: Int) async -> Void

  /// - Parameters:
  ///   - plans: each monitor with its baseline.
  ///   - onRunning: called with the port once pages are served.
  /// - Throws: `InputProblem` if something in the configuration cannot work.
  package init(
    configuration: ServiceConfiguration, plans: [MonitorPlan], logger: Logger,
    onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) {
    self.configuration = configuration
    self.plans = plans
    self.logger = logger
    self.onRunning = onRunning
  }

  /// Loads each monitor's baseline and makes its plan.
  ///
  /// - Throws: `InputProblem` that names the file.
  package static func plans(_ monitors: [Monitor]) throws -> [MonitorPlan] {
    try monitors.map { monitor in
      guard let path = monitor.baselinePath else {
        throw InputProblem("monitor \(monitor.name) has no baseline; add baseline: NAME.baseline.json")
      }
      do { return try MonitorPlan(monitor: monitor, baseline: BaselineFile.read(path)) } catch let error
        as BaselineMismatch
      {
        throw InputProblem("\(path): \(error.description)")
      }
    }
  }

  /// Runs until a signal, the graceful shutdown of a group around it, or a failure; in-flight work is drained and
  /// committed before it returns.
  ///
  /// - Parameter handlesSignals: false where a group around it does; else SIGINT and SIGTERM end it.
  /// - Throws: `InputProblem`, `EnvironmentProblem` or `LedgerError`.
  package func run(handlesSignals: Bool = true) async throws {
    let ledger = try openLedger()
    defer { ledger.close() }
    let now = WallClock.now()
    let metrics = ServiceMetrics(version: ServiceVersion.text, librdkafka: KafkaLibrary.version, startedAt: now)
    metrics.reloaded(successfully: true, at: now)
    let state = ServiceState(
      views: plans.map {
        MonitorView(monitor: $0.monitor, baseline: $0.baseline.identity, baselineRows: $0.baseline.rows)
      }, now: now)
    let token = try CallbackToken(key: serviceKey(ledger))
    let receivers = try makeReceivers()
    metrics.announce(plans.map(\.monitor), receivers: receivers.map(\.name))
    let context = DecisionContext(
      receivers: Set(receivers.map(\.name)), publicURL: configuration.http.publicURL,
      callbackToken: { token.token(retrain: $0, deadline: $1.milliseconds) })
    let settings = try kafkaSettings()
    logger.info("leeway \(ServiceVersion.text), librdkafka \(KafkaLibrary.version), \(ledger.location)")

    let evaluation = EvaluationLoop(
      plans: plans, context: context, configuration: configuration, ledger: ledger, metrics: metrics, state: state,
      holder: UUID().uuidString.lowercased(), logger: logger)
    let intake = KafkaIntake(
      plans: plans, settings: settings, configuration: configuration, ledger: ledger, metrics: metrics, state: state,
      logger: logger)
    let http = HTTPService(
      view: view(ledger, metrics, state, token), host: configuration.http.host, port: configuration.http.port,
      tokens: try accessTokens(), logger: logger, onRunning: onRunning)
    var services: [any Service] = receivers.map {
      DeliveryLoop(receiver: $0, ledger: ledger, metrics: metrics, logger: logger)
    }
    // Shutdown goes backwards: no new requests, then no new messages, then the last verdicts, then deliveries.
    services += [evaluation, intake, http]
    var group = ServiceGroupConfiguration(
      services: services.map {
        .init(
          service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
          failureTerminationBehavior: .gracefullyShutdownGroup)
      },
      gracefulShutdownSignals: handlesSignals ? [.sigterm, .sigint] : [], logger: Self.quiet(logger))
    group.maximumGracefulShutdownDuration = .seconds(25)
    try await ServiceGroup(configuration: group).run()
  }

  /// The lifecycle's own steps are of no interest to an operator.
  private static func quiet(_ logger: Logger) -> Logger {
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .error)
    return quiet
  }

  private func openLedger() throws -> SQLiteLedger {
    switch configuration.ledger {
    case .sqlite(let path): try SQLiteLedger(path: path)
    }
  }

  /// 32 random bytes, made at the first start and kept in the ledger.
  private func serviceKey(_ ledger: any Ledger) throws -> [UInt8] {
    try ledger.write { tx in
      if let known = try tx.setting("service_key") { return known }
      var random = SystemRandomNumberGenerator()
      let key = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
      try tx.put(setting: "service_key", value: key)
      return key
    }
  }

  private func makeReceivers() throws -> [Receiver] {
    var out: [Receiver] = []
    var settings = configuration.receivers
    if settings["log"] == nil { settings["log"] = ReceiverSettings(name: "log", kind: .log) }
    for (name, setting) in settings.sorted(by: { utf8Order($0.key, $1.key) }) {
      let kind: Receiver.Kind =
        switch setting.kind {
        case .log: .log
        case .webhook: .webhook
        case .slack: .slack
        }
      do {
        out.append(
          try Receiver(name: name, kind: kind, url: setting.url?.revealed ?? "", secret: setting.secret?.revealed))
      } catch {
        throw InputProblem("receivers.\(name).\(error)")
      }
    }
    return out
  }

  private func kafkaSettings() throws -> KafkaSettings {
    do {
      return try KafkaSettings(
        bootstrap: configuration.kafka.bootstrap, group: configuration.kafka.group,
        properties: configuration.kafka.properties.mapValues(\.revealed), confidential: configuration.kafka.confidential
      )
    } catch {
      throw InputProblem(error.description)
    }
  }

  private func accessTokens() throws -> AccessTokens? {
    guard let path = configuration.http.tokensFile else { return nil }
    let bytes: [UInt8]
    do { bytes = try TextFile.bytes(at: path, limit: 1 << 20) } catch {
      throw InputProblem("\(path): the file of tokens \(error.problem)")
    }
    do { return try AccessTokens(parsing: String(decoding: bytes, as: UTF8.self), file: path) } catch {
      throw InputProblem(error.description)
    }
  }

  private func view(
    _ ledger: any Ledger, _ metrics: ServiceMetrics, _ state: ServiceState, _ token: CallbackToken
  ) -> ServiceView {
    let plans = self.plans
    return ServiceView(
      ledger: ledger, monitors: { state.monitors },
      openResults: { query in
        let lines = try ledger.read { reader in
          try plans.flatMap { try OpenWindows(plan: $0).results(query, in: reader) }
        }
        let rest = query.after.map { after in lines.filter { $0.position > after } } ?? lines
        return Array(rest.sorted { $0.position < $1.position }.prefix(query.limit))
      },
      histogram: { monitor, window, slice, subject, end in
        guard let plan = plans.first(where: { $0.monitor.name == monitor }) else { return nil }
        return try ledger.read {
          try HistogramReader(plan: plan).histogram(window: window, slice: slice, subject: subject, end: end, in: $0)
        }
      },
      readiness: { state.readiness(now: WallClock.now()) }, metrics: metrics,
      verifyCallback: { id, presented, now in
        guard let record = try ledger.read({ try $0.retrain(id) }) else { return .wrong }
        // Good for this id whatever the time, then the deadline: who holds the token may know that it has passed.
        guard token.isValid(presented, retrain: id, deadline: record.deadline.milliseconds, now: .min) else {
          return .wrong
        }
        return now <= record.deadline ? .valid : .expired
      },
      settled: { record, tx in
        guard var incident = try tx.incident(record.incident), incident.state == .retraining else { return }
        incident.state = record.state == .succeeded ? .verifying : .open
        try tx.put(incident: incident)
      },
      now: { WallClock.now() }, version: ServiceVersion.text)
  }
}

extension Logger {
  /// librdkafka's line at its own level.
  func log(kafka line: KafkaLog) {
    let level: Logger.Level =
      switch line.level {
      // The embedded broker cannot say whether it makes topics; the consumer asks for none to be made.
      case _ where line.facility == "AUTOCREATE": .debug
      case ...3: .error
      case 4: .warning
      case 5, 6: .info
      default: .debug
      }
    log(level: level, "librdkafka \(line.facility): \(line.text)")
  }
}
