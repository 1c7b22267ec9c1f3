internal import CSimdjson

/// Turns a monitor's prediction messages of one format into rows of columns, slices and join changes. One thread's.
final class PredictionDecoder<Extractor: MessageExtractor> {
  private let plan: MonitorPlan
  let extractor: Extractor
  /// For the id's fields; empty where nothing needs them.
  private let idSlots: Range<Int>
  private let timeSlot: Int
  private let timeFormat: TimeFormat
  private let versionSlot: Int?
  private let probabilitiesSlot: Int?
  /// For the drift subjects, in their order; the output's is the last.
  private let subjectSlots: Range<Int>
  private let outputSlot: Int
  private let segmentSlots: Range<Int>
  private let record: RecordFields
  /// By subject, and for the time: whether text may be a number.
  private let takesText: [Bool]
  private let timeTakesText: Bool
  // What is lent of these as inout is not reached by another way meanwhile, so a check of each access at run time would find nothing.
  @exclusivity(unchecked) private var scratch: [UInt8] = []
  /// For the message that the last row was filled from; empty where it has none.
  @exclusivity(unchecked) private var probabilities: [ClassProbability] = []
  /// Whether any message had probabilities.
  @exclusivity(unchecked) private(set) var hasSeenProbabilities = false
  /// Whether a message may have any number of rows.
  let hasRows: Bool
  /// The row that is read, in a message that has many.
  @exclusivity(unchecked) private var row = -1
  /// What tells the last message from others; of its rows each has one of its own.
  @exclusivity(unchecked) private var digest: SHA256.Digest?
  /// Changes that a backtest makes; nil in the service.
  private let injections: PredictionInjections?

  init(plan: MonitorPlan, limits: DecodeLimits) {
    self.plan = plan
    let stream = plan.monitor.predictions
    var fields: [FieldPath] = []
    func slot(_ field: FieldPath?) -> Int? {
      guard let field else { return nil }
      fields.append(field)
      return fields.count - 1
    }
    // The label join is the one use of the id; an array of ids beside rows must have as many elements all the same.
    if plan.monitor.labels != nil || stream.rows != nil { fields += stream.id }
    idSlots = 0..<fields.count
    timeSlot = fields.count
    timeFormat = stream.timeFormat
    fields.append(stream.time)
    versionSlot = slot(stream.version)
    probabilitiesSlot = slot(stream.probabilities)
    subjectSlots = fields.count..<fields.count + plan.monitor.features.count + 1
    fields.append(contentsOf: plan.monitor.features.map(\.field))
    outputSlot = fields.count
    fields.append(stream.output)
    segmentSlots = fields.count..<fields.count + plan.monitor.segments.count
    fields.append(contentsOf: plan.monitor.segments.map(\.field))
    hasRows = stream.rows != nil
    record = RecordFields(fields)
    injections = PredictionInjections(plan.monitor, fields: fields, subjects: subjectSlots)
    // What is of a record has no types.
    takesText = subjectSlots.map { stream.isLenient || fields[$0].root == .record }
    timeTakesText = stream.isLenient || stream.time.root == .record
    extractor = Extractor(
      ExtractionPlan(fields, of: plan.monitor, features: subjectSlots.lowerBound..<outputSlot), limits: limits)
    scratch.reserveCapacity(ShortestText.maximumLength)
  }

  /// Parses a message; the calls below read it, of many rows the one that `nextRow` has come to.
  ///
  /// - Returns: how many rows it has.
  func parse(_ payload: UnsafeRawBufferPointer, of message: SourceMessage) throws(MessageRejection) -> Int {
    if hasRows {
      row = -1
      digest = nil
    }
    let rows: Int
    do { rows = try extractor.extract(payload, headers: message.headers) } catch { throw MessageRejection(error) }
    if !record.isEmpty { record.fill(extractor, from: message) }
    return rows
  }

  /// Goes on to the next row of a message that may have many.
  func nextRow() throws(MessageRejection) {
    row += 1
    try extractor.nextRow()
  }

  func time() throws(MessageRejection) -> EventTime {
    guard let time = extractor[timeSlot].time(timeFormat, lenient: timeTakesText), time.isPlausible else {
      throw extractor.timeRejection(
        extractor[timeSlot], of: plan.monitor.predictions.time, in: timeFormat, lenient: timeTakesText)
    }
    return time
  }

  /// Makes a backtest's changes in the parsed message, before anything is read of it but its time.
  func inject(at time: EventTime, _ payload: UnsafeRawBufferPointer) {
    injections?.apply(
      to: extractor, at: time, payload, row: row, lenient: plan.monitor.predictions.isLenient)
  }

  /// Fills the columns' next row from the parsed message.
  func fill(_ columns: DriftColumns) {
    for subject in 0..<subjectSlots.count {
      let view = extractor[subjectSlots.lowerBound &+ subject]
      switch view.kind {
      case .absent, .null: columns.setMissing(subject)
      case .double where columns.isNumeric(subject): columns.setNumber(subject, view.value.number)
      case .int64 where columns.isNumeric(subject): columns.setNumber(subject, Double(view.value.int64))
      case .uint64 where columns.isNumeric(subject): columns.setNumber(subject, Double(view.value.uint64))
      // Empty text is what an empty cell of a CSV file is.
      case .string where view.value.length == 0: takeEmpty(subject, columns)
      case .string where columns.isNumeric(subject) && takesText[subject]:
        if let x = view.number(lenient: true) { columns.setNumber(subject, x) } else { columns.setInvalid(subject) }
      case _ where columns.isNumeric(subject): columns.setInvalid(subject)
      case .string: if let text = view.text { columns.setCategory(subject, ShortestText.withoutZeroFraction(text)) }
      default: if withCategory(view, { columns.setCategory(subject, $0) }) == nil { columns.setInvalid(subject) }
      }
    }
    probabilities.removeAll(keepingCapacity: true)
    if let probabilitiesSlot, !takeProbabilities(extractor[probabilitiesSlot]) {
      columns.setInvalid(outputSlot - subjectSlots.lowerBound)
    }
  }

