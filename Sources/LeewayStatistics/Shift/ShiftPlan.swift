/// How much a dated baseline allows. Each plan is replaced by the next one up as dated hours come in.
package enum ShiftPlan: String, Sendable, CaseIterable {
  /// 28 days or more: levels from the baseline's own tail. Measured to keep the budget.
  case hours
  /// 14 to 28 days: the same, but all share streams are bursty and get at least the tier's floor.
  case short
  /// 7 to 14 days: profile by hour of day, a stronger ridge, fixed levels, all shares bursty, a wider tolerance. For two weeks at most.
  case fixed
  /// Less, or undated: no null of hours. Only what no traffic does (`ShiftGrossHours`) may be critical.
  case iid

  /// - Parameter hours: the length of the dated baseline.
  package init(hours: Int) {
    self = hours >= 672 ? .hours : hours >= 336 ? .short : hours >= 168 ? .fixed : .iid
  }
}
