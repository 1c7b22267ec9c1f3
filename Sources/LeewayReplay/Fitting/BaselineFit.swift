import Foundation
import LeewayConfiguration
package import LeewayCore
import LeewayStatistics

/// Fits a baseline to training files in two passes: the first finds the bins, the second counts rows with the very code
/// that counts messages.
///
/// Memory does not grow with rows: for every numeric column one sort run (4 MiB) while reading and 64 KiB a run while
/// merging, for every categorical column its distinct categories (at most 1,001,000), and the cells of each slice.
package struct BaselineFit {
  let monitor: Monitor
  let paths: [String]
  /// Rows that the model was not trained on.
  private let heldOut: [String]
  /// Where each row's time is, and what is left out; nil: rows are not dated.
  let dates: Dates?
  private let progress: (_ fraction: Double?, _ rows: Int64) -> Void

  /// What a fit found worth saying, besides the baseline.
  package struct Outcome {
    package var baseline: Baseline
    /// Plain sentences for standard error.
    package var remarks: [String]
  }

  /// - Parameters:
  ///   - heldOut: files with labels that the model was not trained on: performance and estimates are fitted to them.
  ///   - progress: called every few thousand rows with the share of the input read, nil where it is not known.
  package init(
    monitor: Monitor, paths: [String], heldOut: [String] = [], dates: Dates? = nil,
    progress: @escaping (Double?, Int64) -> Void = { _, _ in }
  ) {
    self.monitor = monitor
    self.paths = paths
    self.heldOut = heldOut
    self.dates = dates
    self.progress = progress
  }

  // Columns: features, then output, label, version, segments, time.
  var outputColumn: Int { monitor.features.count }
  var labelColumn: Int { outputColumn + 1 }
  var versionColumn: Int { outputColumn + 2 }
  var firstSegment: Int { outputColumn + 3 }
  var timeColumn: Int { firstSegment + monitor.segments.count }

  private var columns: [TrainingColumn] {
    // A column by a name, then by a field; what cannot be a key is no column of JSON Lines either.
    func column(
      _ name: String?, _ field: FieldPath?, _ purpose: String, required: Bool = false, emptyIsText: Bool = false
    ) -> TrainingColumn {
      var candidates = name.flatMap { name in (try? FieldPath(key: name)).map { [$0] } } ?? []
      if let field = field?.inTable, !candidates.contains(field) { candidates.append(field) }
      return TrainingColumn(
        candidates: candidates, purpose: purpose, isRequired: required, emptyIsText: emptyIsText)
    }
    var out = monitor.features.map {
      column($0.name, $0.field, "feature \($0.name)", required: true, emptyIsText: $0.emptyIsCategory)
    }
    // Where messages of predictions and of labels call both alike, a column of that name in a training file is the label.
    let label = monitor.labels?.value
    let output = monitor.predictions.output == label ? nil : monitor.predictions.output
    out.append(column(monitor.outputName, output, "the model's output", required: true))
    out.append(column(nil, label, "the label"))
    out.append(column(nil, monitor.predictions.version, "the version"))
    for segment in monitor.segments {
      // Where a feature has the segment's name, its column serves both.
      let byField = column(nil, segment.field, "segment \(segment.name)")
      let byName = column(segment.name, nil, "")
      out.append(
        TrainingColumn(
          candidates: byField.candidates + byName.candidates.filter { !byField.candidates.contains($0) },
          purpose: byField.purpose, isRequired: false, emptyIsText: false))
    }
    let time = dates.map { try? FieldPath($0.field) } ?? monitor.predictions.time
    out.append(column(dates?.field, time, "the rows' time", required: dates != nil))
    return out
  }

  /// Where the first file has no labels: in a column that is empty, or that is not there.
  private func noLabels() throws -> String {
    let column = columns[labelColumn]
    let name = monitor.labels?.value.description ?? ""
    guard let header = try TrainingReader(path: paths[0], columns: columns).header,
      !column.names.contains(where: header.contains)
    else { return "no labels in column \(name): the baseline has no performance to compare with" }
    return "no column \(name), so the baseline has no performance to compare with; \(paths[0]) has "
      + "\(ShortList.text(header, atMost: 12)).\(Spelling.suggestion(for: name, among: header))"
  }

  package func run() throws -> Outcome {
    var first = try FirstPass(fit: self)
    try forEachRow { reader in try first.take(reader) }
    var remarks: [String] = []
    guard first.rows > 0 else {
      throw TrainingReader.Unusable(
        description: "\(paths.joined(separator: ", ")): no rows; a baseline needs at least one")
    }
    let subjects = try first.subjects()
    for (i, subject) in subjects.enumerated() where subject.domain.hasNoValues {
      if let odd = first.invalid[i] {
        throw TrainingReader.Unusable(
          description:
            "\(odd.place): \(subject.name) is \(odd.text), \(odd.problem ?? "which is no number"); no row has a "
            + "\(odd.isNumber ? "valid number" : "number") there, so check the column, and the type in the monitor")
      }
      guard i != outputColumn else {
        throw TrainingReader.Unusable(
          description:
            "\(paths.joined(separator: ", ")): \(subject.name) is always missing; a baseline needs the model's "
            + "output, so check the column")
      }
      remarks.append(
        "\(subject.name) is always missing in the training files: it has no baseline, and distances of it are not judged"
      )
    }
    let hasLabels = monitor.labels != nil && (first.labels > 0 || !heldOut.isEmpty)
    if monitor.labels != nil, first.labels == 0 {
      remarks.append(try noLabels())
    }
    if let positive = monitor.labels?.positive, first.labels > 0, first.positives == 0 {
      let others = first.others.map(ConfigurationNode.shown)
      let remark =
        "no label is \(positive), which labels.positive means by 1; the labels are \(others.joined(separator: ", "))."
        + Spelling.suggestion(for: positive, among: first.others)
      // Rows of one class may be a mistake in the file; two classes of which neither is the positive one are one in the monitor.
      if others.count > 1, heldOut.isEmpty {
        throw TrainingReader.Unusable(description: "\(paths.joined(separator: ", ")): \(remark)")
      }
      remarks.append(remark)
    }
    for (i, segment) in monitor.segments.enumerated() where first.segments[i + 1].counts.isEmpty {
      remarks.append(
        "segment \(segment.name) is not in the training files: its values will be kept by hash, without baselines of their own"
      )
    }
    var profiles: [SegmentProfile] = []
    let limit = monitor.maximumSegments
    if !first.segments[0].counts.isEmpty {
      profiles.append(SegmentProfile(name: Slice.version, values: first.segments[0].mostFrequent(limit)))
    }
    for (i, segment) in monitor.segments.enumerated() where !first.segments[i + 1].counts.isEmpty {
      profiles.append(SegmentProfile(name: segment.name, values: first.segments[i + 1].mostFrequent(limit)))
    }
    var builder = BaselineBuilder(
      monitor: monitor, subjects: subjects, segments: profiles, classes: first.classNames, labels: hasLabels)
    try forEachRow { reader in count(reader, subjects, &builder) }
    if !heldOut.isEmpty {
      guard monitor.labels != nil else {
        throw TrainingReader.Unusable(
          description: "\(heldOut[0]): the monitor has no labels, so there is nothing to calibrate on; add labels:")
      }
      var labelled: Int64 = 0
      try forEachRow(in: heldOut, columns: heldOutColumns) { reader in
        try requireLabel(reader)
        let label = label(reader)
        if label != nil { labelled += 1 }
        builder.commitHeldOut(slices: slices(reader), output: output(reader), label: label)
      }
      guard labelled > 0 else {
        throw TrainingReader.Unusable(
          description:
            "\(heldOut.joined(separator: ", ")): no row has a label in column \(monitor.labels?.value.description ?? ""); "
            + "the file must hold what the model said and what came of it")
      }
    }
    var baseline = builder.finish()
    if let dates {
      let hours = try fitHours(dates, baseline, subjects)
      baseline.add(hours: hours.hours)
      remarks += hours.remarks
    }
    if builder.outlyingLabels > 0 {
      remarks.append(
        "\(builder.outlyingLabels) of \(baseline.performance?.labelled ?? 0) labelled rows are beyond 10⁹ standard deviations of "
          + "the predictions and in no metric of performance; check column \(monitor.labels?.value.description ?? "")")
    }
    for subject in baseline.subjects where subject.cells.invalid > 0 {
      remarks.append(
        "\(subject.name): \(subject.cells.invalid) of \(baseline.rows) values are invalid and in no distribution\(first.example(subject.name))"
      )
    }
    // Where `positive` is the reason it has been said.
    if monitor.task == .binary, monitor.labels?.positive == nil || first.positives > 0,
      let performance = baseline.performance, performance.metrics[Metric.auc.name] == nil
    {
      remarks.append(
        "all labels are the same: auc and whatever else needs both classes has no baseline, so a max_drop of it cannot be judged"
      )
    }
    return Outcome(baseline: baseline, remarks: remarks)
  }

  /// Held-out files need no features.
  private var heldOutColumns: [TrainingColumn] {
    columns.enumerated().map { i, column in
      var column = column
      column.isRequired = i == outputColumn || i == labelColumn
      return column
    }
  }

  func forEachRow(_ body: (TrainingReader) throws -> Void) throws {
    try forEachRow(in: paths, columns: columns, body)
  }

  private func forEachRow(
    in paths: [String], columns: [TrainingColumn], _ body: (TrainingReader) throws -> Void
  ) throws {
    var rows: Int64 = 0
    for path in paths {
      let reader = try TrainingReader(path: path, columns: columns)
      while try reader.next() {
        try body(reader)
        rows += 1
        if rows % 8192 == 0 {
          progress(reader.stream.totalBytes.map { Double(reader.stream.consumedBytes) / Double(max($0, 1)) }, rows)
        }
      }
      try reader.requireSeenColumns()
    }
    progress(1, rows)
  }

  /// The values that count as valid: the feature's range, and [0, 1] for a binary score.
  func range(_ subject: Int) -> ClosedRange<Double>? {
    subject < monitor.features.count ? monitor.features[subject].range : monitor.task == .binary ? 0...1 : nil
  }

  // MARK: Second pass

  private func count(_ reader: TrainingReader, _ subjects: [BaselineBuilder.Subject], _ builder: inout BaselineBuilder)
  {
    for (i, subject) in subjects.enumerated() {
      let value = reader.value(i)
      if value.isMissing {
        builder.setMissing(i)
        continue
      }
      switch subject.domain {
      case .numeric:
        if let x = value.numeric { builder.setNumber(i, x) } else { builder.setMissing(i) }
      case .categorical:
        if value.withCategory(csv: reader.isCSV, { builder.setCategory(i, $0) }) == nil { builder.setInvalid(i) }
      }
    }
    builder.commitRow(slices: slices(reader), output: output(reader), label: label(reader))
  }

  func slices(_ reader: TrainingReader) -> [(segment: String, value: String)] {
    ([Slice.version] + monitor.segments.map(\.name)).enumerated().compactMap { i, name in
      reader.value(versionColumn + i).withCategory(csv: reader.isCSV) { (name, String(decoding: $0, as: UTF8.self)) }
    }
  }

  private func output(_ reader: TrainingReader) -> ModelOutput? {
    let value = reader.value(outputColumn)
    guard monitor.task == .multiclass else {
      guard let x = value.numeric, x.isFinite else { return nil }
      return .number(x)
    }
    return value.withCategory(csv: reader.isCSV) { .category(String(decoding: $0, as: UTF8.self), probabilities: []) }
  }

  /// As for messages: a label that is none is refused, and not passed over.
  func requireLabel(_ reader: TrainingReader) throws {
    let value = reader.value(labelColumn)
    guard !value.isMissing, label(reader) == nil else { return }
    if case .regression = monitor.task, value.numeric == nil { return }
    let hint =
      monitor.task == .binary && monitor.labels?.positive == nil
      ? "; it takes 0, 1, false or true, or set labels.positive to the text that means 1" : ""
    throw TrainingReader.Unusable(
      description:
        "\(reader.path):\(reader.line): \(monitor.labels?.value.description ?? "") is \(value.shown), which is "
        + "no label of a \(monitor.task.rawValue) model\(value.numberProblem.map { ": \($0)" } ?? hint)")
  }

  private func label(_ reader: TrainingReader) -> LabelValue? {
    let value = reader.value(labelColumn)
    switch monitor.task {
    case .multiclass:
      return value.withCategory(csv: reader.isCSV) { .category(String(decoding: $0, as: UTF8.self)) }
    case .regression:
      return value.numeric.flatMap { $0.isFinite ? .number($0) : nil }
    case .binary:
      if let positive = monitor.labels?.positive {
        return value.withCategory(csv: reader.isCSV) {
          .number(String(decoding: $0, as: UTF8.self) == positive ? 1 : 0)
        }
      }
      return value.withCategory(csv: reader.isCSV) { LabelValue(binary: $0) }.flatMap { $0 }
    }
  }
}
