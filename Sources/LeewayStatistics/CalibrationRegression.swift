/// The logistic regression of the label on the logit of the score.
public struct CalibrationLine: Sendable, Equatable {
  /// 0 where scores are calibrated; positive where they are too low.
  public var intercept: Double
  /// 1 where scores are calibrated; below 1 where they are over-confident.
  public var slope: Double
  public var interceptBound: Double
  public var slopeBound: Double
}

public func calibrationRegression(
  scores: [Double], lowerEdges: [Double]? = nil, upperEdges: [Double]? = nil, positives: [Int64], negatives: [Int64]
) -> CalibrationLine? {
  nil
}
