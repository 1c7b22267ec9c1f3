import LeewayStatistics

/// Bins and moments of one numeric column from its sorted values.
struct NumericSummary {
  var binning: NumericBinning
  var median: Double
  var mean: Double
  var standardDeviation: Double

  init(_ sort: ExternalSort, resolution: Int) throws {
    let total = sort.count
    guard total > 0 else {
      self.init(binning: NumericBinning(knots: [], cuts: []), median: 0, mean: 0, standardDeviation: 0)
      return
    }
    var fitter = NumericBinning.Fitter(total: total, resolution: resolution)
    var sum = 0.0
    var seen: Int64 = 0
    var median = Double.nan
    let middle = (total + 1) / 2
    try sort.forEachRun { value, count in
      fitter.add(value: value, count: count)
      sum += value * Double(count)
      seen += count
      if median.isNaN, seen >= middle { median = value }
    }
    let mean = sum / Double(total)
    var squares = 0.0
    try sort.forEachRun { value, count in squares += (value - mean) * (value - mean) * Double(count) }
    let deviation = (squares / Double(total)).squareRoot()
    var binning = fitter.finish()
    let places = binning.tailPlaces(standardDeviation: deviation)
    if !places.isEmpty {
      var tails = NumericBinning.TailValues(at: places)
      try sort.forEachRun { value, _ in tails.add(value) }
      binning = binning.adding(knots: tails.values)
    }
    self.init(binning: binning, median: median, mean: mean, standardDeviation: deviation)
  }

  private init(binning: NumericBinning, median: Double, mean: Double, standardDeviation: Double) {
    self.binning = binning
    self.median = median
    self.mean = mean
    self.standardDeviation = standardDeviation
  }
}
