import Foundation
import LeewayCore

/// A made-up world of card payments, and a model of it: everything follows from a seed.
struct DemoWorld {
  /// What the world is like at a time.
  struct Conditions: Sendable {
    /// Amounts are larger by this factor: a new price list, say. Fraud follows the same rules.
    var amountFactor = 1.0
    /// Fraud follows other rules than those the first model learned.
    var newRules = false
  }

  struct Payment {
    var amount: Double
    var accountAgeDays: Double
    var hour: Int
    var merchant: String
    var country: String
    /// nil: the client did not say.
    var device: String?
    var channel: String
  }

  private var random: DemoRandom

  init(seed: UInt64) { random = DemoRandom(state: seed) }

  private static let merchants = ["grocery", "travel", "electronics", "fuel", "games"]
  private static let countries = ["DE", "FR", "PL", "US"]
  private static let devices = ["ios", "android", "web"]

  mutating func payment(_ conditions: Conditions, hour: Int) -> Payment {
    let amount = exp(3.8 + 0.8 * random.normal()) * conditions.amountFactor
    return Payment(
      amount: (amount * 100).rounded() / 100, accountAgeDays: exp(5.5 + random.normal()).rounded(), hour: hour,
      merchant: random.choose(Self.merchants, [0.42, 0.12, 0.16, 0.2, 0.1]),
      country: random.choose(Self.countries, [0.5, 0.25, 0.15, 0.1]),
      device: random.uniform() < 0.03 ? nil : random.choose(Self.devices, [0.35, 0.4, 0.25]),
      channel: random.choose(["app", "shop"], [0.7, 0.3]))
  }

  /// The true probability of fraud.
  func probability(_ payment: Payment, _ conditions: Conditions) -> Double {
    conditions.newRules ? Self.newRules(payment) : Self.oldRules(payment)
  }

  /// What a model says: v1 has learned the old rules, v2 the new ones.
  func score(_ payment: Payment, version: Int) -> Double {
    let p = version == 1 ? Self.oldRules(payment) : Self.newRules(payment)
    return (p * 10_000).rounded() / 10_000
  }

  private static func oldRules(_ p: Payment) -> Double {
    var z = -1.6 + 1.1 * (log(max(p.amount, 0.01)) - 3.8) - 0.7 * (log(max(p.accountAgeDays, 1)) - 5.5)
    if p.device == "web" { z += 0.9 }
    if p.merchant == "games" || p.merchant == "electronics" { z += 0.7 }
    return logistic(z)
  }

  /// Fraudsters have moved to small amounts on old accounts.
  private static func newRules(_ p: Payment) -> Double {
    var z = -1.1 - 0.9 * (log(max(p.amount, 0.01)) - 4.3) + 0.8 * (log(max(p.accountAgeDays, 1)) - 5.5)
    if p.device == "android" { z += 0.9 }
    return logistic(z)
  }

  private static func logistic(_ z: Double) -> Double { 1 / (1 + exp(-z)) }

  mutating func happens(_ probability: Double) -> Bool { random.uniform() < probability }
  mutating func between(_ low: Double, _ high: Double) -> Double { low + (high - low) * random.uniform() }

  // MARK: As messages and rows

  func prediction(_ p: Payment, id: String, time: EventTime, version: Int) -> [UInt8] {
    var w = JSONWriter(capacity: 320)
    w.beginObject()
    w.key("prediction_id")
    w.string(id)
    w.key("timestamp_ms")
    w.number(time.milliseconds)
    w.key("model_version")
    w.string("v\(version)")
    w.key("amount")
    w.number(p.amount)
    w.key("account_age_days")
    w.number(p.accountAgeDays)
    w.key("hour")
    w.number(p.hour)
    w.key("merchant")
    w.string(p.merchant)
    w.key("country")
    w.string(p.country)
    w.key("context")
    w.beginObject()
    w.key("device")
    if let device = p.device { w.string(device) } else { w.null() }
    w.endObject()
    w.key("channel")
    w.string(p.channel)
    w.key("score")
    w.number(score(p, version: version))
    w.endObject()
    return w.bytes
  }

  static let csvHeader = "amount,account_age_days,hour,merchant,country,device,channel,score,is_fraud\n"

  func csv(_ p: Payment, fraud: Bool) -> String {
    "\(p.amount),\(p.accountAgeDays),\(p.hour),\(p.merchant),\(p.country),\(p.device ?? ""),\(p.channel),\(score(p, version: 1)),\(fraud ? 1 : 0)\n"
  }

  /// The monitor as a user would write it.
  static let monitor = """
    # The demo's model: is this card payment a fraud?
    monitor: card-fraud
    task: binary
    predictions:
      topic: serving.card-fraud.predictions
      fields: {id: prediction_id, time: timestamp_ms, version: model_version, score: score}
      time_format: epoch_ms
    labels:
      topic: serving.card-fraud.labels
      fields: {id: prediction_id, time: labelled_at_ms, value: is_fraud}
      time_format: epoch_ms
      horizon: 2h
    threshold: 0.5
    features:
      amount: {type: numeric, range: [0, 1000000]}
      account_age_days: numeric
      hour: {type: numeric, range: [0, 23]}
      merchant: categorical
      country: categorical
      device: {type: categorical, field: context.device}
    segments: [channel]
    baseline: card-fraud.baseline.json
    panes: 30m
    windows:
      - {size: 2h, every: 30m}
    lateness: 5m
    checks:
      # hour follows the clock within a day, so against the whole training set it always drifts.
      - {name: input-drift, on: features, except: [hour], metric: psi, window: 2h, warning: 0.2}
      - {name: score-drift, on: score, metric: ks, window: 2h, info: 0.1}
      - {name: missing, on: [device], metric: missing_ratio, window: 2h, warning: 0.15}
      - {name: auc, on: performance, metric: auc, window: 2h, critical: 0.65}
      - {name: calibration, on: performance, metric: ece, window: 2h, warning: 0.1}
    alerts:
      info: [log]
      warning: [chat, pager]
      critical: [chat, pager, retrain]
    retrain:
      cooldown: 1h
      max_per_week: 3
      deadline: 6h
      scorecard: {auc: {at_least: 0.70}}

    """
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same story at every start.
struct DemoRandom {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return Digest64.mix(state)
  }

  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  mutating func normal() -> Double {
    (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform())
  }

  mutating func choose(_ values: [String], _ weights: [Double]) -> String {
    var u = uniform()
    for (value, weight) in zip(values, weights) {
      if u < weight { return value }
      u -= weight
    }
    return values[values.count - 1]
  }
}
