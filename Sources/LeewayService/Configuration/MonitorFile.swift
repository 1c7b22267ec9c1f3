package import LeewayCore

/// One file of `monitors/`, read and checked as far as it can be alone.
package struct MonitorFile {
  struct Name {
    let name: String
    let place: ConfigurationNode.Place
  }

  struct ReceiverUse {
    let name: String
    let tier: Tier
    /// `alerts.critical[2]`
    let path: String
    let place: ConfigurationNode.Place
  }

  /// Whether the baseline file has to be there.
  package enum BaselineNeed: Sendable {
    /// Not looked at: `baseline fit` makes it, `replay --baseline` names another.
    case none
    /// For `run` and `check`. With `read`, what the baseline says of the checks is reported too.
    case required(read: (@Sendable (_ path: String) throws -> Baseline)? = nil)
  }

  let path: String
  let monitor: Monitor?
  let name: Name?
  let receiverUses: [ReceiverUse]
  let problems: [ConfigurationProblem]

  /// Reads a monitor file.
  ///
  /// - Parameters:
  ///   - path: as the user wrote it; problems and the baseline's path begin with it.
  ///   - environment: what `${NAME}` expands to.
  /// - Returns: the monitor, nil if there is an error, and every problem of the file in the order of its lines.
  package static func load(
    _ path: String, baseline: BaselineNeed = .none, environment: [String: String]
  ) -> (Monitor?, [ConfigurationProblem]) {
    let file = MonitorFile(path: path, baseline: baseline, environment: environment)
    return (file.monitor, file.problems)
  }

  init(path: String, baseline: BaselineNeed, environment: [String: String], content: [UInt8]? = nil) {
    self.path = path
    let reading = ConfigurationReading(file: path, environment: environment)
    let example = "monitor: NAME"
    guard let top = content.map({ reading.root($0, example: example) }) ?? reading.root(example: example) else {
      monitor = nil
      name = nil
      receiverUses = []
      problems = reading.problems.sorted()
      return
    }
    let monitorReading =
      switch baseline {
      case .none: MonitorReading(top: top, requiresBaseline: false, readBaseline: nil)
      case .required(let read): MonitorReading(top: top, requiresBaseline: true, readBaseline: read)
      }
    (monitor, name) = monitorReading.read()
    receiverUses = monitorReading.receiverUses
    problems = reading.problems.sorted()
  }
}
