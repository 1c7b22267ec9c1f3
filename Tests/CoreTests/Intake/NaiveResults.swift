import Glibc
import LeewayCore
import LeewayTestSupport

/// What must come of a world, worked out from the rules alone: no panes, no joins, no cells.
struct NaiveResults {
  struct Line: Hashable {
    var type: ResultType
    var window: String
    var end: EventTime
    var slice: String
    var subject: String
  }

  struct Numbers {
    var rows = 0
    var missing = 0
    var invalid = 0
    /// Drift: PSI. Performance: accuracy, or the mean absolute error.
    var value: Double?
    var labelled = 0
  }

  private(set) var lines: [Line: Numbers] = [:]
  private(set) var late = 0
  private(set) var quarantined = 0
  private let task: ModelTask
  private let limit: Int
  private var accepted: [World.Prediction] = []
  private var labels: [String: [World.Label]] = [:]
  private let amounts: NaiveBins<Double>
  private let numbers: NaiveBins<Double>
  private let countries: NaiveBins<String>
  private let classes: NaiveBins<String>
  /// The training rows of the one slice that has at least a thousand, in the same bins.
  private let web:
    (amounts: NaiveBins<Double>, numbers: NaiveBins<Double>, countries: NaiveBins<String>, classes: NaiveBins<String>)

  init(_ world: World, _ monitor: Monitor) {
    task = world.task
    limit = monitor.maximumSegments
    let training = SampleMonitor.trainingRows()
    amounts = .deciles(of: training.map(\.amount))
    numbers = .deciles(of: training.map(\.number))
    countries = NaiveBins(training.map(\.country)) { SampleMonitor.countries.firstIndex(of: $0) ?? -2 }
    classes = NaiveBins(training.map { "\"\($0.category)\"" }) { text in
      SampleMonitor.classes.firstIndex { "\"\($0)\"" == text } ?? -2
    }
    let ofWeb = training.filter { $0.channel == "web" }
    precondition(ofWeb.count >= 1000 && training.count - ofWeb.count < 1000, "one channel has a part of its own")
    web = (
      amounts.of(ofWeb.map(\.amount)), numbers.of(ofWeb.map(\.number)), countries.of(ofWeb.map(\.country)),
      classes.of(ofWeb.map { "\"\($0.category)\"" })
    )
    var watermarks: [EventTime] = []
    for log in world.predictions {
      var watermark = EventTime.distantPast
      for case .event(let prediction) in log {
        if let record = prediction.recordTime, prediction.time > record + .hours(1) {
          quarantined += 1
        } else if watermark > .distantPast, prediction.time < watermark - World.lateness {
          late += 1
        } else {
          watermark = max(watermark, prediction.time)
          accepted.append(prediction)
        }
      }
      watermarks.append(watermark)
    }
    for log in world.labels {
      for case .event(let label) in log { labels[label.id, default: []].append(label) }
    }
    let closed = (watermarks.min() ?? .distantPast) - World.lateness
    for window in monitor.windows {
      var end = (World.start - .hours(2)).floor(to: window.every)
      while end <= closed {
        drift(window, end)
        performance(window, end)
        end = end + window.every
      }
    }
  }

  // MARK: Slices

  private func slices(_ p: World.Prediction) -> [String] {
    var out = ["all"]
    if let version = p.version { out.append("version=\(version)") }
    if let channel = p.channel { out.append(channel == "fax" ? "channel=__other__" : "channel=\(channel)") }
    if let shop = p.shop { out.append("shop=\(shop)") }
    return out
  }

  /// The names that keep a slice of their own, of those that have no profile: the smallest hashes.
  private func kept(_ predictions: [World.Prediction]) -> Set<String> {
    var out: Set<String> = []
    for segment in ["version", "shop"] {
      let values = Set(predictions.compactMap { segment == "version" ? $0.version : $0.shop })
      for value in values.sorted(by: { Digest64.hash($0) < Digest64.hash($1) }).prefix(limit) {
        out.insert("\(segment)=\(value)")
      }
    }
    return out
  }

  private func grouped(_ rows: [World.Prediction], _ kept: Set<String>) -> [String: [World.Prediction]] {
    var out: [String: [World.Prediction]] = [:]
    for row in rows {
      for slice in slices(row) {
        let capped = slice.hasPrefix("version=") || slice.hasPrefix("shop=")
        let name = capped && !kept.contains(slice) ? slice.prefix { $0 != "=" } + "=__other__" : slice
        out[name, default: []].append(row)
      }
    }
    return out
  }

  // MARK: Drift

  private mutating func drift(_ window: WindowDefinition, _ end: EventTime) {
    let rows = accepted.filter { $0.time >= end - window.size && $0.time < end }
    for (slice, rows) in grouped(rows, kept(rows)) {
      let isWeb = slice == "channel=web"
      let values = rows.map { $0.amount.map(Double.init) }
      add(
        window, end, slice, "amount", values.map { $0.map { abs($0) <= 1000 ? .value($0) : .invalid } ?? .missing },
        by: isWeb ? web.amounts : amounts)
      add(
        window, end, slice, "country", rows.map { $0.country.map { .value($0) } ?? .missing },
        by: isWeb ? web.countries : countries)
      if task == .multiclass {
        add(
          window, end, slice, "prediction", rows.map { $0.output == "[1]" ? .invalid : .value($0.output) },
          by: isWeb ? web.classes : classes)
      } else {
        let outputs = rows.map { Double($0.output) }
        add(
          window, end, slice, task == .binary ? "score" : "prediction",
          outputs.map { $0.map { .value($0) } ?? .invalid }, by: isWeb ? web.numbers : numbers)
      }
    }
  }

