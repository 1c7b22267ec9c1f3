import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayConfiguration

/// What `check` says of a monitor beside the descriptors of its messages.
struct ProtobufMonitorTests {
  private typealias W = ProtobufWriting

  private static var schema: [UInt8] {
    let context = W.message("Context", W.field("device", 1, 9))
    let row = W.message(
      "Row", W.field("id", 1, 9), W.field("at", 2, 11, ".google.protobuf.Timestamp"), W.field("millis", 3, 3),
      W.field("score", 4, 1), W.field("amount", 5, 11, ".google.protobuf.DoubleValue"), W.field("paid", 6, 8),
      W.field("context", 7, 11, ".p.Context"), W.field("user_age", 8, 5), W.field("weights", 9, 1, label: 3))
    return W.set(W.file(messages: [context, row]))
  }

  private func problems(
    _ fields: String = "id: id, time: at, score: score", time: String = "rfc3339", format: String = "protobuf",
    schema: String = "{schema: p.desc, message: p.Row}", feature: String = "amount: numeric", bytes: [UInt8] = schema
  ) throws -> [String] {
    try TemporaryFolder.use { folder in
      folder.write("p.desc", bytes)
      let keys = schema.dropFirst().dropLast()
      let path = folder.write(
        "m.yaml",
        """
        monitor: m
        task: binary
        predictions: {topic: p, format: \(format), time_format: \(time)\(keys.isEmpty ? "" : ", ")\(keys),
          fields: {\(fields)}}
        features: {\(feature)}
        windows: [{size: 1h, every: 5m}]
        checks: [{name: drift, on: score, metric: psi, window: 1h, warning: 0.2}]
        alerts: {warning: [log]}
        """)
      return MonitorFile(path: path, baseline: .none, environment: [:]).problems.map {
        String($0.description.dropFirst(path.count + 1))
      }
    }
  }

  @Test func whatFitsIsGood() throws {
    #expect(try problems() == [])
    #expect(try problems("id: id, time: millis, score: score", time: "epoch_ms") == [])
    #expect(try problems("id: id, time: at.seconds, score: score", time: "epoch_s") == [])
    #expect(
      try problems(feature: "paid: categorical, device: {type: categorical, field: context.device}, userAge: numeric")
        == [])
    #expect(try problems(feature: "first: {type: numeric, field: \"weights[0]\"}") == [])
    #expect(try problems(schema: "{schemas: {17: p.desc, 18: p.desc}}") == [])
  }

  @Test(arguments: [
    (
      "{schema: p.desc}",
      ["3:73: predictions.message is missing; add the full name of the message in that file, such as message: p.Row"]
    ),
    (
      "{schema: p.desc, message: p.Rwo}",
      ["3:90: predictions.message is p.Rwo; the file of schema has no such message. Did you mean p.Row?"]
    ),
    (
      "{schemas: {17: p.desc}, message: p.Row}",
      [
        "3:97: predictions.message is for schema: FILE.desc; remove it, messages with the header of a schema registry's serializers say it themselves"
      ]
    ),
    (
      "{schema: p.desc, message: p.Row, schemas: {17: p.desc}}",
      [
        "3:106: predictions.schemas is there beside schema; keep one of them: schema: FILE.desc with message: package.Name, or schemas: {NUMBER: FILE.desc} where messages have the header of a schema registry's serializers"
      ]
    ),
    ("{schemas: {}}", ["3:74: predictions.schemas is empty; add a schema's number and its file, as {17: fraud.desc}"]),
    (
      "{schema: none.desc, message: p.Row}",
      ["3:73: predictions.schema is none.desc; the file does not exist; check the path"]
    ),
    (
      "{message: p.Row}",
      [
        "3:74: predictions.message needs the file that has it; add schema: FILE.desc, or remove it where a schema registry's serializers write the messages"
      ]
    ),
  ]) func keysThatDoNotFit(_ schema: String, _ expected: [String]) throws {
    #expect(try problems(schema: schema) == expected)
  }

  @Test func keysOfOtherFormats() throws {
    #expect(
      try problems(format: "json", schema: "{message: p.Row}")
        == ["3:70: predictions.message is for format: protobuf; add that, or remove it"])
    #expect(
      try problems(format: "json", schema: "{schema: p.desc}")
        == ["3:69: predictions.schema is for format: avro and format: protobuf; add one of them, or remove it"])
    #expect(
      try problems(format: "avro", schema: "{schema: p.desc, message: p.Row}")
        == ["3:86: predictions.message is for format: protobuf; remove it, a schema in Avro has one record"])
  }

  @Test func bytesThatAreNoDescriptor() throws {
    #expect(
      try problems(bytes: Array("syntax = \"proto3\";".utf8)) == [
        "3:73: predictions.schema is p.desc; the Protobuf schema in that file is no FileDescriptorSet; protoc --include_imports --descriptor_set_out=FILE.desc writes one"
      ])
    #expect(
      try problems(bytes: W.set(W.file(messages: [W.message("Row", W.field("x", 1, 11, ".p.Other"))]))) == [
        "3:73: predictions.schema is p.desc; the Protobuf schema in that file names the type .p.Other at p.Row.x, which it does not define; make it with protoc --include_imports"
      ])
  }

  /// The ledger keeps a monitor's files for as long as its pairs drain, also those that are no text.
  @Test(arguments: [[0x0A, 0, 0x7F], [0x0A, 0xFF, 0x0F, 0]] as [[UInt8]]) func bytesAreKeptAsTheyAre(_ bytes: [UInt8])
    throws
  {
    try TemporaryFolder.use { folder in
      folder.write("p.desc", bytes)
      let first = Placeholders(environment: [:], folder: folder.path)
      let read = try first.schema(at: "p.desc")
      let kept = KeptMonitorText(stored: KeptMonitorText(text: "monitor: m\n", values: first.used.values).stored)
      let again = try Placeholders(environment: kept.values, folder: "/nowhere").schema(at: "p.desc")
      #expect(read == bytes && again == bytes)
    }
  }

  @Test func aPathOfNothing() throws {
    #expect(
      try problems(feature: "amont: numeric")
        == ["5:19: features.amont looks for amont, which the schema does not have. Did you mean amount?"])
    #expect(
      try problems(feature: "device: {type: categorical, field: context.devise}")
        == [
          "5:47: features.device.field looks for context.devise, which the schema does not have. Did you mean device?"
        ])
    // A number has no fields.
    #expect(
      try problems(feature: "x: {type: numeric, field: score.x}")
        == ["5:38: features.x.field looks for score.x, which the schema does not have"])
  }

  /// Every message would be refused, or every value invalid.
  @Test func typesThatNoReaderTakes() throws {
    #expect(
      try problems(time: "epoch_ms") == [
        "4:26: predictions.fields.time is at, whose values are of the kind text in the schema; epoch_ms takes a number; a google.protobuf.Timestamp is text, so write time_format: rfc3339"
      ])
    #expect(
      try problems("id: id, time: at, score: weights") == [
        "4:37: predictions.fields.score is weights, whose values are of the kind array in the schema; the model's output is a number"
      ])
    #expect(
      try problems(feature: "context: categorical") == [
        "5:21: features.context is context, whose values are of the kind object in the schema; a categorical feature takes text, numbers or booleans"
      ])
  }
}
