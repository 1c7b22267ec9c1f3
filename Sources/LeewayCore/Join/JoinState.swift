/// Both halves of a pair, by id: predictions (one per version) and labels. Merging is commutative, associative and
/// idempotent, so the state depends on which messages came and not on their order.
package struct JoinState: Sendable, Equatable {
  /// Ascending by version's bytes; one per version.
  package internal(set) var predictions: [JoinedPrediction] = []
  /// The one that stands for everybody first. All that came, or of more than `keptLabels` those that stand last.
  package internal(set) var labels: [JoinedLabel] = []

  /// Labels with different times or values that may count for one prediction. With more of them, none counts for it.
  package static let maximumLabels = 256
  /// One more than may count, so that the set of labels says whether there are too many, and not their order.
  static let keptLabels = maximumLabels + 1
  /// Versions that may score one id.
  package static let maximumVersions = 16

  package init() {}

  /// Labels without a prediction.
  init(labels: [JoinedLabel]) { for label in labels { _ = merge(label) } }

  package var isEmpty: Bool { predictions.isEmpty && labels.isEmpty }

  package enum PredictionOutcome: Sendable { case accepted, duplicate, overLimit }
  package enum MergeOutcome: Sendable { case accepted, repeated, overLimit }

  /// What the labels say of a prediction when it has a certain age.
  enum Standing: Equatable {
    /// nil: there is none, or it was taken back.
    case label(JoinedLabel?)
    /// More than `maximumLabels` have come by then: none of them counts, and the prediction is one without a label.
    case overLimit
  }

  /// Among several predictions with one version the smallest (time, output as canonical JSON, payload digest) stands.
  mutating func merge(_ prediction: JoinedPrediction) -> PredictionOutcome {
    if let i = predictions.firstIndex(where: { utf8Equal($0.version, prediction.version) }) {
      if prediction.precedes(predictions[i]) { predictions[i] = prediction }
      return .duplicate
    }
    let i = predictions.firstIndex { utf8Order(prediction.version, $0.version) } ?? predictions.count
    predictions.insert(prediction, at: i)
    if predictions.count > Self.maximumVersions {
      // Which versions stay must not depend on arrival: the smallest by bytes do.
      predictions.removeLast()
      return .overLimit
    }
    return .accepted
  }

  mutating func merge(_ label: JoinedLabel) -> MergeOutcome {
    let i = labels.firstIndex { !$0.stands(before: label) } ?? labels.count
    if i < labels.count, labels[i] == label { return .repeated }
    labels.insert(label, at: i)
    // The earliest are kept: a prediction's count of labels up to an age can only rise, so that what a stage has left out
    // stays left out, and a label that is too late for a stage changes nothing in it.
    if labels.count > Self.keptLabels { labels.removeFirst() }
    return labels.count > Self.maximumLabels ? .overLimit : .accepted
  }

  /// What counts for a prediction: of the labels whose time is at most the prediction's plus the age, the greatest.
  ///
  /// - Parameter lead: how much earlier than its prediction a label may be; an earlier one is of another event.
  func standing(for prediction: JoinedPrediction, at age: TimeSpan, lead: TimeSpan) -> Standing {
    let last = prediction.time + age
    if labels.count > Self.maximumLabels, labels[0].time <= last { return .overLimit }
    // The latest that is not too late: if it is too early, so are all others.
    guard let label = labels.first(where: { $0.time <= last }), label.value != nil,
      label.time >= prediction.time - lead
    else { return .label(nil) }
    return .label(label)
  }
}

/// The prediction's half.
package struct JoinedPrediction: Sendable, Equatable {
  /// Empty where the monitor has no version field.
  package var version: String
  package var time: EventTime
  package var output: ModelOutput
  /// Names of its slices without `all`.
  package var slices: [String]
  /// First 16 bytes of the SHA-256 of the payload: the last tie-break between unlike duplicates.
  package var digest: UInt128

  package init(version: String, time: EventTime, output: ModelOutput, slices: [String], digest: UInt128) {
    self.version = version
    self.time = time
    self.output = output
    self.slices = slices
    self.digest = digest
  }

  func precedes(_ other: JoinedPrediction) -> Bool {
    if time != other.time { return time < other.time }
    let a = output.canonical
    let b = other.output.canonical
    if a != b { return a.lexicographicallyPrecedes(b) }
    return digest < other.digest
  }
}

extension ModelOutput {
  /// Canonical JSON (RFC 8785).
  var canonical: [UInt8] {
    switch self {
    case .number(let x): CanonicalJSON.bytes(of: .number(x))
    case .category(let name, _): CanonicalJSON.bytes(of: .string(name))
    }
  }
}

/// A label as said at one time; nil retracts.
package struct JoinedLabel: Sendable, Equatable {
  package var time: EventTime
  package var value: LabelValue?
  /// Canonical JSON of the value as logged; empty for a retraction.
  package var canonical: [UInt8]

  package init(time: EventTime, value: LabelValue?, canonical: [UInt8]) {
    self.time = time
    self.value = value
    self.canonical = canonical
  }

  package static func == (a: JoinedLabel, b: JoinedLabel) -> Bool {
    a.time == b.time && (a.value == nil) == (b.value == nil) && a.canonical == b.canonical
  }

  /// The later time stands; at equal times a retraction, then the greater canonical JSON.
  func stands(before other: JoinedLabel) -> Bool {
    if time != other.time { return time > other.time }
    if (value == nil) != (other.value == nil) { return value == nil }
    return other.canonical.lexicographicallyPrecedes(canonical)
  }
}

/// One message's part of a join, before it meets what is stored.
enum JoinChange {
  case prediction(JoinedPrediction)
  case label(JoinedLabel)
}
