import Foundation

/// A second PostgreSQL server that follows a first one, in whose folder it lives, until it takes over. It ends when the
/// object does or this process ends in whatever way.
package final class StandbyPostgreSQL: Sendable {
  /// Lines for the first one's `pg_hba.conf`.
  package static let accessRules = ["local replication all trust"]
  /// Lines for the first one's `postgresql.conf`: what a standby that was away has to read is still there.
  package static let settings = ["wal_keep_size = 1GB"]

  package let port: Int
  private let reservation: LoopbackPort
  private let primary: TemporaryPostgreSQL
  private let watcher: Process
  private let life = Pipe()
  private let answers = Pipe()

  /// Copies the first one and starts to follow it.
  package init(of primary: TemporaryPostgreSQL) throws {
    self.primary = primary
    reservation = try LoopbackPort()
    port = reservation.number
    let arguments = ["leeway", primary.folder, TemporaryPostgreSQL.programs, "\(primary.port)", "\(port)"]
    watcher = TemporaryPostgreSQL.process("/bin/sh", ["-c", Self.script] + arguments, ownerOf: primary.folder)
    watcher.standardInput = life
    watcher.standardOutput = answers
    try watcher.run()
    try? life.fileHandleForReading.close()
    try? answers.fileHandleForWriting.close()
    try check("start")
  }

  deinit {
    try? life.fileHandleForWriting.close()
    watcher.waitUntilExit()
  }

  private static let script = """
    trap '' INT TERM HUP
    cd "$1" || exit 1
    "$2/pg_basebackup" -h "$1" -p "$3" -U leeway -D standby -R -c fast --no-sync >standby.out 2>&1 &&
      echo "port = $4" >>standby/postgresql.conf &&
      "$2/pg_ctl" -D standby -w -t 300 -l standby.log start >>standby.out 2>&1
    echo "$?"
    while read -r command; do
      "$2/pg_ctl" -D standby -w -t 300 -l standby.log $command >>standby.out 2>&1
      echo "$?"
    done
    "$2/pg_ctl" -D standby -m immediate -w stop >/dev/null 2>&1
    """

  /// Follows no more until it is started: what the first one commits meanwhile it has not.
  package func stop() throws { try control("stop -m fast") }

  package func start() throws { try control("start") }

  /// Takes over. The first one must be gone: there would be two.
  package func promote() throws { try control("promote") }

  private func control(_ command: String) throws {
    try life.fileHandleForWriting.write(contentsOf: Data("\(command)\n".utf8))
    try check(command)
  }

  private func check(_ command: String) throws {
    guard TemporaryPostgreSQL.line(answers.fileHandleForReading) == "0" else {
      let said = ["standby.out", "standby.log"].map {
        (try? String(contentsOfFile: "\(primary.folder)/\($0)", encoding: .utf8)) ?? ""
      }
      throw TemporaryPostgreSQL.Failure(
        description: "the standby's \(command) failed: \(said.joined(separator: "\n").suffix(2000))")
    }
  }
}
