/// What a message of labels turned out to be.
enum DecodedLabel {
  case label(id: [UInt8], JoinedLabel)
  /// About another model, or not in the sample; its time is the topic's progress all the same.
  case passedOver(EventTime)
}

/// Turns a monitor's label messages of one format into the join's other half. One thread's.
final class LabelDecoder<Extractor: MessageExtractor> {
  private let stream: LabelStream
  private let task: ModelTask
  private let sample: JoinSample
  let extractor: Extractor
  /// For the key of a tombstone, where the id has several parts.
  private let keyExtractor: JSONExtractor
  /// Whether a message may have any number of rows.
  let hasRows: Bool
  /// The row that is read, in a message that has many.
  private var row = -1
  private let timeSlot: Int
  private let valueSlot: Int
  private let firstCondition: Int
  private let conditions: [[[UInt8]]]
  private let record: RecordFields
  private let timeTakesText: Bool
  private let valueTakesText: Bool

  init(stream: LabelStream, task: ModelTask, limits: DecodeLimits) {
    self.stream = stream
    self.task = task
    sample = JoinSample(share: stream.sample)
    hasRows = stream.rows != nil
    timeSlot = stream.id.count
    valueSlot = timeSlot + 1
    firstCondition = valueSlot + 1
    conditions = stream.conditions.map { $0.values.map { Array($0.utf8) } }
    let fields = stream.id + [stream.time, stream.value] + stream.conditions.map(\.field)
    record = RecordFields(fields)
    // What is of a record has no types.
    timeTakesText = stream.isLenient || stream.time.root == .record
    valueTakesText = stream.isLenient || stream.value.root == .record
    extractor = Extractor(ExtractionPlan(fields: fields, rows: stream.rows, schemas: stream.schemas), limits: limits)
    keyExtractor = JSONExtractor(ExtractionPlan(fields: hasRows ? [] : stream.id), limits: limits)
  }

