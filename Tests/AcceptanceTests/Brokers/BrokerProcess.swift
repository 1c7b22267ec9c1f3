import Foundation
import Testing

/// The embedded broker in a process of its own, so that what happens to it happens to nobody else.
final class BrokerProcess {
  private(set) var bootstrap = ""
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var unread: [UInt8] = []

  init(brokers: Int = 1) throws {
    process.executableURL = LeewayProcess.executable.deletingLastPathComponent()
      .appendingPathComponent("leeway-test-broker")
    process.arguments = ["\(brokers)"]
    process.standardInput = input
    process.standardOutput = output
    try process.runBound()
    bootstrap = try nextLine()
  }

  deinit { killAtOnce() }

  var isRunning: Bool { process.isRunning }

  /// Returns when it is gone.
  func killAtOnce() {
    guard process.isRunning else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// An order of `leeway-test-broker`, such as `topic NAME PARTITIONS`, `down`, `leader TOPIC PARTITION BROKER`.
  func order(_ text: String) throws {
    try input.fileHandleForWriting.write(contentsOf: Data((text + "\n").utf8))
    let answer = try nextLine()
    try #require(answer == "ok", "\(text): \(answer)")
  }

  private func nextLine() throws -> String {
    while true {
      if let end = unread.firstIndex(of: 0x0A) {
        defer { unread.removeFirst(end + 1) }
        return String(decoding: unread[..<end], as: UTF8.self)
      }
      let data = output.fileHandleForReading.availableData
      try #require(!data.isEmpty, "the broker has ended")
      unread += data
    }
  }
}
