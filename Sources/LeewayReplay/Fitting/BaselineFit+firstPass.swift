import LeewayCore

extension BaselineFit {
  /// What the first reading of the rows gathers: the values from which bins and categories are made.
  struct FirstPass {
    let fit: BaselineFit
    var rows: Int64 = 0
    var labels: Int64 = 0
    /// By subject; nil for categorical ones.
    var numeric: [ExternalSort?]
    var categorical: [CategoryCounter?]
    /// By subject: the first value of a numeric one that is no number, or out of range.
    var invalid: [OddValue?]
    /// Labels that `positive` means.
    var positives: Int64 = 0
    /// The first labels that it does not.
    var others: [String] = []
    /// Version, then segments.
    var segments: [CategoryCounter]
    private var classes = CategoryCounter(kept: Baseline.maximumClasses)

    init(fit: BaselineFit) throws {
      self.fit = fit
      let kinds = fit.monitor.features.map { $0.kind == .numeric } + [fit.monitor.task != .multiclass]
      numeric = kinds.map { $0 ? ExternalSort() : nil }
      categorical = kinds.map { $0 ? nil : CategoryCounter(kept: fit.monitor.maximumCategories) }
      invalid = Array(repeating: nil, count: kinds.count)
      segments = Array(repeating: CategoryCounter(), count: fit.monitor.segments.count + 1)
    }

    /// A value where it stands.
    struct OddValue {
      var place: String
      var text: String
      var problem: String?
      var isNumber: Bool
    }

    /// `, the first in train.csv:17: many`
    func example(_ subject: String) -> String {
      let names = fit.monitor.features.map(\.name) + [fit.monitor.outputName]
      guard let i = names.firstIndex(of: subject), let odd = invalid[i] else { return "" }
      return ", the first in \(odd.place): \(odd.text)\(odd.problem.map { ", \($0)" } ?? "")"
    }

    private mutating func note(_ value: TrainingValue, of i: Int, in reader: TrainingReader) throws {
      if invalid[i] == nil {
        invalid[i] = OddValue(
          place: "\(reader.path):\(reader.line)", text: value.shown,
          problem: value.numberProblem ?? rangeProblem(value, of: i),
          isNumber: value.numeric?.isFinite ?? false)
      }
      // Whole numbers in the same column would be all that is counted.
      if let problem = value.numberProblem, problem.contains("comma") {
        let names = fit.monitor.features.map(\.name) + [fit.monitor.outputName]
        throw TrainingReader.Unusable(
          description: "\(reader.path):\(reader.line): \(names[i]) is \(value.shown), \(problem)")
      }
    }

    /// Why a number is no valid value of a subject; nil where it is none.
    private func rangeProblem(_ value: TrainingValue, of i: Int) -> String? {
      guard let x = value.numeric, x.isFinite, let range = fit.range(i) else { return nil }
      guard i == fit.outputColumn else {
        return "which is not from \(range.lowerBound) to \(range.upperBound), its range"
      }
      return "which is not from 0 to 1\(x > 1 && x <= 100 ? " (a percentage?)" : "")"
    }

    /// The text of a category, by the rule of messages, in which JSON sees to it: UTF-8 without NUL.
    private func requireText(_ value: TrainingValue, _ name: String, in reader: TrainingReader) throws {
      guard reader.isCSV, case .text(let text) = value else { return }
      func unusable(_ problem: String) -> TrainingReader.Unusable {
        TrainingReader.Unusable(description: "\(reader.path):\(reader.line): \(name) \(problem)")
      }
      guard String(validating: text, as: UTF8.self) != nil else {
        throw unusable("is not UTF-8; save the file as UTF-8")
      }
      if text.contains(0) { throw unusable("holds a NUL byte; remove it, or save the file as UTF-8") }
    }

    mutating func take(_ reader: TrainingReader) throws {
      rows += 1
      _ = try fit.time(reader)
      for i in numeric.indices {
        let value = reader.value(i)
        if let sorter = numeric[i] {
          if let x = value.numeric, x.isFinite, fit.range(i).map({ $0.contains(x) }) ?? true {
            try sorter.append(x)
          } else if value.numeric?.isNaN == false {
            try note(value, of: i, in: reader)
          }
        } else {
          try requireText(
            value, i < fit.outputColumn ? fit.monitor.features[i].name : fit.monitor.outputName, in: reader)
          _ = value.withCategory(csv: reader.isCSV) { categorical[i]!.count($0) }
        }
      }
      let label = reader.value(fit.labelColumn)
      if !label.isMissing {
        labels += 1
        try requireText(label, fit.monitor.labels?.value.description ?? "the label", in: reader)
        try fit.requireLabel(reader)
        notePositive(label, reader)
      }
      if fit.monitor.task == .multiclass {
        for value in [reader.value(fit.outputColumn), label] {
          _ = value.withCategory(csv: reader.isCSV) { classes.count($0) }
        }
      }
      for i in segments.indices {
        let value = reader.value(fit.versionColumn + i)
        try requireText(value, i == 0 ? "the version" : "segment \(fit.monitor.segments[i - 1].name)", in: reader)
        _ = value.withCategory(csv: reader.isCSV) { segments[i].count($0) }
      }
    }

    private mutating func notePositive(_ label: TrainingValue, _ reader: TrainingReader) {
      guard let positive = fit.monitor.labels?.positive else { return }
      let text = label.withCategory(csv: reader.isCSV) { String(decoding: $0, as: UTF8.self) } ?? ""
      if text == positive {
        positives += 1
      } else if others.count < 10, !others.contains(text) {
        others.append(text)
      }
    }

    var classNames: [String] { classes.mostFrequent(Baseline.maximumClasses).sorted(by: utf8Order) }

    func subjects() throws -> [BaselineBuilder.Subject] {
      let names = fit.monitor.features.map(\.name) + [fit.monitor.outputName]
      return try names.indices.map { i in
        if let counter = categorical[i] {
          return BaselineBuilder.Subject(name: names[i], domain: .categorical(counter.domain))
        }
        let isScore = fit.monitor.task == .binary && i == fit.outputColumn
        let summary = try NumericSummary(numeric[i]!, resolution: fit.monitor.resolution)
        return BaselineBuilder.Subject(
          name: names[i],
          domain: .numeric(
            NumericDomain(
              binning: summary.binning,
              fixedPoint: isScore
                // Scores lie within 1 of their median, so 61 places fit a word and lose nothing.
                ? FixedPoint(origin: summary.median, exponent: 61)
                : FixedPoint(origin: summary.median, standardDeviation: summary.standardDeviation))),
          range: fit.range(i), mean: summary.mean, standardDeviation: summary.standardDeviation)
      }
    }
  }
}
