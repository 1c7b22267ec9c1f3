import LeewayStatistics

/// How many false alarms a tier of a check on `shift` may give, over all its subjects and slices: `1 per quarter`.
///
/// Example: `2 per week` is an alarm every 84 hours.
package struct ShiftBudget: Sendable, Equatable {
  package enum Period: String, Sendable, CaseIterable {
    case day, week, month, quarter, year

    /// A quarter is 13 weeks, a month a third of it.
    package var hours: Double {
      switch self {
      case .day: 24
      case .week: 168
      case .month: 728
      case .quarter: 2184
      case .year: 8736
      }
    }
  }

  package var tier: Tier
  /// At least 1.
  package var alarms: Int
  package var period: Period

  package init(_ tier: Tier, _ alarms: Int, per period: Period) {
    self.tier = tier
    self.alarms = alarms
    self.period = period
  }

  /// Hours per false alarm.
  package var hours: Double { period.hours / Double(alarms) }

  /// `1 per quarter`
  package var text: String { "\(alarms) per \(period.rawValue)" }

  /// As the detector takes it: `critical` is held to half its budget and to a floor for shares, as measured.
  var detectorTier: ShiftTier {
    ShiftTier(
      name: tier.name, hours: hours, safety: tier == .critical ? 2 : 1, shareFloor: tier == .critical ? 30 : 0)
  }
}
