import LeewayCore

/// What a transaction holds from the moment it reads something until its end, where there is no row to lock: the row may
/// not exist yet, and `SELECT … FOR UPDATE` locks nothing that is not there. In PostgreSQL names are hashed to the 64 bits
/// of an advisory lock; two names with one hash wait for each other needlessly and nothing more. SQLite has one writing
/// transaction at a time, which holds everything.
///
/// | what is read to be written | held by |
/// |---|---|
/// | a writer, a partition, a lease | its row (the compare-and-set updates it, reads are FOR UPDATE) |
/// | a writer's panes | its writer's row, which every flush updates first and the fold retires |
/// | waiting predictions | `joins`, one flush of a monitor's generation at a time |
/// | the current generation | `generation`: flushes share it, a change excludes all others |
/// | results, progress, marks | the lease's row: only its holder writes them; a mark's row, by its id |
/// | errors to be stored | `joins`, as the pairs that they come of; what detectors make of them is the lease holder's |
/// | machines, incidents, retrains, inputs | `decisions` of the monitor |
/// | deliveries | their rows (leases skip rows that somebody has locked) |
/// | silences | `silences`, to add one: their number is limited |
/// | settings | `setting` |
enum LedgerLock {
  /// Both halves of a pair may be absent, and be flushed by two instances at once: without this lock each would read
  /// nothing, and the pair would never be completed. It is taken before the read, in a statement of its own, and kept
  /// until the end. So of two flushes the second reads after the first has committed, with a snapshot taken after that
  /// (READ COMMITTED takes one for every statement), and sees the first one's half.
  ///
  /// Placeholder rows for the absent ids, inserted in their order and then locked, would let flushes of one monitor run
  /// beside each other, and write each new row twice; that was measured at half the rows a second.
  case joins(scope: Int64)
  case generation(monitor: String)
  case decisions(monitor: String)
  case silences
  case setting(String)
  case migration

  /// - Parameter schema: keeps two ledgers in one database apart.
  func key(schema: String) -> Int64 {
    let name =
      switch self {
      case .joins(let scope): ["joins", "\(scope)"]
      case .generation(let monitor): ["generation", monitor]
      case .decisions(let monitor): ["decisions", monitor]
      case .silences: ["silences"]
      case .setting(let name): ["setting", name]
      case .migration: ["migration"]
      }
    let digest = SHA256.hash((["leeway", schema] + name).flatMap { Array($0.utf8) + [0] })
    return digest.bytes.prefix(8).reduce(0) { $0 << 8 | Int64($1) }
  }
}
