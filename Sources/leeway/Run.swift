import ArgumentParser
import CMalloc
import Foundation
import LeewayConfiguration
import LeewayCore
import LeewayService
import Logging

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the service: read Kafka, judge, alert, serve pages and metrics.",
    discussion: """
      Ends cleanly on SIGINT and SIGTERM: what was read is committed first; a second one ends it at once. Reads its \
      files again on SIGHUP; if there is a mistake in them, all mistakes are logged and nothing changes.

      EXAMPLE
        leeway run --config leeway.yaml --monitors monitors
      """)

  @Option(help: "The service's configuration.") var config = "leeway.yaml"
  @Option(help: "The folder of monitor files, or one of them.") var monitors = "monitors"
  @Option(help: "debug, info, notice, warning or error.") var logLevel = "info"

  func validate() throws { _ = try level() }

  private func level() throws -> Logger.Level {
    guard let level = Logger.Level(rawValue: logLevel) else {
      throw ValidationError("--log-level \(logLevel) is unknown; known are debug, info, notice, warning and error")
    }
    return level
  }

  /// Larger blocks go back to the system as soon as they are freed. Without this glibc puts up its bound with every large
  /// block it sees, and what a burst has taken stays with the process as holes: a tenth of its memory.
  private static func returnFreedMemory() {
    mallopt(M_MMAP_THRESHOLD, 128 << 10)
    mallopt(M_TRIM_THRESHOLD, 128 << 10)
  }

  func run() async throws {
    Self.returnFreedMemory()
    let files = ConfigurationFiles(
      configPath: config, monitorsDirectory: monitors, environment: ProcessInfo.processInfo.environment)
    let (configuration, problems) = Configuration.load(
      configPath: files.configPath, monitorsDirectory: files.monitorsDirectory, environment: files.environment,
      now: WallClock.now())
    Monitors.report(problems)
    guard let configuration, let service = configuration.service else { throw ExitCode(1) }
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    var logger = Logger(label: "leeway")
    logger.logLevel = try level()
    let address = "\(service.http.scheme)://\(service.http.host)"
    let server = LeewayServer(
      configuration: service, plans: configuration.plans, files: files, logger: logger,
      onRunning: { [logger] port in logger.info("pages, API and metrics on \(address):\(port)/") })
    try await server.run()
  }
}
