/// What one writer holds of one partition for one monitor: where it stands, and what it has read and not committed.
struct PartitionIntake {
  let key: PartitionKey
  let role: StreamRole
  /// The compare-and-set's two halves.
  var epoch: Int64
  var committedOffset: Int64

  var nextOffset: Int64
  var watermark: EventTime
  var committedWatermark: EventTime
  var idleness = Idleness()
  /// The log's end as the source sees it.
  var endOffset: Int64?
  var committedEndOffset: Int64?

  var drift: DriftDeltas
  var joins = JoinLog()
  var quarantine: [QuarantineRecord] = []
  /// What is not known to have reached the dead-letter topic.
  private(set) var deadLetters: [DeadLetter] = []
  private var deadLetterBytes = 0
  /// Messages that a gap took; nil without a gap.
  var lost: Int64?
  var counts = EventCounts()

  init(_ record: PartitionRecord, shape: CellBlock.Shape) {
    key = record.key
    role = record.role
    epoch = record.epoch
    committedOffset = record.nextOffset
    nextOffset = record.nextOffset
    watermark = record.watermark
    committedWatermark = record.watermark
    drift = DriftDeltas(shape: shape)
  }

  /// The same place, with everything committed, for a monitor whose panes may have another shape.
  init(continuing other: PartitionIntake, shape: CellBlock.Shape) {
    self = other
    drift = DriftDeltas(shape: shape)
  }

  var hasChanges: Bool {
    nextOffset != committedOffset || watermark != committedWatermark || idleness.isPending
      || endOffset != committedEndOffset
  }

  /// Changes wait for their dead letters: an offset never passes a message that is nowhere.
  var mayFlush: Bool { hasChanges && deadLetters.isEmpty }

  var pendingBytes: Int { drift.residentBytes + joins.byteCount + quarantine.count * 512 + deadLetterBytes }

  var advance: PartitionAdvance {
    PartitionAdvance(
      key: key, epoch: epoch, expectedOffset: committedOffset, nextOffset: nextOffset, watermark: watermark,
      idleFor: idleness.claimed, endOffset: endOffset)
  }

  /// The flush stands.
  mutating func committed() {
    committedOffset = nextOffset
    committedWatermark = watermark
    committedEndOffset = endOffset
    idleness.committed()
    clearPending()
  }

  /// Somebody else owns the partition: what was read is theirs to read again.
  mutating func discard() {
    nextOffset = committedOffset
    watermark = committedWatermark
    endOffset = committedEndOffset
    idleness = Idleness()
    clearPending()
  }

  private mutating func clearPending() {
    drift.removeAll()
    joins.removeAll()
    quarantine.removeAll()
    if !deadLetters.isEmpty { removeDeadLetters { _ in true } }
    lost = nil
    counts = EventCounts()
  }

  mutating func append(_ letter: DeadLetter) {
    deadLetters.append(letter)
    deadLetterBytes += letter.residentBytes
  }

  mutating func removeDeadLetters(where isDone: (DeadLetter) -> Bool) {
    deadLetters.removeAll(where: isDone)
    deadLetterBytes = deadLetters.reduce(0) { $0 + $1.residentBytes }
  }

  /// Goes on at the oldest message that there is, which of another log may be below where it stood.
  mutating func skip(_ gap: OffsetGap) {
    nextOffset = gap.available.lowerBound
    lost = (lost ?? 0) &+ gap.lostMessages
    quarantine.append(
      QuarantineRecord(
        monitor: key.monitor, topic: key.topic, partition: key.partition, offset: gap.wanted, code: "gap",
        reason: gap.description, sample: []))
  }

  /// Late iff below the watermark before it, less the lateness: a function of nothing but this partition's log.
  mutating func isLate(_ time: EventTime, lateness: TimeSpan) -> Bool {
    if time < watermark - lateness { return true }
    reach(time)
    return false
  }

  mutating func reach(_ time: EventTime) { if time > watermark { watermark = time } }
}

/// An owner's claim that a partition has nothing to read.
struct Idleness {
  /// For how long from the commit on; nil: not idle.
  private(set) var claimed: TimeSpan?
  /// By the caller's clock, only for renewal.
  private var claimedAt: Duration?
  private(set) var isPending = false

  /// Renews a claim when half of it is over.
  mutating func claim(lasting span: TimeSpan, at moment: Duration) {
    if claimed == span, let claimedAt, moment - claimedAt < .milliseconds(span.milliseconds) / 2 { return }
    claimed = span
    claimedAt = moment
    isPending = true
  }

  /// A message came, which the next flush tells.
  mutating func end() { self = Idleness() }
  /// The same where no offset tells it.
  mutating func withdraw() {
    self = Idleness()
    isPending = true
  }
  mutating func committed() { isPending = false }
}

/// A partition's share of the join since the last flush: ids and encoded halves, one after another.
struct JoinLog {
  private var bytes: [UInt8] = []
  private var entries: [Entry] = []

  private struct Entry {
    var id: Range<Int>
    var body: Range<Int>
    var isLabel: Bool
    /// For the message.
    var offset: Int64
  }

  var byteCount: Int { bytes.count + entries.count * MemoryLayout<Entry>.stride }
  var isEmpty: Bool { entries.isEmpty }
  var count: Int { entries.count }

  mutating func append(id: [UInt8], prediction: JoinedPrediction, offset: Int64) {
    append(id, isLabel: false, offset) { prediction.encode(to: &$0) }
  }
  mutating func append(id: [UInt8], label: JoinedLabel, offset: Int64) {
    append(id, isLabel: true, offset) { label.encode(to: &$0) }
  }

  private mutating func append(_ id: [UInt8], isLabel: Bool, _ offset: Int64, _ encode: (inout [UInt8]) -> Void) {
    let start = bytes.count
    bytes.append(contentsOf: id)
    let middle = bytes.count
    encode(&bytes)
    entries.append(Entry(id: start..<middle, body: middle..<bytes.count, isLabel: isLabel, offset: offset))
  }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: bytes.count < 16 << 20)
    entries.removeAll(keepingCapacity: true)
  }

  /// The ids of all entries, with the entries' numbers.
  func forEachID(_ body: (Int, ArraySlice<UInt8>) -> Void) {
    for (i, entry) in entries.enumerated() { body(i, bytes[entry.id]) }
  }

  /// The offset of one entry's message.
  func offset(_ i: Int) -> Int64 { entries[i].offset }

  /// The change of one entry; it was encoded here, so it decodes.
  func change(_ i: Int) throws(JoinStateDamaged) -> JoinChange {
    var reader = Varint.Reader(Array(bytes[entries[i].body]))
    return entries[i].isLabel
      ? .label(try JoinedLabel(from: &reader)) : .prediction(try JoinedPrediction(from: &reader))
  }
}
