import Glibc
import LeewayConfiguration
package import LeewayCore

/// Baselines on disk.
package enum BaselineFile {
  /// Reads and verifies a baseline.
  ///
  /// - Throws: `InputProblem` that names the file.
  package static func read(_ path: String) throws -> Baseline {
    let bytes: [UInt8]
    do { bytes = try TextFile.bytes(at: path, limit: Baseline.maximumBytes) } catch {
      throw InputProblem("\(path): the baseline \(error.problem), or make it with leeway baseline fit")
    }
    do { return try Baseline(decoding: bytes) } catch { throw InputProblem("\(path): \(error.description)") }
  }

  /// Refuses a place where the baseline of another monitor is, which that monitor may need.
  ///
  /// - Throws: `InputProblem` that names the file and that monitor.
  package static func check(place path: String, for monitor: String) throws {
    guard let bytes = try? TextFile.bytes(at: path, limit: Baseline.maximumBytes),
      let other = try? Baseline(decoding: bytes).monitor, other != monitor
    else { return }
    throw InputProblem(
      "\(path): holds the baseline of monitor \(other), and this one is \(monitor); give --out another file, or remove "
        + "that one first")
  }

  /// Writes a baseline so that a reader sees the old file or the new one, never a part. What is there and no file, such
  /// as a pipe, is written to.
  ///
  /// - Throws: `InputProblem` where a folder is named, `EnvironmentProblem` that names the file.
  package static func write(_ baseline: inout Baseline, to path: String) throws {
    let bytes = baseline.encoded()
    var status = stat()
    let isThere = stat(path, &status) == 0
    if isThere, status.st_mode & S_IFMT == S_IFDIR {
      throw InputProblem("\(path): is a folder; name the file to write the baseline to")
    }
    let replaces = !isThere || status.st_mode & S_IFMT == S_IFREG
    let partial = replaces ? path + ".partial" : path
    func fail(_ code: Int32) -> EnvironmentProblem {
      if replaces { unlink(partial) }
      return EnvironmentProblem("\(path): the baseline cannot be written: \(String(cString: strerror(code)))")
    }
    let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw fail(errno) }
    defer { close(descriptor) }
    // What an earlier run left behind may have been made for others too.
    if replaces { guard fchmod(descriptor, 0o600) == 0 else { throw fail(errno) } }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw fail(errno) }
      rest = rest.dropFirst(count)
    }
    guard replaces else { return }
    guard fsync(descriptor) == 0, rename(partial, path) == 0 else { throw fail(errno) }
  }
}
