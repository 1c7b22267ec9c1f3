import LeewayCore
import LeewayDelivery
import Testing

@testable import LeewayConfiguration
@testable import LeewayService

@Suite struct ServiceConfigurationTests {
  private func load(
    _ text: String, environment: [String: String] = [:]
  ) -> (configuration: ServiceConfiguration?, problems: [String]) {
    let reading = ServiceConfigurationReading(path: "etc/leeway.yaml", environment: environment)
    let configuration = reading.read(Array(text.utf8))
    return (configuration, reading.reading.problems.sorted().map(\.description))
  }

  private let kafka = "kafka: {bootstrap: \"localhost:9092\"}\n"

  @Test func aWholeFileParsesToTheExactConfiguration() throws {
    let (configuration, problems) = load(
      """
      kafka:
        bootstrap: "one:9092, two:9092"
        group: watchers
        properties: {security.protocol: SASL_SSL, sasl.password: "${KAFKA_PASSWORD}", fetch.min.bytes: 1}
        idle_after: 90s
        start: latest
        on_gap: skip
        threads: 3
      dead_letter_topic: shop.dead
      ledger: sqlite:state/leeway.db
      http: {listen: "[::1]:0", public_url: "https://leeway.example.com/", tokens_file: tokens}
      receivers:
        chat: {type: slack, url: "${SLACK_URL}"}
        retrain: {type: webhook, url: "http://trainer/retrain", secret: "${HOOK_SECRET}"}
      limits:
        {message_bytes: 2MiB, flush_every: 250ms, flush_bytes: 16777216, max_series: 0,
        quarantine_rows: 7, stall_after: 90s}
      evaluation: {every: 500ms}
      """,
      environment: [
        "KAFKA_PASSWORD": "kpass", "SLACK_URL": "https://hooks.example.com/T1/secret", "HOOK_SECRET": "hook",
      ])
    #expect(problems == [])
    var limits = ServiceConfiguration.Limits()
    limits.messageBytes = 2_097_152
    limits.flushEvery = .milliseconds(250)
    limits.flushBytes = 16_777_216
    limits.maximumSeries = 0
    limits.quarantineRows = 7
    limits.stallAfter = .seconds(90)
    #expect(
      try configuration
        == ServiceConfiguration(
          kafka: .init(
            bootstrap: "one:9092,two:9092", group: "watchers",
            properties: [
              "security.protocol": Secret("SASL_SSL"), "sasl.password": Secret("kpass"), "fetch.min.bytes": Secret("1"),
            ],
            confidential: ["sasl.password"], idleAfter: .seconds(90), start: .latest,
            onGap: .skip, threads: 3),
          deadLetterTopic: "shop.dead",
          ledger: .sqlite(path: "etc/state/leeway.db"),
          http: .init(host: "::1", port: 0, publicURL: "https://leeway.example.com", tokensFile: "etc/tokens"),
          receivers: [
            "log": Receiver(name: "log", type: .log),
            "chat": Receiver(
              name: "chat", type: .slack, values: ["url": "https://hooks.example.com/T1/secret"]),
            "retrain": Receiver(
              name: "retrain", type: .webhook, values: ["url": "http://trainer/retrain", "secret": "hook"]),
          ],
          limits: limits, evaluation: .init(every: .milliseconds(500))))
  }

  @Test func whatIsNotSaidHasADefault() throws {
    let (configuration, problems) = load(kafka)
    #expect(problems == [])
    #expect(
      try configuration
        == ServiceConfiguration(
          kafka: .init(
            bootstrap: "localhost:9092", group: "leeway", properties: [:], confidential: [], idleAfter: .minutes(1),
            start: .earliest),
          ledger: .sqlite(path: "etc/leeway.db"),
          http: .init(host: "127.0.0.1", port: 8080, publicURL: nil, tokensFile: nil),
          receivers: ["log": Receiver(name: "log", type: .log)], limits: .init(),
          evaluation: .init(every: .seconds(1))))
  }

  @Test func secretsAreNeverShown() throws {
    let (configuration, _) = load(
      kafka + "receivers: {hook: {type: webhook, url: \"http://a/hunter2\", secret: hunter2}}")
    let receiver = try #require(configuration?.receivers["hook"])
    #expect(
      try receiver
        == Receiver(name: "hook", type: .webhook, values: ["url": "http://a/hunter2", "secret": "hunter2"]))
    var dumped = ""
    dump(configuration, to: &dumped)
    for text in [dumped, "\(receiver)", String(reflecting: receiver), "\(String(describing: configuration))"] {
      #expect(!text.contains("hunter2"))
      #expect(text.contains("hook (webhook, http://a)"))
    }
  }

  /// Every line has one mistake whose value must stay unseen.
  @Test func problemsShowPlaceholdersAndNeverValues() {
    let (configuration, problems) = load(
      """
      kafka: {bootstrap: "${BAD}", group: g, idle_after: "${BAD}"}
      ledger: postgres://leeway:hunter2%zz@db/leeway
      http: {listen: "${BAD}", public_url: "${BAD}"}
      receivers:
        a: {type: slack, url: "${BAD}"}
        b: {type: slack, url: "hunter2 with blanks"}
        c: {type: slack, url: "${UNSET}"}
        d: {type: "${BAD}", url: "http://hunter2"}
      """,
      environment: ["BAD": "hunter2"])
    #expect(configuration == nil)
    #expect(
      problems == [
        "etc/leeway.yaml:1:20: kafka.bootstrap is ${BAD}; it takes HOST:PORT, several separated by commas",
        "etc/leeway.yaml:1:52: kafka.idle_after is ${BAD}; it takes a duration such as 90s, 5m, 1h or 7d",
        "etc/leeway.yaml:2:9: ledger is no PostgreSQL address; it takes postgres://USER:PASSWORD@HOST:5432/DATABASE, with % codes for special characters",
        "etc/leeway.yaml:3:16: http.listen is ${BAD}; it takes HOST:PORT, as 127.0.0.1:8080 or [::1]:8080",
        "etc/leeway.yaml:3:38: http.public_url must be http:// or https:// with a host, as https://leeway.example.com",
        "etc/leeway.yaml:5:25: receivers.a.url must be http:// or https:// with a host, without spaces",
        "etc/leeway.yaml:6:25: receivers.b.url must be http:// or https:// with a host, without spaces",
        "etc/leeway.yaml:7:25: receivers.c.url needs the environment variable of ${UNSET}, which is not set; set UNSET",
        "etc/leeway.yaml:8:13: receivers.d.type is ${BAD}; it takes log, webhook, slack, teams, email, pagerduty, alertmanager, template, airflow, argo-workflows, kubeflow, prefect, github, gitlab, sagemaker, vertex or mlflow",
      ])
  }

  @Test func aPostgreSQLAddressIsTakenAsItIsAndNeverShown() throws {
    let (configuration, problems) = load(
      kafka + "ledger: \"postgresql://leeway:${PASSWORD}@db1,db2:5433/leeway?sslmode=verify-full\"",
      environment: ["PASSWORD": "hunter2"])
    #expect(problems == [])
    let ledger = try #require(configuration?.ledger)
    #expect(
      ledger
        == .postgres(address: Secret("postgresql://leeway:hunter2@db1,db2:5433/leeway?sslmode=verify-full")))
    #expect(!"\(ledger)".contains("hunter2"))
  }

  @Test func headersOfATemplateAreAMapAndNeverShown() throws {
    let (configuration, problems) = load(
      kafka
        + "receivers: {x: {type: template, url: \"http://a\", headers: {X-Key: \"${K}\", X-Team: ml}, body: '{\"m\": \"{{title}}\"}'}}",
      environment: ["K": "hunter2"])
    #expect(problems == [])
    let receiver = try #require(configuration?.receivers["x"])
    #expect(
      try receiver
        == Receiver(
          name: "x", type: .template,
          values: ["url": "http://a", "headers": "X-Key: hunter2\nX-Team: ml", "body": #"{"m": "{{title}}"}"#]))
    #expect(receiver.redacted("no hunter2 here") == "no *** here")
    #expect(!"\(receiver)".contains("hunter2"))
  }

  @Test func aTemplateIsTriedOnEveryEvent() {
    let (_, problems) = load(
      kafka
        + "receivers: {x: {type: template, url: \"http://a\", headers: {A: \"b\\nc\"}, body: '{\"m\": {{title}}}'}, y: {type: template, url: \"http://a\", body: '{\"m\": {{title}}}'}}"
    )
    #expect(
      problems == [
        "etc/leeway.yaml:2:63: receivers.x.headers.A has a line break; write it on one line",
        "etc/leeway.yaml:2:142: receivers.y.body makes no JSON of incident.opened: put places in quotes, and commas between the elements of a list in {{^last()}},{{/last()}}",
      ])
  }

  @Test func everyMistakeIsReported() {
    let (_, problems) = load(
      """
      kafca: {bootstrap: "localhost"}
      ledger: leeway.db
      receivers:
        Chat: {type: log}
        retrain: {type: slack, url: "http://a", secret: x}
        hook: {type: webhook}
      limits: {message_bytes: 5GB, max_serie: 5}
      evaluation: {every: 1ms}
      dead_letter_topic: dead letters
      """)
    #expect(
      problems == [
        "etc/leeway.yaml:1:1: kafca is not a key that can be set. Did you mean kafka?",
        "etc/leeway.yaml:1:1: kafka is missing; add kafka: {bootstrap: \"localhost:9092\"}",
        "etc/leeway.yaml:2:9: ledger must be sqlite: and the path of a file, as sqlite:leeway.db, or postgres://USER@HOST/DATABASE",
        "etc/leeway.yaml:4:3: receivers.Chat is no name for a receiver; it takes 1 to 63 small letters, digits and hyphens",
        "etc/leeway.yaml:5:19: receivers.retrain.type is slack; the receiver retrain asks a trainer, which takes type: webhook, airflow, argo-workflows, kubeflow, prefect, github, gitlab, sagemaker or vertex",
        "etc/leeway.yaml:5:43: receivers.retrain.secret is not a key that can be set. The keys here are type, url, fallback, group_interval.",
        "etc/leeway.yaml:6:9: receivers.hook.url is missing; add url: \"https://…\"",
        "etc/leeway.yaml:7:25: limits.message_bytes is 5GB; it takes 1024 to 67108864 bytes, as 1048576 or 1MiB",
        "etc/leeway.yaml:7:30: limits.max_serie is not a key that can be set. Did you mean max_series?",
        "etc/leeway.yaml:8:21: evaluation.every is 1ms; it takes 100ms to 1h",
        "etc/leeway.yaml:9:20: dead_letter_topic is dead letters; Kafka's topic names are 1 to 249 letters, digits, dots, underscores and hyphens, and not . or ..",
      ])
  }

  @Test func anOpenAddressWithoutTokensIsUnwise() {
    let (configuration, problems) = load(kafka + "http: {listen: \"0.0.0.0:8080\"}")
    #expect(configuration != nil)
    #expect(
      problems == [
        "etc/leeway.yaml:2:16: warning: http.listen lets others reach the service, so reading needs a token, and there is none; add http.tokens_file, whose lines leeway token new makes"
      ])
  }

  @Test func aSecretInTheFileItselfIsUnwise() {
    let (configuration, problems) = load(
      kafka + "receivers: {a: {type: pagerduty, routing_key: hunter2}}")
    #expect(configuration?.receivers["a"] != nil)
    #expect(
      problems == [
        "etc/leeway.yaml:2:47: warning: receivers.a.routing_key is a secret in the file itself; write ${NAME} for a variable, or ${file:/path/to/it}"
      ])
  }

  /// One mistake is one error: the receiver's other keys are read all the same.
  @Test func aWrongAddressMakesNoOtherKeyUnknown() {
    let receiver =
      "receivers: {a: {type: webhook, url: \"localhost/x\", secret: \"${S}\", fallback: log, group_interval: 5s}}\n"
    let problems = load(kafka + receiver, environment: ["S": "s"]).1
    #expect(problems.count == 1 && problems.allSatisfy { $0.contains("receivers.a.url") }, "\(problems)")
  }

  @Test func aFallbackIsAnotherReceiver() {
    let receivers = "receivers: {a: {type: log, fallback: b}, b: {type: log, fallback: %@}}\n"
    func problems(_ name: String) -> [String] { load(kafka + receivers.replacing("%@", with: name)).1 }
    #expect(problems("a") == [])
    #expect(
      problems("b") == [
        "etc/leeway.yaml:2:67: receivers.b.fallback is b; a receiver cannot stand in for itself; name another one"
      ])
    #expect(
      problems("aa") == [
        "etc/leeway.yaml:2:67: receivers.b.fallback is aa; it names no receiver here; there are log, a, b. Did you mean a?"
      ])
    #expect(
      problems("retrain") == [
        "etc/leeway.yaml:2:67: receivers.b.fallback is retrain; the receiver retrain takes calls to retrain and no messages; name another one"
      ])
  }

  @Test func aSecretMayBeAFileBesideTheConfiguration() throws {
    let expected = try Receiver(
      name: "a", type: .webhook, values: ["url": "http://a/${x}", "secret": "hunter2-hunter2"])
    try TemporaryFolder.use { folder in
      folder.write("hook", "hunter2\n")
      let path = folder.write(
        "leeway.yaml",
        kafka
          + "receivers: {a: {type: webhook, url: \"http://a/$${x}\", secret: \"${file:hook}-${file:\(folder.path)/hook}\"}}"
      )
      let (configuration, problems) = ServiceConfiguration.load(path, environment: [:])
      #expect(problems.map(\.description) == [])
      #expect(configuration?.receivers["a"] == expected)
    }
  }

  @Test func callbackKeysAreReadInTheirOrderAndNeverShown() throws {
    let (one, two) = (String(repeating: "1", count: 32), String(repeating: "2", count: 40))
    let (configuration, problems) = load(
      kafka + "http: {callback_keys: [\"${ONE}\", \"\(two)\"]}", environment: ["ONE": one])
    #expect(
      problems == [
        "etc/leeway.yaml:2:34: warning: http.callback_keys[1] is a secret in the file itself; write ${file:/path/to/key}, or ${NAME} for a variable"
      ])
    #expect(configuration?.http.callbackKeys == [Secret(one), Secret(two)])
    var dumped = ""
    dump(configuration, to: &dumped)
    #expect(!dumped.contains(one) && !dumped.contains(two))
  }

  @Test func aShortCallbackKeyIsRefused() {
    let (configuration, problems) = load(
      kafka + "http: {callback_keys: [\"${LONG}\", \"${SHORT}\"]}",
      environment: ["LONG": String(repeating: "1", count: 32), "SHORT": String(repeating: "2", count: 31)])
    #expect(configuration == nil)
    #expect(
      problems == [
        "etc/leeway.yaml:2:35: http.callback_keys[1] is shorter than 32 bytes and can be guessed; make one with openssl rand -hex 32"
      ])
  }

  @Test func whatAPlaceholderBringsIsNotExpandedAgain() throws {
    let (configuration, _) = load(
      kafka + "receivers: {a: {type: webhook, url: \"http://a\", secret: \"${A}\"}}",
      environment: ["A": "${B}", "B": "b"])
    #expect(
      try configuration?.receivers["a"]
        == Receiver(name: "a", type: .webhook, values: ["url": "http://a", "secret": "${B}"]))
  }
}