  /// Parses a message; `label` reads it, of many rows the one that `nextRow` has come to.
  ///
  /// - Returns: how many rows it has.
  func parse(_ payload: UnsafeRawBufferPointer, of message: SourceMessage) throws(MessageRejection) -> Int {
    row = -1
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

  /// The label of the parsed message, or of its row.
  func label() throws(MessageRejection) -> DecodedLabel {
    // A time that cannot be right is none, and moves no watermark.
    let time = extractor[timeSlot].time(stream.timeFormat, lenient: timeTakesText).flatMap { $0.isPlausible ? $0 : nil }
    // What is of another model need not look like ours.
    if !isOurs { return .passedOver(time ?? .distantPast) }
    var parts = stream.id.indices.map { extractor.category(of: extractor[$0]) }
    if stream.hasIndexInID { parts.append(Array("\(row)".utf8)) }
    guard let id = JoinID.of(parts) else {
      let fields = stream.id.map(\.description).joined(separator: ", ")
      throw .init(
        code: "no_id",
        reason: stream.id.count == 1
          ? "\(fields) is missing or no text or number of at most \(JoinID.maximumBytes) bytes"
          : "one of \(fields) is missing or no text or number, or they are longer than \(JoinID.maximumBytes) bytes")
    }
    guard let time else {
      throw extractor.timeRejection(extractor[timeSlot], of: stream.time, in: stream.timeFormat, lenient: timeTakesText)
    }
    let view = extractor[valueSlot]
    switch view.kind {
    case .absent:
      if stream.isShared { return .passedOver(time) }
      throw .init(code: "no_value", reason: "\(stream.value) is missing; null retracts a label, absence does not")
    case .null:
      return label(id, JoinedLabel(time: time, value: nil, canonical: []))
    default:
      guard let value = value(view), let canonical = canonical(view) else {
        throw .init(
          code: "bad_value",
          reason: "\(stream.value) is \(extractor.shown(view)), which is no label of a \(task.rawValue) model\(hint)")
      }
      return label(id, JoinedLabel(time: time, value: value, canonical: canonical))
    }
  }

  /// A record without a payload retracts as of its own time. Its key is the id or, where that has several parts, a JSON
  /// object with the id's fields.
  func label(ofTombstone message: SourceMessage) throws(MessageRejection) -> DecodedLabel {
    guard let key = message.key, !key.isEmpty, let time = message.recordTime else {
      throw .init(code: "tombstone", reason: "a tombstone without a key or time retracts nothing")
    }
    guard time.isPlausible else {
      throw .init(
        code: "implausible_time",
        reason:
          "a tombstone's record has the timestamp \(time), which is not from 1990 to 2100; fix the producer's clock"
      )
    }
    if hasRows, stream.idParts > 1 {
      throw .init(
        code: "tombstone",
        reason: "a tombstone cannot say which rows of a message it retracts; send null as their values")
    }
    if stream.id.count == 1 {
      guard let id = JoinID.of([Array(ShortestText.withoutZeroFraction(key))]) else {
        throw .init(code: "tombstone", reason: "a tombstone's key is longer than \(JoinID.maximumBytes) bytes")
      }
      return label(id, JoinedLabel(time: time, value: nil, canonical: []))
    }
    let names = stream.id.map(\.description).joined(separator: ", ")
    do { try keyExtractor.extract(key) } catch {
      throw .init(code: "tombstone", reason: "a tombstone's key is no JSON object with \(names): \(error.reason)")
    }
    guard let id = JoinID.of(stream.id.indices.map { keyExtractor.category(of: keyExtractor[$0]) }) else {
      throw .init(code: "tombstone", reason: "a tombstone's key lacks one of \(names)")
    }
    return label(id, JoinedLabel(time: time, value: nil, canonical: []))
  }

  private func label(_ id: [UInt8], _ label: JoinedLabel) -> DecodedLabel {
    sample.contains(id) ? .label(id: id, label) : .passedOver(label.time)
  }

  private var isOurs: Bool {
    conditions.indices.allSatisfy { i in
      guard let text = extractor.category(of: extractor[firstCondition + i]) else { return false }
      return conditions[i].contains(text)
    }
  }

  private var hint: String {
    task == .binary && stream.positive == nil ? "; it takes 0, 1, false or true, or set labels.positive" : ""
  }

  /// A label's value as the task understands it; nil if it is none.
  private func value(_ view: FieldValue) -> LabelValue? {
    // Empty text is no class, as an empty cell of a CSV file is no label.
    if let text = view.text, text.isEmpty { return nil }
    switch task {
    case .binary:
      if let positive = stream.positive {
        return extractor.category(of: view).map { .number($0 == Array(positive.utf8) ? 1 : 0) }
      }
      return LabelValue(binary: view)
    case .regression: return view.number(lenient: valueTakesText).map { .number($0) }
    case .multiclass: return extractor.category(of: view).map { .category(String(decoding: $0, as: UTF8.self)) }
    }
  }

  /// What tells one label's value from another: canonical JSON; of a class that is a number all its digits, which a double
  /// may not hold.
  private func canonical(_ view: FieldValue) -> [UInt8]? {
    if task == .multiclass, view.kind != .string { return extractor.category(of: view) }
    // A number is the same as text.
    if task == .regression, view.kind == .string {
      return view.number(lenient: true).map { CanonicalJSON.bytes(of: .number($0)) }
    }
    return extractor.tree(of: view).map(CanonicalJSON.bytes(of:))
  }
}

extension LabelValue {
  /// A binary label as a message has it: a boolean, 0, 1, or a text of these; nil for any other.
  package init?(binary view: FieldValue) {
    if let bool = view.bool {
      self = .number(bool ? 1 : 0)
    } else if let text = view.text {
      self.init(binary: text)
    } else if let number = view.double, number == 0 || number == 1 {
      self = .number(number)
    } else {
      return nil
    }
  }

  /// A binary label's text, as it is in CSV, where types are lost: 0, 1, and false or true in any case; nil for any other.
  package init?(binary text: UnsafeRawBufferPointer) {
    let text = ShortestText.withoutZeroFraction(text)
    guard text.count <= 5 else { return nil }
    switch String(decoding: text, as: UTF8.self).lowercased() {
    case "1", "true": self = .number(1)
    case "0", "false": self = .number(0)
    default: return nil
    }
  }
}
