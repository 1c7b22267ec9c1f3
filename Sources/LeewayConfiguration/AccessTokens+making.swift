import Glibc
import LeewayCore

extension AccessTokens {
  /// 256 random bits in the letters that a header, a URL and a shell take as they are.
  package static func newToken() -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var random = SystemRandomNumberGenerator()
    // 43 letters of 6 bits.
    let bytes = (0..<43).map { _ in letters[Int(UInt8.random(in: 0..<64, using: &random))] }
    return "lw_" + String(decoding: bytes, as: UTF8.self)
  }

  /// Adds a line to the file, which is made for its owner only where there is none.
  ///
  /// - Throws: `InputProblem` if the file is wrong already, has the name, or cannot be written.
  package static func add(_ line: String, name: String, to path: String) throws {
    if TextFile.exists(path) {
      let bytes: [UInt8]
      do throws(TextFile.Failure) { bytes = try TextFile.bytes(at: path, limit: 1 << 20) } catch {
        throw InputProblem("\(path): the file of tokens \(error.problem)")
      }
      let text = String(decoding: bytes, as: UTF8.self)
      do throws(AccessTokensFailure) {
        _ = try AccessTokens(parsing: text + (text.hasSuffix("\n") || text.isEmpty ? "" : "\n") + line, file: path)
      } catch {
        throw InputProblem("\(error); nothing was added")
      }
      try append((text.hasSuffix("\n") || text.isEmpty ? "" : "\n") + line + "\n", to: path)
    } else {
      try append(line + "\n", to: path)
    }
  }

  private static func append(_ text: String, to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw InputProblem("\(path): cannot be written (\(String(cString: strerror(errno))))")
    }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
      throw InputProblem("\(path): cannot be written (\(String(cString: strerror(errno))))")
    }
  }
}
