import Glibc

/// Whole files, for inputs and results of the peers.
enum TextFile {
  static func write(_ bytes: [UInt8], to path: String) throws {
    guard let file = fopen(path, "w") else { throw BenchmarkFailure("cannot write \(path)") }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw BenchmarkFailure("cannot write \(path)") }
  }
}
