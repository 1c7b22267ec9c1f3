/// One monitor's intake in one writer: messages in, deltas per partition.
struct MonitorIntake {
  let plan: MonitorPlan
  let startsAt: EventTime
  var partitions: [PartitionIntake] = []
  private var predictions: PredictionDecoder
  private var labels: LabelDecoder?
  /// For ids that are joined.
  private let sample: JoinSample
  private var slices: SliceTable
  private let columns: DriftColumns
  private let pool: DeltaPool
  /// For the rows in `columns`: the pane, and the slices without `all`, `slices.segmentCount` a row.
  private var rowPanes: [EventTime] = []
  private var rowSlices: [Int32] = []
  /// The partition that the rows in `columns` came from.
  private var rowsPartition = -1
  /// What is not decided yet of the rows in `columns`; nil where each is decided as it comes.
  private var run: UnsettledRun?
  private let deadLetters: DeadLetterLimits?
  private(set) var sightings: FieldSightings
  private var hasSeenID = false
  private let aggregation: Stopwatch?

  /// - Parameter spareBytes: what may be kept of the memory of deltas from flush to flush.
  init(plan: MonitorPlan, startsAt: EventTime, limits: IntakeLimits, spareBytes: Int, aggregation: Stopwatch?) {
    self.plan = plan
    self.startsAt = startsAt
    self.aggregation = aggregation
    deadLetters = limits.deadLetters
    predictions = PredictionDecoder(plan: plan, limits: limits.decode)
    labels = plan.monitor.labels.map { LabelDecoder(stream: $0, task: plan.monitor.task, limits: limits.decode) }
    sample = JoinSample(share: plan.monitor.labels?.sample ?? 1)
    slices = SliceTable(plan: plan, maximumNames: limits.sliceNames)
    columns = DriftColumns(plan: plan)
    sightings = FieldSightings(plan.monitor)
    pool = DeltaPool(plan.drift.shape, keptBytes: spareBytes)
  }

  var sliceNames: [String] { slices.names }

  /// Takes one message of `partitions[index]`. Messages below the partition's next offset were taken before.
  mutating func take(_ message: SourceMessage, partition index: Int, quarantineRows: Int) {
    guard message.offset >= partitions[index].nextOffset else { return }
    partitions[index].nextOffset = message.offset &+ 1
    partitions[index].idleness.end()
    switch partitions[index].role {
    case .predictions: takePrediction(message, index, quarantineRows)
    case .labels: takeLabel(message, index, quarantineRows)
    }
  }

  private mutating func takePrediction(_ message: SourceMessage, _ index: Int, _ keep: Int) {
    guard let payload = message.value else {
      let rejection = PredictionDecoder.Rejection(code: "tombstone", reason: "a prediction without a payload")
      return reject(message, index, rejection, keep)
    }
    let time: EventTime
    do { time = try predictions.parse(payload) } catch { return reject(message, index, error, keep) }
    if let rejection = future(time, message) { return reject(message, index, rejection, keep, quarantined: true) }
    let isBeforeGeneration = time < startsAt
    if run == nil {
      if partitions[index].isLate(time, lateness: plan.monitor.lateness) {
        partitions[index].counts.late &+= 1
        return
      }
      if isBeforeGeneration {
        partitions[index].counts.beforeGeneration &+= 1
        // Pairs may go on from a generation before, and then they miss none of their predictions.
        guard plan.performance != nil, time >= plan.standing.pairsStartAt else { return }
      }
      if columns.isFull || rowsPartition != index { drainRows() }
    } else {
      run?.times.append(time)
    }
    rowsPartition = index
    predictions.fill(columns)
    rowPanes.append(time.floor(to: plan.monitor.pane))
    let firstSlice = rowSlices.count
    predictions.slices(&slices, into: &rowSlices)
    if plan.performance != nil {
      if columns.isPresent(plan.outputSubject), let id = predictions.joinID() {
        hasSeenID = true
        if sample.contains(id) {
          let half = predictions.joinHalf(
            time: time, slices: rowSlices[firstSlice...], table: slices, payload: payload)
          if run == nil {
            partitions[index].joins.append(id: id, prediction: half, offset: message.offset)
          } else {
            run?.joins.append((columns.count, id, half, message.offset))
          }
        }
      } else {
        // The output may be what is wrong.
        if !hasSeenID { hasSeenID = predictions.joinID() != nil }
        if run == nil {
          partitions[index].counts.unjoinable &+= 1
        } else {
          run?.unjoinable.append(columns.count)
        }
      }
    }
    if isBeforeGeneration {
      rowPanes.removeLast()
      rowSlices.removeSubrange(firstSlice...)
      return
    }
    columns.commitRow()
    if run == nil { partitions[index].counts.accepted &+= 1 }
  }

  // MARK: Runs of a log that others read too

  /// How many messages a run may have.
  var runLength: Int { columns.capacity }

