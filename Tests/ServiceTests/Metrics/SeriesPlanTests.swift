import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayConfiguration
@testable import LeewayService
@testable import LeewayWeb

/// Which Prometheus series a monitor exports.
@Suite struct SeriesPlanTests {
  // MARK: A monitor of 12 features and 2 segments

  private static let segments = ["channel", "region"]

  private static func monitor(
    _ checks: [Check] = [], features: Int = 12, series: SeriesChoice = .all, windows: [String] = ["1h"]
  ) throws -> Monitor {
    var monitor = try SampleMonitor.monitor(.binary)
    monitor.features = try (0..<features).map {
      Feature(name: "f\($0)", kind: $0 % 4 == 3 ? .categorical : .numeric, field: try FieldPath("f\($0)"))
    }
    monitor.segments = try segments.map { Segment(name: $0, field: try FieldPath($0)) }
    monitor.maximumSegments = 100
    monitor.windows = windows.map { WindowDefinition(name: $0, size: .hours(1), every: .minutes(5)) }
    monitor.checks = checks
    monitor.series = series
    return monitor
  }

  private static func check(
    _ name: String, _ on: Check.Subjects, _ metric: Metric, window: String = "1h", _ slices: Check.Slices
  ) -> Check {
    Check(
      name: name, on: on, metric: metric, window: window, limits: [TierLimit(.warning, .above(.absolute(1)))],
      slices: slices)
  }

  /// Values of both segments, the first of each with most rows.
  private static let profiled = (0..<20).flatMap { i in segments.map { "\($0)=s\(i < 10 ? "0" : "")\(i)" } }
  private static let lineSlices = ["all"] + profiled + ["version=v1", "version=v2"]

  private static func plan(_ monitor: Monitor, limit: Int = 5000) -> SeriesPlan {
    SeriesPlan(monitor: monitor, profiled: profiled, profiledSegments: segments, limit: limit)
  }

  /// Drift lines of every subject and a performance line, with every metric that such lines have.
  private static func records(_ monitor: Monitor, _ slices: [String], rows: Int = 1000, minute: Int64 = 0)
    -> [ResultRecord]
  {
    let list = LineMetric.all(of: monitor, estimates: false).filter { $0.path.first == "metrics" }
    let end = MadeUpService.noon + .minutes(minute)
    var out: [ResultRecord] = []
    func add(_ type: ResultType, _ window: WindowDefinition, _ slice: String, _ subject: String, _ names: [LineMetric])
    {
      var w = JSONWriter()
      w.beginObject()
      w.member("rows", rows)
      w.member("coverage", 0.9)
      w.key("metrics")
      w.beginObject()
      for metric in names { w.member(metric.name, 0.25) }
      w.endObject()
      w.endObject()
      out.append(
        ResultRecord(
          monitor: monitor.name, generation: "g", type: type, window: window.name, size: window.size.milliseconds,
          end: end, slice: slice, subject: subject, line: w.text))
    }
    for window in monitor.windows {
      for slice in slices {
        for feature in monitor.features {
          add(
            .drift, window, slice, feature.name,
            list.filter { $0.line == .drift && ($0.subjects == .any || feature.kind == .numeric) })
        }
        add(.drift, window, slice, monitor.outputName, list.filter { $0.line == .drift })
        add(.performance, window, slice, "", list.filter { $0.subjects == .performance })
      }
    }
    return out
  }

  private static func rendered(_ plan: SeriesPlan, _ updates: [ResultRecord]...) -> [String] {
    let metrics = MadeUpService.metrics()
    metrics.export(plan)
    for records in updates { metrics.apply(MetricsUpdate(monitor: plan.monitor.name, records: records)) }
    return String(decoding: metrics.render(), as: UTF8.self).split(separator: "\n").map(String.init)
      .filter { $0.contains("slice=") }
  }

  private static func count(_ lines: [String], _ slice: String) -> Int {
    lines.count { $0.contains("slice=\"\(slice)\"") }
  }

  // MARK: The order

