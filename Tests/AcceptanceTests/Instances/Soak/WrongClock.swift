import Foundation
import Testing

/// A file that says how far a process's wall clock is off, which libfaketime reads at every look at the clock. Nobody
/// can set the clock that measures intervals.
struct WrongClock {
  static let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
  static let offsets = ["-60s", "-1d", "+2d", "+0", "+1h", "-400d"]

  private let file: URL

  init(in folder: TemporaryFolder) throws {
    try #require(FileManager.default.fileExists(atPath: Self.library), "libfaketime is missing; make setup-test")
    file = folder.url.appendingPathComponent("clock-\(UUID().uuidString)")
    try set("+0")
  }

  /// At once: a file that is half written would be no time.
  func set(_ offset: String) throws { try Data("\(offset)\n".utf8).write(to: file, options: .atomic) }

  var environment: [String: String] {
    [
      "LD_PRELOAD": Self.library, "FAKETIME_TIMESTAMP_FILE": file.path, "FAKETIME_NO_CACHE": "1",
      "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1",
    ]
  }
}
