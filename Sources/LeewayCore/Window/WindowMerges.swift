/// The newest drift window of each definition as merged in the round before, so that the next one reads only the panes
/// that enter and leave. It holds nothing that the ledger does not: whoever begins without it merges again.
///
/// A merge is good as long as no pane in it has changed. Every flush that touches a pane leaves a dirty mark in its own
/// transaction, and only the holder of the lease removes marks and folds rows: so a merge lasts while the lease's epoch
/// does, no mark is in its range and this holder has folded nothing. One thread's.
package final class WindowMerges {
  private struct Key: Hashable {
    var monitor: String
    var generation: String
    var window: String
  }

  private let limitBytes: Int
  /// References that are full, which need no lease to be good.
  package let references: ReferenceCache
  private var merges: [Key: (epoch: Int64, merge: WindowMerge)] = [:]

  package static let standardLimitBytes = 64 << 20

  /// - Parameter limitBytes: of all merges kept, and once more of all references; a window that finds no room is merged again
  ///   in each round.
  package init(limitBytes: Int = WindowMerges.standardLimitBytes) {
    self.limitBytes = limitBytes
    references = ReferenceCache(limitBytes: limitBytes)
  }

  /// Bytes of all merges kept.
  package var residentBytes: Int { merges.values.reduce(0) { $0 + $1.merge.residentBytes } }

  /// Forgets a monitor's windows: its rows were folded, or another evaluator may have judged it.
  package func forget(monitor: String) { merges = merges.filter { $0.key.monitor != monitor } }

  /// Hands the merge over, so that a round that fails leaves none.
  ///
  /// - Parameter marked: panes of drift that have changed since marks were last removed.
  func take(_ window: WindowDefinition, plan: MonitorPlan, epoch: Int64, marked: [EventTime]) -> WindowMerge {
    let known = merges.removeValue(forKey: key(window, plan))
    if let known, known.epoch == epoch, !marked.contains(where: known.merge.holds(pane:)) { return known.merge }
    return WindowMerge(.drift, plan: plan, shape: plan.drift.shape)
  }

  /// Keeps the merge of a window's newest end. Shorter windows make room for it, since they are merged again sooner.
  func keep(_ merge: WindowMerge, _ window: WindowDefinition, plan: MonitorPlan, epoch: Int64) {
    guard merge.residentBytes <= limitBytes else { return }
    var resident = residentBytes
    let shorter = merges.filter { $0.value.merge.length < merge.length }.sorted {
      let (a, b) = ($0.value.merge.length, $1.value.merge.length)
      return a != b ? a < b : $0.value.merge.residentBytes > $1.value.merge.residentBytes
    }
    let room = shorter.reduce(limitBytes - resident) { $0 + $1.value.merge.residentBytes }
    guard room >= merge.residentBytes else { return }
    for (key, known) in shorter where resident + merge.residentBytes > limitBytes {
      resident -= known.merge.residentBytes
      merges[key] = nil
    }
    merges[key(window, plan)] = (epoch, merge)
  }

  private func key(_ window: WindowDefinition, _ plan: MonitorPlan) -> Key {
    Key(monitor: plan.monitor.name, generation: plan.generation, window: window.name)
  }
}
