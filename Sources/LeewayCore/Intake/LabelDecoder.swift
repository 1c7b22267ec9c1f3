/// Turns a monitor's label messages into the join's other half. One thread's.
struct LabelDecoder {
  private let stream: LabelStream
  private let task: ModelTask
  private let extractor: JSONExtractor

  init(stream: LabelStream, task: ModelTask, limits: DecodeLimits) {
    self.stream = stream
    self.task = task
    extractor = JSONExtractor(fields: [stream.id, stream.time, stream.value], limits: limits)
  }

  func decode(_ payload: UnsafeRawBufferPointer) throws(PredictionDecoder.Rejection) -> (
    id: [UInt8], label: JoinedLabel
  ) {
    do { try extractor.extract(payload) } catch { throw .init(code: error.code, reason: error.reason) }
    guard let id = Self.scalarText(extractor[0]), !id.isEmpty, id.count <= 1024 else {
      throw .init(code: "no_id", reason: "\(stream.id) is missing or no text or number of at most 1024 bytes")
    }
    guard let time = extractor[1].time(stream.timeFormat) else {
      throw .init(
        code: "bad_time",
        reason: "\(stream.time) is not a time in \(stream.timeFormat.rawValue); mend the producer or time_format")
    }
    let view = extractor[2]
    switch view.kind {
    case .absent:
      throw .init(code: "no_value", reason: "\(stream.value) is missing; null retracts a label, absence does not")
    case .null:
      return (id, JoinedLabel(time: time, value: nil, canonical: []))
    default:
      guard let value = Self.value(view, task: task, positive: stream.positive), let tree = extractor.tree(of: view)
      else {
        throw .init(code: "bad_value", reason: "\(stream.value) is no label of a \(task.rawValue) model\(hint)")
      }
      return (id, JoinedLabel(time: time, value: value, canonical: CanonicalJSON.bytes(of: tree)))
    }
  }

  private var hint: String {
    task == .binary && stream.positive == nil ? "; it takes 0, 1, false or true, or set labels.positive" : ""
  }

  /// A label's value as the task understands it; nil if it is none.
  static func value(_ view: JSONScalarView, task: ModelTask, positive: String?) -> LabelValue? {
    switch task {
    case .binary:
      if let positive {
        return scalarText(view).map { .number($0 == Array(positive.utf8) ? 1 : 0) }
      }
      if let bool = view.bool { return .number(bool ? 1 : 0) }
      guard let number = view.double, number == 0 || number == 1 else { return nil }
      return .number(number)
    case .regression: return view.double.map { .number($0) }
    case .multiclass: return scalarText(view).map { .category(String(decoding: $0, as: UTF8.self)) }
    }
  }

  /// Text, or a number or boolean in its shortest form.
  static func scalarText(_ view: JSONScalarView) -> [UInt8]? {
    if let text = view.text { return Array(ShortestText.withoutZeroFraction(text)) }
    if let integer = view.int64 { return Array(ShortestText.of(integer).utf8) }
    if let large = view.uint64 {
      var text: [UInt8] = []
      ShortestText.append(large, to: &text)
      return text
    }
    if let number = view.double { return Array(ShortestText.of(number).utf8) }
    if let bool = view.bool { return Array(ShortestText.of(bool).utf8) }
    return nil
  }
}
