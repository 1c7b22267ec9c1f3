import Glibc

/// What one model's hours are like before any row is drawn: a function of (world, seed, quarter).
package struct TrafficPaths: Sendable, Equatable {
  /// Latent means, T × J.
  package var means: [Double]
  /// Rows by hour.
  package var rows: [Int64]
  /// Shares of missing values, T × J.
  package var missing: [Double]
  /// Latent standard deviation within an hour.
  package var deviation: Double

  package init(_ world: TrafficWorld, seed: UInt64, quarter: UInt64) {
    var random = NumPyRandom([seed, quarter, 0])
    let (hours, features) = (world.hours, world.features)
    func ofDay(_ t: Int) -> Double { Double(t % 24) }
    func weekend(_ t: Int) -> Double { t / 24 % 7 >= 5 ? 1 : 0 }
    let volumes = (0..<hours).map { t in
      exp(0.5 * cos(2 * Double.pi * (ofDay(t) - 14) / 24) - 0.3 * weekend(t) + 0.2 * Double(t) / Double(hours))
    }
    let mean = volumes.reduce(0, +) / Double(hours)
    let restless = Self.autoregression(&random, hours, 1, phi: 0.9, freedom: 0)
    var rates = (0..<hours).map { world.rows * volumes[$0] / mean * exp(0.1 * restless[$0] - 0.005) }
    let peaks = (0..<features).map { _ in random.uniform(0, 24) }
    let weeks = (0..<features).map { _ in random.uniform(-0.3, 0.3) }
    let phases = (0..<features).map { _ in random.uniform(0, 2 * Double.pi) }
    let factors = Self.autoregression(&random, hours, 2, phi: world.phi, freedom: world.freedom)
    let loads = (0..<features).map { _ in
      let (a, b) = (random.normal(), random.normal())
      let length = (a * a + b * b).squareRoot()
      return (a / length, b / length)
    }
    let own = Self.autoregression(&random, hours, features, phi: world.phi, freedom: world.freedom)
    means = [Double](repeating: 0, count: hours * features)
    for t in 0..<hours {
      for j in 0..<features {
        let shared = factors[2 * t] * loads[j].0 + factors[2 * t + 1] * loads[j].1
        let noise =
          world.common.squareRoot() * shared + (1 - world.common).squareRoot() * own[t * features + j]
        means[t * features + j] =
          world.swing * cos(2 * Double.pi * (ofDay(t) - peaks[j]) / 24) + weeks[j] * weekend(t)
          + world.noise.squareRoot() * noise
          + world.wander * sin(2 * Double.pi * Double(t) / 8760 + phases[j])
      }
    }
    for day in random.sample(Int(world.holidays * Double(hours) / 1344), of: hours / 24) {
      let hit = random.sample(5, of: features)
      let moves = hit.map { _ in [-0.5, 0.5][random.integer(2)] }
      for t in day * 24..<min(day * 24 + 24, hours) {
        for (j, move) in zip(hit, moves) { means[t * features + j] += move }
        rates[t] *= 0.6
      }
    }
    let usual = (0..<features).map { _ in [0, 0.01, 0.02][random.integer(3)] }
    missing = (0..<hours).flatMap { _ in usual }
    for _ in 0..<random.poisson(world.bursts * Double(hours) / 168) {
      let (start, length, share) = (random.integer(hours), random.geometric(0.5), random.uniform(0.05, 0.4))
      let hit = random.unit() < 0.8 ? [random.integer(features)] : random.sample(4, of: features)
      for t in start..<min(start + length, hours) {
        for j in hit { missing[t * features + j] = max(missing[t * features + j], share) }
      }
    }
    rows = rates.map { random.poisson($0) }
    deviation = (1 - world.noise).squareRoot()
  }

  /// Stationary AR(1) of unit variance, `hours` × `columns`: first all innovations, then the first row.
  private static func autoregression(
    _ random: inout NumPyRandom, _ hours: Int, _ columns: Int, phi: Double, freedom: Double
  ) -> [Double] {
    let scale = freedom > 0 ? ((freedom - 2) / freedom).squareRoot() : 1
    var x = (0..<hours * columns).map { _ in freedom > 0 ? random.student(freedom) * scale : random.normal() }
    for column in 0..<columns { x[column] = random.normal() }
    let fresh = (1 - phi * phi).squareRoot()
    for cell in columns..<max(hours * columns, columns) { x[cell] = phi * x[cell - columns] + fresh * x[cell] }
    return x
  }
}
