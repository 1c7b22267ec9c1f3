/// Who hears of an incident that no person has acknowledged.
package struct EscalationStep: Sendable, Equatable {
  /// How long it has been open, in time in which the service ran.
  package var after: TimeSpan
  /// Names of receivers.
  package var receivers: [String]
  /// Incidents that have not reached it are not handed on.
  package var tier: Tier

  package init(after: TimeSpan, receivers: [String], tier: Tier = .warning) {
    self.after = after
    self.receivers = receivers
    self.tier = tier
  }
}
