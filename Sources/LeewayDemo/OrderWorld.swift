import Foundation
import LeewayCore

/// The demo's world: food orders, of which some come late, and a model that says beforehand how likely that is.
///
/// Made up and deterministic: the same seed gives the same orders. The truth is drawn from a known probability, so the
/// model is calibrated by construction for as long as the world is the one it was trained on.
struct OrderWorld {
  /// What makes orders late.
  enum Rule: Sendable {
    /// Distance, a slow kitchen, bad weather. Version v1 was trained on this.
    case roadsOpen
    /// Whoever isn't on a bicycle stands in a jam, and distance hardly counts. Version v2 was trained on this.
    case roadsClosed
  }

  enum Model: String, Sendable {
    case v1, v2
    /// Knows what v1 knows, in tenths.
    case small = "v1-small"
  }

  private var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(state: seed) }

  /// The next order.
  ///
  /// - Parameter distanceFactor: 1 is the world of the training rows.
  mutating func order(rule: Rule, distanceFactor: Double = 1) -> Order {
    // One decimal and three: few enough values for the baseline to hold every one, so that its distances are exact.
    let distance = rounded(3 * exp(0.5 * normal()) * distanceFactor, 10)
    let kitchen = (14 * exp(0.35 * normal())).rounded()
    let items = min(1 + Int(-log(1 - uniform()) * 2.2), 20)
    let couriers = min(max(Int((9 + 4 * normal()).rounded()), 0), 24)
    let temperature = uniform() < 0.05 ? nil : rounded(12 + 7 * normal(), 10)
    let vehicle = pick(["bicycle", "scooter", "car"], [0.5, 0.35, 0.15])
    let city = pick(["leipzig", "porto", "utrecht"], [0.5, 0.3, 0.2])
    let sky = pick(["clear", "clouds", "rain", "snow"], [0.42, 0.33, 0.2, 0.05])
    let weather = uniform() < 0.03 ? nil : sky

    // What the two versions know besides the logged features, each in its own world.
    let (known, later) = (normal(), normal())
    var open = -1.95 + 1.1 * log(distance / 3) / 0.5 + 0.7 * log(kitchen / 14) / 0.35
    open += (sky == "snow" ? 1.3 : sky == "rain" ? 0.7 : 0) - 0.08 * Double(couriers - 9) + 0.7 * known
    var closed = -2.3 + (vehicle == "car" ? 3.6 : vehicle == "scooter" ? 1.9 : 0)
    closed += 0.15 * log(kitchen / 14) / 0.35 + 1.2 * later
    let probabilities = [logistic(open), logistic(closed)]
    let truth = rule == .roadsOpen ? probabilities[0] : probabilities[1]
    return Order(
      distance: distance, kitchen: kitchen, items: items, couriers: couriers, temperature: temperature,
      vehicle: vehicle,
      city: city, weather: weather, scores: probabilities.map { min(max(rounded($0, 1000), 0.001), 0.999) },
      isLate: uniform() < truth)
  }

  /// How a model ranks fresh orders: the share of pairs of a late and a punctual order that it puts in order.
  mutating func auc(of model: Model, rule: Rule, orders: Int) -> Double {
    var late: [Double] = []
    var punctual: [Double] = []
    for _ in 0..<orders {
      let order = order(rule: rule)
      if order.isLate { late.append(order.score(model)) } else { punctual.append(order.score(model)) }
    }
    guard !late.isEmpty, !punctual.isEmpty else { return 0.5 }
    var wins = 0.0
    for x in late {
      for y in punctual { wins += x > y ? 1 : x == y ? 0.5 : 0 }
    }
    return wins / Double(late.count * punctual.count)
  }

  // MARK: Chance

  /// In [0, 1).
  mutating func uniform() -> Double { Double(random.next() >> 11) * 0x1p-53 }

  private mutating func normal() -> Double {
    (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform())
  }

  private mutating func pick(_ names: [String], _ shares: [Double]) -> String {
    var left = uniform()
    for (name, share) in zip(names, shares) {
      left -= share
      if left < 0 { return name }
    }
    return names[names.count - 1]
  }

  private func rounded(_ x: Double, _ scale: Double) -> Double { (x * scale).rounded() / scale }
  private func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}

/// One order, as its prediction and, later, its label tell it.
struct Order: Sendable {
  var distance: Double
  var kitchen: Double
  var items: Int
  var couriers: Int
  var temperature: Double?
  var vehicle: String
  var city: String
  var weather: String?
  /// By version.
  fileprivate var scores: [Double]
  var isLate: Bool

  fileprivate init(
    distance: Double, kitchen: Double, items: Int, couriers: Int, temperature: Double?, vehicle: String, city: String,
    weather: String?, scores: [Double], isLate: Bool
  ) {
    self.distance = distance
    self.kitchen = kitchen
    self.items = items
    self.couriers = couriers
    self.temperature = temperature
    self.vehicle = vehicle
    self.city = city
    self.weather = weather
    self.scores = scores
    self.isLate = isLate
  }

  func score(_ model: OrderWorld.Model) -> Double {
    switch model {
    case .v1: scores[0]
    case .v2: scores[1]
    case .small: min(max((scores[0] * 10).rounded() / 10, 0.05), 0.95)
    }
  }

  /// The features and the score, as members of an object that is open.
  func write(to json: inout JSONWriter, model: OrderWorld.Model) {
    for (name, text) in [("model", model.rawValue), ("city", city), ("vehicle", vehicle)] {
      json.key(name)
      json.string(text)
    }
    json.key("weather")
    if let weather { json.string(weather) } else { json.null() }
    for (name, number) in [
      ("distance_km", distance), ("kitchen_minutes", kitchen), ("items", Double(items)),
      ("couriers_free", Double(couriers)), ("score", score(model)),
    ] {
      json.key(name)
      json.number(number)
    }
    json.key("temperature")
    json.number(temperature)
  }
}

/// Steele, Lea and Flood's generator (2014): 64 bits of state, every seed good.
private struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
