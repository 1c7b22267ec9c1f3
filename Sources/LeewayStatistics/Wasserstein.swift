func wassersteinDistance(
  _ binning: NumericBinning, _ baseline: NumericCells, _ window: NumericCells, n: Int64, m: Int64
) -> (middle: Double, halfWidth: Double) {
  (0, 0)
}
