import Foundation
import Testing

/// `leeway check --sample`: the fields of a monitor in real messages.
@Suite struct SampleTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try Shop.prepare(in: folder)
  }

  private func check(_ arguments: String) throws -> (code: Int32, output: String, error: String) {
    try LeewayProcess.run(["check"] + arguments.split(separator: " ").map(String.init), in: folder.url)
  }

  @Test func everyFieldIsFound() throws {
    try folder.write((0..<300).map { Shop.prediction($0) }.joined(separator: "\n"), to: "p.jsonl")
    try folder.write((0..<300).map { Shop.label($0) }.joined(separator: "\n"), to: "l.jsonl")
    let found = try check("--sample p.jsonl --labels l.jsonl monitors/shop.yaml")
    #expect(found.code == 0)
    #expect(found.error == "")
    #expect(
      found.output == """
        p.jsonl: 300 predictions

        FIELD            PATH     FOUND  TYPES    EXAMPLE        REMARK
        id               id       all    text     "p0"
        time             at       all    integer  1772323200000
        version          model    all    text     "v1"
        score            score    all    number   0
        feature amount   amount   all    integer  10
        feature country  country  all    text     "DE"

        l.jsonl: 300 labels

        FIELD  PATH    FOUND  TYPES    EXAMPLE        REMARK
        id     id      all    text     "p0"
        time   at      all    integer  1772323260000
        value  bought  all    integer  0

        """)
  }

  /// Everything that can be wrong with a path, a type and a time in one file.
  @Test func fieldsThatAreElsewhere() throws {
    try folder.write(
      (0..<10).map { i in
        "{\"id\":\"p\(i)\",\"at\":\(Shop.time(i) / 1000),\"modelVersion\":\"v1\",\"scores\":{\"positive\":0.5},"
          + "\"features\":{\"amount\":\(i < 4 ? "\"12\"" : "12"),\"Country\":null},\"score\":\(i < 3 ? 1.5 : 0.5)}"
      }.joined(separator: "\n") + "\nnot json\n", to: "p.jsonl")
    try folder.write(
      Shop.monitor.replacing("version: model", with: "version: model_version").replacing(
        "amount: numeric", with: "amount: {type: numeric, field: features.amount}"), to: "monitors/shop.yaml")
    let found = try check("--sample p.jsonl monitors/shop.yaml")
    #expect(found.code == 1)
    #expect(
      found.error
        == "leeway: p.jsonl: never found: country (feature country); fix the paths in the monitor, or the messages\n")
    #expect(
      found.output == """
        p.jsonl: 10 predictions
        1 refused, the first: p.jsonl:11: not_json: the message is not JSON; NaN, Infinity, comments and trailing commas are not JSON either

        FIELD            PATH             FOUND  TYPES              EXAMPLE     REMARK
        id               id               all    text               "p0"
        time             at               all    integer            1772323200  none can be used: at is 1970-01-21T12:18:43.200Z in epoch_ms, which is before 1990. Did you mean epoch_s?
        version          model_version    never  -                  -           Did you mean modelVersion?
        score            score            all    number             1.5         3 of 10 cannot be used: it takes 0 to 1
        feature amount   features.amount  all    integer 6, text 4  "12"        4 of 10 cannot be used: it takes a number without quotes, or set lenient: true
        feature country  country          never  -                  -           Did you mean features.Country?

        not named by the monitor: features.Country, modelVersion, scores.positive

        """)
  }

  @Test func timesThatNoMessageHas() throws {
    try folder.write(
      (0..<10).map { Shop.prediction($0, at: "\(Shop.time($0) / 1000)") }.joined(separator: "\n"), to: "p.jsonl")
    let found = try check("--sample p.jsonl monitors/shop.yaml")
    #expect(found.code == 1)
    #expect(
      found.error
        == "leeway: p.jsonl: no message has a usable time: at is 1970-01-21T12:18:43.200Z in epoch_ms, which is before 1990. Did you mean epoch_s?\n"
    )
  }

  @Test func aFeatureOfAnotherType() throws {
    try folder.write(
      (0..<10).map { Shop.prediction($0, amount: "\"12\"") }.joined(separator: "\n"), to: "p.jsonl")
    let found = try check("--sample p.jsonl monitors/shop.yaml")
    #expect(found.code == 1)
    #expect(
      found.error
        == "leeway: p.jsonl: no message has a usable feature amount: it takes a number without quotes, or set lenient: true\n"
    )
  }

  /// A path is no suggestion for itself.
  @Test func idsThatAreNull() throws {
    try folder.write((0..<10).map { Shop.prediction($0, id: "null") }.joined(separator: "\n"), to: "p.jsonl")
    let found = try check("--sample p.jsonl monitors/shop.yaml")
    #expect(found.code == 1)
    #expect(found.output.contains("\nid               id       never  null "), "\(found.output)")
    #expect(found.output.contains("null in every message that has it\n"), "\(found.output)")
  }

  @Test func labelsOfAnotherShape() throws {
    try folder.write(
      (0..<10).map { "{\"order\":{\"id\":\($0)},\"at\":\(Shop.time($0)),\"bought\":\"yes\"}" }.joined(separator: "\n"),
      to: "l.jsonl")
    let found = try check("--labels l.jsonl monitors/shop.yaml")
    #expect(found.code == 1)
    #expect(
      found.error == "leeway: l.jsonl: never found: id (id); fix the paths in the monitor, or the messages\n")
    #expect(
      found.output == """
        l.jsonl: 10 labels

        FIELD  PATH    FOUND  TYPES    EXAMPLE        REMARK
        id     id      never  -        -              Did you mean order.id?
        time   at      all    integer  1772323200000
        value  bought  all    text     "yes"          none can be used: it takes 0, 1, false or true, or set labels.positive

        not named by the monitor: order.id

        """)
  }

  /// Of one id only one prediction could be joined.
  @Test func idsThatDoNotDiffer() throws {
    try folder.write(
      (0..<10).map { Shop.prediction($0, id: "\"batch-7\"") }.joined(separator: "\n"), to: "p.jsonl")
    let found = try check("--sample p.jsonl monitors/shop.yaml")
    #expect(found.code == 1)
    #expect(
      found.output.hasSuffix(
        "\n\n8 of 10 predictions have the id and version of an earlier one: they are duplicates, and performance counts an id once\n"
      ), "\(found.output)")
    #expect(
      found.error
        == "leeway: p.jsonl: all 10 predictions have the same id, batch-7; name the field that differs between predictions in predictions.fields.id\n"
    )
  }

  /// Half of the rows would be monitored for drift and never for performance.
  @Test func idsThatAreNullInSome() throws {
    try folder.write(
      (0..<10).map { Shop.prediction($0, id: $0 % 2 == 0 ? "null" : "\"p\($0)\"") }.joined(separator: "\n"),
      to: "p.jsonl")
    try folder.write(
      (0..<10).map { Shop.label($0, id: $0 % 5 == 0 ? "null" : "\"p\($0)\"") }.joined(separator: "\n"), to: "l.jsonl")
    let found = try check("--sample p.jsonl --labels l.jsonl monitors/shop.yaml")
    #expect(found.code == 0)
    #expect(
      found.output.contains(
        "\n\n5 of 10 predictions have no id: they are counted in drift, and no label can join them\n"),
      "\(found.output)")
    #expect(
      found.output.hasSuffix("\n\n2 of 10 labels have no id and are rejected: no_id\n"), "\(found.output)")
  }

  /// Versions beside each other answer the same request, and labels are corrected.
  @Test func idsThatComeAgain() throws {
    try folder.write(
      (0..<10).map { Shop.prediction($0, id: "\"p\($0 / 2)\"") }.joined(separator: "\n"), to: "p.jsonl")
    try folder.write((0..<10).map { Shop.label($0, id: "\"p\($0 % 7)\"") }.joined(separator: "\n"), to: "l.jsonl")
    let found = try check("--sample p.jsonl --labels l.jsonl monitors/shop.yaml")
    #expect(found.code == 0)
    #expect(!found.output.contains("duplicates"), "\(found.output)")
    #expect(
      found.output.hasSuffix("\n\n3 of 10 labels have the id of an earlier one: the newest label of an id counts\n"),
      "\(found.output)")
  }

  @Test func aPositiveThatNoLabelHas() throws {
    try folder.write(
      Shop.monitor.replacing("value: bought}", with: "value: bought}\n  positive: Yes"), to: "monitors/shop.yaml")
    try folder.write(
      (0..<10).map { Shop.label($0, bought: $0 < 3 ? "\"yes\"" : "\"no\"") }.joined(separator: "\n"), to: "l.jsonl")
    let found = try check("--labels l.jsonl monitors/shop.yaml")
    #expect(found.code == 0)
    #expect(
      found.output.hasSuffix(
        "\"yes\"          none is Yes, so all of them are negative; the values are no, yes. Did you mean yes?\n"),
      "\(found.output)")
  }

  /// As messages are read: "0" is a label of a binary model.
  @Test func labelsThatAreText() throws {
    try folder.write((0..<10).map { Shop.label($0, bought: "\"\($0 % 2)\"") }.joined(separator: "\n"), to: "l.jsonl")
    let found = try check("--labels l.jsonl monitors/shop.yaml")
    #expect(found.code == 0 && found.output.hasSuffix("\"0\"\n"), "\(found.output)\(found.error)")
  }

  @Test func whatIsNoSample() throws {
    try Data("Obj".utf8 + [1, 10]).write(to: folder.url.appendingPathComponent("p.jsonl"))
    var found = try check("--sample p.jsonl monitors/shop.yaml")
    #expect(found.code == 1)
    #expect(
      found.output
        == "p.jsonl: 0 predictions\n1 refused, the first: p.jsonl:1: avro: this is an Avro file and not JSON; write its records as JSON, one a line\n"
    )
    #expect(
      found.error
        == "leeway: p.jsonl: no message could be read: a sample is JSON Lines, whatever the topic has; docs/formats.md says how Avro becomes that\n"
    )
    try folder.write("id,at\n1,2", to: "p.jsonl")
    found = try check("--sample p.jsonl monitors/shop.yaml")
    #expect(
      found.error
        == "leeway: p.jsonl: no message could be read: a sample is JSON Lines, one object a line: no CSV, and no array around the objects\n"
    )
    try folder.write("", to: "p.jsonl")
    found = try check("--sample p.jsonl monitors/shop.yaml")
    #expect(found.code == 1 && found.error == "leeway: p.jsonl: no message could be read: the file has none\n")
    found = try check("--sample no.jsonl monitors/shop.yaml")
    #expect(
      found.code == 1 && found.error == "leeway: no.jsonl: there is no such file; check its name and its folder\n")
    found = try check("--sample p.jsonl")
    #expect(found.code == 2)
    #expect(
      found.error.hasPrefix(
        "Error: --sample and --labels need a monitor file: leeway check --sample FILE MONITOR.yaml\n"))
  }
}
