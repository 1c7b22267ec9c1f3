/// Inverses of symmetric positive definite matrices, stored row by row.
enum SymmetricInverse {
  /// Replaces a matrix by its inverse, by Cholesky's factor L: A⁻¹ = L⁻ᵀ L⁻¹. No pivots are needed, for a ridge keeps the smallest
  /// eigenvalue above 0. All inner loops run along rows.
  static func invert(_ a: inout [Double], size n: Int) {
    var inverse = [Double](repeating: 0, count: n * n)
    var row = [Double](repeating: 0, count: n)
    a.withUnsafeMutableBufferPointer { a in
      inverse.withUnsafeMutableBufferPointer { inverse in
        row.withUnsafeMutableBufferPointer { row in
          factorise(a, n)
          invertFactor(a, row, n)
          // L⁻ᵀ L⁻¹, its lower triangle: from each row of L⁻¹ its products with itself.
          for m in 0..<n {
            for i in 0...m {
              let value = a[m * n + i]
              for j in 0...i { inverse[i * n + j] += value * a[m * n + j] }
            }
          }
        }
      }
      for i in 0..<n {
        for j in 0...i {
          a[i * n + j] = inverse[i * n + j]
          a[j * n + i] = inverse[i * n + j]
        }
      }
    }
  }

  /// L in the lower triangle.
  private static func factorise(_ a: UnsafeMutableBufferPointer<Double>, _ n: Int) {
    for i in 0..<n {
      for j in 0...i {
        var sum = a[i * n + j]
        for m in 0..<j { sum -= a[i * n + m] * a[j * n + m] }
        a[i * n + j] = i == j ? sum.squareRoot() : sum / a[j * n + j]
      }
    }
  }

  /// L⁻¹ in place of L: row i is −(Σ over m < i of L_im times row m) / L_ii, with 1 / L_ii at its end.
  private static func invertFactor(
    _ a: UnsafeMutableBufferPointer<Double>, _ row: UnsafeMutableBufferPointer<Double>, _ n: Int
  ) {
    for i in 0..<n {
      for j in 0..<i { row[j] = 0 }
      for m in 0..<i {
        let factor = a[i * n + m]
        for j in 0...m { row[j] += factor * a[m * n + j] }
      }
      let end = 1 / a[i * n + i]
      for j in 0..<i { a[i * n + j] = -row[j] * end }
      a[i * n + i] = end
    }
  }

  /// A x.
  static func product(_ a: [Double], _ x: [Double]) -> [Double] {
    let n = x.count
    return (0..<n).map { row in
      var sum = 0.0
      for column in 0..<n { sum += a[row * n + column] * x[column] }
      return sum
    }
  }
}
