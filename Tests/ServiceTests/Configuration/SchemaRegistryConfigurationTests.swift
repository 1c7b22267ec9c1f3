import Foundation
import LeewayCore
import LeewayDelivery
import Testing

@testable import LeewayConfiguration
@testable import LeewayService

@Suite struct SchemaRegistryConfigurationTests {
  private func load(
    _ registry: String, environment: [String: String] = [:]
  ) -> (registry: ServiceConfiguration.SchemaRegistry?, problems: [String]) {
    let text = "kafka: {bootstrap: \"localhost:9092\"}\nschema_registry: \(registry)\n"
    let reading = ServiceConfigurationReading(path: "leeway.yaml", environment: environment)
    let configuration = reading.read(Array(text.utf8))
    return (configuration?.schemaRegistry, reading.reading.problems.sorted().map(\.description))
  }

  @Test func theLeastSaysWhereItIs() throws {
    let (registry, problems) = load("{urls: [\"https://one.example.com/\", \"http://two:8081/apis/ccompat\"]}")
    #expect(problems == [])
    let found = try #require(registry)
    #expect(
      found
        == ServiceConfiguration.SchemaRegistry(
          name: "https://one.example.com", urls: ["https://one.example.com", "http://two:8081/apis/ccompat"],
          unknownAfter: .minutes(10)))
    #expect(
      found.server
        == SchemaRegistryServer(urls: ["https://one.example.com", "http://two:8081/apis/ccompat"]))
  }

  @Test func credentialsCertificatesAndTimes() throws {
    try TemporaryFolder.use { folder in
      let (ca, certificate, key) = (
        folder.write("ca.pem", "a"), folder.write("c.pem", "c"), folder.write("k.pem", "k")
      )
      let (registry, problems) = load(
        "{urls: [\"http://r\"], username: leeway, password: \"${REGISTRY_PASSWORD}\", ca_file: \(ca), certificate: \(certificate), key: \(key), unknown_after: 90s, name: main}",
        environment: ["REGISTRY_PASSWORD": "hunter2"])
      #expect(problems == [])
      let found = try #require(registry)
      #expect(found.name == "main" && found.unknownAfter == .seconds(90))
      #expect(
        found.server
          == SchemaRegistryServer(
            urls: ["http://r"], credentials: .basic(username: "leeway", password: "hunter2"),
            tls: HTTPTrust(authorities: ca, certificate: certificate, key: key)))
      var dumped = ""
      dump(found, to: &dumped)
      #expect(!dumped.contains("hunter2"))
    }
    let (bearer, problems) = load("{urls: [\"http://r\"], token: \"${T}\"}", environment: ["T": "abc"])
    #expect(problems == [])
    #expect(bearer?.server.credentials == .bearer(token: "abc"))
  }

  @Test(arguments: [
    ("{}", ["2:18: schema_registry.urls is missing; add urls: [\"https://registry.example.com\"]"]),
    (
      "{urls: []}",
      ["2:25: schema_registry.urls is an empty list; name an address, as https://registry.example.com"]
    ),
    (
      "{urls: [registry]}",
      [
        "2:26: schema_registry.urls[0] must be http:// or https:// with a host, as https://registry.example.com"
      ]
    ),
    (
      "{urls: [\"http://u:p@r\"]}",
      ["2:26: schema_registry.urls[0] has a user in it, which would show in logs; write username and password"]
    ),
    (
      "{urls: [\"http://r\"], username: u}",
      ["2:49: schema_registry.username needs a password; add password: ${NAME}"]
    ),
    (
      "{urls: [\"http://r\"], password: \"${P}\"}",
      ["2:49: schema_registry.password needs a name; add username: NAME"]
    ),
    (
      "{urls: [\"http://r\"], username: u, password: \"${P}\", token: \"${P}\"}",
      ["2:49: schema_registry.username is there beside schema_registry.token; keep one of them"]
    ),
    (
      "{urls: [\"http://r\"], ca_file: /nowhere/ca.pem}",
      ["2:48: schema_registry.ca_file names /nowhere/ca.pem, which this user cannot read here; name a file that it can"]
    ),
    (
      "{urls: [\"http://r\"], key: /etc/hostname}",
      ["2:44: schema_registry.key needs its certificate; add certificate: FILE"]
    ),
    (
      "{urls: [\"http://r\"], certificate: /etc/hostname}",
      ["2:52: schema_registry.certificate needs its key; add key: FILE"]
    ),
    (
      "{urls: [\"http://r\"], unknown_after: 0s}",
      ["2:54: schema_registry.unknown_after is 0s; it takes 1s to 1d"]
    ),
    (
      "{url: \"http://r\"}",
      [
        "2:18: schema_registry.urls is missing; add urls: [\"https://registry.example.com\"]",
        "2:19: schema_registry.url is not a key that can be set. Did you mean urls?",
      ]
    ),
  ]) func eachMistakeIsNamed(_ registry: String, _ expected: [String]) {
    let (configuration, problems) = load(registry, environment: ["P": "x"])
    #expect(configuration == nil)
    #expect(problems == expected.map { "leeway.yaml:\($0)" })
  }

  @Test func aSecretInTheFileIsWarnedOf() {
    let (registry, problems) = load("{urls: [\"http://r\"], token: abc}")
    #expect(registry?.server.credentials == .bearer(token: "abc"))
    #expect(
      problems == [
        "leeway.yaml:2:46: warning: schema_registry.token is a secret in the file itself; write ${NAME} for a variable, or ${file:/path/to/it}"
      ])
  }

  /// A monitor needs no schema files where there is a registry, and says what is missing where there is none.
  @Test func monitorsWithoutSchemasNeedTheRegistry() throws {
    let monitor = """
      monitor: m
      task: binary
      predictions: {topic: p, format: avro, fields: {id: id, time: at, score: s}}
      labels: {topic: l, format: avro, fields: {id: id, time: at, value: y}, horizon: 1d}
      windows: [{size: 1h, every: 5m}]
      checks: [{name: drift, on: score, metric: psi, window: 1h, warning: 0.2}]
      alerts: {warning: [log]}
      """
    try TemporaryFolder.use { folder in
      try FileManager.default.createDirectory(atPath: "\(folder.path)/monitors", withIntermediateDirectories: true)
      folder.write("monitors/m.yaml", monitor)
      func load(_ more: String) -> (Configuration?, [String]) {
        let path = folder.write("leeway.yaml", "kafka: {bootstrap: \"localhost:9092\"}\n\(more)")
        let (configuration, problems) = Configuration.load(
          configPath: path, monitorsDirectory: "\(folder.path)/monitors", baseline: .none, environment: [:],
          now: WallClock.now())
        return (configuration, problems.map { $0.description.replacing("\(folder.path)/", with: "") })
      }
      let fix =
        "is avro, and nothing says the writers' schemas; add schema_registry to leeway.yaml, or schema: FILE.avsc, or schemas: {NUMBER: FILE.avsc} where messages have the header of a schema registry's serializers"
      #expect(
        load("").1 == [
          "monitors/m.yaml:3:33: predictions.format \(fix)", "monitors/m.yaml:4:28: labels.format \(fix)",
        ])
      let (configuration, problems) = load("schema_registry: {urls: [\"http://r\"]}")
      #expect(problems == [])
      #expect(configuration?.monitors.first?.predictions.schemas == .avro(.registry))
      #expect(configuration?.monitors.first?.labels?.schemas == .avro(.registry))
      // A mistake in it is one mistake.
      #expect(load("schema_registry: {urls: [r]}").1.count == 1)
    }
  }
}
