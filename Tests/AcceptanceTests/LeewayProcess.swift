import Foundation
import LeewayTestSupport
import Testing

/// The real executable, run as users run it. It lives no longer than this object.
final class LeewayProcess {
  private let process = Process()
  private let output: URL
  private let error: URL
  let folder: URL

  /// - Parameters:
  ///   - folder: the working directory.
  ///   - wrapper: a command that ends in becoming the one in its arguments, as `nice -n 19` does.
  init(
    _ arguments: [String], in folder: URL, environment: [String: String] = [:], through wrapper: [String] = []
  ) throws {
    self.folder = folder
    output = folder.appendingPathComponent("out-\(UUID().uuidString)")
    error = folder.appendingPathComponent("err-\(UUID().uuidString)")
    for url in [output, error] { try Data().write(to: url) }
    process.executableURL = wrapper.isEmpty ? Self.executable : URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = (wrapper.isEmpty ? [] : wrapper + [Self.executable.path]) + arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: error)
    try process.runBound()
  }

  deinit {
    guard process.isRunning else { return }
    killAtOnce()
  }

  /// Beside the test bundle.
  static var executable: URL {
    Bundle.module.bundleURL.deletingLastPathComponent().appendingPathComponent("leeway")
  }

  var standardOutput: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }
  var standardError: String { (try? String(contentsOf: error, encoding: .utf8)) ?? "" }
  var isRunning: Bool { process.isRunning }
  var identifier: Int32 { process.processIdentifier }

  /// The last signal that has told it to end; nil if none has.
  private(set) var lastOrder: Int32?

  func interrupt() { end(by: SIGINT) }
  func terminate() { end(by: SIGTERM) }
  /// Returns when it is gone: until then it holds the ledger, and one that is started in its place is refused.
  func killAtOnce() {
    end(by: SIGKILL)
    process.waitUntilExit()
  }
  func hangUp() { kill(process.processIdentifier, SIGHUP) }

  private func end(by signal: Int32) {
    lastOrder = signal
    kill(process.processIdentifier, signal)
  }

  /// Waits for the end and returns the exit code; what does not end is a failure of the test, and is killed.
  @discardableResult
  func wait(sourceLocation: SourceLocation = #_sourceLocation) -> Int32 {
    if (try? eventually(every: .milliseconds(5), { process.isRunning ? nil : true })) == nil {
      Issue.record("it has not ended in \(patience): \(standardError)", sourceLocation: sourceLocation)
      killAtOnce()
    }
    process.waitUntilExit()
    return process.terminationStatus
  }

  static func run(
    _ arguments: [String], in folder: URL, environment: [String: String] = [:]
  ) throws -> (code: Int32, output: String, error: String) {
    let process = try LeewayProcess(arguments, in: folder, environment: environment)
    let code = process.wait()
    return (code, process.standardOutput, process.standardError)
  }
}

/// A folder that is gone with the test.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("leeway-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: url.appendingPathComponent(name))
  }
}
