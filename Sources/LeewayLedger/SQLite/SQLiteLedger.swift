import GRDB
import Glibc
package import LeewayCore
import LeewayLocks

/// The ledger of one instance: an SQLite file in write-ahead mode. One writer at a time; reads run beside it, each on a
/// snapshot. One process at a time may have the file.
///
/// By default a transaction that `write` reported survives the end of the process and the loss of power: the log is
/// synced at every commit (`Durability.power`). Memory-mapped reads stay off, because a mapped file that another program
/// truncates would end the process.
package final class SQLiteLedger: Ledger {
  package enum Durability: Sendable {
    /// Survives the loss of power, as far as the disk keeps what it has synced.
    case power
    /// Survives kill -9; the last transactions may be undone, whole, by a loss of power.
    case process
    /// A loss of power may destroy the file. For `temporary`.
    case scratch
  }

  package struct Options: Sendable {
    package var durability: Durability
    /// How long to wait for another program that holds the file (a backup, the sqlite3 shell).
    package var busySeconds: Double
    /// Page cache of the writing connection; each reading one, which reads most pages once, has a sixteenth.
    package var cacheBytes: Int
    /// Reads at the same time; more wait. At least 1.
    package var readers: Int
    /// The file grows no larger; a write beyond it throws `storageFull`. nil: the disk's end.
    package var maximumBytes: Int64?
    /// What leases and idleness are compared with.
    package var clock: @Sendable () -> EventTime
    /// What people's times are compared with, such as the end of a silence.
    package var wallClock: @Sendable () -> EventTime

    /// - Parameters:
    ///   - clock: nil: ``SQLiteLedger/steadyClock``.
    ///   - wallClock: nil: `clock` where that is given, else the machine's.
    package init(
      durability: Durability = .power, busySeconds: Double = 10, cacheBytes: Int = 64 << 20, readers: Int = 4,
      maximumBytes: Int64? = nil, clock: (@Sendable () -> EventTime)? = nil,
      wallClock: (@Sendable () -> EventTime)? = nil
    ) {
      self.durability = durability
      self.busySeconds = busySeconds
      self.cacheBytes = cacheBytes
      self.readers = readers
      self.maximumBytes = maximumBytes
      self.clock = clock ?? SQLiteLedger.steadyClock
      self.wallClock = wallClock ?? clock ?? SQLiteLedger.realTime
    }
  }

  /// The machine's clock.
  @Sendable private static func realTime() -> EventTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return EventTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  /// The machine's clock as it was when the process first asked, and from there on the time that has passed
  /// (`CLOCK_BOOTTIME`): the ledger of one instance has no other clock to agree with, and whoever sets the machine's
  /// ends no lease and prolongs none.
  package static let steadyClock: @Sendable () -> EventTime = {
    let origin = SQLiteLedger.realTime()
    let start = ContinuousClock.now
    return {
      let (seconds, attoseconds) = start.duration(to: .now).components
      return origin + .milliseconds(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
  }()

  package let location: String
  /// What was seen at the opening and should be looked at by a person.
  package let remark: String?
  private let path: String
  private let clock: @Sendable () -> EventTime
  private let wallClock: @Sendable () -> EventTime
  /// Which file was opened.
  private let inode: FileIdentity?
  private let pool: DatabasePool
  /// A folder to remove on closing.
  private let scratchFolder: String?
  private let lock: Mutex<FileLock?>
  private let waitingMemory = WaitingRuns()
  private let dictionaries = LineDictionaries()

  /// A box, because a `Mutex` of an optional non-copyable value cannot be emptied in place.
  private final class FileLock: Sendable {
    let held: LedgerFileLock
    init(_ held: consuming LedgerFileLock) { self.held = held }
  }

  /// Opens the file, or makes it, and brings its tables to this program's version. `:memory:` is `temporary()`.
  ///
  /// - Throws: `LedgerError` that names the path, the cause and the fix: no such folder, not a database, another program's
  ///   database, not writable, held by another process, written by a newer program.
  package convenience init(path: String, options: Options = Options()) throws {
    if path == ":memory:" {
      try self.init(scratchIn: nil, options: options)
    } else {
      try self.init(file: path, options: options, scratchFolder: nil)
    }
  }

  /// A private file that is gone when the ledger closes; for replays, which start again from nothing.
  ///
  /// - Parameter folder: where to put it; nil: `TMPDIR`, or /tmp.
  package static func temporary(in folder: String? = nil, options: Options = Options(durability: .scratch)) throws
    -> SQLiteLedger
  {
    try SQLiteLedger(scratchIn: folder, options: options)
  }

  private convenience init(scratchIn folder: String?, options: Options) throws {
    let parent = folder ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/leeway-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      let cause = String(cString: strerror(errno))
      throw LedgerError("opening a temporary ledger in \(parent): no folder can be made there (\(cause)); set TMPDIR")
    }
    let made = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    do {
      var options = options
      options.durability = .scratch
      try self.init(file: made + "/ledger.db", options: options, scratchFolder: made)
    } catch {
      Self.remove(scratchFolder: made)
      throw error
    }
  }

  private init(file: String, options: Options, scratchFolder: String?) throws {
    let path = try Self.checked(file)
    let isBlank = Self.isBlank(path)
    // Before anything makes the file: SQLite would begin the log again, and what is in it would be gone.
    if isBlank == nil, let bytes = Self.size(path + "-wal"), bytes > 0 {
      throw LedgerError("opening the ledger \(path): \(Self.orphaned(path, bytes))")
    }
    let lock = FileLock(try LedgerFileLock(ledger: path))
    remark = scratchFolder == nil ? try Self.missingLog(path, isBlank: isBlank, lock.held.left, lock.held.wasHeld) : nil
    do {
      let pool = try DatabasePool(path: path, configuration: Self.configuration(path, options))
      try pool.writeWithoutTransaction { db in
        // GRDB sets NORMAL when it turns write-ahead mode on, so this comes after.
        let synchronous =
          switch options.durability {
          case .power: "FULL"
          case .process: "NORMAL"
          case .scratch: "OFF"
          }
        try db.execute(sql: "PRAGMA synchronous = \(synchronous)")
        try SQLiteSchema.migrate(db, path: path)
        // From here on there is something in the log, until it is folded in at the end: one that is gone can be missed.
        if scratchFolder == nil { try db.execute(sql: "PRAGMA user_version = \(SQLiteSchema.version)") }
      }
      if scratchFolder == nil { lock.held.mark(.open) }
      self.pool = pool
    } catch let error as DatabaseError {
      throw LedgerError.sqlite("opening tables", path: path, error)
    }
    self.path = path
    clock = options.clock
    wallClock = options.wallClock
    inode = FileIdentity(path)
    self.scratchFolder = scratchFolder
    self.lock = Mutex(lock)
    location = scratchFolder == nil ? "SQLite file \(path)" : "temporary SQLite file \(path)"
  }

  deinit { close() }

  /// Waits for what runs, folds the log into the file and lets the file go. Calls after it throw. Twice is once.
  package func close() {
    lock.withLock { lock in
      guard lock != nil else { return }
      // A log that stays behind is read at the next opening.
      try? pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
      try? pool.close()
      if scratchFolder == nil, (Self.size(path + "-wal") ?? 0) == 0 { lock?.held.mark(.closed) }
      if let scratchFolder { Self.remove(scratchFolder: scratchFolder) }
      lock = nil
    }
  }

  /// Removes a temporary ledger's file at once, whatever runs, for a process that is about to end.
  package func abandon() {
    if let scratchFolder { Self.remove(scratchFolder: scratchFolder) }
  }

  package func read<T>(_ body: (any LedgerReader) throws -> T) throws -> T {
    do {
      return try pool.read { db in
        let session = SQLiteSession(db, path: path, clock: clock, wallClock: wallClock, dictionaries: dictionaries)
        let value = try body(session)
        if let failure = session.failure { throw failure }
        return value
      }
    } catch let error as DatabaseError {
      throw LedgerError.sqlite("reading", path: path, error)
    }
  }

  package func write<T>(_ body: (any LedgerWriter) throws -> T) throws -> T {
    // What is written into a file that has no name any more is lost when the process ends.
    if scratchFolder == nil, FileIdentity(path) != inode {
      throw LedgerError(
        "writing in the ledger \(path): the file was removed or replaced while leeway had it open; put it back as it was, or "
          + "start leeway again")
    }
    do {
      return try pool.writeWithoutTransaction { db in
        if db.isInsideTransaction { try db.rollback() }
        var value: T?
        var stands = false
        defer { waitingMemory.transactionEnded(stands: stands) }
        try db.inTransaction(.immediate) {
          let session = SQLiteSession(
            db, path: path, clock: clock, wallClock: wallClock, waitingMemory: waitingMemory, dictionaries: dictionaries
          )
          value = try body(session)
          if let failure = session.failure { throw failure }
          return .commit
        }
        stands = true
        guard let value else { throw LedgerError("writing in the ledger \(path): the transaction ended early") }
        return value
      }
    } catch let error as DatabaseError {
      throw LedgerError.sqlite("writing", path: path, error)
    }
  }

  /// Bytes of a file; nil: there is none.
  static func size(_ path: String) -> Int64? {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : nil
  }

  /// Whether a file is of no bytes, or is an SQLite database of which nothing says that it is ours: until the log is first folded in, that
  /// is in the log. nil: there is no file.
  static func isBlank(_ path: String) -> Bool? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { _ = Glibc.close(descriptor) }
    var header = [UInt8](repeating: 0, count: 100)
    let count = pread(descriptor, &header, header.count, 0)
    guard count > 0 else { return count == 0 }
    // Bytes 68 to 71 are the program's number, 40 to 43 the number of changes of the tables.
    return count == 100 && header.starts(with: Array("SQLite format 3\0".utf8))
      && header[68..<72].allSatisfy { $0 == 0 }
      && header[40..<44].allSatisfy { $0 == 0 }
  }

  /// A log that is gone took with it what was written since it was last folded into the file, and SQLite goes on without a word.
  ///
  /// - Throws: `LedgerError` where all is gone: an empty file would be filled again.
  /// - Returns: what is to be said where the file has something, or is of a version that left no word.
  private static func missingLog(
    _ path: String, isBlank: Bool?, _ left: LedgerFileLock.State?, _ wasHeld: Bool
  ) throws -> String? {
    let log = Self.size(path + "-wal") ?? 0
    guard let isBlank else {
      guard left != nil else { return nil }
      return
        "the ledger \(path) starts over: there is no such file, and \(path)-lock says that there was one. If it was not removed on "
        + "purpose, stop leeway, and put it back or restore a copy with leeway ledger restore"
    }
    guard wasHeld, log == 0 else { return nil }
    switch (isBlank, left) {
    case (true, .some): throw LedgerError("opening the ledger \(path): \(emptied(path))")
    case (true, nil):
      return
        "the ledger \(path) has no tables, and \(path)-lock says that a process had it before. If it held anything, that was in "
        + "\(path)-wal, which is not there: stop leeway and restore a copy with leeway ledger restore"
    case (false, .open?):
      return
        "the ledger \(path) was not closed by the last process, and its log \(path)-wal is not there. What was written since the "
        + "log was last folded in is lost, unless a copy was restored or another program folded it in: compare the newest "
        + "results, and restore a copy with leeway ledger restore if they are missing"
    default: return nil
    }
  }

  /// What is seen and what to do, where a file that held a ledger has nothing.
  static func emptied(_ path: String) -> String {
    "the file has no tables, and \(path)-lock says that a ledger was in it; what it held was in \(path)-wal, which is not there. Put that "
      + "file back, or restore a copy with leeway ledger restore; to start over, remove \(path) and \(path)-lock"
  }

  /// The same where the file is gone and its log is not.
  private static func orphaned(_ path: String, _ bytes: Int64) -> String {
    "the file is not there, and its log \(path)-wal is, with \(bytes) bytes that belong to it. Put the file back, or restore a copy with "
      + "leeway ledger restore; to start over, remove \(path)-wal, \(path)-shm and \(path)-lock"
  }

  /// A file, whatever it is called.
  private struct FileIdentity: Equatable {
    let device: UInt64
    let inode: UInt64

    /// nil: there is no file of that name.
    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
    }
  }

  // MARK: Opening

  /// The file's one true path, so that two names of a file meet at one lock.
  private static func checked(_ file: String) throws -> String {
    func fail(_ why: String) -> LedgerError { LedgerError("opening the ledger \(file): \(why)") }
    var status = stat()
    if stat(file, &status) == 0 {
      if status.st_mode & S_IFMT == S_IFDIR { throw fail("it is a folder; name a file in it") }
      guard status.st_mode & S_IFMT == S_IFREG else { throw fail("it is not a file; name another path") }
      guard access(file, R_OK | W_OK) == 0 else {
        throw fail("the file cannot be written (\(String(cString: strerror(errno)))); give this user the right to")
      }
      guard let real = realpath(file, nil) else { throw fail("\(String(cString: strerror(errno)))") }
      defer { free(real) }
      return String(cString: real)
    }
    let slash = file.lastIndex(of: "/")
    let folder = slash.map { $0 == file.startIndex ? "/" : String(file[..<$0]) } ?? "."
    let name = slash.map { String(file[file.index(after: $0)...]) } ?? file
    guard !name.isEmpty else { throw fail("the path names no file") }
    guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw fail("there is no folder \(folder); make it, or name another path")
    }
    guard let real = realpath(folder, nil) else { throw fail("\(String(cString: strerror(errno)))") }
    defer { free(real) }
    let parent = String(cString: real)
    return parent == "/" ? "/\(name)" : "\(parent)/\(name)"
  }

  private static func configuration(_ path: String, _ options: Options) -> Configuration {
    var configuration = Configuration()
    configuration.label = "ledger"
    configuration.busyMode = .timeout(options.busySeconds)
    // Else GRDB ends the process when a damaged file keeps a transaction from rolling back; `write` tries again.
    configuration.allowsUnsafeTransactions = true
    configuration.maximumReaderCount = max(1, options.readers)
    configuration.prepareDatabase { db in
      try refuseStrangers(db, path)
      let reads = db.configuration.readonly
      // Blocks and lines are kilobytes: on 4 KB pages they would spill into chains of pages. Before the cache's size,
      // which SQLite turns into a number of pages of the size that there is then.
      if !reads { try db.execute(sql: "PRAGMA page_size = \(pageBytes)") }
      let kilobytes = max(1024, options.cacheBytes / (reads ? 16 : 1)) >> 10
      try db.execute(sql: "PRAGMA cache_size = -\(kilobytes); PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY")
      guard !reads else { return }
      // Fold the log into the file every 16 MB, and give back what a burst made of it beyond 64 MB.
      try db.execute(sql: "PRAGMA wal_autocheckpoint = 2000; PRAGMA journal_size_limit = \(64 << 20)")
      if let bytes = options.maximumBytes {
        let size = try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? pageBytes
        try db.execute(sql: "PRAGMA max_page_count = \(max(1, bytes / max(1, size)))")
      }
    }
    return configuration
  }

  private static let pageBytes: Int64 = 8192

  /// Before anything is changed in the file.
  private static func refuseStrangers(_ db: Database, _ path: String) throws {
    let tables = try Int64.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
    let application = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    guard application == SQLiteSchema.applicationID || (application == 0 && tables == 0) else {
      throw LedgerError("opening the ledger \(path): it is another program's SQLite database; name another file")
    }
    let version = try Int64.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    guard (0...SQLiteSchema.version).contains(version) else {
      throw LedgerError(
        "opening the ledger \(path): it was written by a newer leeway (schema \(version); this one knows "
          + "\(SQLiteSchema.version)); start the newer one, or name another file")
    }
  }

  private static func remove(scratchFolder folder: String) {
    for suffix in ["", "-wal", "-shm", "-lock"] { unlink("\(folder)/ledger.db\(suffix)") }
    rmdir(folder)
  }
}

extension LedgerError {
  fileprivate static func sqlite(_ doing: String, path: String, _ error: DatabaseError) -> LedgerError {
    .sqlite(doing, path: path, code: error.extendedResultCode.rawValue, message: error.message ?? "no text")
  }
}
