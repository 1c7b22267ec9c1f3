import LeewayDelivery
import Testing

@testable import LeewayConfiguration
@testable import LeewayService

/// Every key that a file may have is described, and the page of keys is made of the descriptions.
@Suite struct KeysTests {
  @Test func thePageIsWhatLeewayKeysPrints() throws {
    let page = try TextFile.bytes(at: RepositoryFile.path("docs/keys.md"), limit: 1 << 20)
    #expect(
      String(decoding: page, as: UTF8.self) == KeyTables.markdown,
      "write it again: .build/debug/leeway keys >docs/keys.md")
  }

  /// A file in which one key has no value: the reader that asks for it says so, and no other.
  @Test(arguments: ConfigurationSection.allCases) func everyKeyThatIsDescribedIsRead(section: ConfigurationSection) {
    for key in section.keys {
      let (file, path) = Self.file(section, without: key.name)
      let problems: [String]
      if ConfigurationSection.ofService.contains(section) {
        let reading = ServiceConfigurationReading(path: "file", environment: [:])
        _ = reading.read(Array(file.utf8))
        problems = reading.reading.problems.map(\.message)
      } else {
        problems = MonitorFile(path: "file", baseline: .none, environment: [:], content: Array(file.utf8))
          .problems.map(\.message)
      }
      #expect(
        problems.count { $0 == "\(path)\(key.name) is empty; give it a value or remove it" } == 1,
        "\(section) \(key.name): \(problems)")
    }
  }

  @Test func aKeyWithoutDescriptionIsNotAccepted() throws {
    let reading = ConfigurationReading(file: "file", environment: [:])
    let top = try #require(reading.root(Array("colour: red\nslices: all".utf8), .series, example: ""))
    #expect(top.value("colour") == nil)
    #expect(top.value("slices") != nil)
    top.finish()
    #expect(
      reading.problems.map(\.message) == ["colour is not a key that can be set. The keys here are slices."])
  }

  @Test func everySectionIsOnThePageOnceAndEveryKeyOnce() {
    let lines = KeyTables.markdown.split(separator: "\n")
    for section in ConfigurationSection.allCases where section != .monitor && section != .service {
      #expect(lines.count { $0 == "### \(section.rawValue)" } == 1)
    }
    #expect(lines.count { $0.hasPrefix("| `") } == ConfigurationSection.allCases.reduce(0) { $0 + $1.keys.count })
    for section in ConfigurationSection.allCases {
      #expect(Set(section.keys.map(\.name)).count == section.keys.count, "\(section)")
    }
  }

  /// The least file that has the section's map, in which one key has no value, and what messages call that map.
  private static func file(_ section: ConfigurationSection, without key: String) -> (text: String, path: String) {
    var path = section.rawValue
    for (open, named) in [("[]", "[0]"), ("NAME", "chat"), ("TIER", "warning"), ("METRIC", "auc")] {
      path = path.replacing(open, with: named)
    }
    if section == .monitor || section == .service { path = "" }
    let isOfService = ConfigurationSection.ofService.contains(section)
    let root =
      isOfService
      ? [("kafka", "{bootstrap: \"localhost:9092\"}")]
      : [
        ("monitor", "least"), ("task", section == .predictionFields && key == "prediction" ? "regression" : "binary"),
        ("predictions", "{topic: p, fields: {id: id, time: at, version: v, score: s}}"),
        ("labels", "{topic: l, fields: {id: id, time: at, value: v}}"), ("segments", "[country]"),
        ("windows", "[{size: 1h, every: 5m}]"),
      ]
    let inner: [(String, String)] =
      switch section {
      case .monitor, .service: root
      case .predictions: [("topic", "p"), ("fields", "{id: id, time: at, score: s}")]
      case .predictionFields: [("id", "id"), ("time", "at")]
      case .labels: [("topic", "l"), ("fields", "{id: id, time: at, value: v}")]
      case .check:
        [
          ("name", "a"), ("on", ["segment", "favourable"].contains(key) ? "fairness" : "performance"),
          ("metric", key == "at" ? "precision_at_top" : "auc"), ("window", "1h"), ("warning", "0.5"),
        ]
      case .receiver:
        ReceiverType.all.first { $0.keys.contains { $0.name == key } }.map { type in
          [("type", type.name)] + type.keys.filter(\.isRequired).map { ($0.name, "x") }
        } ?? [("type", "log")]
      default: []
      }
    let pairs = inner.filter { $0.0 != key }.map { "\($0): \($1)" } + ["\(key): ~"]
    if section == .monitor || section == .service {
      return (pairs.joined(separator: "\n"), "")
    }
    let map = "{\(pairs.joined(separator: ", "))}"
    let (name, value): (String, String) =
      switch section {
      case .predictionFields: ("predictions", "{topic: p, fields: \(map)}")
      case .labelFields: ("labels", "{topic: l, fields: \(map)}")
      case .feature: ("features", "{chat: \(map)}")
      case .window: ("windows", "[\(map)]")
      case .check: ("checks", "[\(map)]")
      case .limit: ("checks", "[{name: a, on: performance, metric: auc, window: 1h, warning: \(map)}]")
      case .escalation: ("alerts", "{escalate: [\(map)]}")
      case .flapping: ("alerts", "{flapping: \(map)}")
      case .scorecard: ("retrain", "{scorecard: {auc: \(map)}}")
      case .tls: ("http", "{tls: \(map)}")
      case .maintenance: ("maintenance", "[\(map)]")
      case .maintenanceMatchers: ("maintenance", "[{name: n, daily: \"02:00-04:00\", matchers: \(map)}]")
      case .receiver: ("receivers", "{chat: \(map)}")
      default: (section.rawValue, map)
      }
    let rest = root.filter { $0.0 != name }.map { "\($0): \($1)" }
    return ((rest + ["\(name): \(value)"]).joined(separator: "\n"), path + ".")
  }
}
