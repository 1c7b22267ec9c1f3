import Glibc

/// Layers of equal area under a falling density, 256 of them, for a draw that mostly needs one number and one product.
///
/// Source: Marsaglia and Tsang, "The ziggurat method for generating random variables" (Journal of Statistical Software 5, 2000).
private struct Ziggurat: Sendable {
  /// Draws below these need no further test; as parts of 2⁵² (normal) or 2⁵³ (exponential).
  private(set) var inside = [UInt64](repeating: 0, count: 256)
  /// What a draw is multiplied by.
  private(set) var width = [Double](repeating: 0, count: 256)
  /// The density at the layers' edges.
  private(set) var density = [Double](repeating: 0, count: 256)

  /// - Parameters:
  ///   - edge: where the tail begins, and the area of each layer.
  ///   - inverse: of the density.
  init(_ scale: Double, edge: Double, area: Double, density f: (Double) -> Double, inverse: (Double) -> Double) {
    let base = area / f(edge)
    var x = edge
    inside[0] = UInt64(x / base * scale)
    width[0] = base / scale
    density[0] = 1
    width[255] = x / scale
    density[255] = f(x)
    for layer in stride(from: 254, through: 1, by: -1) {
      let outer = x
      x = inverse(area / outer + f(outer))
      inside[layer + 1] = UInt64(x / outer * scale)
      width[layer] = x / scale
      density[layer] = f(x)
    }
  }
}

extension NumPyRandom {
  private static let normalEdge = 3.6541528853610088
  private static let exponentialEdge = 7.69711747013104972
  private static let normals = Ziggurat(
    0x1p52, edge: normalEdge,
    area: normalEdge * exp(-normalEdge * normalEdge / 2) + (Double.pi / 2).squareRoot()
      * erfc(normalEdge / 2.0.squareRoot()),
    density: { exp(-$0 * $0 / 2) }, inverse: { (-2 * log($0)).squareRoot() })
  private static let exponentials = Ziggurat(
    0x1p53, edge: exponentialEdge, area: (exponentialEdge + 1) * exp(-exponentialEdge), density: { exp(-$0) },
    inverse: { -log($0) })

  /// `standard_normal()`.
  package mutating func normal() -> Double {
    while true {
      let bits = next64()
      let layer = Int(bits & 0xff)
      let isNegative = bits >> 8 & 1 == 1
      let draw = bits >> 9 & 0xf_ffff_ffff_ffff
      let size = Double(draw) * Self.normals.width[layer]
      let x = isNegative ? -size : size
      if draw < Self.normals.inside[layer] { return x }
      if layer == 0 {
        // The tail takes its sign from another bit.
        while true {
          let beyond = -log1p(-unit()) / Self.normalEdge
          let height = -log1p(-unit())
          if height + height > beyond * beyond {
            return draw >> 8 & 1 == 1 ? -(Self.normalEdge + beyond) : Self.normalEdge + beyond
          }
        }
      }
      let (above, below) = (Self.normals.density[layer - 1], Self.normals.density[layer])
      if (above - below) * unit() + below < exp(-0.5 * x * x) { return x }
    }
  }

  /// `standard_exponential()`.
  package mutating func exponential() -> Double {
    while true {
      let bits = next64() >> 3
      let layer = Int(bits & 0xff)
      let draw = bits >> 8
      let x = Double(draw) * Self.exponentials.width[layer]
      if draw < Self.exponentials.inside[layer] { return x }
      if layer == 0 { return Self.exponentialEdge - log1p(-unit()) }
      let (above, below) = (Self.exponentials.density[layer - 1], Self.exponentials.density[layer])
      if (above - below) * unit() + below < exp(-x) { return x }
    }
  }

  /// `standard_gamma(shape)` for a shape above 1. Source: Marsaglia and Tsang, "A simple method for generating gamma variables"
  /// (ACM Transactions on Mathematical Software 26, 2000).
  mutating func gamma(_ shape: Double) -> Double {
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      var x = normal()
      while 1 + c * x <= 0 { x = normal() }
      let root = 1 + c * x
      let v = root * root * root
      let u = unit()
      if u < 1 - 0.0331 * (x * x) * (x * x) || log(u) < 0.5 * x * x + d * (1 - v + log(v)) { return d * v }
    }
  }

  /// `standard_t(freedom)` for more than 2 degrees of freedom.
  package mutating func student(_ freedom: Double) -> Double {
    let x = normal()
    return (freedom / 2).squareRoot() * x / gamma(freedom / 2).squareRoot()
  }
}
