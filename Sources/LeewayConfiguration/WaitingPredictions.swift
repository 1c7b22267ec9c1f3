import LeewayCore

/// How many predictions of a monitor wait for labels at a time, by its greatest rate: each until its horizon is over.
struct WaitingPredictions {
  let rows: Double
  let monitor: Monitor
  let value: ConfigurationValue

  /// nil for a monitor without labels.
  init?(monitor: Monitor, rate: Double, value: ConfigurationValue) {
    guard let labels = monitor.labels else { return nil }
    rows = rate * (labels.horizon + monitor.lateness).seconds * labels.sample
    self.monitor = monitor
    self.value = value
  }

  /// Refuses monitors that would leave more waiting than the ledger is made for, each by itself or all together.
  ///
  /// - Parameters:
  ///   - limit: `limits.waiting_rows`.
  ///   - config: the file that has it.
  static func problems(_ files: [MonitorFile], limit: Int, in config: String?) -> [ConfigurationProblem] {
    let waiting = files.compactMap { file in file.waiting.map { (file: file, waiting: $0) } }
    let rule = "limits.waiting_rows, \(limit)\(config.map { " in \($0)" } ?? "")"
    let tooMany = waiting.filter { $0.waiting.rows > Double(limit) }
    if !tooMany.isEmpty {
      return tooMany.map { file, waiting in
        file.error(waiting, waiting.sentence + ", more than \(rule); \(waiting.fix(limit))")
      }
    }
    let all = waiting.reduce(0) { $0 + $1.waiting.rows }
    guard all > Double(limit), let (file, most) = waiting.max(by: { $0.waiting.rows < $1.waiting.rows }) else {
      return []
    }
    return [
      file.error(
        most,
        most.sentence
          + ", and with those of other monitors \(shown(all)), more than \(rule); sample labels, or raise it")
    ]
  }

  private var sentence: String {
    let labels = monitor.labels
    let sample = labels.map { $0.sample < 1 ? ", sample \(ConfigurationValue.shown($0.sample))" : "" } ?? ""
    return "is \(value.node.kind), so \(Self.shown(rows)) predictions wait for labels at a time "
      + "(horizon \(labels?.horizon.description ?? "")\(sample))"
  }

  /// A sample with one digit that fits, rounded down.
  private func fix(_ limit: Int) -> String {
    guard let labels = monitor.labels else { return "" }
    let fitting = labels.sample * Double(limit) / rows
    var exponent = 0
    var digit = 1.0
    while digit > fitting {
      digit /= 10
      exponent += 1
    }
    // For the text, since a product such as 3 · 0.01 need not be the nearest double.
    let first = min(9, (fitting / digit).rounded(.down))
    let short = ConfigurationValue.decimal("\(Int(first))e-\(exponent)") ?? first * digit
    return "set labels.sample: \(ConfigurationValue.shown(short)), shorten labels.horizon, or raise the limit"
  }

  private static func shown(_ rows: Double) -> String { ConfigurationValue.shown(rows.rounded(.up)) }
}

extension MonitorFile {
  fileprivate func error(_ waiting: WaitingPredictions, _ message: String) -> ConfigurationProblem {
    .init(
      file: path, line: waiting.value.place.line, column: waiting.value.place.column, severity: .error,
      message: "\(waiting.value.path) \(message)")
  }
}
