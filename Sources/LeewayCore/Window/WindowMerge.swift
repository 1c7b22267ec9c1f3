/// One window's panes merged by slice. Moves forward by adding the panes that enter and subtracting those that leave:
/// exact, since blocks are integers.
struct WindowMerge {
  let kind: PaneKind
  let plan: MonitorPlan
  private let shape: CellBlock.Shape
  private let cap: SliceCap
  private var range: Range<EventTime>?
  /// Uncapped: which slices are left out depends on the window, so the cap is applied to a view.
  private var blocks: [String: CellBlock] = [:]

  init(_ kind: PaneKind, plan: MonitorPlan, shape: CellBlock.Shape) {
    self.kind = kind
    self.plan = plan
    self.shape = shape
    cap = SliceCap(plan: plan)
  }

  /// Makes this the merge of the panes in `next`.
  mutating func move(to next: Range<EventTime>, in reader: any LedgerReader) throws {
    if let range, range.lowerBound <= next.lowerBound, range.upperBound <= next.upperBound,
      next.lowerBound < range.upperBound
    {
      try merge(range.lowerBound..<next.lowerBound, subtract: true, in: reader)
      try merge(range.upperBound..<next.upperBound, subtract: false, in: reader)
      blocks = blocks.filter { !$0.value.isZero }
    } else {
      blocks = [:]
      try merge(next, subtract: false, in: reader)
    }
    range = next
  }

  private mutating func merge(_ range: Range<EventTime>, subtract: Bool, in reader: any LedgerReader) throws {
    guard !range.isEmpty else { return }
    try reader.panes(kind, monitor: plan.monitor.name, generation: plan.generation, in: range) { _, slice, bytes in
      if blocks[slice] == nil { blocks[slice] = CellBlock(shape) }
      try blocks[slice]!.merge(encoded: bytes, subtract: subtract)
    }
  }

  /// The window's blocks by slice, capped.
  ///
  /// - Throws: `CellBlockDamaged` if a count is negative, which no history of messages can make.
  func view() throws(CellBlockDamaged) -> [String: CellBlock] {
    var out = blocks
    for (slice, into) in cap.evicted(from: blocks.keys) {
      guard let block = out.removeValue(forKey: slice) else { continue }
      if out[into] == nil { out[into] = CellBlock(shape) }
      out[into]! += block
    }
    for (slice, block) in out where block.counts.contains(where: { $0 < 0 }) {
      throw CellBlockDamaged(reason: "slice \(slice) of monitor \(plan.monitor.name) has a negative count")
    }
    return out
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