  /// From here to `addRun` nothing is decided about what is late.
  ///
  /// - Precondition: the generation is the monitor's first, which no prediction is before.
  mutating func beginRun() {
    precondition(startsAt == .distantPast)
    drainRows()
    run = UnsettledRun()
  }

  /// Decides it, as if the messages before had been read here up to this watermark.
  ///
  /// - Returns: the watermark after the run.
  mutating func settleRun(after watermark: EventTime) -> EventTime {
    run?.settle(after: watermark, lateness: plan.monitor.lateness) ?? watermark
  }

  mutating func addRun() {
    guard let settled = run else { return }
    run = nil
    guard columns.count > 0 else { return }
    let index = rowsPartition
    partitions[index].reach(settled.reached)
    let isLate = settled.isLate
    partitions[index].counts.late &+= Int64(settled.lateRows)
    partitions[index].counts.accepted &+= Int64(columns.count - settled.lateRows)
    for row in settled.unjoinable where isLate.isEmpty || !isLate[row] { partitions[index].counts.unjoinable &+= 1 }
    for (row, id, half, offset) in settled.joins where isLate.isEmpty || !isLate[row] {
      partitions[index].joins.append(id: id, prediction: half, offset: offset)
    }
    drainRows(leavingOut: isLate)
  }

  private mutating func takeLabel(_ message: SourceMessage, _ index: Int, _ keep: Int) {
    guard let labels else { return }
    let decoded: LabelDecoder.Decoded
    do {
      if let payload = message.value {
        decoded = try labels.decode(payload)
      } else {
        decoded = try labels.decode(tombstone: message)
      }
    } catch { return reject(message, index, error, keep) }
    switch decoded {
    case .label(let id, let label):
      if let rejection = future(label.time, message) {
        return reject(message, index, rejection, keep, quarantined: true)
      }
      partitions[index].reach(label.time)
      partitions[index].joins.append(id: id, label: label, offset: message.offset)
      partitions[index].counts.labels &+= 1
    case .passedOver(let time):
      // A wrong clock must not end the wait for our labels.
      if future(time, message) == nil { partitions[index].reach(time) }
      partitions[index].counts.passedOver &+= 1
    }
  }

  private func future(_ time: EventTime, _ message: SourceMessage) -> PredictionDecoder.Rejection? {
    guard let recordTime = message.recordTime, time > recordTime + plan.monitor.skew else { return nil }
    return .init(
      code: "future",
      reason:
        "its time is more than \(plan.monitor.skew) after its record's timestamp; fix the producer's clock or raise skew"
    )
  }

  private mutating func reject(
    _ message: SourceMessage, _ index: Int, _ rejection: PredictionDecoder.Rejection, _ keep: Int,
    quarantined: Bool = false
  ) {
    let key = partitions[index].key
    if quarantined { partitions[index].counts.quarantined &+= 1 } else { partitions[index].counts.invalid &+= 1 }
    partitions[index].counts.rejected[rejection.code, default: 0] &+= 1
    if partitions[index].role == .labels { partitions[index].counts.rejectedLabels[rejection.code, default: 0] &+= 1 }
    if let deadLetters {
      partitions[index].append(
        DeadLetter(
          source: key, offset: message.offset, recordTime: message.recordTime, code: rejection.code,
          reason: rejection.reason, key: message.key.map { Array($0.prefix(deadLetters.keyBytes)) },
          value: message.value.map { Array($0.prefix(deadLetters.valueBytes)) },
          valueSize: message.value?.count ?? 0))
    }
    // The first of each kind is kept beside any number of another one.
    guard partitions[index].quarantine.count < keep || partitions[index].counts.rejected[rejection.code] == 1 else {
      return
    }
    partitions[index].quarantine.append(
      QuarantineRecord(
        monitor: key.monitor, topic: key.topic, partition: key.partition, offset: message.offset, code: rejection.code,
        reason: rejection.reason, sample: message.value.map { Array($0.prefix(256)) } ?? []))
  }

  /// Adds the rows in `columns` to their partition's blocks.
  ///
  /// - Parameter isLeftOut: by row; empty: none is.
  mutating func drainRows(leavingOut isLeftOut: [Bool] = []) {
    defer {
      columns.removeAll()
      rowPanes.removeAll(keepingCapacity: true)
      rowSlices.removeAll(keepingCapacity: true)
    }
    guard columns.count > 0 else { return }
    sightings.look(
      at: columns, rowSlices, hasID: hasSeenID, hasProbabilities: predictions.hasSeenProbabilities)
    let start = aggregation?.now()
    partitions[rowsPartition].drift.add(
      columns, panes: rowPanes, slices: rowSlices, width: slices.segmentCount, leavingOut: isLeftOut, pool: pool)
    if let start { aggregation?.lap(since: start) }
  }

  /// Blocks that a flush left, since their dead letters were still on the way, name their slices by number.
  mutating func afterFlush() {
    if partitions.allSatisfy(\.drift.isEmpty) { slices.shrinkIfLarge() }
  }
}
