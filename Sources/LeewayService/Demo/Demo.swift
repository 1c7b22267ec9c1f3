package import Foundation
package import LeewayCore
import LeewayDelivery
import LeewaySource
package import Logging
import ServiceLifecycle

/// An embedded broker, a model whose world changes, the whole service, and somebody who is told.
package struct Demo: Sendable {
  private let duration: TimeSpan?
  private let port: Int
  private let folder: URL
  private let logger: Logger
  private let story: DemoStory

  /// - Parameters:
  ///   - duration: wall time after which it ends; nil: until SIGINT.
  ///   - folder: for the ledger, the training file, the baseline and the monitor; has to exist.
  ///   - output: takes the lines of the story.
  package init(
    duration: TimeSpan?, port: Int, folder: URL, logger: Logger, output: @escaping @Sendable (String) -> Void
  ) {
    self.duration = duration
    self.port = port
    self.folder = folder
    self.logger = logger
    story = DemoStory(output)
  }

  /// Event seconds in a wall second: a day takes 96 s.
  private static let speed = 900.0

  /// - Throws: `EnvironmentProblem` where the broker, the receiver or the service cannot start.
  package func run() async throws {
    let broker: EmbeddedBroker
    do {
      broker = try EmbeddedBroker { [logger] in logger.log(kafka: $0) }
      try broker.createTopic(DemoTraffic.predictionsTopic, partitions: DemoTraffic.predictionPartitions)
      try broker.createTopic(DemoTraffic.labelsTopic, partitions: DemoTraffic.labelPartitions)
    } catch {
      throw EnvironmentProblem("demo: \(error)")
    }
    defer { broker.close() }
    let monitor = try fit()
    let retrained = StopFlag()
    let secret = "demo-secret"
    let trainer = DemoTrainer(story: story, retrained: retrained)
    let receiver = try DemoReceiver(story: story, secret: secret) { trainer.train($0) }
    defer { receiver.close() }

    let http = try await freePort()
    try write("leeway.yaml", configuration(broker.bootstrap, http, receiver.port, secret))
    let (configuration, problems) = ServiceConfiguration.load(folder.appendingPathComponent("leeway.yaml").path, environment: [:])
    guard let configuration else { throw InputProblem(problems.map(\.description).joined(separator: "\n")) }
    let traffic = DemoTraffic(
      broker: broker, start: WallClock.now().floor(to: .hours(1)), speed: Self.speed, story: story, retrained: retrained)
    let duration = self.duration
    let story = self.story
    let server = LeewayServer(
      configuration: configuration, plans: try LeewayServer.plans([monitor]), logger: logger,
      companions: [traffic, DemoTimer(duration: duration)],
      onRunning: { port in
        story.tell("open http://127.0.0.1:\(port)/ — a second here is \(Int(Self.speed / 60)) minutes there; \(duration.map { "it ends by itself after \($0)" } ?? "Ctrl-C ends it")")
      })
    try await server.run()
    story.tell("the demo has ended; everything it made in \(folder.path) may go")
  }

  /// Training rows of the quiet world, fitted as `leeway baseline fit` does.
  private func fit() throws -> Monitor {
    var world = DemoWorld(seed: 1)
    var csv = DemoWorld.csvHeader
    for i in 0..<20_000 {
      let payment = world.payment(.init(), hour: i % 24)
      csv += world.csv(payment, fraud: world.happens(world.probability(payment, .init())))
    }
    try write("training.csv", csv)
    try FileManager.default.createDirectory(at: folder.appendingPathComponent("monitors"), withIntermediateDirectories: true)
    try write("monitors/card-fraud.yaml", DemoWorld.monitor)
    let (monitor, problems) = MonitorFile.load(folder.appendingPathComponent("monitors/card-fraud.yaml").path, environment: [:])
    guard let monitor, let path = monitor.baselinePath else {
      throw InputProblem(problems.map(\.description).joined(separator: "\n"))
    }
    var outcome = try BaselineFit(monitor: monitor, paths: [folder.appendingPathComponent("training.csv").path]).run()
    try BaselineFile.write(&outcome.baseline, to: path)
    return monitor
  }

  private func configuration(_ bootstrap: String, _ http: Int, _ receiver: Int, _ secret: String) -> String {
    """
    kafka: {bootstrap: "\(bootstrap)", group: leeway-demo}
    ledger: sqlite:leeway.db
    http: {listen: "127.0.0.1:\(http)", public_url: "http://127.0.0.1:\(http)"}
    receivers:
      chat: {type: slack, url: "http://127.0.0.1:\(receiver)/chat"}
      pager: {type: webhook, url: "http://127.0.0.1:\(receiver)/pager", secret: \(secret)}
      retrain: {type: webhook, url: "http://127.0.0.1:\(receiver)/retrain", secret: \(secret)}
    limits: {flush_every: 500ms}
    evaluation: {every: 500ms}

    """
  }

  private func write(_ name: String, _ text: String) throws {
    do { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) } catch {
      throw EnvironmentProblem("demo: \(folder.appendingPathComponent(name).path) cannot be written: \(error.localizedDescription)")
    }
  }

  /// The trainer needs the service's address before it listens, so a port of the system's choice is chosen here.
  private func freePort() async throws -> Int {
    let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let free = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard free else {
      throw EnvironmentProblem("demo: port \(port) is taken (\(String(cString: strerror(errno)))); choose another with --port, 0 for any")
    }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}

/// Ends the demo after a while; its end shuts the group down in order.
struct DemoTimer: Service {
  let duration: TimeSpan?

  func run() async throws {
    let length = duration.map { Duration.milliseconds($0.milliseconds) } ?? .seconds(1_000_000_000)
    // Either the time is up or the group shuts down for another reason.
    try? await cancelWhenGracefulShutdown { try await Task.sleep(for: length) }
  }
}

/// The demo's training pipeline: thinks for a few seconds and answers on the callback's address.
struct DemoTrainer: Sendable {
  let story: DemoStory
  let retrained: StopFlag

  func train(_ call: JSONReader) {
    guard let url = try? call.member("callback_url").string(), let token = try? call.member("callback_token").string() else {
      story.tell("the call to retrain has no callback")
      return
    }
    let story = self.story
    let retrained = self.retrained
    let thread = Thread {
      WallClock.pause(milliseconds: 4000, unless: StopFlag())
      let body = Array("{\"status\":\"succeeded\",\"model_version\":\"v2\",\"metrics\":{\"auc\":0.79}}".utf8)
      let request = HTTPRequest(
        url: url,
        headers: [HTTPHeader("Content-Type", "application/json"), HTTPHeader("Authorization", "Bearer \(token)")],
        body: body)
      guard let sender = try? HTTPRequestSender(version: ServiceVersion.text, abort: AbortFlag()) else { return }
      switch sender.post(request) {
      case .success(let answer):
        story.tell("the trainer says v2 is ready, and the service answers \(answer.status)")
        if (200..<300).contains(answer.status) { retrained.raise() }
      case .failure(let failure): story.tell("the trainer cannot reach the service: \(failure.text)")
      }
    }
    thread.name = "demo-trainer"
    thread.start()
  }
}
