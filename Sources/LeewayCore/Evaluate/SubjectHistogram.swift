/// How one subject is distributed in the baseline and in one window: what a person looks at after a check has fired.
package struct SubjectHistogram: Sendable, Equatable {
  /// One bar: a PSI bin of a numeric subject, a category, or what is missing.
  package struct Bin: Sendable, Equatable {
    /// As a person reads it: `(10, 20]`, `DE`, `__missing__`.
    package var label: String
    /// Numeric: the open lower end; nil for no end and for categories.
    package var lower: Double?
    /// Numeric: the closed upper end; nil for no end and for categories.
    package var upper: Double?
    /// Share of the baseline's rows that are not invalid, in [0, 1].
    package var baseline: Double
    /// Share of the window's rows that are not invalid, in [0, 1].
    package var window: Double

    package init(label: String, lower: Double? = nil, upper: Double? = nil, baseline: Double, window: Double) {
      self.label = label
      self.lower = lower
      self.upper = upper
      self.baseline = baseline
      self.window = window
    }
  }

  package var monitor: String
  /// The window's name.
  package var window: String
  package var slice: String
  package var subject: String
  /// The window covers `[start, end)`.
  package var start: EventTime
  package var end: EventTime
  /// Which part of the baseline: the same as in the window's line.
  package var against: Against
  package var baselineRows: Int64
  package var windowRows: Int64
  /// In the order of the axis; categories by the baseline's frequency.
  package var bins: [Bin]

  package init(
    monitor: String, window: String, slice: String, subject: String, start: EventTime, end: EventTime,
    against: Against, baselineRows: Int64, windowRows: Int64, bins: [Bin]
  ) {
    self.monitor = monitor
    self.window = window
    self.slice = slice
    self.subject = subject
    self.start = start
    self.end = end
    self.against = against
    self.baselineRows = baselineRows
    self.windowRows = windowRows
    self.bins = bins
  }
}
