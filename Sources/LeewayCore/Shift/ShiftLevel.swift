import LeewayStatistics

/// Numbers of an hour that are no feature's: how many predictions came, and how wrong they were.
enum ShiftLevel {
  static let traffic = "traffic"
  static let errorRate = "error_rate"
  static let brier = "brier"
  static let logLoss = "log_loss"
  static let absoluteError = "absolute_error"

  /// By task what errors are measured in.
  static func errors(_ task: ModelTask) -> [String] {
    switch task {
    case .binary: [errorRate, brier, logLoss]
    case .multiclass: [errorRate, logLoss]
    case .regression: [absoluteError]
    }
  }

  /// What each level of the errors says of an hour's rows with labels, implied ones too.
  ///
  /// - Parameter block: nil: there are none.
  static func errors(_ names: [String], _ layout: PerformanceLayout, _ block: CellBlock?) -> [ShiftSums] {
    guard let block else { return names.map { _ in .level(0, rows: 0, variance: 0) } }
    let parts: [PerformanceLayout.Part] = layout.hasImpliedLabels ? [.labelled, .implied] : [.labelled]
    let cells = PartCells(layout: layout, block: block, parts: parts)
    switch layout.task {
    case .binary(let binning, _):
      let decisions = cells.decisions(binning)
      return names.map { name in
        switch name {
        case brier: .logMean(cells.brier(decisions.total))
        case logLoss: .logMean(cells.logLoss(decisions.total))
        default: .logShare(decisions.falsePositives &+ decisions.falseNegatives, of: decisions.total)
        }
      }
    case .multiclass(let classes):
      let k = classes.count + 1
      let confusion = cells.confusion(classes: k)
      let right = (0..<k).reduce(0) { $0 &+ confusion[$1, $1] }
      return names.map { name in
        name == logLoss
          ? .logMean(cells.logLoss(classes: k)) : .logShare(confusion.total &- right, of: confusion.total)
      }
    case .regression(let fixedPoint, _):
      let sums = cells.regression(fixedPoint).map {
        ShiftSums.logMean(MeanSums(count: $0.count, sum: $0.absoluteErrors, squares: $0.squaredErrors))
      }
      return names.map { _ in sums ?? .level(0, rows: 0, variance: 0) }
    }
  }
}
