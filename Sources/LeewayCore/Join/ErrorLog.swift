/// The errors of labelled predictions that one flush changes, for detectors of concept drift. A row is a function of its
/// pair's state, so it does not matter in which order, or how often, the messages came.
struct ErrorLog {
  private(set) var rows: [ErrorRow] = []
  private let horizon: TimeSpan
  private let lead: TimeSpan
  private let absent: LabelValue?
  private let isBinary: Bool
  private let threshold: Double
  /// Slices with detectors of their own; nil: all but what is left over.
  private let watched: Set<NameKey>?

  /// nil where no check is on errors: no monitor pays for what it does not watch.
  init?(_ plan: MonitorPlan) {
    guard !plan.detectors.isEmpty, let labels = plan.monitor.labels else { return nil }
    horizon = labels.horizon
    lead = plan.monitor.labelLead
    absent = labels.absent
    isBinary = plan.monitor.task == .binary
    threshold = plan.monitor.threshold
    watched =
      plan.detectorsOfEach == nil ? Set(plan.detectors.map(\.slice)).subtracting([NameKey(Slice.all)]) : nil
  }

  /// What became of one id.
  mutating func note(_ id: [UInt8], before: JoinState, after: JoinState) {
    let old = before.predictions.compactMap { row(id, $0, before) }
    let new = after.predictions.compactMap { row(id, $0, after) }
    for row in old where !new.contains(where: { $0.time == row.time && $0.version == row.version }) {
      rows.append(ErrorRow(time: row.time, id: id, version: row.version, error: nil))
    }
    for row in new where !old.contains(row) { rows.append(row) }
  }

  private func row(_ id: [UInt8], _ prediction: JoinedPrediction, _ state: JoinState) -> ErrorRow? {
    guard case .label(let label) = state.standing(for: prediction, at: horizon, lead: lead),
      let value = label?.value ?? absent,
      let error = error(prediction.output, value)
    else { return nil }
    return ErrorRow(
      time: prediction.time, id: id, version: Array(prediction.version.utf8), error: error,
      slices: WatchedSlices.encoded(prediction.slices.filter(isWatched)))
  }

  private func isWatched(_ slice: String) -> Bool { watched?.contains(NameKey(slice)) ?? Slice.isSingle(slice) }

  private func error(_ output: ModelOutput, _ label: LabelValue) -> Double? {
    switch (output, label) {
    // 1 is a wrong decision, as the panes count it.
    case (.number(let score), .number(let y)) where isBinary:
      (0...1).contains(score) ? ((score >= threshold) == (y == 1) ? 0 : 1) : nil
    case (.number(let prediction), .number(let target)):
      min(abs(prediction - target), Double.greatestFiniteMagnitude)
    case (.category(let predicted, _), .category(let actual)): NameKey(predicted) == NameKey(actual) ? 0 : 1
    default: nil
    }
  }
}

/// The stored form of an error's slices: names with their lengths, nothing for none.
enum WatchedSlices {
  static func encoded(_ names: [String]) -> [UInt8] {
    var out: [UInt8] = []
    for name in names { Varint.append(blob: name.utf8, to: &out) }
    return out
  }

  static func decoded(_ bytes: [UInt8]) throws(ErrorFeedDamaged) -> [NameKey] {
    var reader = Varint.Reader(bytes)
    var out: [NameKey] = []
    while !reader.isAtEnd {
      guard let name = reader.text() else { throw ErrorFeedDamaged(reason: "an error's slices are cut off") }
      out.append(NameKey(name))
    }
    return out
  }
}
