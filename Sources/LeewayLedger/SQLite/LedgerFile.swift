import GRDB
import Glibc
import LeewayCore

/// An SQLite ledger as a file: verified and copied while a service uses it, and put back while none does.
package struct LedgerFile: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// Reads every page and every block, and says what is damaged; empty if nothing is.
  ///
  /// - Throws: `LedgerError` if the file cannot be opened as a ledger.
  package func verify() throws -> [String] {
    let pages = try LedgerPages(path: path)
    defer { pages.close() }
    var problems: [String] = []
    if case .damage(let places) = try pages.lookAtAll() { problems = places }
    // What a page that is sound may still hold wrong.
    do { problems += try pages.read { try $0.undecodable(limit: 20) } } catch {
      // Such pages are named above already; what lies behind them cannot be read.
      if problems.isEmpty { problems.append("\(error)") }
    }
    return problems
  }

  /// Copies the ledger, as it stands at one moment, into a new file that only its owner may read (SQLite's online backup). A
  /// service may be writing: it is not held up.
  ///
  /// The copy is made under a name of its own beside `copy`, verified, synced, and then gets its name.
  ///
  /// - Returns: bytes of the copy.
  /// - Throws: `LedgerError`; then there is no copy.
  @discardableResult
  package func backup(to copy: String) throws -> Int64 {
    let source = try LedgerPages(path: path)
    defer { source.close() }
    guard access(copy, F_OK) != 0 else { throw cannot("copying", "\(copy) exists; name a new file") }
    let partial = copy + ".part"
    try Self.makeEmpty(partial) { cannot("copying", $0) }
    do {
      let target = try DatabaseQueue(path: partial)
      try source.backup(to: target)
      // A copy is never written to, so it needs no log beside it.
      try target.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
      try target.close()
      let problems = try LedgerFile(partial).verify()
      guard problems.isEmpty else {
        throw cannot("copying", "what was copied is damaged: \(Self.list(problems)); restore an older copy")
      }
      let bytes = try Self.sync(partial) { cannot("copying", $0) }
      // Unlike `rename`, `link` replaces nothing that has come meanwhile.
      guard link(partial, copy) == 0 else {
        throw cannot("copying", errno == EEXIST ? "\(copy) exists; name a new file" : Self.cause(copy))
      }
      Self.remove(partial)
      try Self.syncFolder(of: copy) { cannot("copying", $0) }
      return bytes
    } catch {
      Self.remove(partial)
      guard let error = error as? DatabaseError else { throw error }
      throw LedgerError.sqlite(
        "copying", path: path, code: error.extendedResultCode.rawValue, message: error.message ?? "no text")
    }
  }

  /// Puts a copy in the ledger's place. The ledger that was there is kept beside it, as `PATH.before-restore`, with its log.
  ///
  /// - Returns: where the ledger is kept that was there; nil if there was none.
  /// - Throws: `LedgerError` if the copy is damaged or no ledger, a process has the ledger, or something is kept there already;
  ///   then nothing has changed.
  @discardableResult
  package func restore(from copy: String) throws -> String? {
    let problems = try LedgerFile(copy).verify()
    guard problems.isEmpty else {
      throw cannot("restoring", "\(copy) is damaged: \(Self.list(problems)); take an older copy")
    }
    let kept = path + ".before-restore"
    for suffix in Self.sideFiles where access(kept + suffix, F_OK) == 0 {
      throw cannot("restoring", "\(kept + suffix) exists; remove it, or keep it elsewhere")
    }
    let isThere = access(path, F_OK) == 0
    guard !isThere || !Self.isSame(path, copy) else { throw cannot("restoring", "\(copy) is that file; name a copy") }
    // Held until the copy is in place: no service may open what is half done.
    let lock = try LedgerFileLock(ledger: path, doing: "restoring")
    defer { withExtendedLifetime(lock.path) {} }
    let partial = path + ".restoring"
    Self.remove(partial)
    do {
      try LedgerFile(copy).backup(to: partial)
      // The log goes with the file that it belongs to; a log that stayed would be taken for the copy's. The main file goes
      // last and comes back first: at no moment is there a log beside the wrong one.
      for suffix in Self.sideFiles.reversed() where access(path + suffix, F_OK) == 0 {
        guard isThere else {
          unlink(path + suffix)
          continue
        }
        guard rename(path + suffix, kept + suffix) == 0 else { throw cannot("restoring", Self.cause(kept + suffix)) }
      }
      guard rename(partial, path) == 0 else { throw cannot("restoring", Self.cause(path)) }
      lock.mark(.closed)
    } catch {
      if isThere {
        for suffix in Self.sideFiles where access(kept + suffix, F_OK) == 0 { _ = rename(kept + suffix, path + suffix) }
      } else {
        // The lock made an empty one.
        unlink(path)
      }
      Self.remove(partial)
      throw error
    }
    try Self.syncFolder(of: path) { cannot("restoring", $0) }
    return isThere ? kept : nil
  }

  // MARK: -

  /// The file itself, its log, and the index of the log.
  private static let sideFiles = ["", "-wal", "-shm"]

  private func cannot(_ doing: String, _ why: String) -> LedgerError {
    LedgerError("\(doing) the ledger \(path): \(why)")
  }

  package static func list(_ problems: [String]) -> String {
    let shown = problems.prefix(3).joined(separator: "; ")
    return problems.count > 3 ? "\(shown); and \(problems.count - 3) more" : shown
  }

  private static func cause(_ path: String) -> String {
    "\(path) cannot be written: \(String(cString: strerror(errno)))"
  }

  private static func makeEmpty(_ path: String, _ failure: (String) -> LedgerError) throws {
    remove(path)
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure(cause(path)) }
    close(descriptor)
  }

  /// - Returns: bytes of the file.
  private static func sync(_ path: String, _ failure: (String) -> LedgerError) throws -> Int64 {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(cause(path)) }
    defer { close(descriptor) }
    var status = stat()
    guard fsync(descriptor) == 0, fstat(descriptor, &status) == 0 else { throw failure(cause(path)) }
    return Int64(status.st_size)
  }

  private static func syncFolder(of path: String, _ failure: (String) -> LedgerError) throws {
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
    guard descriptor >= 0 else { throw failure(cause(folder)) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure(cause(folder)) }
  }

  private static func remove(_ path: String) { for suffix in sideFiles + ["-journal"] { unlink(path + suffix) } }

  private static func isSame(_ a: String, _ b: String) -> Bool {
    var (x, y) = (stat(), stat())
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino
  }
}
