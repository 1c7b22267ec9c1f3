/// One monitor's intake in one writer: messages in, deltas per partition.
struct MonitorIntake {
  let plan: MonitorPlan
  let startsAt: EventTime
  var partitions: [PartitionIntake] = []
  private let predictions: PredictionDecoding
  private let labels: LabelDecoding?
  /// Changes that a backtest makes; nil in the service.
  private let labelInjections: LabelInjections?
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
  private let pendingBytes: Int
  private(set) var sightings: FieldSightings
  private var hasSeenID = false
  private let aggregation: Stopwatch?

  /// - Parameter spareBytes: what may be kept of the memory of deltas from flush to flush.
  init(plan: MonitorPlan, startsAt: EventTime, limits: IntakeLimits, spareBytes: Int, aggregation: Stopwatch?) {
    self.plan = plan
    self.startsAt = startsAt
    self.aggregation = aggregation
    deadLetters = limits.deadLetters
    pendingBytes = limits.pendingBytes
    predictions = PredictionDecoding(plan, limits.decode)
    labels = plan.monitor.labels.map { LabelDecoding($0, plan.monitor.task, limits.decode) }
    labelInjections = LabelInjections(plan.monitor, classes: plan.baseline.classes)
    sample = JoinSample(share: plan.monitor.labels?.sample ?? 1)
    slices = SliceTable(plan: plan, maximumNames: limits.sliceNames)
    columns = DriftColumns(plan: plan)
    sightings = FieldSightings(plan.monitor)
    pool = DeltaPool(plan.drift.shape, keptBytes: spareBytes)
  }

  var sliceNames: [String] { slices.names }

  func know(_ schemas: KnownSchemas) {
    predictions.know(schemas)
    labels?.know(schemas)
  }

  /// Takes messages of `partitions[index]`. Those below the partition's next offset were taken before.
  mutating func take(
    _ messages: some RandomAccessCollection<SourceMessage>, partition index: Int, quarantineRows: Int
  ) {
    // By format once for all of them, so that what runs for each message is compiled for its format.
    switch partitions[index].role {
    case .predictions:
      switch predictions {
      case .json(let decoder): takePredictions(messages, index, quarantineRows, decoder)
      case .avro(let decoder): takePredictions(messages, index, quarantineRows, decoder)
      case .protobuf(let decoder): takePredictions(messages, index, quarantineRows, decoder)
      }
    case .labels:
      switch labels {
      case .json(let decoder): takeLabels(messages, index, quarantineRows, decoder)
      case .avro(let decoder): takeLabels(messages, index, quarantineRows, decoder)
      case .protobuf(let decoder): takeLabels(messages, index, quarantineRows, decoder)
      case nil: for message in messages { _ = advance(index, to: message) }
      }
    }
  }

  /// Whether a message was not taken before.
  private mutating func advance(_ index: Int, to message: SourceMessage) -> Bool {
    guard message.offset >= partitions[index].nextOffset else { return false }
    partitions[index].nextOffset = message.offset &+ 1
    partitions[index].idleness.end()
    return true
  }

  private mutating func takePredictions(
    _ messages: some Collection<SourceMessage>, _ index: Int, _ keep: Int,
    _ decoder: PredictionDecoder<some MessageExtractor>
  ) {
    for message in messages where advance(index, to: message) { takePrediction(message, index, keep, decoder) }
  }

  private mutating func takeLabels(
    _ messages: some Collection<SourceMessage>, _ index: Int, _ keep: Int,
    _ decoder: LabelDecoder<some MessageExtractor>
  ) {
    for message in messages where advance(index, to: message) { takeLabel(message, index, keep, decoder) }
  }

