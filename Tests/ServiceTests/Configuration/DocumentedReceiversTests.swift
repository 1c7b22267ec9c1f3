import LeewayDelivery
import Testing

@testable import LeewayConfiguration
@testable import LeewayService

/// What the documents tell people to write is accepted, word for word.
@Suite struct DocumentedReceiversTests {
  private static func examples(_ page: String) throws -> [String] {
    let text = String(decoding: try TextFile.bytes(at: RepositoryFile.path(page), limit: 1 << 20), as: UTF8.self)
    return text.split(separator: "```yaml\n").dropFirst().compactMap { part in
      let example = part.prefix(upTo: part.firstRange(of: "```")?.lowerBound ?? part.endIndex)
      return example.hasPrefix("receivers:") ? String(example) : nil
    }
  }

  @Test(arguments: ["docs/receivers.md", "docs/retraining.md"]) func everyExampleIsGood(page: String) throws {
    var types: Set<String> = []
    for example in try Self.examples(page) {
      let names = example.matches(of: /\$\{([A-Z_]+)\}/).map { String($0.output.1) }
      let environment = Dictionary(names.map { ($0, "value") }, uniquingKeysWith: { first, _ in first })
        .merging(names.contains("SLACK_URL") ? ["SLACK_URL": "https://hooks.slack.com/x"] : [:]) { $1 }
        .merging(names.contains("TEAMS_URL") ? ["TEAMS_URL": "https://flows.example.com/x"] : [:]) { $1 }
      let reading = ServiceConfigurationReading(path: page, environment: environment)
      let configuration = reading.read(Array(("kafka: {bootstrap: \"localhost:9092\"}\n" + example).utf8))
      #expect(reading.reading.problems.map(\.description) == [], "\(example)")
      types.formUnion((configuration?.receivers.values).map { $0.map(\.type.name) } ?? [])
    }
    let wanted = ReceiverType.all.filter { page == "docs/receivers.md" ? $0.takesMessages : !$0.takesMessages }
    #expect(types.isSuperset(of: wanted.map(\.name)), "every type has an example")
  }

  @Test func aTargetIsNoReceiverOfMessages() {
    let reading = ServiceConfigurationReading(path: "f", environment: ["T": "t"])
    _ = reading.read(
      Array(
        """
        kafka: {bootstrap: "localhost:9092"}
        receivers:
          ci: {type: github, repository: a/b, workflow: w.yml, token: "${T}"}
          retrain: {type: teams, url: "https://a/${T}"}
        """.utf8))
    #expect(
      reading.reading.problems.sorted().map(\.description) == [
        "f:3:14: receivers.ci.type is github; it starts trainings and takes no messages; call the receiver retrain",
        "f:4:19: receivers.retrain.type is teams; the receiver retrain asks a trainer, which takes type: webhook, airflow, argo-workflows, kubeflow, prefect, github, gitlab, sagemaker or vertex",
      ])
  }
}
