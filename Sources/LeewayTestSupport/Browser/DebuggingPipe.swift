import Foundation
import LeewayLocks

/// A Chromium without a window, and the pipe by which its DevTools protocol is spoken: JSON texts, each ended by a 0.
final class DebuggingPipe: Sendable {
  struct Failure: Error, CustomStringConvertible { let description: String }

  /// Methods and parameters of what the browser says unasked.
  typealias Listener = @Sendable (_ method: String, _ parameters: [String: Any]) -> Void

  private struct State {
    var next = 1
    var waiting: [Int: CheckedContinuation<Data, any Error>] = [:]
    var ended = false
  }

  /// With one answer; the machine may be busy.
  private static let patience = Duration.seconds(120)

  private let process = Process()
  private let toBrowser = Pipe()
  private let fromBrowser = Pipe()
  private let profile: URL
  private let state = Mutex(State())
  private let listener: Listener

  /// - Throws: where Debian's chromium is not installed.
  init(listener: @escaping Listener) throws {
    self.listener = listener
    profile = FileManager.default.temporaryDirectory.appending(path: "leeway-browser-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: profile, withIntermediateDirectories: true)
    // The protocol's pipes are descriptors 3 and 4. Names lead nowhere but to this machine, and tests run as root.
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-c", #"exec chromium "$@" 3<&0 4>&1 0</dev/null 1>/dev/null 2>"$HOME/browser.log""#, "sh", "--headless",
      "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
      "--no-proxy-server", "--disable-background-networking", "--disable-component-update", "--disable-sync",
      "--disable-default-apps", "--hide-scrollbars", "--force-color-profile=srgb", "--lang=en",
      "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--user-data-dir=\(profile.path)/profile",
    ]
    process.environment = ["HOME": profile.path, "PATH": "/usr/bin:/bin", "TZ": "UTC", "LANG": "C.UTF-8"]
    process.standardInput = toBrowser
    process.standardOutput = fromBrowser
    process.standardError = FileHandle.nullDevice
    try process.run()
    Thread.detachNewThread { [self] in readAll() }
  }

  /// Asks, and waits for the answer.
  func call(_ method: String, _ parameters: [String: Any] = [:], session: String? = nil) async throws -> [String: Any] {
    let id = state.withLock { state in
      defer { state.next += 1 }
      return state.next
    }
    var message: [String: Any] = ["id": id, "method": method, "params": parameters]
    if let session { message["sessionId"] = session }
    let bytes = try JSONSerialization.data(withJSONObject: message) + [0]
    let answer = try await withCheckedThrowingContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.ended { state.waiting[id] = continuation }
        return !state.ended
      }
      guard isOpen else { return continuation.resume(throwing: ended) }
      do {
        try toBrowser.fileHandleForWriting.write(contentsOf: bytes)
      } catch {
        settle(id, .failure(error))
      }
      Task {
        try await Task.sleep(for: Self.patience)
        settle(id, .failure(Failure(description: "\(method): no answer within \(Self.patience)")))
      }
    }
    let object = try JSONSerialization.jsonObject(with: answer) as? [String: Any] ?? [:]
    if let error = object["error"] as? [String: Any] {
      throw Failure(description: "\(method): \(error["message"] ?? error)")
    }
    return object["result"] as? [String: Any] ?? [:]
  }

  /// Ends the browser and removes its profile.
  func close() async {
    // SIGTERM ends Chromium's other processes too, since they notice that the first one is gone.
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
    // Until then they write into the profile.
    for _ in 0..<100 {
      try? FileManager.default.removeItem(at: profile)
      try? await Task.sleep(for: .milliseconds(50))
      if !FileManager.default.fileExists(atPath: profile.path) { return }
    }
  }

  private var ended: Failure {
    let log = (try? String(contentsOf: profile.appending(path: "browser.log"), encoding: .utf8)) ?? ""
    return Failure(description: "chromium ended; deploy/setup.sh test installs it. \(log.suffix(2000))")
  }

  private func readAll() {
    var buffer = Data()
    while true {
      let part = fromBrowser.fileHandleForReading.availableData
      if part.isEmpty { break }
      buffer.append(part)
      while let end = buffer.firstIndex(of: 0) {
        take(Data(buffer[buffer.startIndex..<end]))
        buffer = Data(buffer[buffer.index(after: end)...])
      }
    }
    let waiting = state.withLock { state in
      defer { state.waiting = [:] }
      state.ended = true
      return state.waiting
    }
    for continuation in waiting.values { continuation.resume(throwing: ended) }
  }

  private func settle(_ id: Int, _ answer: Result<Data, any Error>) {
    state.withLock { $0.waiting.removeValue(forKey: id) }?.resume(with: answer)
  }

  private func take(_ message: Data) {
    guard let object = try? JSONSerialization.jsonObject(with: message) as? [String: Any] else { return }
    if let id = object["id"] as? Int {
      settle(id, .success(message))
    } else if let method = object["method"] as? String {
      listener(method, object["params"] as? [String: Any] ?? [:])
    }
  }
}
