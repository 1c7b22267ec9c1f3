import Foundation
import LeewayConfiguration
package import LeewayCore
import LeewayLedger
import LeewayReplay
import LeewayService
import LeewaySource
package import Logging
import ServiceLifecycle

/// The whole service beside an embedded broker, with a model whose world changes, somebody who is told, and a trainer.
package struct Demo: Sendable {
  /// What the command line says.
  package struct Options: Sendable {
    /// For the page; 0 takes any that is free.
    package var port: Int
    /// Seconds of the demo's world that pass in one second; 3600 tells the whole story in a minute.
    package var speed: Int
    /// When it ends by itself; nil: only on SIGINT or SIGTERM.
    package var duration: TimeSpan?
    /// Where files are kept; nil: in a temporary folder that is gone at the end.
    package var folder: String?

    package init(port: Int, speed: Int = 3600, duration: TimeSpan? = nil, folder: String? = nil) {
      self.port = port
      self.speed = speed
      self.duration = duration
      self.folder = folder
    }
  }

  private let options: Options
  private let story: DemoStory
  private let logger: Logger

  private static let trainingRows = 8000

  /// - Parameters:
  ///   - logger: for the service's own log, which is not the story.
  ///   - print: takes the story, in whole lines, from any thread.
  package init(_ options: Options, logger: Logger, print: @escaping @Sendable (String) -> Void) {
    self.options = options
    self.logger = logger
    story = DemoStory(print: print)
  }

  /// Runs until the time is up or a signal comes, and leaves nothing behind but what was to be kept.
  ///
  /// - Throws: `InputProblem`, `EnvironmentProblem`, or what the service throws.
  package func run() async throws {
    let page = try PortReservation(options.port)
    let receiverPort = try PortReservation(0)
    let files = try DemoFiles(kept: options.folder)
    defer { files.remove() }
    let broker = try makeBroker()
    // Last of all: the consumer says goodbye to a broker that is still there.
    defer { broker.close() }
    let secret = UUID().uuidString
    let configuration = try configure(files, broker, page: page.port, receiver: receiverPort.port, secret)
    let stage = DemoStage()
    try await serve(configuration, broker, secret, stage, page, receiverPort) { introduce(files, broker, page.port) }
    try summarise(files, stage)
  }

  private func makeBroker() throws -> EmbeddedBroker {
    do {
      let broker = try EmbeddedBroker()
      for (topic, partitions) in [DemoTraffic.predictions, DemoTraffic.labels] {
        try broker.createTopic(topic, partitions: partitions)
      }
      return broker
    } catch {
      throw EnvironmentProblem("the embedded broker: \(error)")
    }
  }

  /// Writes the files that a user would write, fits the baseline, and reads all of it as `leeway run` does.
  private func configure(
    _ files: DemoFiles, _ broker: EmbeddedBroker, page: Int, receiver: Int, _ secret: String
  ) throws -> Configuration {
    let environment = ["LEEWAY_DEMO_SECRET": secret]
    try files.write(DemoFiles.monitorText, to: files.monitor)
    try files.write(
      DemoFiles.configurationText(bootstrap: broker.bootstrap, port: page, receiver: receiver), to: files.configuration)
    try files.writeTraining(rows: Self.trainingRows)
    let (monitor, problems) = MonitorFile.load(files.monitor, environment: environment)
    guard let monitor, let baseline = monitor.baselinePath else { throw InputProblem(Self.list(problems)) }
    var outcome = try BaselineFit(monitor: monitor, paths: [files.training]).run()
    try BaselineFile.write(&outcome.baseline, to: baseline)
    let (configuration, all) = Configuration.load(
      configPath: files.configuration, monitorsDirectory: files.monitors, environment: environment, now: WallClock.now()
    )
    guard let configuration else { throw InputProblem(Self.list(all)) }
    for problem in all { logger.warning("\(problem)") }
    return configuration
  }

  private static func list(_ problems: [ConfigurationProblem]) -> String {
    problems.map { "\($0)" }.joined(separator: "\n")
  }

  private func introduce(_ files: DemoFiles, _ broker: EmbeddedBroker, _ port: Int) {
    let pace =
      options.speed == 3600
      ? "an hour of their world passes every second" : "their world runs \(options.speed) times as fast"
    story.say("Leeway \(ServiceVersion.text) demo: a model says which food orders will come late; \(pace).")
    story.say("")
    story.say("  open http://127.0.0.1:\(port)/      metrics at /metrics, results at /api/v1/results")
    story.say("  broker \(broker.bootstrap), embedded: \(DemoTraffic.predictions.topic), \(DemoTraffic.labels.topic)")
    story.say(
      options.folder == nil
        ? "  files temporary; --keep DIR keeps them"
        : "  files \(files.folder): leeway.yaml, monitors/late-orders.yaml")
    story.say("  end \(options.duration.map { "after \($0), or Ctrl-C" } ?? "Ctrl-C")")
    story.say("")
  }

  // MARK: Running

  private func serve(
    _ configuration: Configuration, _ broker: EmbeddedBroker, _ secret: String, _ stage: DemoStage,
    _ page: PortReservation, _ receiverPort: PortReservation, introduce: @escaping @Sendable () -> Void
  ) async throws {
    guard let service = configuration.service else { throw InputProblem("the demo's leeway.yaml could not be read") }
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .error)
    let calls = RetrainCalls()
    // A week ago, so that a minute's worth of days stays in the past.
    let start = (WallClock.now() - .days(7)).floor(to: .days(1))
    let receiver = DemoReceiver(
      port: receiverPort.port, secret: secret, story: story, stage: stage, calls: calls, logger: quiet)
    let server = LeewayServer(
      configuration: service, plans: configuration.plans, logger: logger,
      onRunning: { _ in
        introduce()
        stage.serve()
      })
    let traffic = DemoTraffic(
      bootstrap: broker.bootstrap, speed: options.speed, start: start, stage: stage, story: story)
    let trainer = DemoTrainer(calls: calls, stage: stage, story: story)
    // Shutdown goes backwards: no more orders, then the service drains, and the receiver hears of it all.
    let services: [any Service] = [
      receiver.application(), ServerService(server: server), trainer, traffic, Countdown(duration: options.duration),
    ]
    var group = ServiceGroupConfiguration(
      services: services.map {
        .init(
          service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
          failureTerminationBehavior: .gracefullyShutdownGroup)
      }, gracefulShutdownSignals: [.sigint, .sigterm, .sighup], logger: quiet)
    group.maximumGracefulShutdownDuration = .seconds(30)
    defer { withExtendedLifetime((page, receiverPort)) {} }
    try await ServiceGroup(configuration: group).run()
  }

  /// The service without signals of its own: the demo's group has them.
  private struct ServerService: Service {
    let server: LeewayServer

    func run() async throws { try await server.run(handlesSignals: false) }
  }

  /// Ends when the time is up, and with it the demo.
  private struct Countdown: Service {
    let duration: TimeSpan?

    func run() async throws {
      guard let duration else { return try await gracefulShutdown() }
      try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .milliseconds(duration.milliseconds)) }
    }
  }

  // MARK: The end

  private func summarise(_ files: DemoFiles, _ stage: DemoStage) throws {
    let ledger = try SQLiteLedger(path: files.ledger)
    defer { ledger.close() }
    let (read, results, incidents, deliveries, retrains) = try ledger.read { reader in
      (
        try reader.partitions(of: "late-orders").reduce(into: Int64(0)) { $0 &+= $1.nextOffset },
        try Self.count(reader),
        try reader.incidents(IncidentQuery(limit: 1000)), try reader.deliveries(incident: nil, limit: 1000),
        try reader.retrains(monitor: nil, limit: 100)
      )
    }
    let produced = stage.produced
    let resolved = incidents.count { $0.state == .resolved }
    let delivered = deliveries.count { $0.state == .delivered }
    let outcome = retrains.isEmpty ? "none" : retrains.map { "\($0.id) \($0.state.rawValue)" }.joined(separator: ", ")
    story.say("")
    story.say(
      "Summary: \(produced.predictions) predictions and \(produced.labels) labels produced, \(read) events read; \(results) results; "
        + "\(incidents.count) incidents (\(resolved) resolved); \(delivered) of \(deliveries.count) deliveries made; retrain: \(outcome)."
    )
    if options.folder != nil { story.say("Files are in \(files.folder).") }
  }

  private static func count(_ reader: any LedgerReader) throws -> Int {
    var query = ResultQuery(limit: 5000)
    var count = 0
    while true {
      let page = try reader.results(query)
      count += page.count
      guard page.count == query.limit, let last = page.last else { return count }
      query.after = last.position
    }
  }
}
