import LeewayStatistics
import LeewayTestSupport
import Testing

@Suite struct KnotSearchTests {
  @Test(arguments: [1, 2, 63, 64, 1000]) func aColumnHasTheCellsOfItsValues(_ knots: Int) {
    let seed = UInt64(knots)
    var random = SeededGenerator(seed: seed)
    let drawn = Set(
      (0..<knots).map { _ in Double.random(in: 0...1, using: &random) * Double.random(in: -100...100, using: &random) })
    let binning = NumericBinning(knots: drawn.sorted(), cuts: [])
    var values = binning.knots + binning.knots.map(\.nextUp) + binning.knots.map(\.nextDown)
    values += (0..<1000).map { _ in Double.random(in: -150...150, using: &random) }
    values += [-.greatestFiniteMagnitude, .greatestFiniteMagnitude, 0, -0.0, .leastNonzeroMagnitude]
    var cells = [Int32](repeating: -1, count: values.count)
    values.withUnsafeBufferPointer { values in
      cells.withUnsafeMutableBufferPointer { binning.cells(of: values, into: $0) }
    }
    for (value, cell) in zip(values, cells) { #expect(Int(cell) == binning.cell(of: value), "seed \(seed): \(value)") }
    // What isn't finite falls into some cell.
    var any: [Int32] = [-1, -1, -1]
    [Double.nan, .infinity, -.infinity].withUnsafeBufferPointer { values in
      any.withUnsafeMutableBufferPointer { binning.cells(of: values, into: $0) }
    }
    #expect(any.allSatisfy { $0 >= 0 && Int($0) < binning.cellCount })
  }
}