  private mutating func takePrediction(
    _ message: SourceMessage, _ index: Int, _ keep: Int, _ predictions: PredictionDecoder<some MessageExtractor>
  ) {
    guard let payload = message.value else {
      let rejection = MessageRejection(code: "tombstone", reason: "a prediction without a payload")
      return reject(message, index, rejection, keep)
    }
    let time: EventTime
    do {
      let rows = try predictions.parse(payload, of: message)
      if predictions.hasRows { return takeRows(rows, of: message, payload, index, keep, predictions) }
      time = try predictions.time()
    } catch { return reject(message, index, error, keep) }
    if let rejection = future(time, message) { return reject(message, index, rejection, keep, quarantined: true) }
    if run == nil {
      if partitions[index].isLate(time, lateness: plan.monitor.lateness) {
        partitions[index].counts.late &+= 1
        return
      }
    } else {
      run?.times.append(time)
    }
    takeRow(time, payload, message.offset, index, predictions)
  }

  /// Takes the rows of one message. Each is judged against the watermark before the message, which then rises to the latest time
  /// that counts (rule F1).
  private mutating func takeRows(
    _ count: Int, of message: SourceMessage, _ payload: UnsafeRawBufferPointer, _ index: Int, _ keep: Int,
    _ predictions: PredictionDecoder<some MessageExtractor>
  ) {
    precondition(run == nil, "a run has one row a message")
    if let rejection = tooLarge(payload) { return reject(message, index, rejection, keep) }
    let earliest = partitions[index].watermark - plan.monitor.lateness
    var reached = EventTime.distantPast
    var bad = BadRows()
    for row in 0..<count {
      do throws(MessageRejection) {
        try predictions.nextRow()
        let time = try predictions.time()
        if let rejection = future(time, message) {
          bad.add(rejection, row, quarantined: true)
        } else if time < earliest {
          partitions[index].counts.late &+= 1
        } else {
          reached = max(reached, time)
          takeRow(time, payload, message.offset, index, predictions)
        }
      } catch { bad.add(error, row) }
    }
    partitions[index].reach(reached)
    reject(message, index, bad, of: count, keep)
  }

  /// A message whose rows could make a commit too large: each row takes about as much memory as its part of the message.
  private func tooLarge(_ payload: UnsafeRawBufferPointer) -> MessageRejection? {
    guard payload.count > pendingBytes / 4 else { return nil }
    return MessageRejection(
      DecodeFailure.tooLarge(bytes: payload.count, limit: pendingBytes / 4))
  }

