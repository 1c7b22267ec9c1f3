/// A budget of false alarms: one of the whole model every `hours` hours.
package struct ShiftTier: Sendable, Equatable {
  /// As in monitor files: `critical`, `warning`.
  package var name: String
  /// Hours per false alarm, over all subjects and slices of the check; 2184 is a quarter. Above 0.
  package var hours: Double
  /// Multiplies `hours` where levels are set: how much stricter than the budget they must be, as measured, to keep it.
  package var safety: Double
  /// The lowest level (nats) of share streams while the baseline is under 28 days: too few bursts of missing values were seen.
  package var shareFloor: Double

  package init(name: String, hours: Double, safety: Double, shareFloor: Double) {
    self.name = name
    self.hours = hours
    self.safety = safety
    self.shareFloor = shareFloor
  }

  /// r* = 1 / (safety · hours · 2K): false alarms an hour that one stream in one view may spend, K streams sharing the budget.
  package func rate(streams: Int) -> Double { 1 / (safety * hours * 2 * Double(streams)) }

  /// 2K r* = 1 / (safety · hours): alarms an hour to expect of all streams while nothing changes.
  package var expectedAlarms: Double { 1 / (safety * hours) }
}

/// All constants of the shift detector. Units: nats for evidence, sizes in units of a stream (`ShiftKind`).
package struct ShiftConfiguration: Sendable, Equatable {
  /// At most 64.
  package var tiers: [ShiftTier]
  /// The shares that are streams, in this order; of missing, invalid, unseen and outside.
  package var shares: [ShiftKind]
  /// Category shares watched per category subject.
  package var largest: Int
  /// Steps of the bank, ascending; both signs of each are hypotheses. At most 16.
  package var sizes: [Double]
  /// Wander of a stream that is no drift.
  package var tolerance: Double
  /// Candidates for the hour-to-hour memory, in [0, 1).
  package var memories: [Double]
  /// Ridge of the regression on the other subjects.
  package var ridge: Double
  /// A stream whose baseline |u| exceeds this is bursty.
  package var heavy: Double
  /// Most nats an hour of a bursty stream.
  package var cap: Double
  /// The cap is lifted beyond this many times the largest baseline |r| of the kind.
  package var beyond: Double
  /// How many of the highest excursions a tail is fitted to.
  package var tailCounts: [Int]
  /// Prior weight of a tail's slope of 1, in excursions.
  package var tailPrior: Double
  /// An hour with fewer rows has no spread value.
  package var spreadRows: Int64
  /// Where the hour of the week comes from.
  package var calendar: ShiftCalendar
  /// K over all slices of the check, planned once; nil: only the streams of the null.
  package var totalStreams: Int?
  /// An incident closes only with values in at least this many of the last 24 hours (rule H1).
  package var leastHoursToClose: Int
  /// After this many hours in a row without any value, all filters and evidence are reset (rule H3); nil: never.
  package var resetAfter: Int?
  /// Whether a subject's shares of missing, invalid, unseen and outside values have incidents of their own, since they say more of the
  /// feed than of the population (rule D7).
  package var separatesShares: Bool
  /// Whether only steps up are looked for, as for errors. Only nulls that are learned have it, and no stored form.
  package var isOneSided = false

  /// What the golden case was made with: the measured constants, and nothing that the reference implementation does not do.
  package static let reference = ShiftConfiguration(
    tiers: [
      ShiftTier(name: "critical", hours: 2184, safety: 2, shareFloor: 30),
      ShiftTier(name: "warning", hours: 168, safety: 1, shareFloor: 0),
    ],
    shares: [.missing], largest: 8, sizes: [0.25, 0.5, 1, 2], tolerance: 0.1,
    memories: [0, 0.3, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98], ridge: 0.05, heavy: 6, cap: 2, beyond: 2,
    tailCounts: [20, 60], tailPrior: 5, spreadRows: 10, calendar: .utc, totalStreams: nil, leastHoursToClose: 0,
    resetAfter: nil, separatesShares: false)

  /// What the service runs: as measured, with all shares, and with the rules for hours without rows.
  package static let shipped: ShiftConfiguration = {
    var shipped = reference
    shipped.shares = [.missing, .invalid, .unseen, .outside]
    shipped.leastHoursToClose = 12
    shipped.resetAfter = 336
    shipped.separatesShares = true
    return shipped
  }()

  /// The bank: `sizes`, then their negatives. D numbers.
  package var hypotheses: [Double] { sizes + sizes.map { -$0 } }
}
