/// One window's panes merged by slice. Moves forward by adding the panes that enter and subtracting those that leave:
/// exact, since blocks are integers.
struct WindowMerge {
  let kind: PaneKind
  let plan: MonitorPlan
  /// The name under which the ledger keeps the panes.
  let generation: String
  private let shape: CellBlock.Shape
  private let cap: SliceCap
  private(set) var range: Range<EventTime>?
  /// Uncapped: which slices are left out depends on the window, so the cap is applied to a view.
  private var slices: [NameKey: Merged] = [:]

  private struct Merged {
    var block: CellBlock
    /// Stored rows in the range. A row whose counts have been taken back still says that its slice was there.
    var rows = 0
  }

  init(_ kind: PaneKind, plan: MonitorPlan, shape: CellBlock.Shape) {
    self.kind = kind
    self.plan = plan
    self.shape = shape
    generation = plan.key(of: kind)
    cap = SliceCap(plan: plan)
  }

  /// For the drift panes of an earlier generation.
  init(_ plan: MonitorPlan, of source: ReferenceSource) {
    kind = .drift
    self.plan = plan
    generation = source.generation
    shape = source.shape
    cap = source.cap
  }

  var residentBytes: Int { slices.values.reduce(0) { $0 + $1.block.residentBytes } }

  /// For what is merged.
  var length: TimeSpan { range.map { $0.upperBound - $0.lowerBound } ?? .milliseconds(0) }

  func holds(pane: EventTime) -> Bool { range?.contains(pane) ?? false }

  /// Makes this the merge of the panes in `next`.
  mutating func move(to next: Range<EventTime>, in reader: any LedgerReader) throws {
    if let range, range.lowerBound <= next.lowerBound, range.upperBound <= next.upperBound,
      next.lowerBound < range.upperBound
    {
      try merge(range.lowerBound..<next.lowerBound, subtract: true, in: reader)
      try merge(range.upperBound..<next.upperBound, subtract: false, in: reader)
      slices = slices.filter { $0.value.rows > 0 }
    } else {
      slices = [:]
      try merge(next, subtract: false, in: reader)
    }
    range = next
  }

  private mutating func merge(_ range: Range<EventTime>, subtract: Bool, in reader: any LedgerReader) throws {
    guard !range.isEmpty else { return }
    try reader.panes(kind, monitor: plan.monitor.name, generation: generation, in: range) { _, slice, bytes in
      let key = NameKey(slice)
      try slices[key, default: Merged(block: CellBlock(shape))].block.merge(encoded: bytes, subtract: subtract)
      slices[key]?.rows += subtract ? -1 : 1
    }
  }

  /// The window's blocks by slice, capped; slices that hold nothing are left out.
  ///
  /// - Throws: `CellBlockDamaged` for counts that no history of messages can make.
  func view() throws(CellBlockDamaged) -> [NameKey: CellBlock] {
    var out = slices.mapValues(\.block)
    for (slice, into) in cap.evicted(from: slices.keys.map(\.name)) {
      guard let block = out.removeValue(forKey: NameKey(slice)) else { continue }
      out[NameKey(into), default: CellBlock(shape)] += block
    }
    for (slice, block) in out {
      func damaged(_ what: String) -> CellBlockDamaged {
        CellBlockDamaged(reason: "slice \(slice.name) of monitor \(plan.monitor.name) \(what)")
      }
      if block.counts.contains(where: { $0 < 0 }) { throw damaged("has a negative count") }
      if block.counts.contains(where: { $0 > CellBlock.maximumCount }) { throw damaged("has a count beyond 2^48") }
      if kind != .drift, plan.performance?.isConsistent(block) == false {
        throw damaged("has counts that contradict each other")
      }
    }
    return out.filter { !$0.value.isZero }
  }
}

extension WindowDefinition {
  /// `[end - size, end)`.
  func range(endingAt end: EventTime) -> Range<EventTime> { end - size..<end }

  /// The ends of the windows that hold a pane, ascending.
  func ends(holding pane: EventTime) -> StrideThrough<Int64> {
    let first = pane.floor(to: every) + every
    // The last window that holds it starts at or before it.
    let last = (pane + size).floor(to: every)
    return stride(from: first.milliseconds, through: last.milliseconds, by: Int64.Stride(every.milliseconds))
  }
}
