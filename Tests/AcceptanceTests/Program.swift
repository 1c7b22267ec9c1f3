import Foundation
import Testing

/// A program of the system that a test starts, with what it prints.
struct Program {
  static func path(of command: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":").map { "\($0)/\(command)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  private let process = Process()
  private let file: URL
  private let folder: URL

  init(_ name: String, in folder: URL = FileManager.default.temporaryDirectory) throws {
    let path = try #require(Self.path(of: name), "\(name) is not installed")
    self.folder = folder
    file = folder.appendingPathComponent("\(name)-\(UUID().uuidString)")
    process.executableURL = URL(fileURLWithPath: path)
    process.currentDirectoryURL = folder
  }

  var output: String { (try? String(contentsOf: file, encoding: .utf8)) ?? "" }

  func started(_ arguments: [String], input: String? = nil) throws -> Program {
    _ = FileManager.default.createFile(atPath: file.path, contents: nil)
    let handle = try FileHandle(forWritingTo: file)
    process.arguments = arguments
    process.standardOutput = handle
    process.standardError = handle
    process.standardInput =
      try input.map { try FileHandle(forReadingFrom: folder.appendingPathComponent($0)) } ?? FileHandle.nullDevice
    try process.runBound()
    return self
  }

  func run(_ arguments: [String], input: String? = nil) throws -> (code: Int32, output: String) {
    let started = try started(arguments, input: input)
    defer { try? FileManager.default.removeItem(at: file) }
    process.waitUntilExit()
    return (process.terminationStatus, started.output)
  }

  func end() {
    guard process.isRunning else { return }
    process.terminate()
    process.waitUntilExit()
  }
}
