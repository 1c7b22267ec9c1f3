package import LeewayCore
import LeewayDelivery

/// One file of `monitors/`, read and checked as far as it can be by itself.
package struct MonitorFile {
  struct Name {
    let name: String
    let place: ConfigurationNode.Place
  }

  struct ReceiverUse {
    enum Purpose: Equatable {
      /// It hears of incidents that reach the tier.
      case alert(Tier)
      /// It hears of incidents that no person acknowledges.
      case escalation
      /// It is called to change the model in force.
      case model(ReceiverType.ModelChange)
    }

    let name: String
    let purpose: Purpose
    /// `alerts.critical[2]`
    let path: String
    let place: ConfigurationNode.Place
  }

  /// A format whose schemas are not in the file.
  struct RegistryUse {
    /// `predictions.format`
    let path: String
    let place: ConfigurationNode.Place
    let format: String
  }

  struct Approvals {
    /// How many must approve of a model.
    let people: Int
    let place: ConfigurationNode.Place
  }

  /// Whether the baseline file has to be there.
  package enum BaselineNeed: Sendable {
    /// Not looked at: `baseline fit` makes it, `replay --baseline` names another.
    case none
    /// It is read, must fit the monitor, and what it says of the checks is reported: for `run` and `check`.
    case required
  }

  let path: String
  package let monitor: Monitor?
  /// With the baseline, where that is required.
  let plan: MonitorPlan?
  let name: Name?
  let receiverUses: [ReceiverUse]
  let registryUses: [RegistryUse]
  /// nil where models need no approval.
  let approvals: Approvals?
  /// How many predictions wait for labels at a time; nil without labels, or where no rate is given.
  let waiting: WaitingPredictions?
  package let problems: [ConfigurationProblem]

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

  /// `content` stands for what is in the file.
  package init(path: String, baseline: BaselineNeed, environment: [String: String], content: [UInt8]? = nil) {
    self.path = path
    let reading = ConfigurationReading(file: path, environment: environment)
    let example = "monitor: NAME"
    let top = content.map { reading.root($0, .monitor, example: example) } ?? reading.root(.monitor, example: example)
    if let top {
      let monitorReading = MonitorReading(top: top, requiresBaseline: baseline == .required)
      (monitor, plan) = monitorReading.read()
      name = monitorReading.name
      if let monitor, let rate = monitorReading.rate {
        waiting = WaitingPredictions(monitor: monitor, rate: rate.perSecond, value: rate.value)
      } else {
        waiting = nil
      }
      receiverUses = monitorReading.receiverUses
      registryUses = monitorReading.registryUses
      approvals = monitorReading.approvals
    } else {
      (monitor, plan, name, waiting) = (nil, nil, nil, nil)
      receiverUses = []
      registryUses = []
      approvals = nil
    }
    problems = reading.problems.sorted()
  }
}
