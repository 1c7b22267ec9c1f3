import Foundation
import LeewayConfiguration
import LeewayCore

/// The demo's folder: the very files a user would write, and the ledger. Removed at the end unless it is the user's own.
struct DemoFiles {
  let folder: String
  private let isKept: Bool

  var monitors: String { folder + "/monitors" }
  var monitor: String { monitors + "/late-orders.yaml" }
  var training: String { folder + "/training.jsonl" }
  var configuration: String { folder + "/leeway.yaml" }
  var ledger: String { folder + "/leeway.db" }

  /// - Parameter kept: a folder of the user's, made if it is not there and its parent is; nil makes a temporary one.
  /// - Throws: `InputProblem` if the folder holds files already, `EnvironmentProblem` if it cannot be made.
  init(kept: String?) throws {
    let files = FileManager.default
    isKept = kept != nil
    folder = kept ?? files.temporaryDirectory.appendingPathComponent("leeway-demo-\(UUID().uuidString)").path
    if kept != nil, let found = try? files.contentsOfDirectory(atPath: folder), !found.isEmpty {
      throw InputProblem(
        "\(folder): the folder is not empty, and the demo would mix with what is there; give a new one")
    }
    for path in [folder, monitors] where mkdir(path, 0o700) != 0 && errno != EEXIST {
      throw EnvironmentProblem("\(path): the folder cannot be made: \(String(cString: strerror(errno)))")
    }
  }

  func remove() {
    if !isKept { try? FileManager.default.removeItem(atPath: folder) }
  }

  func write(_ text: String, to path: String) throws {
    guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8)) else {
      throw EnvironmentProblem("\(path): cannot be written: \(String(cString: strerror(errno)))")
    }
  }

  /// Rows that version v1 was trained on, with what came of them.
  func writeTraining(rows: Int) throws {
    var world = OrderWorld(seed: 1)
    var json = JSONWriter(capacity: rows * 200)
    for _ in 0..<rows {
      let order = world.order(rule: .roadsOpen)
      json.beginObject()
      order.write(to: &json, model: .v1)
      json.key("late")
      json.bool(order.isLate)
      json.endObject()
      json.endLine()
    }
    try write(json.text, to: training)
  }

  static let monitorText = """
    # Will an order come late? The demo's monitor: an hour of its world passes every second.
    monitor: late-orders
    task: binary

    predictions:
      topic: \(DemoTraffic.predictions.topic)
      fields: {id: order_id, time: at, version: model, score: score}
      time_format: epoch_ms

    labels:
      topic: \(DemoTraffic.labels.topic)
      fields: {id: order_id, time: at, value: late}
      time_format: epoch_ms
      horizon: 1h                         # by then an order has come

    features:
      distance_km: {type: numeric, range: [0, 200]}
      kitchen_minutes: numeric
      items: numeric
      couriers_free: numeric
      temperature: numeric
      vehicle: categorical
      weather: categorical
      city: categorical

    segments: [city]
    baseline: late-orders.baseline.json

    compare: {champion: v1, challenger: v1-small}   # a smaller model, in shadow for an eighth of the orders

    panes: 30m
    windows:
      - {size: 1h, every: 30m}
      - {size: 2h, every: 1h}
    lateness: 5m

    checks:
      - {name: input-drift, on: features, metric: psi, window: 1h, warning: 0.2, critical: 0.8}
      - {name: score-drift, on: score, metric: ks, window: 1h, warning: 0.4}
      - {name: missing, on: features, metric: missing_ratio, window: 1h, warning: 0.2}
      - {name: traffic, on: traffic, metric: rows, window: 1h, warning: {below: 30%}}
      - {name: auc, on: performance, metric: auc, window: 2h, warning: 0.72, critical: 0.62}
      - {name: calibration, on: performance, metric: ece, window: 2h, warning: 0.08}
      - {name: concept, on: errors, metric: adwin, window: 2h, info: 1}
      - {name: fair-cities, on: fairness, segment: city, reference: leipzig, favourable: 0,
         metric: equal_opportunity_difference, window: 2h, info: 0.3}

    alerts:
      info: [log]
      warning: [log, chat]
      critical: [log, chat, pager, retrain]

    retrain:
      cooldown: 12h
      max_per_week: 3
      deadline: 6h
      scorecard: {auc: {at_least: 0.7}}

    """

  static func configurationText(bootstrap: String, port: Int, receiver: Int) -> String {
    """
    # The demo's service. The broker lives in the demo's own process and goes with it. `leeway check`
    # takes it where LEEWAY_DEMO_SECRET has a value.
    kafka: {bootstrap: "\(bootstrap)", group: leeway-demo}
    ledger: sqlite:leeway.db
    http: {listen: "127.0.0.1:\(port)", public_url: "http://127.0.0.1:\(port)"}

    receivers:
      chat: {type: slack, url: "http://127.0.0.1:\(receiver)/chat"}
      pager: {type: webhook, url: "http://127.0.0.1:\(receiver)/pager", secret: "${LEEWAY_DEMO_SECRET}"}
      retrain: {type: webhook, url: "http://127.0.0.1:\(receiver)/retrain", secret: "${LEEWAY_DEMO_SECRET}"}

    # A demo is in a hurry; the defaults are a second each.
    limits: {flush_every: 200ms}
    evaluation: {every: 200ms}

    """
  }
}