  /// 12 features, 2 segments and 2 versions: in the order of slices' names, versions were the ones to be dropped.
  @Test func versionsAreExportedBeforeSlicesOfSegments() throws {
    let monitor = try Self.monitor()
    let plan = Self.plan(monitor)
    let lines = Self.rendered(plan, Self.records(monitor, Self.lineSlices))
    // Of 10 numbers and 3 categories: 16 and 9 metrics that are no evidence, the rows, the coverage, 19 metrics of labels.
    let values = 10 * 16 + 3 * 9 + 2 + 19
    // 8 and 3 p-values, bounds and chi-squared; 5 bounds of performance.
    let evidence = 10 * 8 + 3 * 3 + 5
    #expect(Self.count(lines, "all") == values + evidence)
    #expect(Self.count(lines, "version=v1") == values)
    #expect(Self.count(lines, "version=v2") == values)
    let whole = (5000 - 3 * values - evidence) / values
    #expect(plan.exported[.slices]?.slices == whole)
    for (place, slice) in Self.profiled.enumerated() {
      #expect(Self.count(lines, slice) == (place < whole ? values : 0), "\(slice)")
    }
    #expect(lines.count == plan.count)
    #expect(plan.count <= 5000)
    #expect(!lines.contains { $0.contains("version=") && ($0.contains("_p_value") || $0.contains("chi2")) })
  }

