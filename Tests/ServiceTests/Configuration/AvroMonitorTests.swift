import LeewayCore
import Testing

@testable import LeewayConfiguration

/// What `check` says of a monitor beside the schemas that its messages are in.
struct AvroMonitorTests {
  private static let schema = """
    {"type":"record","name":"P","fields":[{"name":"id","type":"string"},{"name":"at","type":"long"},
     {"name":"model","type":["null","string"]},{"name":"score","type":"double"},{"name":"amount","type":["null","double"]},
     {"name":"paid","type":"boolean"},{"name":"sent","type":"string"},
     {"name":"context","type":{"type":"record","name":"C","fields":[{"name":"device","type":"string"}]}}]}
    """

  private func problems(
    _ fields: String = "id: id, time: at, version: model, score: score", format: String = "epoch_ms",
    schema: String = "schema: p.avsc", feature: String = "amount: numeric"
  ) throws -> [String] {
    try TemporaryFolder.use { folder in
      folder.write("p.avsc", Self.schema)
      let path = folder.write(
        "m.yaml",
        """
        monitor: m
        task: binary
        predictions:
          topic: p
          format: avro
          \(schema)
          fields: {\(fields)}
          time_format: \(format)
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
    #expect(try problems("id: id, time: sent, score: score", format: "rfc3339") == [])
    #expect(try problems(feature: "paid: categorical, device: {type: categorical, field: context.device}") == [])
    #expect(try problems(schema: "schemas: {17: p.avsc, 18: p.avsc}") == [])
  }

  @Test func aPathOfNothing() throws {
    #expect(
      try problems(feature: "amont: numeric")
        == ["9:19: features.amont looks for amont, which the schema does not have"])
  }

  /// Every message would be refused, or every value invalid.
  @Test func typesThatNoReaderTakes() throws {
    #expect(
      try problems(format: "rfc3339") == [
        "7:26: predictions.fields.time is at, whose values are of the kind number in the schema; rfc3339 takes text; a timestamp is a number, so write time_format: epoch_ms or epoch_us"
      ])
    #expect(
      try problems("id: id, time: sent, score: score") == [
        "7:26: predictions.fields.time is sent, whose values are of the kind text in the schema; epoch_ms takes a number"
      ])
    #expect(
      try problems("id: id, time: at, score: sent") == [
        "7:37: predictions.fields.score is sent, whose values are of the kind text in the schema; the model's output is a number"
      ])
    #expect(
      try problems(feature: "context: categorical") == [
        "9:21: features.context is context, whose values are of the kind object in the schema; a categorical feature takes text, numbers or booleans"
      ])
  }

  @Test func oneNumberTwice() throws {
    #expect(
      try problems(schema: "schemas: {17: p.avsc, 017: p.avsc}") == [
        "6:25: predictions.schemas.017 is the number 17 again; keep one of them"
      ])
  }
}
