import Foundation
import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayService
@testable import LeewayWeb

@Suite struct ServiceMetricsTests {
  private static func plan(limit: Int = 10_000) -> SeriesPlan {
    SeriesPlan(monitor: MadeUpService.fraud, profiled: [], profiledSegments: [], limit: limit)
  }

  private static func filled() -> ServiceMetrics {
    let metrics = MadeUpService.metrics()
    let noon = MadeUpService.noon
    metrics.count(events: 5123, .accepted, monitor: "fraud")
    metrics.count(events: 2, .late, monitor: "fraud")
    metrics.count(events: 1, .accepted, monitor: "fraud")
    metrics.count(rejected: 1, reason: "not_json", monitor: "fraud")
    metrics.count(labels: 7, .expired, monitor: "fraud")
    var delays = MetricHistogram.labelDelay
    delays.observe(59)
    delays.observe(60)
    delays.observe(90)
    delays.observe(1e9)
    delays.observe(.nan)
    metrics.add(labelDelays: delays, monitor: "fraud")
    metrics.flushed(seconds: 0.02, .committed)
    metrics.set(lag: [("serving", 1, 12), ("serving", 0, 3)])
    metrics.set(watermark: noon, monitor: "fraud", stream: .predictions)
    metrics.set(watermark: .distantPast, monitor: "fraud", stream: .labels)
    metrics.count(transition: "opened", monitor: "fraud")
    metrics.set(incidents: MadeUpService.incidents)
    metrics.count(delivery: .retried, receiver: "a \"quoted\\\nname")
    metrics.set(outbox: [OutboxBacklog(receiver: "chat", owed: 2, dead: 0, oldest: noon)], now: noon + .seconds(90))
    metrics.count(ShiftSpending(check: "moved", tier: .critical, expected: 0.5, alarms: 2), monitor: "fraud")
    metrics.count(ShiftSpending(check: "moved", tier: .critical, expected: 0.25, alarms: 0), monitor: "fraud")
    metrics.set(ready: true)
    metrics.reloaded(successfully: true, at: noon)
    metrics.export(Self.plan())
    metrics.apply(
      MetricsUpdate(
        monitor: "fraud",
        records: [
          MadeUpService.drift(MadeUpService.fraud.windows[0], end: noon, slice: "all", subject: "country"),
          MadeUpService.performance(MadeUpService.fraud.windows[0], end: noon, slice: "all"),
          MadeUpService.verdict("input-drift", MadeUpService.fraud.windows[0], end: noon, subject: "a", .critical),
          MadeUpService.verdict(
            "input-drift", MadeUpService.fraud.windows[0], end: noon, subject: "b", .insufficientData),
        ]))
    return metrics
  }

  @Test func saysWhereTheIntakesTimeWent() {
    let metrics = MadeUpService.metrics()
    metrics.spent(0.25, on: .decode)
    metrics.spent(0.5, on: .decode)
    metrics.spent(3, on: .wait)
    let text = String(decoding: metrics.render(), as: UTF8.self)
    #expect(text.contains("\nleeway_stage_seconds_total{stage=\"decode\"} 0.75\n"))
    #expect(metrics.stageSummary == "wait 3.0 s, poll 0.0 s, decode 0.8 s, aggregate 0.0 s, commit 0.0 s")
  }

  @Test func rendersTheGoldenText() throws {
    let text = String(decoding: Self.filled().render(), as: UTF8.self)
    let golden = try #require(Bundle.module.url(forResource: "Fixtures/metrics", withExtension: "txt"))
    #expect(text == (try String(contentsOf: golden, encoding: .utf8)))
  }

