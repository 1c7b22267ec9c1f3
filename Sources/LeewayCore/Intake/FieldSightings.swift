/// A field of a prediction whose absence is no reason to refuse the message, so that a wrong path would not show.
package struct WatchedField: Sendable, Hashable {
  /// `feature amount`, `score`, `segment country`.
  package var purpose: String
  /// Where it is looked for, as `context.device`.
  package var path: String

  package init(purpose: String, path: String) {
    self.purpose = purpose
    self.path = path
  }

  /// All of a monitor: features, output, version, segments, then the id and the probabilities where labels are joined.
  static func all(of monitor: Monitor) -> [WatchedField] {
    let stream = monitor.predictions
    var fields = monitor.features.map { WatchedField(purpose: "feature \($0.name)", path: $0.field.description) }
    fields.append(.init(purpose: monitor.outputName, path: stream.output.description))
    if let version = stream.version { fields.append(.init(purpose: "version", path: version.description)) }
    fields += monitor.segments.map { .init(purpose: "segment \($0.name)", path: $0.field.description) }
    if monitor.labels != nil {
      fields.append(.init(purpose: "id", path: stream.id.map(\.description).joined(separator: ", ")))
      if let path = stream.probabilities { fields.append(.init(purpose: "probabilities", path: path.description)) }
    }
    return fields
  }
}

/// Which fields the predictions of a monitor have had. A batch of rows is looked at only for fields that no batch before
/// it had, so it costs next to nothing once every field was found.
package struct FieldSightings: Sendable {
  package let fields: [WatchedField]
  /// Predictions looked at.
  package private(set) var rows: Int64 = 0
  private var isSeen: [Bool]
  private var hasUnseen: Bool
  private let subjects: Int
  /// Version and segments.
  private let slices: Int

  init(_ monitor: Monitor) {
    fields = WatchedField.all(of: monitor)
    isSeen = Array(repeating: false, count: fields.count)
    hasUnseen = true
    subjects = monitor.features.count + 1
    slices = monitor.segments.count + (monitor.predictions.version == nil ? 0 : 1)
  }

  /// - Parameter sliceNumbers: of each row, version first, −1 for none.
  mutating func look(at columns: DriftColumns, _ sliceNumbers: [Int32], hasID: Bool, hasProbabilities: Bool) {
    rows &+= Int64(columns.count)
    guard hasUnseen else { return }
    for subject in 0..<subjects where !isSeen[subject] { isSeen[subject] = !columns.isMissingThroughout(subject) }
    for slice in 0..<slices where !isSeen[subjects + slice] {
      isSeen[subjects + slice] = stride(from: slice, to: sliceNumbers.count, by: slices).contains {
        sliceNumbers[$0] >= 0
      }
    }
    let first = subjects + slices
    if first < isSeen.count, hasID { isSeen[first] = true }
    if first + 1 < isSeen.count, hasProbabilities { isSeen[first + 1] = true }
    hasUnseen = isSeen.contains(false)
  }

  /// What other lanes or writers have looked at.
  package mutating func formUnion(_ other: FieldSightings) {
    rows &+= other.rows
    for i in isSeen.indices where i < other.isSeen.count { isSeen[i] = isSeen[i] || other.isSeen[i] }
  }

  /// Fields that no prediction had. The id is looked for only in predictions with an output.
  package var unseen: [WatchedField] {
    let lacksOutput = !isSeen[subjects - 1]
    return fields.indices.filter { !isSeen[$0] && !(lacksOutput && $0 >= subjects + slices) }.map { fields[$0] }
  }
}

extension Intake {
  /// What predictions of a monitor have had since this intake began; nil for a monitor that it does not know.
  package func sightings(of monitor: String) -> FieldSightings? {
    guard let index = plans.firstIndex(where: { $0.monitor.name == monitor }), let first = lanes.first else {
      return nil
    }
    return lanes.dropFirst().reduce(into: first.monitors[index].sightings) {
      $0.formUnion($1.monitors[index].sightings)
    }
  }
}
