package import LeewayCore
package import Logging

extension Logger {
  /// One line for a step of an incident, whoever made it: verdicts, a trainer's answer, or a change of the configuration.
  ///
  /// `incident inc-1 escalated at critical: psi on amount, country`
  package func log(_ transition: IncidentTransition) {
    let by = transition.by.map { " by \($0)" } ?? ""
    let reason = transition.held.map { "; retrain held: \($0)" } ?? transition.because.map { "; \($0)" } ?? ""
    let retrain = transition.retrain.map { "; retrain \($0)" } ?? ""
    info(
      "incident \(transition.incident) \(transition.transition)\(by) at \(transition.tier.name): \(transition.checks.joined(separator: ", ")) on \(transition.subjects.joined(separator: ", "))\(retrain)\(reason)",
      metadata: [
        "monitor": "\(transition.monitor)", "incident": "\(transition.incident)",
        "group": "\(transition.group.rawValue)",
      ])
  }
}
