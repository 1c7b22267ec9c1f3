import Foundation
import LeewayTestSupport
import Testing

/// A real Prometheus scrapes a service that has everything to show: the demo.
@Suite struct PrometheusTests {
  private static let missing = ["prometheus", "promtool", "python3"].filter { Program.path(of: $0) == nil }

  /// The repository, whose dashboards are what is tested.
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test(
    .enabled(
      if: missing.isEmpty || ProcessInfo.processInfo.environment["CI"] == "true",
      "\(missing.joined(separator: ", ")) not installed; deploy/setup.sh test installs what is missing"))
  func everyQueryOfTheDashboardHasData() async throws {
    try #require(Self.missing.isEmpty, "deploy/setup.sh test installs what is missing")
    let folder = try TemporaryFolder()
    // Far more than is needed: it is ended as soon as all has been seen.
    let demo = try RunningService(["demo", "--port", "0", "--for", "1h"], in: folder.url)
    defer { if demo.process.isRunning { demo.process.killAtOnce() } }
    try folder.write(
      """
      global: {scrape_interval: 10s, scrape_timeout: 10s, evaluation_interval: 5s}
      rule_files: ["\(Self.root.path)/dashboards/alerts.yml"]
      scrape_configs:
        - {job_name: leeway, static_configs: [{targets: ["\(demo.base.dropFirst("http://".count))"]}]}

      """, to: "prometheus.yml")
    let prometheus = try Program("prometheus", in: folder.url)
      .started([
        "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address=127.0.0.1:0",
      ])
    defer { prometheus.end() }
    let announced = try await awaited(every: .milliseconds(500)) { () -> String? in
      prometheus.output.firstMatch(of: /msg="Listening on" address=([0-9.:]+)/).map { String($0.1) }
    }
    let base = "http://\(try #require(announced, "\(prometheus.output)"))"

    // An incident and its deliveries, as Prometheus sees them.
    let wanted =
      "sum(leeway_incident_transitions_total) > 0 and sum(leeway_deliveries_total{outcome=\"delivered\"}) > 0"
    let seen = try await awaited(every: .milliseconds(500)) {
      try Self.query(wanted, base)?.isEmpty == false ? true : nil
    }
    try #require(seen != nil, "\(demo.process.standardOutput)\(demo.process.standardError)")
    let isUp = try await awaited(every: .milliseconds(500)) {
      try Self.query("up{job=\"leeway\"} == 1", base)?.count == 1 ? true : nil
    }
    #expect(isUp == true)

    // Some series come later than the first incident, and a rate takes two scrapes.
    var answers = ""
    let isGood = try await awaited(every: .milliseconds(500)) {
      answers =
        try Program("python3", in: folder.url)
        .run([Self.root.appendingPathComponent("dashboards/queries.py").path, "--against", base]).output
      return answers.wholeMatch(of: /queries: ([0-9]+) of \1 are good\n/) != nil ? true : nil
    }
    #expect(isGood != nil, "\(answers)")

    try folder.write(demo.answer("/metrics"), to: "metrics")
    let promtool = try Program("promtool", in: folder.url).run(["check", "metrics"], input: "metrics")
    #expect(promtool.code == 0)
    #expect(promtool.output == "")

    // The rules are evaluated too.
    var health: [String] = []
    let areRead = try await awaited(every: .milliseconds(500)) { () -> Bool? in
      guard let groups = try Self.answer("\(base)/api/v1/rules")?["groups"] as? [[String: Any]] else { return nil }
      health = groups.flatMap { $0["rules"] as? [[String: Any]] ?? [] }.map { $0["health"] as? String ?? "" }
      return health.contains("unknown") ? nil : true
    }
    #expect(areRead == true && health.count > 10)
    #expect(Set(health) == ["ok"])

    demo.process.interrupt()
    #expect(demo.process.wait() == 0, "\(demo.process.standardError)")
  }

  private static func query(_ text: String, _ base: String) throws -> [Any]? {
    let escaped = try #require(text.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
    return try answer("\(base)/api/v1/query?query=\(escaped)")?["result"] as? [Any]
  }

  /// nil where there is no good answer: Prometheus listens before its database is open.
  private static func answer(_ address: String) throws -> [String: Any]? {
    let curl = try Curl.ask(address, ["-f"])
    guard curl.code == 0 else { return nil }
    let object = try JSONSerialization.jsonObject(with: Data(curl.output.utf8)) as? [String: Any]
    return object?["data"] as? [String: Any]
  }

  /// Another program of the machine, found by its name; output and errors go to one file.
}
