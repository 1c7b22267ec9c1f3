import LeewayConfiguration
import LeewayCore

/// One field that a monitor names, and what real messages have there.
struct SampledField {
  /// What the value must be.
  enum Expectation {
    case time(TimeFormat)
    case number(ClosedRange<Double>?)
    /// Text, a number or a boolean.
    case scalar
    /// An object, or an array of as many as there are classes.
    case probabilities(classes: Int?)
    case label(ModelTask, positive: String?)
  }

  /// `feature amount`
  let purpose: String
  let path: FieldPath
  let isRequired: Bool
  /// Whether text may be a number.
  private let takesText: Bool
  private let expectation: Expectation

  /// Messages in which it is there and not null.
  private(set) var found = 0
  /// Messages by the JSON type of the value.
  private(set) var kinds: [String: Int] = [:]
  private(set) var example = ""
  private(set) var wrong = 0
  /// For the first wrong value.
  private(set) var problem = ""
  /// Labels of a binary model where the monitor says which is positive: how many of each value, of the first hundred values.
  private(set) var values: [String: Int] = [:]

  private static let maximumValues = 100

  init(_ purpose: String, _ path: FieldPath, lenient: Bool, required: Bool, _ expectation: Expectation) {
    self.purpose = purpose
    self.path = path
    isRequired = required
    takesText = lenient || path.root == .record
    self.expectation = expectation
  }

  /// Those of a prediction, in the order of a monitor file.
  static func predictions(of monitor: Monitor) -> [SampledField] {
    let stream = monitor.predictions
    let lenient = stream.isLenient
    var fields = stream.id.map { SampledField("id", $0, lenient: lenient, required: monitor.labels != nil, .scalar) }
    fields.append(.init("time", stream.time, lenient: lenient, required: true, .time(stream.timeFormat)))
    if let version = stream.version {
      fields.append(.init("version", version, lenient: lenient, required: false, .scalar))
    }
    let output: Expectation = monitor.task == .multiclass ? .scalar : .number(monitor.task == .binary ? 0...1 : nil)
    fields.append(.init(monitor.outputName, stream.output, lenient: lenient, required: true, output))
    if let path = stream.probabilities {
      fields.append(
        .init("probabilities", path, lenient: lenient, required: false, .probabilities(classes: stream.classes?.count)))
    }
    fields += monitor.features.map {
      .init(
        "feature \($0.name)", $0.field, lenient: lenient, required: true,
        $0.kind == .numeric ? .number($0.range) : .scalar)
    }
    fields += monitor.segments.map { .init("segment \($0.name)", $0.field, lenient: lenient, required: false, .scalar) }
    return fields
  }

  /// What is read of predictions where some of these are looked at; behind them, in slots of their own, are the monitor's features.
  static func plan(_ paths: [FieldPath], of monitor: Monitor) -> ExtractionPlan {
    ExtractionPlan(
      paths + monitor.features.map(\.field), of: monitor, features: paths.count..<paths.count + monitor.features.count)
  }

  /// Those of a label.
  static func labels(of stream: LabelStream, _ task: ModelTask) -> [SampledField] {
    let lenient = stream.isLenient
    return stream.id.map { .init("id", $0, lenient: lenient, required: true, .scalar) }
      + [
        .init("time", stream.time, lenient: lenient, required: true, .time(stream.timeFormat)),
        .init("value", stream.value, lenient: lenient, required: true, .label(task, positive: stream.positive)),
      ] + stream.conditions.map { .init("where", $0.field, lenient: lenient, required: true, .scalar) }
  }

  // MARK: Counting

  /// Takes the value of one message.
  ///
  /// - Parameter extractor: that has the value, for the example.
  mutating func count(_ view: FieldValue, in extractor: some MessageExtractor) {
    guard view.kind != .absent else { return }
    kinds[view.kind.name, default: 0] += 1
    guard view.kind != .null else { return }
    found += 1
    if example.isEmpty { example = extractor.shown(view) }
    if case .label(.binary, _?) = expectation, let bytes = extractor.category(of: view) {
      let text = String(decoding: bytes, as: UTF8.self)
      if values[text] != nil || values.count < Self.maximumValues { values[text, default: 0] += 1 }
    }
    guard let problem = problem(of: view, in: extractor) else { return }
    if wrong == 0 { self.problem = problem }
    wrong += 1
  }

  /// Why a value that is there cannot be used; nil if it can.
  func problem(of view: FieldValue, in extractor: some MessageExtractor) -> String? {
    let isScalar = view.kind != .array && view.kind != .object
    switch expectation {
    case .time(let format): return extractor.timeProblem(view, of: path, in: format, lenient: takesText)
    case .scalar: return isScalar ? nil : "it takes text, a number or a boolean"
    case .probabilities(nil):
      return view.kind == .object
        ? nil : "it takes an object of classes to probabilities, or an array where the monitor has classes: [...]"
    case .probabilities(let classes?):
      return view.kind == .object || view.kind == .array
        ? nil : "it takes an object of classes to probabilities, or an array of \(classes)"
    case .number(let range):
      guard let number = view.number(lenient: takesText) else {
        return view.kind == .string && !takesText
          ? "it takes a number without quotes, or set lenient: true" : "it takes a number"
      }
      guard let range, !range.contains(number) else { return nil }
      return "it takes \(ConfigurationValue.shown(range.lowerBound)) to \(ConfigurationValue.shown(range.upperBound))"
    case .label(.regression, _): return view.number(lenient: takesText) == nil ? "it takes a number" : nil
    case .label(.multiclass, _): return isScalar ? nil : "it takes the name of a class"
    case .label(.binary, let positive?): return isScalar ? nil : "it takes text or a number such as \(positive)"
    case .label(.binary, nil):
      return LabelValue(binary: view) != nil
        ? nil : "it takes 0, 1, false or true, or set labels.positive"
    }
  }

  /// What the values say together, where each of them can be used.
  var finding: String? {
    guard case .label(.binary, let positive?) = expectation, found > 0, wrong == 0 else { return nil }
    guard !values.keys.contains(where: { utf8Equal($0, positive) }) else { return nil }
    let named = values.sorted { $0.value != $1.value ? $0.value > $1.value : utf8Order($0.key, $1.key) }.map(\.key)
    return "none is \(positive), so all of them are negative; the values are "
      + ShortList.text(named.map(ShownText.cut), atMost: 5) + "."
      + Spelling.suggestion(for: positive, among: named)
  }
}
