import Glibc
import LeewayCore

/// The right to be the only process with a ledger file, held on a file beside it. SQLite's own locks would let two
/// services take turns with one file, and closing any handle of the database would drop them.
struct LedgerFileLock: ~Copyable {
  private let descriptor: CInt
  let path: String

  /// - Throws: `LedgerError` that names who has the file.
  init(ledger: String) throws {
    path = ledger + "-lock"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      let cause = String(cString: strerror(errno))
      throw LedgerError(
        "opening the ledger \(ledger): \(path) cannot be written (\(cause)); give this user the right to write the folder"
      )
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      var bytes = [UInt8](repeating: 0, count: 200)
      let count = pread(descriptor, &bytes, bytes.count, 0)
      let holder = String(decoding: bytes.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
      close(descriptor)
      guard code == EWOULDBLOCK else {
        throw LedgerError("opening the ledger \(ledger): \(path) cannot be locked (\(String(cString: strerror(code))))")
      }
      throw LedgerError(
        "opening the ledger \(ledger): \(holder.isEmpty ? "another process" : holder) has it open; "
          + "stop that one, or use PostgreSQL for several instances")
    }
    var host = [CChar](repeating: 0, count: 256)
    let named = gethostname(&host, host.count - 1) == 0
    let hostName = String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let text = Array("process \(getpid())\(named ? " on \(hostName)" : "")\n".utf8)
    // Only for the message above: the lock holds without it.
    _ = ftruncate(descriptor, 0)
    _ = pwrite(descriptor, text, text.count, 0)
  }

  deinit { close(descriptor) }
}
