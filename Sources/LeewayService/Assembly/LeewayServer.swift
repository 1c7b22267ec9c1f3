import Foundation
package import LeewayConfiguration
package import LeewayCore
import LeewayDelivery
import LeewayLedger
import LeewaySource
import LeewayWeb
package import Logging
import ServiceLifecycle

/// The whole service, assembled from a configuration.
package struct LeewayServer: Sendable {
  private let configuration: ServiceConfiguration
  private let plans: [MonitorPlan]
  private let files: ConfigurationFiles?
  private let logger: Logger
  private let onRunning: @Sendable (_ port: Int) async -> Void

  /// - Parameters:
  ///   - plans: each monitor with its baseline.
  ///   - files: where both came from and are read again by a reload; nil: there is no reload.
  ///   - onRunning: called with the port once pages are served.
  /// - Throws: `InputProblem` if something in the configuration cannot work.
  package init(
    configuration: ServiceConfiguration, plans: [MonitorPlan], files: ConfigurationFiles? = nil, logger: Logger,
    onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) {
    self.configuration = configuration
    self.plans = plans
    self.files = files
    self.logger = logger
    self.onRunning = onRunning
  }

  /// Runs until a signal, the graceful shutdown of a group around it, or a failure; in-flight work is drained and
  /// committed before it returns.
  ///
  /// - Parameter handlesSignals: false where a group around it does; else SIGINT and SIGTERM end it.
  /// - Throws: `InputProblem`, `EnvironmentProblem` or `LedgerError`.
  package func run(handlesSignals: Bool = true) async throws {
    let setup = try Setup(configuration: configuration, plans: plans)
    let live = LiveSetup(setup)
    let settings = try kafkaSettings()
    let (ledger, closeLedger) = try openLedger()
    defer { closeLedger() }
    let now = WallClock.now()
    let metrics = ServiceMetrics(version: ServiceVersion.text, librdkafka: KafkaLibrary.version, startedAt: now)
    metrics.reloaded(successfully: true, at: now)
    metrics.set(outdated: false)
    metrics.announce(plans.map(\.monitor), receivers: setup.receivers.map(\.name))
    let state = ServiceState(plans: plans, patience: configuration.limits.stallAfter, now: .now)
    let store = DamageTellingLedger(
      Failpoints.fromEnvironment.map { FailpointLedger(ledger, $0) as any Ledger } ?? ledger, metrics: metrics,
      state: state, logger: logger)
    let watch = ledgerWatch(state, metrics)
    if isSingleInstance {
      try LedgerPatience.atStart("releasing leases", logger: logger) { try releaseLeases(store) }
    }
    let token = try LedgerPatience.atStart("reading the service's key", logger: logger) {
      try CallbackKeys.token(configured: configuration.http.callbackKeys, ledger: store, now: now)
    }
    let reload = Reload(files: files, live: live, metrics: metrics, logger: logger)
    logger.info("leeway \(ServiceVersion.text), librdkafka \(KafkaLibrary.version), \(ledger.location)")

    let superseded = SupersededPlans(logger: logger)
    let evaluation = EvaluationLoop(
      live: live, isSingleInstance: isSingleInstance, ledger: store, superseded: superseded, metrics: metrics,
      state: state,
      holder: InstanceIdentity.ofThisProcess.leasePrefix + UUID().uuidString.lowercased(), logger: logger)
    let schemas = configuration.schemaRegistry.map { SchemaDesk($0, metrics: metrics, logger: logger) }
    if schemas != nil { metrics.announceSchemas() }
    let intake = KafkaIntake(
      live: live, reload: reload, settings: settings, isSingleInstance: isSingleInstance, ledger: store,
      superseded: superseded, schemas: schemas,
      metrics: metrics, state: state, logger: logger)
    let identity: @Sendable () -> TLSIdentity? = { live.current.tls }
    let http = HTTPService(
      view: view(store, metrics, state, token, live, reload), host: configuration.http.host,
      port: configuration.http.port, tokens: { live.current.tokens },
      isOpen: { live.current.configuration.http.readingIsOpen },
      probes: configuration.http.probes.map { .init(host: $0.host, port: $0.port) },
      tls: configuration.http.tls == nil ? nil : identity, logger: logger,
      onRunning: onRunning,
      onProbesRunning: { [logger, configuration] port in
        logger.info("health and metrics at http://\(configuration.http.probes?.host ?? ""):\(port)/")
      })
    // Shutdown goes backwards: no new requests, then no new messages, then the last verdicts, then deliveries.
    var services: [any Service] = [
      DeliveryLoops(live: live, token: token, ledger: store, metrics: metrics, state: state, logger: logger),
      evaluation, intake,
      http,
    ]
    if let watch { services.append(watch) }
    if let schemas { services.append(schemas) }
    if configuration.http.tls != nil {
      services.append(CertificateWatch(live: live, metrics: metrics, logger: logger))
    }
    if handlesSignals {
      services.append(Signals(grace: configuration.limits.shutdownTime, reload: reload, logger: logger))
    }
    var group = ServiceGroupConfiguration(
      services: services.map {
        .init(
          service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
          failureTerminationBehavior: .gracefullyShutdownGroup)
      },
      gracefulShutdownSignals: handlesSignals ? [.sigterm, .sigint] : [], logger: Self.quiet(logger))
    group.maximumGracefulShutdownDuration = .milliseconds(configuration.limits.shutdownTime.milliseconds)
    try await ServiceGroup(configuration: group).run()
    logger.info("the time of the intake's threads: \(metrics.stageSummary)")
    logger.notice("ended cleanly; of this run the ledger holds \(metrics.intakeSummary)")
  }

  /// Whether no other instance can use the ledger at the same time.
  private var isSingleInstance: Bool {
    switch configuration.ledger {
    case .sqlite: true
    case .postgres: false
    }
  }

  /// The lifecycle's own steps are of no interest to an operator.
  private static func quiet(_ logger: Logger) -> Logger {
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .error)
    return quiet
  }

  private func openLedger() throws -> (ledger: any Ledger, close: () -> Void) {
    switch configuration.ledger {
    case .sqlite(let path):
      let ledger = try SQLiteLedger(path: path, options: .init(wallClock: { WallClock.now() }))
      if let remark = ledger.remark { logger.warning("\(remark)") }
      if let problem = TextFile.othersMay(path) { logger.warning("the ledger \(path): \(problem)") }
      return (ledger, ledger.close)
    case .postgres(let address):
      logger.info("\(LedgerPatience.beginning(address.revealed))")
      let ledger = try PostgreSQLLedger(address: address.revealed) { [logger] in
        logger.warning("\(LedgerPatience.sentence($0))")
      }
      return (ledger, ledger.close)
    }
  }

  /// Over a file of ours, which it has begun to look through; PostgreSQL watches over its own.
  private func ledgerWatch(_ state: ServiceState, _ metrics: ServiceMetrics) -> LedgerWatch? {
    guard case .sqlite(let path) = configuration.ledger, path != ":memory:" else { return nil }
    var watch = LedgerWatch(path: path, state: state, metrics: metrics, logger: logger)
    watch.isDoneAtStart = watch.look(until: .now + LedgerWatch.timeAtStart, unless: StopFlag()).left.isEmpty
    return watch
  }

  /// A process that was killed left them, and only this one could hold them: judging begins at once.
  private func releaseLeases(_ ledger: any Ledger) throws {
    try ledger.write { tx in
      for lease in try tx.leases() {
        if let holder = lease.holder { try tx.release(lease: lease.name, holder: holder) }
      }
    }
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

  private func view(
    _ ledger: any Ledger, _ metrics: ServiceMetrics, _ state: ServiceState, _ token: CallbackToken, _ live: LiveSetup,
    _ reload: Reload
  ) -> ServiceView {
    ServiceView(
      ledger: ledger, monitors: { state.monitors },
      openResults: { query in
        let lines = try ledger.read { reader in
          try live.current.plans.flatMap { plan in
            try Generations.placed(plan, in: reader).map { try OpenWindows(plan: $0).results(query, in: reader) } ?? []
          }
        }
        let rest = query.after.map { after in lines.filter { $0.position > after } } ?? lines
        return Array(rest.sorted { $0.position < $1.position }.prefix(query.limit))
      },
      histogram: { monitor, window, slice, subject, end in
        guard let plan = live.current.plans.first(where: { $0.monitor.name == monitor }) else { return nil }
        return try ledger.read { reader in
          guard let placed = try Generations.placed(plan, in: reader) else { return nil }
          return try HistogramReader(plan: placed).histogram(
            window: window, slice: slice, subject: subject, end: end, in: reader)
        }
      },
      readiness: { state.readiness(now: .now) },
      stalledParts: { state.stalledParts(now: .now) }, metrics: metrics,
      verifyCallback: { id, presented, now in
        guard let record = try ledger.read({ try $0.retrain(id) }) else { return .wrong }
        // Good for this id whatever the time, then the deadline: who holds the token may know that it has passed.
        let isRight = token.isValid(
          presented, retrain: id, deadline: record.deadline.milliseconds, requested: record.requestedWall.milliseconds,
          now: .min)
        guard isRight else { return .wrong }
        return now <= record.deadline ? .valid : .expired
      },
      decisions: { live.current.decisions() },
      reload: { await reload($0) }, audit: AuditLog(logger: logger, now: { WallClock.now() }), now: { WallClock.now() },
      version: ServiceVersion.text)
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
