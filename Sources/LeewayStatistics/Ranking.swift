/// Labels by score: for each cell of a `NumericBinning`, in ascending order, its positives and its negatives.
public struct RankingCells: Sendable, Equatable {
  public let positives: [Int64]
  public let negatives: [Int64]

  public init(positives: [Int64], negatives: [Int64]) {
    self.positives = positives
    self.negatives = negatives
  }

  public var auc: Double? { nil }
  public var aucBound: Double? { nil }
  public var averagePrecision: Double? { nil }
  public var averagePrecisionBound: Double? { nil }
  public var deLongStandardError: Double? { nil }
  public func aucBounds(confidence: Double = 0.99) -> OneSidedBounds? { nil }
  /// `share` as the decimal that it is written as.
  public func precisionAtTop(_ share: Double) -> Double? { nil }
  public func precision(atRecall recall: Double) -> Double? { nil }
  public func recall(atPrecision precision: Double) -> Double? { nil }
}