  private func takeEmpty(_ subject: Int, _ columns: DriftColumns) {
    let features = plan.monitor.features
    guard subject < features.count, features[subject].emptyIsCategory else { return columns.setMissing(subject) }
    columns.setCategory(subject, UnsafeRawBufferPointer(start: nil, count: 0))
  }

  /// Calls `body` with the category's text; nil for arrays, objects and what is absent, null or empty.
  private func withCategory<R>(_ view: FieldValue, _ body: (UnsafeRawBufferPointer) -> R) -> R? {
    // Empty text is no value: it makes no slice and no version.
    if view.kind == .string, view.value.length == 0 { return nil }
    return extractor.withCategory(view, &scratch, body)
  }

  /// The slices of the parsed message without `all`: one number for each of the table's segments, −1 for none.
  func slices(_ table: inout SliceTable, into out: inout [Int32]) {
    var segment = 0
    if let versionSlot {
      let view = extractor[versionSlot]
      out.append(withCategory(view) { table.slice(segment: segment, value: $0) } ?? -1)
      segment += 1
    }
    for slot in segmentSlots {
      let view = extractor[slot]
      out.append(withCategory(view) { table.slice(segment: segment, value: $0) } ?? -1)
      segment += 1
    }
  }

  /// What the parsed message is joined by; nil if it has none.
  func joinID() -> [UInt8]? {
    let hasIndex = hasRows && plan.monitor.predictions.hasIndexInID
    if idSlots.count == 1, !hasIndex {
      let id = withCategory(extractor[0]) { $0.count <= JoinID.maximumBytes ? Array($0) : [] }
      return id.flatMap { $0.isEmpty ? nil : $0 }
    }
    var parts: [[UInt8]?] = []
    parts.reserveCapacity(idSlots.count + 1)
    for slot in idSlots { parts.append(extractor.category(of: extractor[slot])) }
    if hasIndex { parts.append(Array("\(row)".utf8)) }
    return JoinID.of(parts)
  }

  /// The join's half of the parsed message, whose output must be valid.
  func joinHalf(
    time: EventTime, slices: ArraySlice<Int32>, table: SliceTable, payload: UnsafeRawBufferPointer
  ) -> JoinedPrediction {
    let version = versionSlot.flatMap { slot in
      withCategory(extractor[slot]) { String(decoding: $0, as: UTF8.self) }
    }
    let output: ModelOutput
    if plan.drift.subjects[plan.outputSubject].isNumeric {
      output = .number(extractor[outputSlot].number(lenient: takesText[plan.outputSubject]) ?? 0)
    } else {
      let name = withCategory(extractor[outputSlot]) { String(decoding: $0, as: UTF8.self) } ?? ""
      output = .category(name, probabilities: probabilities)
    }
    return JoinedPrediction(
      version: version ?? "", time: time, output: output,
      slices: slices.compactMap { $0 < 0 ? nil : table.names[Int($0)] },
      digest: digest(of: payload).first128)
  }

  /// For a row, the hash of its message's hash and its index, so that rows of one message that are alike have an order.
  private func digest(of payload: UnsafeRawBufferPointer) -> SHA256.Digest {
    guard hasRows else { return SHA256.hash(payload) }
    let whole = digest ?? SHA256.hash(payload)
    digest = whole
    return SHA256.hash(whole.bytes + (0..<4).map { UInt8(truncatingIfNeeded: row >> (24 - 8 * $0)) })
  }

  /// Takes the probabilities of the parsed message, ascending by name.
  ///
  /// - Returns: false if they are no distribution over classes: something else than an object or an array of as many numbers
  ///   as the monitor names classes, a number outside [0, 1], a sum further from 1 than 10⁻³, a class that comes twice, or
  ///   more than 1,000 of them.
  private func takeProbabilities(_ view: FieldValue) -> Bool {
    var isValid = true
    var sum = 0.0
    let lenient = plan.monitor.predictions.isLenient
    func take(_ name: String, _ value: FieldValue) {
      guard isValid, probabilities.count < ProbabilityRule.maximumClasses, let p = value.number(lenient: lenient),
        (0...1).contains(p)
      else {
        isValid = false
        return
      }
      sum += p
      probabilities.append(ClassProbability(name: name, probability: p))
    }
    if view.kind == .absent || view.kind == .null { return true }
    hasSeenProbabilities = true
    switch view.kind {
    case .object:
      extractor.forEachMember(of: view) { key, value in
        take(String(decoding: ShortestText.withoutZeroFraction(key), as: UTF8.self), value)
      }
    case .array:
      guard let classes = plan.monitor.predictions.classes else { return false }
      var index = 0
      extractor.forEachElement(of: view) { value in
        if index < classes.count { take(classes[index], value) }
        index += 1
      }
      isValid = isValid && index == classes.count
    default: return false
    }
    guard isValid, abs(sum - 1) <= ProbabilityRule.sumTolerance else { return false }
    probabilities.sort { utf8Order($0.name, $1.name) }
    return zip(probabilities, probabilities.dropFirst()).allSatisfy { !utf8Equal($0.name, $1.name) }
  }
}

private enum ProbabilityRule {
  static let maximumClasses = 1000
  /// How far from 1 the sum of a row's probabilities may be.
  static let sumTolerance = 1e-3
}
