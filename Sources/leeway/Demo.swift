import ArgumentParser
import Foundation
import LeewayCore
import LeewayService
import Logging

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "See it work: an embedded Kafka broker, a model whose world changes, the whole service, a page to open.",
    discussion: """
      Nothing is needed but this program. First all is quiet; then one feature shifts and a warning goes out; then the \
      labels show the model failing, which is critical and calls for a retraining. Every request that the service sends \
      is printed, its JSON body on a line of its own.

      EXAMPLE
        leeway demo --for 60s
      """)

  @Option(name: .customLong("for"), help: "End after this time, as 60s; else at Ctrl-C.") var duration: String?
  @Option(help: "The page's port on loopback; 0 takes any.") var port = 8080
  @Option(help: "A folder to keep the demo's files in; else they go with it.") var keep: String?
  @Option(help: "Of the service's own log on standard error: debug, info, notice, warning or error.")
  var logLevel = "warning"

  func validate() throws {
    if let duration, (try? TimeSpan(duration)) == nil {
      throw ValidationError("--for \(duration) is not a duration; write a whole number and a unit, as 60s or 5m")
    }
    guard (0...65_535).contains(port) else { throw ValidationError("--port \(port) is no port; it takes 0 to 65535") }
    guard Logger.Level(rawValue: logLevel) != nil else {
      throw ValidationError("--log-level \(logLevel) is unknown; known are debug, info, notice, warning and error")
    }
  }

  func run() async throws {
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    var logger = Logger(label: "leeway")
    logger.logLevel = Logger.Level(rawValue: logLevel) ?? .warning
    let folder =
      keep.map { URL(fileURLWithPath: $0) }
      ?? FileManager.default.temporaryDirectory.appendingPathComponent("leeway-demo-\(UUID().uuidString)")
    do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
      throw EnvironmentProblem("demo: \(folder.path) cannot be made: \(error.localizedDescription)")
    }
    defer { if keep == nil { try? FileManager.default.removeItem(at: folder) } }
    let demo = Demo(
      duration: try duration.map { try TimeSpan($0) }, port: port, folder: folder, logger: logger,
      output: { Console.write($0 + "\n", to: .output) })
    try await demo.run()
  }
}
