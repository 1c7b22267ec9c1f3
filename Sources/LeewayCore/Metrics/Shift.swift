extension Metric {
  package static let shift = Metric(
    "shift", .shift,
    "Evidence, in nats, that a subject has changed for good; its tiers are budgets of false alarms.",
    unit: .nats, range: nil)
}
