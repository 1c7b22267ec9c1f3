import Foundation
import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayConfiguration
@testable import LeewayReplay

/// A shop whose traffic does not change: four dated weeks to fit, ten days of predictions and their labels.
struct BacktestScene {
  let monitor: Monitor
  let baseline: Baseline
  let predictions: String
  let labels: String

  /// 2026-03-02T00:00Z, a Monday.
  static let monday: Int64 = 1_772_409_600_000
  static let rowsPerHour = 60

  private static let yaml = """
    monitor: shop
    task: binary
    predictions: {topic: p, fields: {id: id, time: at, score: score}, time_format: epoch_ms}
    labels: {topic: l, fields: {id: id, time: at, value: bought}, time_format: epoch_ms, horizon: 6h}
    features: {amount: numeric, country: categorical}
    baseline: shop.json
    panes: 1h
    windows:
    - {size: 1d, every: 1h}
    checks:
    - {name: moved, on: features, metric: shift, warning: 1 per week, critical: 1 per quarter}
    - {name: drift, on: features, metric: psi, window: 1d, warning: 0.1, critical: 0.2}
    - {name: missing, on: amount, metric: missing_ratio, window: 1d, warning: 0.05}
    - {name: auc, on: performance, metric: auc, window: 1d, warning: {max_drop: 5%}}
    - {name: silence, on: traffic, metric: rows, window: 1d, critical: {below: 50%}}
    alerts: {warning: [log], critical: [log]}

    """

  private struct Row {
    var time: Int64
    var amount: Double?
    var country: String
    var score: Double
    var bought: Int
  }

  private static func rows(_ days: Int, from start: Int64, seed: UInt64) -> [Row] {
    var random = SeededGenerator(seed: seed)
    func unit() -> Double { Double.random(in: 0..<1, using: &random) }
    return (0..<days * 24 * rowsPerHour).map { i in
      let gauss = (0..<12).reduce(-6) { sum, _ in sum + unit() }
      let score = ((unit() + unit()) / 2 * 1000).rounded() / 1000
      return Row(
        time: start + Int64(i) * 3_600_000 / Int64(rowsPerHour),
        amount: unit() < 0.01 ? nil : ((50 + 20 * gauss) * 100).rounded() / 100,
        country: ["DE", "DE", "DE", "FR", "FR", "US"][Int(unit() * 6)], score: score, bought: unit() < score ? 1 : 0)
    }
  }

  /// Made once: files in a folder of the test process.
  static let shared = Result { try BacktestScene() }

  private init() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("backtest-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    func write(_ text: String, _ name: String) throws -> String {
      let path = folder.appendingPathComponent(name).path
      try text.write(toFile: path, atomically: false, encoding: .utf8)
      return path
    }
    let training = try write(
      "at,amount,country,score,bought\n"
        + Self.rows(28, from: Self.monday - 28 * 86_400_000, seed: 1).map { row in
          "\(row.time),\(row.amount.map { "\($0)" } ?? ""),\(row.country),\(row.score),\(row.bought)\n"
        }.joined(), "training.csv")
    let history = Self.rows(10, from: Self.monday, seed: 2)
    predictions = try write(
      history.enumerated().map { i, row in
        "{\"id\":\"p\(i)\",\"at\":\(row.time),\"amount\":\(row.amount.map { "\($0)" } ?? "null"),"
          + "\"country\":\"\(row.country)\",\"score\":\(row.score)}\n"
      }.joined(), "p.jsonl")
    labels = try write(
      history.enumerated().map { i, row in
        "{\"id\":\"p\(i)\",\"at\":\(row.time + 3_600_000),\"bought\":\(row.bought)}\n"
      }
      .joined(), "l.jsonl")
    let file = try write(Self.yaml, "shop.yaml")
    monitor = try #require(MonitorFile.load(file, environment: [:]).0).overFiles
    var outcome = try BaselineFit(
      monitor: monitor, paths: [training], dates: BaselineFit.Dates(field: "at", leftOut: [])
    ).run()
    baseline = try Baseline(decoding: Array(outcome.baseline.encoded()))
  }

  var plan: MonitorPlan { get throws { try MonitorPlan(monitor: monitor, baseline: baseline) } }

  func backtest(_ injections: [String] = [], wish: ShiftBudget? = nil, threads: Int = 2) throws -> BacktestReport {
    try Backtest(
      monitor: monitor, baseline: baseline, predictions: [predictions], labels: [labels], threads: threads,
      injections: try injections.map { try InjectionSpec.read($0, monitor, baseline) }, wish: wish
    ).run()
  }
}
