import Dispatch
import Foundation
import LeewayCore
import LeewayLedger
import LeewayWeb
import Logging
import ServiceLifecycle

import struct Synchronization.Atomic

/// Looks through the pages of an SQLite ledger: for a moment at the start, then in the background, once a day and soon after a
/// call has met damage. Nothing waits for it, and nothing stops for what it finds.
struct LedgerWatch: Service {
  let path: String
  let state: ServiceState
  let metrics: ServiceMetrics
  let logger: Logger
  /// Whether the look at the start came to the end of all tables.
  var isDoneAtStart = false

  /// So long the start waits: a ledger of some hundred megabytes is looked through, a larger one is left to the background.
  static let timeAtStart = Duration.milliseconds(500)
  private static let every = TimeSpan.days(1)
  private static let everyWhenDamaged = TimeSpan.hours(1)
  /// The least time between two looks, however often calls meet damage.
  private static let leastPause = TimeSpan.minutes(10)
  /// A look at one table is a read snapshot, behind which the writer's log grows: with so much more of it the look ends.
  private static let logBytes: Int64 = 512 << 20
  private static let longest = Duration.seconds(3600)

  func run() async throws {
    try await withDedicatedThread("leeway-ledger-watch") { stop in
      // On Linux only of this thread. Its reads give way to those of others, too.
      setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
      var started: SteadyTime = .now
      var due: SteadyTime = isDoneAtStart ? started + Self.every : started
      while !stop.isRaised {
        if let met = state.lastDamage, met > started { due = min(due, started + Self.leastPause) }
        if SteadyTime.now >= due {
          started = .now
          let found = look(until: started + Self.longest, unless: stop)
          due = started + (found.damaged.isEmpty ? Self.every : Self.everyWhenDamaged)
        }
        WallClock.pause(milliseconds: 1000, unless: stop)
      }
    }
  }

  /// Looks at one table after another, and tells readiness, metrics and the log what is damaged.
  @discardableResult
  func look(until end: SteadyTime, unless stop: StopFlag) -> LedgerLook {
    var found = LedgerLook()
    do {
      let pages = try LedgerPages(path: path)
      defer { pages.close() }
      // Before anything may end a look: what is left is told by name.
      let tables = try pages.tables()
      let limit = TableLimit(log: path + "-wal")
      let watching = limit.stop(pages, at: end, or: stop)
      defer { watching() }
      for table in tables {
        found.tables += 1
        guard !stop.isRaised, SteadyTime.now < end else {
          found.left.append(table)
          continue
        }
        limit.begin()
        switch try pages.look(at: table) {
        case .sound: break
        case .damage(let places): found.damaged.append(.init(table: table, places: places))
        case .stopped: found.left.append(table)
        }
      }
    } catch let error as LedgerError where error.isDamage {
      // Not even the list of tables can be read.
      found.damaged.append(.init(table: "sqlite_schema", places: [error.description]))
    } catch {
      logger.warning("the ledger's pages cannot be looked at now: \(error)")
      return found
    }
    guard !stop.isRaised else { return found }
    state.set(look: found, at: WallClock.now())
    metrics.set(damagedTables: found.damaged.count, left: found.left.count, at: WallClock.now())
    if !found.damaged.isEmpty { logger.error("\(found.damageSentence)") }
    return found
  }

  /// Ends a look that has had its time or has let the log grow too far.
  private final class TableLimit: Sendable {
    private let log: String
    private let logAtBegin = Atomic<Int64>(0)

    init(log: String) { self.log = log }

    private var logBytes: Int64 {
      var status = stat()
      return stat(log, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// A look at a table begins.
    func begin() { logAtBegin.store(logBytes, ordering: .releasing) }

    /// - Returns: what ends the watch, and returns when it has ended.
    func stop(_ pages: LedgerPages, at end: SteadyTime, or stop: StopFlag) -> () -> Void {
      let isDone = StopFlag()
      let ended = DispatchSemaphore(value: 0)
      begin()
      Thread { [self] in
        while !isDone.isRaised {
          if stop.isRaised || SteadyTime.now >= end
            || logBytes > logAtBegin.load(ordering: .acquiring) + LedgerWatch.logBytes
          {
            // Again and again: one that comes between two tables ends none.
            pages.stop()
          }
          WallClock.pause(milliseconds: 20, unless: isDone)
        }
        ended.signal()
      }.start()
      return {
        isDone.raise()
        ended.wait()
      }
    }
  }
}
