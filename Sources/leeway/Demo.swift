import ArgumentParser
import LeewayCore
import LeewayDemo
import LeewayService
import Logging

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Watch the whole service work: an embedded broker, a model whose world changes, a page to open.",
    discussion: """
      Needs nothing but this command. Food orders run through an embedded Kafka broker, an hour of their world every \
      second: first all is quiet, then a feature shifts (a warning), then the labels show the model failing (a critical \
      alert and a call to retrain), then a new version answers. Every request that a receiver gets is printed, its JSON \
      on a line of its own. Ends on Ctrl-C.

      EXAMPLE
        leeway demo --for 60s --port 8080
      """)

  @Option(name: .customLong("for"), help: "End by itself after this long, such as 60s or 5m.") var duration: String?
  @Option(help: "The page's port on 127.0.0.1; 0 takes any that is free.") var port = 8080
  @Option(help: "How many times as fast as the clock the orders' world runs, 60 to 36000.") var speed = 3600
  @Option(help: "A new folder to keep the demo's files in: leeway.yaml, the monitor, the baseline, the ledger.")
  var keep: String?
  @Option(help: "Of the service's own log on standard error: debug, info, notice, warning or error.")
  var logLevel = "warning"

  func run() async throws {
    guard let level = Logger.Level(rawValue: logLevel) else {
      throw ValidationError("--log-level \(logLevel) is unknown; known are debug, info, notice, warning and error")
    }
    guard (0...65535).contains(port) else {
      throw ValidationError("--port \(port) is no port; give 1 to 65535, or 0 for any that is free")
    }
    guard (60...36000).contains(speed) else {
      throw ValidationError("--speed \(speed) is out of range; give 60 to 36000 (3600: an hour a second)")
    }
    var span: TimeSpan?
    if let duration {
      do { span = try TimeSpan(duration) } catch {
        throw ValidationError("--for is '\(duration.prefix(40))'; it takes a duration such as 60s or 5m")
      }
      guard let span, (.seconds(1) ... .days(1)).contains(span) else {
        throw ValidationError("--for \(duration) is out of range; give 1s to 1d")
      }
    }
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    var logger = Logger(label: "leeway")
    logger.logLevel = level
    let options = Demo.Options(port: port, speed: speed, duration: span, folder: keep)
    try await Demo(options, logger: logger) { Console.write($0, to: .output) }.run()
  }
}
