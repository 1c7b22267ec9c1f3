import LeewayLocks
import Testing

@testable import LeewaySource

@Suite struct KafkaSettingsTests {
  func problems(
    bootstrap: String = "localhost:9092", group: String = "leeway", _ properties: [String: String],
    confidential: Set<String> = []
  ) -> [String] {
    do throws(KafkaSettingsError) {
      _ = try KafkaSettings(
        bootstrap: bootstrap, group: group, properties: properties, confidential: confidential)
      return []
    } catch {
      return error.description.split(separator: "\n").map(String.init)
    }
  }

  @Test func takesWhatLibrdkafkaTakes() {
    #expect(problems(bootstrap: "a:1,[::1]:9092,b.example.com:65535", [:]) == [])
    #expect(problems(["security.protocol": "SASL_SSL", "sasl.password": "hunter2"]) == [])
    // The fixed value may be spelt out.
    #expect(problems(["enable.auto.commit": "false"]) == [])
  }

  @Test func reportsEveryProblemAtOnce() {
    #expect(
      problems(
        bootstrap: "localhost", group: "",
        ["sesion.timeout.ms": "1", "session.timeout.ms": "0", "enable.auto.commit": "true", "group.id": "x"]) == [
          "bootstrap: 'localhost' isn't a broker's address; give host:port, several separated by commas, such as "
            + "localhost:9092",
          "group: is empty or holds a zero byte; give the consumer group a name, such as leeway",
          "enable.auto.commit: enable.auto.commit is always false here: the ledger keeps the offsets; remove it",
          "group.id: group.id can't be set here: it is kafka.group; remove it",
          "sesion.timeout.ms: No such configuration property: \"sesion.timeout.ms\"",
          "session.timeout.ms: Configuration property \"session.timeout.ms\" value 0 is outside allowed range "
            + "1..3600000",
        ])
  }

  @Test(arguments: ["", ":9092", "host:", "host:0", "host:70000", "a:1,,b:1", "a b:1"])
  func refusesABootstrapThatNamesNoBroker(bootstrap: String) {
    #expect(problems(bootstrap: bootstrap, [:]).count == 1)
  }

  @Test(arguments: [
    "enable.auto.commit", "auto.commit.enable", "enable.auto.offset.store", "auto.offset.reset", "check.crcs",
    "isolation.level", "enable.partition.eof", "partition.assignment.strategy", "group.protocol", "bootstrap.servers",
    "metadata.broker.list", "group.id", "allow.auto.create.topics",
  ])
  func whatCorrectnessRestsOnCannotBeChanged(property: String) {
    #expect(problems([property: "something else"]).count == 1)
  }

  @Test func secretsAreShownNowhere() throws {
    let quoted = problems(["security.protocol": "hunter2"], confidential: ["security.protocol"])
    #expect(
      quoted == ["security.protocol: Invalid value \"(hidden)\" for configuration property \"security.protocol\""])

    let settings = try KafkaSettings(
      bootstrap: "localhost:9092", group: "leeway",
      properties: ["sasl.password": "hunter2", "ssl.key.location": "/vault/hunter3"], confidential: ["ssl.key.location"]
    )
    var dumped = ""
    dump(settings, to: &dumped)
    for text in ["\(settings)", String(reflecting: settings), dumped] { #expect(!text.contains("hunter")) }
    let secure = try KafkaSettings(
      bootstrap: "localhost:9092", group: "leeway",
      properties: ["security.protocol": "ssl", "ssl.key.location": "/vault/hunter3"],
      confidential: ["ssl.key.location"])
    let error = #expect(throws: KafkaError.self) { try KafkaConsumer(secure) }
    #expect(error?.message.hasPrefix("ssl.key.location failed") == true)
    #expect(error?.message.contains("hunter") == false)
  }

  @Test func ofSecretsInsideEachOtherNothingIsLeft() {
    let redaction = Redaction(secrets: ["key", "", "monkey", "key"])
    #expect(redaction.apply(to: "monkey, key and donkey") == "(hidden), (hidden) and don(hidden)")
    #expect(Redaction().apply(to: "monkey") == "monkey")
  }

  @Test func logsAreForwardedWithoutSecrets() throws {
    let lines = Mutex<[KafkaLog]>([])
    let settings = try KafkaSettings(
      bootstrap: "127.0.0.1:1", group: "leeway", properties: ["client.id": "hunter2", "debug": "conf"],
      confidential: ["client.id"])
    let reader = try Reader(settings, log: { line in lines.withLock { $0.append(line) } })
    try poll(until: "a line about the broker that isn't there") {
      lines.withLock { $0.contains { $0.facility == "FAIL" } }
    } step: {
      try reader.step()
    }
    let failure = try #require(lines.withLock { $0.first { $0.facility == "FAIL" } })
    #expect(failure.level == 3)
    #expect(failure.text.contains("127.0.0.1:1"))
    // That it was asked to print its settings shows that the secret was taken out.
    #expect(lines.withLock { $0.contains { $0.level == 7 && $0.text.contains("client.id = (hidden)") } })
    #expect(!lines.withLock { $0.contains { $0.text.contains("hunter2") } })
  }

  @Test func namesTheLibrary() {
    let parts = KafkaLibrary.version.split(separator: ".").compactMap { Int($0) }
    #expect(parts.count >= 2 && parts[0] >= 2)
  }
}
