import Foundation
import Testing

/// Monitors that read the key, headers and timestamp of a record, over files that `kcat -J` wrote.
@Suite struct RecordFileTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try Shop.prepare(in: folder)
    try folder.write(
      Shop.monitor.replacing(
        "  fields: {id: id, time: at, version: model, score: score}\n  time_format: epoch_ms\n",
        with: "  fields: {id: key, time: kafka.timestamp, version: header.model-version, score: score}\n"
      ), to: "monitors/shop.yaml")
  }

  /// As kcat 1.7 writes a record with `-J`: the value as text, headers as names and values in turn.
  private static func record(_ i: Int, _ value: String? = nil) throws -> String {
    let payload =
      value ?? "{\"amount\":\(Shop.amount(i)),\"country\":\"\(Shop.country(i))\",\"score\":\(Shop.score(i))}"
    let text = String(decoding: try JSONEncoder().encode(payload), as: UTF8.self)
    return
      "{\"topic\":\"shop.predictions\",\"partition\":0,\"offset\":\(i),\"tstype\":\"create\",\"ts\":\(Shop.time(i)),"
      + "\"broker\":0,\"headers\":[\"model-version\",\"v\(1 + i % 2)\"],\"key\":\"p\(i)\",\"payload\":\(text)}"
  }

  private func run(_ arguments: String) throws -> (code: Int32, output: String, error: String) {
    try LeewayProcess.run(arguments.split(separator: " ").map(String.init), in: folder.url)
  }

  /// The same lines as from the plain messages, byte for byte.
  @Test func recordsGiveTheLinesOfTheirMessages() throws {
    try folder.write((0..<2000).map { try Self.record($0) }.joined(separator: "\n"), to: "records.jsonl")
    try folder.write((0..<2000).map { Shop.label($0) }.joined(separator: "\n"), to: "l.jsonl")
    let records = try run("replay monitors/shop.yaml --predictions records.jsonl --labels l.jsonl")
    #expect(records.code == 0, "\(records.error)")
    try folder.write(Shop.monitor, to: "monitors/shop.yaml")
    try folder.write((0..<2000).map { Shop.prediction($0) }.joined(separator: "\n"), to: "p.jsonl")
    let plain = try run("replay monitors/shop.yaml --predictions p.jsonl --labels l.jsonl")
    #expect(records.output == plain.output)
    #expect(records.output.split(separator: "\n").count > 50)
  }

  @Test func aSampleShowsThem() throws {
    try folder.write((0..<100).map { try Self.record($0) }.joined(separator: "\n"), to: "records.jsonl")
    let found = try run("check --sample records.jsonl monitors/shop.yaml")
    #expect(found.code == 0, "\(found.error)")
    #expect(
      found.output == """
        records.jsonl: 100 predictions

        FIELD            PATH                  FOUND  TYPES    EXAMPLE        REMARK
        id               key                   all    text     "p0"
        time             kafka.timestamp       all    integer  1772323200000
        version          header.model-version  all    text     "v1"
        score            score                 all    number   0
        feature amount   amount                all    integer  10
        feature country  country               all    text     "DE"

        """)
  }

  @Test func plainMessagesAreNoRecords() throws {
    try folder.write((0..<10).map { Shop.prediction($0) }.joined(separator: "\n"), to: "p.jsonl")
    let reason =
      "p.jsonl:1: no record with ts and payload, and the monitor reads its key, headers or timestamp; write the topic to a file with: kcat -C -e -J -t TOPIC\n"
    for command in ["replay monitors/shop.yaml --predictions p.jsonl", "check --sample p.jsonl monitors/shop.yaml"] {
      let found = try run(command)
      #expect(found.code == 1)
      #expect(found.error == "leeway: " + reason, "\(command)")
    }
    try folder.write(try Self.record(0) + "\n{\"ts\":1,\"payload\":\n", to: "p.jsonl")
    let found = try run("replay monitors/shop.yaml --predictions p.jsonl")
    #expect(found.code == 1)
    #expect(found.error.contains("p.jsonl:2: truncated: "), "\(found.error)")
  }

  @Test func numbersInTextCountWhereTheMonitorIsLenient() throws {
    try folder.write(Shop.monitor + "lenient: true\n", to: "monitors/shop.yaml")
    try folder.write(
      (0..<500).map {
        Shop.prediction(
          $0, at: "\"\(Shop.time($0))\"", amount: "\"\(Shop.amount($0))\"", score: "\"\(Shop.score($0))\"")
      }.joined(separator: "\n"), to: "p.jsonl")
    let sample = try run("check --sample p.jsonl monitors/shop.yaml")
    #expect(sample.code == 0, "\(sample.error)")
    #expect(!sample.output.contains("cannot be used"), "\(sample.output)")
    let text = try run("replay monitors/shop.yaml --predictions p.jsonl")
    try folder.write((0..<500).map { Shop.prediction($0) }.joined(separator: "\n"), to: "p.jsonl")
    let numbers = try run("replay monitors/shop.yaml --predictions p.jsonl")
    #expect(text.code == 0 && text.output == numbers.output)
    #expect(!text.output.isEmpty)
  }
}