  enum Value<T> {
    case value(T)
    case missing, invalid
  }

  private mutating func add<T>(
    _ window: WindowDefinition, _ end: EventTime, _ slice: String, _ subject: String, _ values: [Value<T>],
    by bins: NaiveBins<T>
  ) {
    var numbers = Numbers(rows: values.count)
    var present: [T?] = []
    for value in values {
      switch value {
      case .value(let x): present.append(x)
      case .missing:
        present.append(nil)
        numbers.missing += 1
      case .invalid: numbers.invalid += 1
      }
    }
    numbers.value = present.isEmpty ? nil : bins.psi(present)
    lines[Line(type: .drift, window: window.name, end: end, slice: slice, subject: subject)] = numbers
  }

  // MARK: Performance

  /// Of the predictions with one id and version the smallest stands.
  private func standing() -> [World.Prediction] {
    var best: [String: World.Prediction] = [:]
    func order(_ p: World.Prediction) -> (Int64, [UInt8], [UInt8]) {
      (p.time.milliseconds, Array(p.output.utf8), SHA256.hash(Array(p.event.json.utf8)).bytes)
    }
    for prediction in accepted where prediction.output != "[1]" {
      let key = "\(prediction.id) \(prediction.version ?? "")"
      if let known = best[key] {
        let (a, b) = (order(known), order(prediction))
        if a.0 != b.0
          ? a.0 < b.0 : a.1 != b.1 ? a.1.lexicographicallyPrecedes(b.1) : !b.2.lexicographicallyPrecedes(a.2)
        {
          continue
        }
      }
      best[key] = prediction
    }
    return Array(best.values)
  }

  private func label(of prediction: World.Prediction) -> String? {
    let last = prediction.time + World.horizon
    let best = (labels[prediction.id] ?? []).filter { $0.time <= last }.max { a, b in
      if a.time != b.time { return a.time < b.time }
      if (a.value == "null") != (b.value == "null") { return b.value == "null" }
      return a.value.utf8.lexicographicallyPrecedes(b.value.utf8)
    }
    return best.flatMap { $0.value == "null" ? nil : $0.value }
  }

  /// What one pair adds to the accuracy or to the mean absolute error.
  private func score(_ output: String, _ label: String) -> Double {
    switch task {
    case .binary: (Double(output) ?? 0 >= 0.5) == (label == "1") ? 1 : 0
    case .multiclass: output == label ? 1 : 0
    case .regression: abs((Double(output) ?? 0) - (Double(label) ?? 0))
    }
  }

  private mutating func performance(_ window: WindowDefinition, _ end: EventTime) {
    let range = end - window.size..<end
    let kept = kept(accepted.filter { $0.output != "[1]" && range.contains($0.time) })
    for (slice, rows) in grouped(standing().filter { range.contains($0.time) }, kept) {
      let pairs = rows.compactMap { row in label(of: row).map { (row.output, $0) } }
      var numbers = Numbers(rows: rows.count, labelled: pairs.count)
      if !pairs.isEmpty {
        numbers.value = pairs.map(score).sorted().reduce(0, +) / Double(pairs.count)
      }
      lines[Line(type: .performance, window: window.name, end: end, slice: slice, subject: "")] = numbers
    }
  }
}

/// The population stability index against training values, by its definition.
struct NaiveBins<T> {
  private let bin: (T) -> Int
  private var training: [Int: Int] = [:]
  private let count: Int

  init(_ values: [T], bin: @escaping (T) -> Int) {
    self.bin = bin
    count = values.count
    for value in values { training[bin(value), default: 0] += 1 }
  }

  /// The same bins with the training counts of a part.
  func of(_ part: [T]) -> NaiveBins { NaiveBins(part, bin: bin) }

  /// nil is missing, a bin of its own where either side has any.
  func psi(_ values: [T?]) -> Double {
    var window: [Int: Int] = [:]
    for value in values { window[value.map(bin) ?? -1, default: 0] += 1 }
    return Set(training.keys).union(window.keys).map { bin in
      let p = max(Double(training[bin] ?? 0) / Double(count), 1e-4)
      let q = max(Double(window[bin] ?? 0) / Double(values.count), 1e-4)
      return (q - p) * log(q / p)
    }.sorted().reduce(0, +)
  }
}

extension NaiveBins<Double> {
  /// Bins (a, b] between the nine decile cuts, open at the ends.
  static func deciles(of values: [Double]) -> NaiveBins {
    let sorted = values.sorted()
    let cuts = Set((1...9).map { sorted[(sorted.count * $0 + 9) / 10 - 1] }).sorted()
    return NaiveBins(values) { x in cuts.count { $0 < x } }
  }
}
