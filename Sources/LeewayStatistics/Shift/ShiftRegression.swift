/// What every stream's surprise is expected to be, given the others' surprises of the same hour.
///
/// What moves all features together (a busy day) is taken out, and a change of one feature stands out.
package struct ShiftRegression: Sendable, Equatable {
  /// Surprises count as explanations up to ± this.
  static let clip = 6.0

  /// The location and category streams: P of them, ascending.
  package let predictors: [Int]
  /// M, P × K: `weights[p * K + k]` is the weight of predictor p for stream k; 0 within one subject.
  package let weights: [Double]
  /// What is left of a stream's variance, by stream: in (0, 1], or a little above.
  package let left: [Double]

  init(predictors: [Int], weights: [Double], left: [Double]) {
    self.predictors = predictors
    self.weights = weights
    self.left = left
  }

  /// Regresses every stream on the location and category streams of the *other* subjects.
  ///
  /// C = mean over hours of clip(u, ±4) clip(u, ±4)ᵀ; M_ko = (C_oo + ridge I)⁻¹ C_ok over the predictors o of other subjects;
  /// `left` = mean clip(v, ±6)² / mean clip(u, ±6)² with v = u − M clip(u, ±6).
  ///
  /// One factorisation serves all subjects. With Q = (C_PP + ridge I)⁻¹ over all predictors P, and g those of the stream's own
  /// subject, the inverse without them is Q_oo − Q_og Q_gg⁻¹ Q_go (Schur's complement).
  ///
  /// - Parameter u: T × K.
  init(_ u: [Double], _ streams: [ShiftStream], ridge: Double) {
    let k = streams.count
    let hours = u.count / k
    let predictors = streams.indices.filter { streams[$0].kind.isPredictor }
    let covariance = Self.covariance(u, streams: k, predictors)
    let p = predictors.count
    var inverse = [Double](repeating: 0, count: p * p)
    for (row, _) in predictors.enumerated() {
      for (column, stream) in predictors.enumerated() { inverse[row * p + column] = covariance[row * k + stream] }
      inverse[row * p + row] += ridge
    }
    SymmetricInverse.invert(&inverse, size: p)
    var weights = [Double](repeating: 0, count: p * k)
    for stream in 0..<k {
      // C_ok with zeros for the stream's own subject.
      let own = predictors.indices.filter { streams[predictors[$0]].subject == streams[stream].subject }
      guard own.count < p else { continue }
      var column = (0..<p).map { covariance[$0 * k + stream] }
      for index in own { column[index] = 0 }
      var solution = SymmetricInverse.product(inverse, column)
      if !own.isEmpty {
        var block = own.flatMap { row in own.map { inverse[row * p + $0] } }
        SymmetricInverse.invert(&block, size: own.count)
        let correction = SymmetricInverse.product(block, own.map { solution[$0] })
        for (index, weight) in zip(own, correction) {
          for row in 0..<p { solution[row] -= inverse[index * p + row] * weight }
        }
        for index in own { solution[index] = 0 }
      }
      for row in 0..<p { weights[row * k + stream] = solution[row] }
    }
    self.predictors = predictors
    self.weights = weights
    let rest = Self.residuals(u, weights, predictors, streams: k)
    left = Self.left(u, given: rest, streams: k, hours: hours)
  }

  /// mean clip(v, ±6)² / mean clip(u, ±6)² by stream; 1 where u is always 0.
  private static func left(_ u: [Double], given v: [Double], streams k: Int, hours: Int) -> [Double] {
    (0..<k).map { stream in
      var (whole, rest) = (0.0, 0.0)
      for cell in stride(from: stream, to: u.count, by: k) {
        let (a, b) = (clipped(u[cell], clip), clipped(v[cell], clip))
        whole += a * a
        rest += b * b
      }
      whole /= Double(hours)
      rest /= Double(hours)
      return whole > 0 ? max(rest, 1e-9) / max(whole, 1e-9) : 1
    }
  }

  /// P × K: mean over the hours of clip(u, ±4) of the predictor times that of the stream.
  private static func covariance(_ u: [Double], streams k: Int, _ predictors: [Int]) -> [Double] {
    let x = u.map { clipped($0, 4) }
    var sums = [Double](repeating: 0, count: predictors.count * k)
    sums.withUnsafeMutableBufferPointer { sums in
      x.withUnsafeBufferPointer { x in
        for row in stride(from: 0, to: x.count, by: k) {
          for (p, predictor) in predictors.enumerated() {
            let value = x[row + predictor]
            for stream in 0..<k { sums[p * k + stream] += value * x[row + stream] }
          }
        }
      }
    }
    let hours = Double(u.count / k)
    return sums.map { $0 / hours }
  }

  /// v = u − M clip(u, ±6) of whole hours, T × K, summed in the order of the predictors.
  func residuals(_ u: [Double]) -> [Double] { Self.residuals(u, weights, predictors, streams: left.count) }

  private static func residuals(
    _ u: [Double], _ weights: [Double], _ predictors: [Int], streams k: Int
  ) -> [Double] {
    var out = u
    out.withUnsafeMutableBufferPointer { out in
      u.withUnsafeBufferPointer { u in
        weights.withUnsafeBufferPointer { weights in
          var sums = [Double](repeating: 0, count: k)
          sums.withUnsafeMutableBufferPointer { sums in
            for row in stride(from: 0, to: u.count, by: k) {
              for stream in 0..<k { sums[stream] = 0 }
              for (p, predictor) in predictors.enumerated() {
                let value = clipped(u[row + predictor], clip)
                for stream in 0..<k { sums[stream] += weights[p * k + stream] * value }
              }
              for stream in 0..<k { out[row + stream] -= sums[stream] }
            }
          }
        }
      }
    }
    return out
  }

  static func clipped(_ x: Double, _ limit: Double) -> Double { min(max(x, -limit), limit) }
}
