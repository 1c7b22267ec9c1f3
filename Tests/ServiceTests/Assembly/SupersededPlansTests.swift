import LeewayCore
import Logging
import Testing

@testable import LeewayConfiguration
@testable import LeewayReplay
@testable import LeewayService

/// A superseded generation is read from the ledger's copy as it was, whatever its variables stand for by now.
@Suite struct SupersededPlansTests {
  private static let text = """
    monitor: flights
    task: binary
    predictions: {topic: "${LEEWAY_TEST_TOPIC}", fields: {id: id, time: at, score: score}}
    labels: {topic: l, fields: {id: id, time: at, value: late}, horizon: 1d}
    threshold: ${file:threshold}
    windows: [{size: 1h, every: 5m}]
    baseline: flights.baseline.json
    checks:
    - {name: rows, on: traffic, metric: rows, window: 1h, warning: 1}
    alerts: {warning: [log]}

    """

  private static let training =
    "score,late\n" + (0..<2000).map { "0.\(100 + $0 % 800),\($0 % 7 == 0 ? 1 : 0)\n" }.joined()

  @Test func theCopyHasItsOwnValues() throws {
    try TemporaryFolder.use { folder in
      let path = folder.write("flights.yaml", Self.text)
      folder.write("threshold", "0.3\n")
      let environment = ["LEEWAY_TEST_TOPIC": "departures", "LEEWAY_TEST_OTHER": "secret"]
      let monitor = try #require(MonitorFile.load(path, environment: environment).0)
      let training = folder.write("training.csv", Self.training)
      var baseline = try BaselineFit(monitor: monitor, paths: [training], heldOut: []) { _, _ in }.run().baseline
      folder.write("flights.baseline.json", baseline.encoded())
      let plan = try #require(MonitorFile(path: path, baseline: .required, environment: environment).plan)
      #expect(plan.monitor.predictions.topic == "departures" && plan.monitor.threshold == 0.3)
      // Only what the file names is kept.
      #expect(
        plan.source == "# leeway: values {\"LEEWAY_TEST_TOPIC\":\"departures\",\"file:threshold\":\"0.3\"}\n"
          + Self.text)

      // The next start has another threshold, and the variable is not set.
      folder.write("threshold", "0.9")
      let record = GenerationRecord(
        monitor: "flights", generation: plan.generation, definition: plan.definition, startsAt: .distantPast,
        baseline: plan.baseline.identity)
      let files = GenerationFiles(monitor: plan.source, baseline: baseline.encoded())
      let plans = SupersededPlans(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let found = try #require(try plans.read(record, plan.monitor) { files })
      #expect(found.definition == plan.definition)
      #expect(found.monitor.predictions.topic == "departures" && found.monitor.threshold == 0.3)
    }
  }

  @Test func copiesWithoutValuesAreReadAsTheyAre() {
    for text in ["monitor: a\n", "", "# leeway: values {\n", "# leeway: values []\nmonitor: a"] {
      let kept = KeptMonitorText(stored: text)
      #expect(kept.text == text && kept.values.isEmpty)
      #expect(kept.stored == text)
    }
    let kept = KeptMonitorText(text: "a: ${B}\n", values: ["B": "x\n\"y\""])
    #expect(
      KeptMonitorText(stored: kept.stored).values == kept.values
        && KeptMonitorText(stored: kept.stored).text == kept.text)
  }
}
