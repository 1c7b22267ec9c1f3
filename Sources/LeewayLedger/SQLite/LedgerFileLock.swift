import Glibc
import LeewayCore

/// The right to be the only process with a ledger file, held on a file beside it and on the file itself. SQLite's own locks
/// would let two services take turns with one file, and closing any handle of the database would drop them.
///
/// The file beside it says who holds it, and holds also while somebody replaces the ledger. The lock on the ledger's inode
/// (`flock`, which SQLite does not use) is met by whoever comes by a hard link, or after the file beside it was deleted.
struct LedgerFileLock: ~Copyable {
  /// What the file beside the ledger says of it, besides who has it.
  enum State: String {
    /// A process has written in it, so that there is a log beside it (`-wal`).
    case open
    /// Let go in peace: all is in the file itself.
    case closed
  }

  private let descriptor: CInt
  private let ledgerDescriptor: CInt
  let path: String
  /// As it was left. nil: nothing was ever written, or a version before this one had it.
  let left: State?
  /// Whether some process had the ledger before.
  let wasHeld: Bool

  /// Makes the ledger, for its owner only, if there is none: SQLite gives its side files the same mode.
  ///
  /// - Parameter doing: what the lock is for, as errors say it: `opening`.
  /// - Throws: `LedgerError` that names who has the file.
  init(ledger: String, doing: String = "opening") throws {
    let fix = doing == "opening" ? "stop that one, or use PostgreSQL for several instances" : "stop that one first"
    let path = ledger + "-lock"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      let cause = String(cString: strerror(errno))
      throw LedgerError(
        "\(doing) the ledger \(ledger): \(path) cannot be written (\(cause)); give this user the right to write the folder"
      )
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      var bytes = [UInt8](repeating: 0, count: 200)
      let count = pread(descriptor, &bytes, bytes.count, 0)
      let holder = String(decoding: bytes.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
      close(descriptor)
      guard code == EWOULDBLOCK else {
        throw LedgerError(
          "\(doing) the ledger \(ledger): \(path) cannot be locked (\(String(cString: strerror(code))))")
      }
      throw LedgerError(
        "\(doing) the ledger \(ledger): \(holder.isEmpty ? "another process" : holder) has it open; "
          + fix)
    }
    var known = [UInt8](repeating: 0, count: 400)
    let length = pread(descriptor, &known, known.count, 0)
    let lines = String(decoding: known.prefix(max(0, length)), as: UTF8.self).split(separator: "\n")
    let left = lines.count > 1 ? State(rawValue: String(lines[1])) : nil
    let wasHeld = !lines.isEmpty
    let ledgerDescriptor = open(ledger, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard ledgerDescriptor >= 0 else {
      let cause = String(cString: strerror(errno))
      close(descriptor)
      throw LedgerError(
        "\(doing) the ledger \(ledger): the file cannot be written (\(cause)); give this user the right to")
    }
    guard flock(ledgerDescriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(ledgerDescriptor)
      close(descriptor)
      guard code == EWOULDBLOCK else {
        throw LedgerError("\(doing) the ledger \(ledger): it cannot be locked (\(String(cString: strerror(code))))")
      }
      throw LedgerError(
        "\(doing) the ledger \(ledger): another process has the file open under another name, or \(path) was deleted; "
          + fix)
    }
    self.path = path
    self.left = left
    self.wasHeld = wasHeld
    self.descriptor = descriptor
    self.ledgerDescriptor = ledgerDescriptor
    write(left)
  }

  /// Says how the ledger is left if this process ends now.
  func mark(_ state: State) { write(state) }

  /// Only for messages: the lock holds without it.
  private func write(_ state: State?) {
    var host = [CChar](repeating: 0, count: 256)
    let named = gethostname(&host, host.count - 1) == 0
    let hostName = String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let process = "process \(getpid())\(named ? " on \(hostName)" : "")\n"
    let text = Array((process + (state.map { "\($0.rawValue)\n" } ?? "")).utf8)
    _ = ftruncate(descriptor, 0)
    _ = pwrite(descriptor, text, text.count, 0)
  }

  deinit {
    close(ledgerDescriptor)
    close(descriptor)
  }
}