  /// `promtool` comes with Debian's package `prometheus`.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/promtool")))
  func promtoolFindsNothing() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/promtool")
    process.arguments = ["check", "metrics"]
    let input = Pipe()
    let output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    process.standardError = output
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: Data(Self.filled().render()))
    try input.fileHandleForWriting.close()
    let said = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(String(decoding: said, as: UTF8.self) == "")
    #expect(process.terminationStatus == 0)
  }

  @Test func aSliceWithoutRowsForAWindowIsForgotten() {
    let window = MadeUpService.fraud.windows[0]
    let noon = MadeUpService.noon
    let metrics = MadeUpService.metrics()
    metrics.export(Self.plan())
    func apply(_ end: EventTime, _ slices: [String]) {
      metrics.apply(
        MetricsUpdate(
          monitor: "fraud",
          records: slices.map { MadeUpService.drift(window, end: end, slice: $0, subject: "age") }))
    }
    func shows(_ slice: String) -> Bool {
      String(decoding: metrics.render(), as: UTF8.self).contains("slice=\"\(slice)\"")
    }
    apply(noon, ["all", "version=v1"])
    apply(noon + .minutes(55), ["all"])
    #expect(shows("version=v1"))
    apply(noon + .minutes(60), ["all"])
    #expect(!shows("version=v1"))
    #expect(shows("all"))
  }

  @Test func aCheckShowsTheWorstTierOfItsNewestEndAlone() {
    let window = MadeUpService.fraud.windows[0]
    let noon = MadeUpService.noon
    let metrics = MadeUpService.metrics()
    metrics.export(Self.plan(limit: 0))
    func tier(_ verdicts: [(EventTime, Tier)]) -> String? {
      metrics.apply(
        MetricsUpdate(
          monitor: "fraud",
          records: verdicts.map { MadeUpService.verdict("c", window, end: $0.0, subject: "x", $0.1) }))
      return String(decoding: metrics.render(), as: UTF8.self).split(separator: "\n")
        .first { $0.hasPrefix("leeway_check_tier") }?.split(separator: " ").last.map(String.init)
    }
    #expect(tier([(noon, .ok), (noon, .insufficientData), (noon, .warning)]) == "2")
    #expect(tier([(noon + .minutes(5), .insufficientData)]) == "-1")
    #expect(tier([(noon, .critical)]) == "-1")
    metrics.forget(monitor: "fraud")
    #expect(tier([]) == nil)
  }

  @Test func linesThatAreNoResultsArePassedOver() {
    var record = MadeUpService.drift(
      MadeUpService.fraud.windows[0], end: MadeUpService.noon, slice: "all", subject: "age")
    for line in ["", "{", "[]", "{\"metrics\":1}", "{\"metrics\":{\"psi\":\"x\"}}"] {
      record.line = line
      let update = MetricsUpdate(monitor: "fraud", records: [record])
      #expect(update.drift.flatMap(\.metrics).isEmpty)
    }
  }

  @Test func quantilesOfAHistogramAreThoseOfPromQL() {
    var histogram = MetricHistogram(bounds: [1, 10, 100])
    #expect(histogram.quantile(0.5) == nil)
    for seconds in [0.5, 0.5, 5, 5, 5, 5, 50, 50, 50, 5000] { histogram.observe(seconds) }
    // histogram_quantile on buckets 2, 6, 9 of 10: linear within a bucket, the last bound beyond it.
    #expect(histogram.quantile(0.1) == 0.5)
    #expect(histogram.quantile(0.5) == 7.75)
    #expect(histogram.quantile(0.9) == 100)
    #expect(histogram.quantile(0.99) == 100)
  }

  @Test func whatBecameOfLabelsIsCountedByMonitor() {
    let metrics = ServiceMetrics(version: "1", librdkafka: "2", startedAt: EventTime(milliseconds: 0))
    metrics.count(labels: 3, .orphaned, monitor: "a")
    metrics.count(labels: 2, .orphaned, monitor: "b")
    metrics.count(labels: 1, .passedOver, monitor: "a")
    var delays = MetricHistogram.labelDelay
    delays.observe(30)
    metrics.add(labelDelays: delays, monitor: "a")
    let found = metrics.labels(of: "a")
    #expect(found.counts.map(\.0) == LabelOutcome.allCases)
    #expect(found.counts.filter { $0.1 > 0 }.map { "\($0.0) \($0.1)" } == ["orphaned 3", "passedOver 1"])
    #expect(found.delays.count == 1)
    #expect(metrics.labels(of: "c").counts.allSatisfy { $0.1 == 0 })
  }
}
