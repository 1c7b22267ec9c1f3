import Foundation
import LeewayConfiguration
import LeewayService

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
      bar =
        "[" + String(repeating: "=", count: full) + String(repeating: " ", count: width - full) + "] "
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
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      if errno == EISDIR { throw InputProblem("\(path): is a folder; name the file to write results to") }
      throw EnvironmentProblem("\(path): the results cannot be written: \(String(cString: strerror(errno)))")
    }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  /// Whoever read standard output has had enough, as `head` does.
  struct ReaderGone: Error {}

  func write(_ line: String) throws {
    buffer.append(contentsOf: line.utf8)
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count > 1 << 16 { try flush() }
  }

  func flush() throws {
    defer { buffer.removeAll(keepingCapacity: true) }
    var rest = buffer[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(handle.fileDescriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EPIPE, path == nil { throw ReaderGone() }
      guard count >= 0 else {
        throw EnvironmentProblem(
          "\(path ?? "standard output"): the results cannot be written: \(String(cString: strerror(errno)))")
      }
      rest = rest.dropFirst(count)
    }
  }
}
