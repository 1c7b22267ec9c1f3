import Foundation

/// Standard output and error.
enum Console {
  enum Stream { case output, error }

  static func write(_ text: String, to stream: Stream) {
    let handle = stream == .output ? FileHandle.standardOutput : FileHandle.standardError
    try? handle.write(contentsOf: Data(text.utf8))
  }

  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}

/// A line on standard error that says how far long work has come; silent where that is no terminal.
final class ProgressBar {
  private let isShown = Console.errorIsTerminal
  private var last = ContinuousClock.now - .seconds(1)

  func show(_ what: String, _ fraction: Double?, _ rows: Int64) {
    guard isShown, last.duration(to: .now) > .milliseconds(100) else { return }
    last = .now
    let width = 30
    var bar = ""
    if let fraction {
      let full = Int(min(max(fraction, 0), 1) * Double(width))
      bar = "[" + String(repeating: "=", count: full) + String(repeating: " ", count: width - full) + "] "
        + "\(Int(min(max(fraction, 0), 1) * 100)) % "
    }
    Console.write("\r\u{1B}[K\(bar)\(what): \(rows) rows", to: .error)
  }

  func finish() {
    if isShown { Console.write("\r\u{1B}[K", to: .error) }
  }
}

/// Lines to a file or standard output, buffered.
final class LineOutput {
  private let handle: FileHandle
  private let path: String?
  private var buffer = Data()

  init(path: String?) throws {
    self.path = path
    guard let path else {
      handle = .standardOutput
      return
    }
    guard FileManager.default.createFile(atPath: path, contents: nil), let handle = FileHandle(forWritingAtPath: path) else {
      throw OutputFailed(description: "\(path): cannot be written: \(String(cString: strerror(errno)))")
    }
    self.handle = handle
  }

  struct OutputFailed: Error, CustomStringConvertible {
    var description: String
  }

  func write(_ line: String) throws {
    buffer.append(contentsOf: line.utf8)
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count > 1 << 16 { try flush() }
  }

  func flush() throws {
    do { try handle.write(contentsOf: buffer) } catch {
      throw OutputFailed(description: "\(path ?? "standard output"): \(error.localizedDescription)")
    }
    buffer.removeAll(keepingCapacity: true)
  }
}
