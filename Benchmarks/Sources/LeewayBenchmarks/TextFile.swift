import Glibc

/// A file that is written from front to back: inputs and results of the peers.
struct TextFile {
  private let file: UnsafeMutablePointer<FILE>
  private let path: String

  init(creating path: String) throws {
    guard let file = fopen(path, "w") else { throw BenchmarkFailure("cannot write \(path)") }
    self.file = file
    self.path = path
  }

  func append(_ bytes: [UInt8]) throws {
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw BenchmarkFailure("cannot write \(path)") }
  }

  func close() throws { guard fclose(file) == 0 else { throw BenchmarkFailure("cannot write \(path)") } }

  /// Bytes.
  static func size(_ path: String) throws -> Double {
    var status = stat()
    guard stat(path, &status) == 0 else { throw BenchmarkFailure("cannot read \(path)") }
    return Double(status.st_size)
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    let file = try TextFile(creating: path)
    try file.append(bytes)
    try file.close()
  }
}

extension Main {
  /// What was printed reaches whoever waits for it.
  static func flushOutput() { fflush(nil) }
}
