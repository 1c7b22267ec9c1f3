import LeewayStatistics

/// A metric of labelled rows, and how sure and how exact it is.
struct MeasuredValue {
  /// nil where it is not defined.
  var value: Double?
  /// One-sided 99 % bounds; nil where it has none.
  var bounds: OneSidedBounds?
  /// The value of the single scores is within ± this of `value`, since scores are counted in cells; nil where nothing is lost.
  var cellBound: Double?

  init(_ value: Double?, _ bounds: OneSidedBounds? = nil, cellBound: Double? = nil) {
    self.value = value
    self.bounds = bounds
    self.cellBound = cellBound
  }

  init(_ mean: MeanSums) { self.init(mean.mean, mean.bounds()) }
}