  /// Takes the row that has been decoded and is not late.
  private mutating func takeRow(
    _ time: EventTime, _ payload: UnsafeRawBufferPointer, _ offset: Int64, _ index: Int,
    _ predictions: PredictionDecoder<some MessageExtractor>
  ) {
    let isBeforeGeneration = time < startsAt
    if run == nil {
      if isBeforeGeneration {
        partitions[index].counts.beforeGeneration &+= 1
        // Pairs may go on from a generation before, and then they miss none of their predictions.
        guard plan.performance != nil, time >= plan.standing.pairsStartAt else { return }
      }
      if columns.isFull || rowsPartition != index { drainRows() }
    }
    rowsPartition = index
    predictions.inject(at: time, payload)
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
            partitions[index].joins.append(id: id, prediction: half, offset: offset)
          } else {
            run?.joins.append((columns.count, id, half, offset))
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

  private mutating func takeLabel(
    _ message: SourceMessage, _ index: Int, _ keep: Int, _ labels: LabelDecoder<some MessageExtractor>
  ) {
    let decoded: DecodedLabel
    do {
      if let payload = message.value {
        let rows = try labels.parse(payload, of: message)
        if labels.hasRows { return takeRows(rows, of: message, payload, index, keep, labels) }
        decoded = try labels.label()
      } else {
        decoded = try labels.label(ofTombstone: message)
      }
    } catch { return reject(message, index, error, keep) }
    if let rejection = take(decoded, message, index) { reject(message, index, rejection, keep, quarantined: true) }
  }

  private mutating func takeRows(
    _ count: Int, of message: SourceMessage, _ payload: UnsafeRawBufferPointer, _ index: Int, _ keep: Int,
    _ labels: LabelDecoder<some MessageExtractor>
  ) {
    if let rejection = tooLarge(payload) { return reject(message, index, rejection, keep) }
    var bad = BadRows()
    for row in 0..<count {
      do throws(MessageRejection) {
        try labels.nextRow()
        if let rejection = take(try labels.label(), message, index) { bad.add(rejection, row, quarantined: true) }
      } catch { bad.add(error, row) }
    }
    reject(message, index, bad, of: count, keep)
  }

  /// Takes a label, unless it is from the future.
  private mutating func take(_ decoded: DecodedLabel, _ message: SourceMessage, _ index: Int) -> MessageRejection? {
    switch decoded {
    case .label(let id, let read):
      let label = labelInjections?.applied(to: read, of: id) ?? read
      if let rejection = future(label.time, message) { return rejection }
      partitions[index].reach(label.time)
      partitions[index].joins.append(id: id, label: label, offset: message.offset)
      partitions[index].counts.labels &+= 1
      if label.value == .number(0) { partitions[index].counts.zeroLabels &+= 1 }
    case .passedOver(let time):
      // A wrong clock must not end the wait for our labels.
      if future(time, message) == nil { partitions[index].reach(time) }
      partitions[index].counts.passedOver &+= 1
    }
    return nil
  }

  private func future(_ time: EventTime, _ message: SourceMessage) -> MessageRejection? {
    guard let recordTime = message.recordTime, time > recordTime + plan.monitor.skew else { return nil }
    return .init(
      code: "future",
      reason:
        "its time is more than \(plan.monitor.skew) after its record's timestamp; fix the producer's clock or raise skew"
    )
  }

  private mutating func reject(
    _ message: SourceMessage, _ index: Int, _ rejection: MessageRejection, _ keep: Int,
    quarantined: Bool = false
  ) {
    let isFirst = count(rejection.code, 1, index, quarantined: quarantined)
    setAside(message, index, rejection, keep, isFirst: isFirst)
  }

  /// What is wrong with rows of one message is told of once, with their indices.
  private mutating func reject(_ message: SourceMessage, _ index: Int, _ bad: BadRows, of rows: Int, _ keep: Int) {
    guard let rejection = bad.rejection(of: rows) else { return }
    var isFirst = false
    for group in bad.groups {
      isFirst = count(group.rejection.code, Int64(group.rows), index, quarantined: group.isQuarantined) || isFirst
    }
    setAside(message, index, rejection, keep, isFirst: isFirst)
  }

  /// - Returns: whether the code is the first of its kind.
  private mutating func count(_ code: String, _ rows: Int64, _ index: Int, quarantined: Bool) -> Bool {
    if quarantined { partitions[index].counts.quarantined &+= rows } else { partitions[index].counts.invalid &+= rows }
    partitions[index].counts.rejected[code, default: 0] &+= rows
    if partitions[index].role == .labels { partitions[index].counts.rejectedLabels[code, default: 0] &+= rows }
    return partitions[index].counts.rejected[code] == rows
  }

  private mutating func setAside(
    _ message: SourceMessage, _ index: Int, _ rejection: MessageRejection, _ keep: Int, isFirst: Bool
  ) {
    let key = partitions[index].key
    if let deadLetters {
      partitions[index].append(
        DeadLetter(
          source: key, offset: message.offset, recordTime: message.recordTime, code: rejection.code,
          reason: rejection.reason, key: message.key.map { Array($0.prefix(deadLetters.keyBytes)) },
          value: message.value.map { Array($0.prefix(deadLetters.valueBytes)) },
          valueSize: message.value?.count ?? 0))
    }
    // The first of each kind is kept beside any number of another one.
    guard partitions[index].quarantine.count < keep || isFirst else { return }
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
