import Foundation
import Glibc
import LeewayLocks

import struct Synchronization.Atomic

/// A PostgreSQL server only for this process, on loopback and on a socket in a folder of its own. It ends, and its folder
/// goes, when the object does or this process ends in whatever way: a shell waits beside it for the end of a pipe that
/// only this process holds.
///
/// It keeps nothing through a loss of power (no fsync), which makes tests fast and proves nothing about disks.
package final class TemporaryPostgreSQL: Sendable {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  package static let programs = "/usr/lib/postgresql/15/bin"
  package static var isInstalled: Bool { access("\(programs)/initdb", X_OK) == 0 }

  /// One for all tests of this process that need nothing special of it.
  package static let shared = Result { try TemporaryPostgreSQL() }

  package let port: Int
  /// Holds the socket and, in `data`, the server's files. Tests may put files of their own into it.
  package let folder: String
  private let reservation: LoopbackPort
  private let watcher: Process
  private let life: Pipe
  private let answers: Pipe
  private let console = Mutex<SQLConsole?>(nil)
  private let schemas = Atomic<Int>(0)

  /// - Parameters:
  ///   - settings: lines for postgresql.conf, after the ones for speed.
  ///   - accessRules: lines for pg_hba.conf; empty: whoever connects is let in.
  ///   - prepare: puts files into the folder before the server starts.
  package init(
    settings: [String] = [], accessRules: [String] = [], prepare: (_ folder: String) throws -> Void = { _ in }
  ) throws {
    reservation = try LoopbackPort()
    port = reservation.number
    var template = Array("/tmp/leeway-postgresql-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure(description: "no folder in /tmp: errno \(errno)") }
    folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    chmod(folder, 0o755)
    try prepare(folder)
    let lines = [
      "listen_addresses = '127.0.0.1'", "port = \(port)", "unix_socket_directories = '\(folder)'", "fsync = off",
      "full_page_writes = off", "max_connections = 200", "shared_buffers = 64MB",
      "lc_messages = 'C'", "max_wal_size = 256MB",
    ]
    try Self.write((lines + settings).joined(separator: "\n") + "\n", to: "\(folder)/leeway.conf")
    let rules = accessRules + ["local all all trust", "host all all 127.0.0.1/32 trust"]
    try Self.write(rules.joined(separator: "\n") + "\n", to: "\(folder)/pg_hba.conf")

    life = Pipe()
    let said = Pipe()
    watcher = Self.process(
      "/bin/sh", ["-c", Self.script, "leeway", folder, Self.programs], ownerOf: folder)
    watcher.standardInput = life
    watcher.standardOutput = said
    try watcher.run()
    try? life.fileHandleForReading.close()
    try? said.fileHandleForWriting.close()
    answers = said
    let answer = Self.line(said.fileHandleForReading)
    guard answer == "ready" else {
      let log = ["init.log", "server.log"].map {
        (try? String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)) ?? ""
      }
      try? life.fileHandleForWriting.close()
      throw Failure(description: "PostgreSQL does not start: \(answer)\(log.joined(separator: "\n").suffix(2000))")
    }
  }

  deinit {
    console.withLock { $0 = nil }
    try? life.fileHandleForWriting.close()
    watcher.waitUntilExit()
  }

  /// The server is made and watched by one shell. Signals from the terminal are the tests' to answer.
  private static let script = """
    trap '' INT TERM HUP
    cd "$1" || exit 1
    if "$2/initdb" -D data -U leeway -A trust -E UTF8 --locale=C --no-sync >init.log 2>&1 &&
      cat leeway.conf >>data/postgresql.conf && cp pg_hba.conf data/ &&
      "$2/pg_ctl" -D data -w -t 300 -l server.log start >/dev/null 2>&1
    then echo ready; else echo no; fi
    while read -r command mode; do
      case "$command" in
        stop) "$2/pg_ctl" -D data -m "$mode" -w -t 300 stop >/dev/null 2>&1 ;;
        # After a kill it is refused for as long as one of its processes is left.
        start) for try in $(seq 300); do
          "$2/pg_ctl" -D data -w -t 300 -l server.log start >/dev/null 2>&1 && break
          sleep 0.1; [ "$try" -lt 300 ]
        done ;;
      esac
      echo "$?"
    done
    "$2/pg_ctl" -D data -m immediate -w stop >/dev/null 2>&1
    cd / && rm -rf "$1"
    """

  // MARK: Talking to it

  /// `postgres://…` for a ledger.
  ///
  /// - Parameter standby: the port of a second host; whichever takes writes is the one.
  package func address(
    user: String = "leeway", database: String = "postgres", port: Int? = nil, standby: Int? = nil, _ query: String = ""
  ) -> String {
    let hosts = ([port ?? self.port] + (standby.map { [$0] } ?? [])).map { "127.0.0.1:\($0)" }
    let query = [standby == nil ? "" : "target_session_attrs=read-write", query].filter { !$0.isEmpty }
    let end = query.isEmpty ? "" : "?" + query.joined(separator: "&")
    return "postgres://\(user)@\(hosts.joined(separator: ","))/\(database)\(end)"
  }

  /// An address of a new schema.
  package func addressOfNewSchema(port: Int? = nil) throws -> String {
    let name = "test\(schemas.wrappingAdd(1, ordering: .relaxed).newValue)"
    try execute("CREATE SCHEMA \(name)")
    return address(port: port, "options=-csearch_path%3D\(name)")
  }

  /// Runs SQL as the server's owner.
  ///
  /// - Returns: the rows of the last statement, as text.
  @discardableResult
  package func execute(_ sql: String) throws -> [[String?]] {
    try console.withLock { console in
      if let console { return try console.execute(sql) }
      let made = try SQLConsole("postgres://leeway@/postgres?host=\(folder)&port=\(port)")
      console = made
      return try made.execute(sql)
    }
  }

  // MARK: Stopping and starting

  /// Such as `stop("fast")`, which ends every connection.
  package func stop(_ mode: String = "fast") throws {
    console.withLock { $0 = nil }
    try control("stop \(mode)")
  }

  package func start() throws { try control("start") }

  /// Kills the server's first process, as the kernel does when memory is short; the others end when they see it.
  package func killPostmaster() throws {
    console.withLock { $0 = nil }
    let text = try String(contentsOfFile: "\(folder)/data/postmaster.pid", encoding: .utf8)
    guard let pid = text.split(separator: "\n").first.flatMap({ Int32($0) }), pid > 1 else {
      throw Failure(description: "postmaster.pid names no process: \(text)")
    }
    kill(pid, SIGKILL)
  }

  /// By the shell beside it, so that the server is never a child of this process.
  private func control(_ command: String) throws {
    try life.fileHandleForWriting.write(contentsOf: Data("\(command)\n".utf8))
    guard Self.line(answers.fileHandleForReading) == "0" else { throw Failure(description: "pg_ctl \(command) failed") }
  }

  static func line(_ handle: FileHandle) -> String {
    var line: [UInt8] = []
    while let byte = (try? handle.read(upToCount: 1))?.first, byte != UInt8(ascii: "\n") { line.append(byte) }
    return String(decoding: line, as: UTF8.self)
  }

  // MARK: Parts

  /// PostgreSQL refuses to run as root; root runs it as `postgres`, or as `nobody` where there is no such user.
  static func process(_ program: String, _ arguments: [String], ownerOf folder: String) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    guard getuid() == 0, let user = getpwnam("postgres") ?? getpwnam("nobody") else { return process }
    let (uid, gid) = (user.pointee.pw_uid, user.pointee.pw_gid)
    for name in ["."] + ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []) {
      chown("\(folder)/\(name)", uid, gid)
    }
    process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
    process.arguments = ["--reuid=\(uid)", "--regid=\(gid)", "--clear-groups", program] + arguments
    return process
  }

  static func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }
}

/// A TCP port of 127.0.0.1, bound and never listening, so that a server that reuses addresses may have it and no other program is
/// given it by chance.
package final class LoopbackPort: Sendable {
  package let number: Int
  private let descriptor: Int32

  package init() throws {
    descriptor = try loopbackSocket()
    number = try boundPort(descriptor)
  }

  deinit { close(descriptor) }
}

/// A TCP socket bound to a free port of 127.0.0.1.
func loopbackSocket() throws -> Int32 {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  var reuse: Int32 = 1
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
  var address = loopbackAddress(port: 0)
  let code = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  guard code == 0 else { throw TemporaryPostgreSQL.Failure(description: "no port on 127.0.0.1: errno \(errno)") }
  return descriptor
}

func loopbackAddress(port: Int) -> sockaddr_in {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
  address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
  return address
}

func boundPort(_ descriptor: Int32) throws -> Int {
  var address = sockaddr_in()
  var size = socklen_t(MemoryLayout<sockaddr_in>.size)
  let code = withUnsafeMutablePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
  }
  guard code == 0 else { throw TemporaryPostgreSQL.Failure(description: "no port: errno \(errno)") }
  return Int(UInt16(bigEndian: address.sin_port))
}