  @Test func whatChecksUseComesBeforeOtherSlices() throws {
    let monitor = try Self.monitor([
      Self.check("drift", .features(except: ["f0"]), .psi, .each), Self.check("auc", .performance, .auc, .each),
      Self.check("one", .output, .ks, .listed(["region=s19"])), Self.check("whole", .output, .mean, .all),
    ])
    let plan = Self.plan(monitor)
    let lines = Self.rendered(plan, Self.records(monitor, Self.lineSlices))
    for slice in Self.profiled.suffix(2) {
      let last = slice == "region=s19"
      #expect(
        lines.filter { $0.contains("slice=\"\(slice)\"") }.count == 1 + 11 + 2 + (last ? 1 : 0), "\(slice)")
      #expect(lines.contains { $0.contains(slice) && $0.contains("metric=\"auc\",stage=\"final\"") })
      #expect(lines.contains { $0.contains(slice) && $0.contains("leeway_window_rows") })
      #expect(lines.contains { $0.contains(slice) && $0.contains("subject=\"score\",metric=\"ks\"") } == last)
      #expect(!lines.contains { $0.contains(slice) && $0.contains("subject=\"f0\"") })
    }
    #expect(plan.exported[.checks] == SeriesPlan.Count(series: 40 * 14 + 1, slices: 0))
  }

  @Test func theMonitorChoosesAmongSlices() throws {
    let checks = [Self.check("drift", .named(["f1"]), .psi, .each)]
    func counts(_ choice: SeriesChoice) throws -> (other: Int, version: Int, dropped: Bool) {
      let monitor = try Self.monitor(checks, series: choice)
      let metrics = MadeUpService.metrics()
      metrics.export(Self.plan(monitor))
      let leftOut = metrics.apply(MetricsUpdate(monitor: "m", records: Self.records(monitor, Self.lineSlices)))
      let lines = String(decoding: metrics.render(), as: UTF8.self).split(separator: "\n").map(String.init)
      return (Self.count(lines, "region=s00"), Self.count(lines, "version=v2"), leftOut != nil)
    }
    #expect(try counts(.all) == (208, 208, true))
    // Rows and psi of f1. All of versions has room, p-values too.
    #expect(try counts(.checks) == (2, 302, false))
    #expect(try counts(.none) == (0, 302, false))
  }

  // MARK: Stability

  @Test func theSameSeriesWhateverTheOrderAndTheRows() throws {
    let monitor = try Self.monitor()
    let records = Self.records(monitor, Self.lineSlices)
    let expected = Self.rendered(Self.plan(monitor), records)
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<3 {
      #expect(Self.rendered(Self.plan(monitor), records.shuffled(using: &random)) == expected, "seed \(seed)")
    }
    func names(_ lines: [String]) -> [Substring] { lines.map { $0.prefix { $0 != " " } } }
    // The slices of the end have ten times the rows of the first now.
    let later =
      Self.records(monitor, Self.lineSlices, rows: 10, minute: 5)
      + Self.records(monitor, Array(Self.profiled.suffix(5)), rows: 10_000, minute: 5)
    #expect(names(Self.rendered(Self.plan(monitor), records, later)) == names(expected))
    // A metric that has no value leaves its place empty: nothing else moves up.
    var gaps = records.map { record in
      var record = record
      if record.slice == "all" { record.line = record.line.replacing("\"ks\":0.25", with: "\"ks\":null") }
      return record
    }
    gaps.shuffle(using: &random)
    #expect(
      names(Self.rendered(Self.plan(monitor), gaps))
        == names(expected).filter { !($0.contains("slice=\"all\"") && $0.contains("metric=\"ks\"")) })
  }

  /// Values of a segment that the baseline has no profile of: those that are there keep their places.
  @Test func slicesWithoutAProfileKeepTheirPlaces() throws {
    let monitor = try Self.monitor(features: 2)
    let one = SeriesPlan(monitor: monitor, profiled: [], profiledSegments: [], limit: 100_000)
    let each = one.size(of: "region=x", evidence: false)
    let fixed = one.size(of: "all", evidence: false) + one.size(of: "all", evidence: true) + 2 * each
    let plan = SeriesPlan(monitor: monitor, profiled: [], profiledSegments: ["channel"], limit: fixed + 2 * each)
    #expect(plan.unprofiled == ["region"])
    let metrics = MadeUpService.metrics()
    metrics.export(plan)
    func apply(_ slices: [(String, Int)], minute: Int64) -> [String] {
      let records = slices.flatMap { Self.records(monitor, [$0.0], rows: $0.1, minute: minute) }
      metrics.apply(MetricsUpdate(monitor: "m", records: records))
      let lines = String(decoding: metrics.render(), as: UTF8.self).split(separator: "\n").map(String.init)
      return slices.map(\.0).filter { Self.count(lines, $0) > 0 }
    }
    // Of those that come together the ones with more rows; __other__ last.
    #expect(
      apply([("all", 9), ("region=a", 10), ("region=b", 12), ("region=c", 11), ("region=__other__", 99)], minute: 0)
        == ["all", "region=b", "region=c"])
    // More rows are no reason to push another out.
    #expect(
      apply([("all", 9), ("region=a", 5000), ("region=b", 1), ("region=c", 1)], minute: 5)
        == ["all", "region=b", "region=c"])
    // One that is gone leaves its place to the next.
    #expect(
      apply([("all", 9), ("region=a", 5000), ("region=b", 1)], minute: 65) == ["all", "region=a", "region=b"])
    // A third version takes the place of a slice.
    #expect(
      apply([("all", 9), ("version=v1", 1), ("version=v2", 1), ("version=v3", 1), ("region=b", 1)], minute: 70)
        == ["all", "version=v1", "version=v2", "version=v3", "region=b"])
    #expect(apply([("all", 9), ("region=a", 5000)], minute: 75) == ["all"])
  }

  /// Of too many versions the newest are exported, and those that are compared.
  @Test func theNewestVersionsComeFirst() throws {
    var monitor = try Self.monitor(features: 2)
    monitor.comparison = VersionComparison(champion: "v1", challenger: "v9")
    let one = SeriesPlan(monitor: monitor, profiled: [], profiledSegments: [], limit: 100_000)
    let fixed = one.size(of: "all", evidence: false) + one.size(of: "all", evidence: true)
    let plan = SeriesPlan(
      monitor: monitor, profiled: [], profiledSegments: [],
      limit: fixed + 2 * one.size(of: "version=v", evidence: false))
    let metrics = MadeUpService.metrics()
    metrics.export(plan)
    func apply(_ versions: [String], minute: Int64) -> [String] {
      let slices = ["all"] + versions.map { "version=\($0)" }
      metrics.apply(MetricsUpdate(monitor: "m", records: Self.records(monitor, slices, minute: minute)))
      let lines = String(decoding: metrics.render(), as: UTF8.self).split(separator: "\n").map(String.init)
      return versions.filter { Self.count(lines, "version=\($0)") > 0 }
    }
    #expect(apply(["v1", "v2"], minute: 0) == ["v1", "v2"])
    #expect(apply(["v1", "v2", "v3"], minute: 5) == ["v1", "v3"])
    #expect(apply(["v1", "v2", "v3", "v4"], minute: 10) == ["v1", "v4"])
  }

  /// Half of a version's series is a chart with holes; what checks use of it is there all the same.
  @Test func aVersionIsExportedAsAWholeOrNot() throws {
    // Two checks that count the same rows take their place once.
    let checks = [
      Self.check("drift", .named(["f1"]), .psi, .each), Self.check("gone", .named(["f1"]), .missingRatio, .each),
    ]
    let monitor = try Self.monitor(checks)
    func plan(_ limit: Int) -> SeriesPlan {
      SeriesPlan(monitor: monitor, profiled: ["region=a"], profiledSegments: ["region", "channel"], limit: limit)
        .with(versions: ["version=v1", "version=v2"], others: [])
    }
    let all = plan(100_000)
    let fixed = all.size(of: "all", evidence: false) + all.size(of: "all", evidence: true)
    let one = all.size(of: "version=v1", evidence: false)
    let cut = plan(fixed + one * 3 / 2)
    let series = cut.series(in: "version=v2", evidence: false)
    #expect(cut.series(in: "version=v1", evidence: false).allSatisfy { cut.decision($0) == .exported })
    #expect(series.count { cut.decision($0) == .exported } == 3)
    #expect(
      cut.text
        == "\(fixed + one + 6) of at most \(fixed + one * 3 / 2): all \(fixed), 1 version \(one), checks in slices 6; left out: \(one) of 1 version, \(all.size(of: "region=a", evidence: false) - 3) of 1 slice (first version=v2, region=a), \(all.size(of: "version=v1", evidence: true) * 2 + all.size(of: "region=a", evidence: true)) p-values, bounds and chi-squared"
    )
    // None is what is said where none has room.
    #expect(!plan(fixed + one - 1).text.contains("0 versions"))
  }

  // MARK: What is said

  @Test func theCountIsPredicted() throws {
    let monitor = try Self.monitor([Self.check("drift", .named(["f1"]), .psi, .each)])
    #expect(
      Self.plan(monitor).text
        == "4,918 of at most 5,000: all 302, 2 versions 416, checks in slices 80, 20 slices 4,120; left out: 4,120 of 20 slices (first channel=s10, region=s10, channel=s11), 3,948 p-values, bounds and chi-squared"
    )
    #expect(
      Self.plan(monitor, limit: 20_000).text
        == "12,986 of at most 20,000: all 302, 2 versions 416, checks in slices 80, 40 slices 8,240, their p-values, bounds and chi-squared 3,948; left out: nothing"
    )
    #expect(
      Self.plan(try Self.monitor(monitor.checks, series: .checks)).text
        == "986 of at most 5,000: all 302, 2 versions 416, checks in slices 80, their p-values, bounds and chi-squared 188; left out: nothing; not chosen by series.slices: checks"
    )
    #expect(
      SeriesPlan(monitor: monitor, profiled: [], profiledSegments: ["channel"], limit: 100).text
        == "100 of at most 100: all 100; left out: 202 of all, 416 of 2 versions, 4 that checks use, 188 p-values, bounds and chi-squared; values of region come on top, since the baseline has no profile of them"
    )
  }

  /// The numbers that are predicted are those of the list, for every kind of slice.
  @Test func sizesAreThoseOfTheSeries() throws {
    var monitor = try Self.monitor(
      [
        Self.check("e", .errors, .adwin, .listed(["channel=s01"])),
        Self.check(
          "fair", .fairness(FairnessGroups(segment: "region", reference: "s00", favourable: .positive)),
          .disparateImpact, .all),
      ], windows: ["1h", "7d"])
    monitor.comparison = VersionComparison(champion: "v1", challenger: "v2")
    monitor.features.append(Feature(name: "channel", kind: .categorical, field: try FieldPath("channel")))
    let plan = Self.plan(monitor)
    for slice in ["all", "version=v1", "channel=s01", "channel=s02", "region=s00", "region=s01"] {
      for evidence in [false, true] {
        let series = plan.series(in: slice, evidence: evidence)
        #expect(plan.size(of: slice, evidence: evidence) == series.count, "\(slice)")
        #expect(Set(series).count == series.count)
      }
    }
    // Both stages of what is judged early too; detectors, fairness and estimates' errors are of all labels.
    let staged = SeriesPlan(
      monitor: monitor, estimates: true, profiled: Self.profiled, profiledSegments: Self.segments, limit: 5000,
      stages: Stage.allCases)
    for slice in ["all", "channel=s01", "region=s01"] {
      let series = staged.series(in: slice, evidence: false)
      #expect(staged.size(of: slice, evidence: false) == series.count)
      func stages(_ metric: String) -> [Stage] {
        series.filter { $0.metric == metric && $0.window == "7d" && $0.family == .performance }.compactMap(\.stage)
      }
      #expect(stages("auc") == [.early, .final])
      #expect(stages("estimated_auc_error") == [.final])
      #expect(stages("adwin") == (slice == "channel=s01" ? [.final] : []))
      #expect(stages("disparate_impact") == (slice == "region=s01" ? [.final] : []))
    }
    // A segment's own feature has no series in its slices.
    #expect(!plan.series(in: "channel=s01", evidence: false).contains { $0.subject == "channel" })
    #expect(plan.series(in: "region=s01", evidence: false).contains { $0.subject == "channel" })
    let own = Self.records(monitor, ["channel=s01"])
    #expect(!Self.rendered(Self.plan(monitor, limit: 100_000), own).contains { $0.contains("subject=\"channel\"") })
  }

  @Test func whatIsLeftOutIsToldOnce() throws {
    let monitor = try Self.monitor()
    let metrics = MadeUpService.metrics()
    metrics.export(Self.plan(monitor))
    let first = metrics.apply(MetricsUpdate(monitor: "m", records: Self.records(monitor, ["all"])))
    #expect(first == nil)
    let records = Self.records(monitor, Self.lineSlices, minute: 5)
    let leftOut = try #require(metrics.apply(MetricsUpdate(monitor: "m", records: records)))
    let exported = Self.plan(monitor).count
    #expect(leftOut.count == Int64(43 * 302 - exported))
    #expect(
      leftOut.description
        == "monitor m: \(Thousands.text(43 * 302 - exported)) series are left out of /metrics, since limits.max_series is 5,000; the first: leeway_window_rows{monitor=\"m\",window=\"1h\",slice=\"channel=s10\"}, leeway_window_rows{monitor=\"m\",window=\"1h\",slice=\"channel=s11\"}, leeway_window_rows{monitor=\"m\",window=\"1h\",slice=\"channel=s12\"}. The API has them all. Raise the limit, or set series: {slices: checks} in the monitor file; leeway check prints the plan"
    )
    // What the monitor has chosen already is not advised again.
    for (choice, advice) in [
      (SeriesChoice.checks, "Raise the limit, or set series: {slices: none} in the monitor file; leeway"),
      (.none, "Raise the limit; leeway"),
    ] {
      var other = leftOut
      other.choice = choice
      #expect(other.description.contains(advice))
    }
    #expect(metrics.apply(MetricsUpdate(monitor: "m", records: records)) == nil)
    let text = String(decoding: metrics.render(), as: UTF8.self)
    #expect(text.contains("leeway_series_dropped_total{monitor=\"m\"} \(2 * (43 * 302 - exported))\n"))
    // Another plan starts again.
    metrics.export(Self.plan(monitor, limit: 100))
    #expect(metrics.apply(MetricsUpdate(monitor: "m", records: records))?.limit == 100)
  }

  /// Rows of the baseline's slices decide, then the places in the profiles.
  @Test func slicesAreRankedByTheBaseline() throws {
    var monitor = try SampleMonitor.monitor(.binary)
    monitor.features = [Feature(name: "amount", kind: .numeric, field: try FieldPath("amount"))]
    var baseline = SampleMonitor.baseline(monitor, rows: SampleMonitor.trainingRows(20))
    baseline.segments = [
      SegmentProfile(name: "channel", values: ["web", "app", "fax"]), SegmentProfile(name: "shop", values: ["x", "y"]),
    ]
    baseline.slices = [("channel=web", 3000), ("channel=app", 1500), ("shop=x", 2000)].map {
      SliceBaseline(slice: $0.0, rows: $0.1, subjects: baseline.subjects.map(\.cells))
    }
    let free = SeriesPlan(try MonitorPlan(monitor: monitor, baseline: baseline), limit: 100_000)
    let fixed = free.size(of: "all", evidence: false) + free.size(of: "all", evidence: true)
    let each = free.size(of: "shop=x", evidence: false)
    var order: [String] = []
    for place in 0..<5 {
      let plan = SeriesPlan(try MonitorPlan(monitor: monitor, baseline: baseline), limit: fixed + (2 + place) * each)
      order.append(try #require(plan.firstLeftOut.first))
    }
    #expect(order == ["channel=web", "shop=x", "channel=app", "shop=y", "channel=fax"])
  }
}
