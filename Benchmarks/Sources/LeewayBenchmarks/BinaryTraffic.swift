import LeewayCore
import LeewayTestSupport

/// The same events as records of a schema, behind the number that a schema registry's serializers put before them.
enum BinaryFormat: String, CaseIterable {
  case avro, protobuf
}

extension Traffic {
  /// A key of an event.
  private indirect enum Column {
    case text(String), time(String), number(String)
    case record(String, [Column])

    var name: String {
      switch self {
      case .text(let name), .time(let name), .number(let name), .record(let name, _): name
      }
    }
  }

  private var columns: [Column] {
    let first: [Column] = [.text("prediction_id"), .time("timestamp_ms"), .text("model_version"), .number("score")]
    let context = (0..<segments).map { Column.text(Self.segments[$0]) }
    let numeric = (0..<features).filter(isNumeric).map { Column.number(name($0)) }
    let categorical = (0..<features).filter { !isNumeric($0) }.map { Column.text(name($0)) }
    guard shape == .nested else { return first + context + numeric + categorical }
    return first + [
      .record("context", context), .record("input", [.record("n", numeric), .record("c", categorical)]),
    ]
  }

  func schemas(_ format: BinaryFormat) throws -> MessageSchemas {
    switch format {
    case .avro:
      return .avro(AvroSchemas(framed: [1: try AvroSchema(Array(Self.avro("P", columns).utf8))]))
    case .protobuf:
      let file = ProtobufWriting.file(messages: [Self.protobuf("P", ".p.P", columns)])
      return .protobuf(ProtobufSchemas(framed: [1: try ProtobufSchema(ProtobufWriting.set(file))]))
    }
  }

  private static func avro(_ name: String, _ columns: [Column]) -> String {
    let fields = columns.map { column in
      let type =
        switch column {
        case .text: "[\"null\",\"string\"]"
        case .time: "\"long\""
        case .number: "[\"null\",\"double\"]"
        case .record(let name, let columns): avro(name, columns)
        }
      return "{\"name\":\"\(column.name)\",\"type\":\(type)}"
    }
    return "{\"type\":\"record\",\"name\":\"\(name)\",\"fields\":[\(fields.joined(separator: ","))]}"
  }

  private static func protobuf(_ name: String, _ full: String, _ columns: [Column]) -> [UInt8] {
    typealias W = ProtobufWriting
    var message = W.text(1, name)
    for (i, column) in columns.enumerated() {
      // `optional`, as a model's inputs are that may be missing.
      let optional = W.number(9, Int64(i)) + W.number(17, 1)
      switch column {
      case .text(let name): message += W.field(name, Int64(i + 1), 9, more: optional)
      case .time(let name): message += W.field(name, Int64(i + 1), 3)
      case .number(let name): message += W.field(name, Int64(i + 1), 1, more: optional)
      case .record(let name, let columns):
        message += W.field(name, Int64(i + 1), 11, "\(full).\(name)")
        message += W.bytes(3, protobuf(name, "\(full).\(name)", columns))
      }
    }
    return message + columns.flatMap { W.bytes(8, W.text(1, "_\($0.name)")) }
  }

  /// - Parameter events: in JSON.
  func encoded(_ events: EventBuffer, _ format: BinaryFormat) throws -> EventBuffer {
    var buffer = EventBuffer()
    let columns = columns
    try events.forEach { _, bytes in
      var record: [UInt8] = format == .avro ? [0, 0, 0, 0, 1] : [0, 0, 0, 0, 1, 0]
      try Self.append(try JSONValue(parsing: Array(bytes)), columns, format, &record)
      buffer.append(record)
    }
    return buffer
  }

  private static func append(
    _ object: JSONValue?, _ columns: [Column], _ format: BinaryFormat, _ record: inout [UInt8]
  ) throws {
    typealias W = ProtobufWriting
    guard case .object(let members)? = object else { throw BenchmarkFailure("an event lacks an object") }
    for (i, column) in columns.enumerated() {
      let value = members.first { $0.key == column.name }?.value
      let field = UInt64(i + 1)
      let isAvro = format == .avro
      switch (column, value) {
      case (.text, .string(let text)?):
        record += isAvro ? [2] + W.zigzag(Int64(text.utf8.count)) + Array(text.utf8) : W.text(field, text)
      case (.time, .integer(let time)?): record += isAvro ? W.zigzag(time) : W.number(field, time)
      case (.number, .integer(let number)?): append(Double(number), field, isAvro, &record)
      case (.number, .number(let number)?): append(number, field, isAvro, &record)
      case (.record(_, let columns), _):
        guard !isAvro else {
          try append(value, columns, format, &record)
          continue
        }
        var inner: [UInt8] = []
        try append(value, columns, format, &inner)
        record += W.bytes(field, inner)
      default: if isAvro { record.append(0) }
      }
    }
  }

  private static func append(_ number: Double, _ field: UInt64, _ isAvro: Bool, _ record: inout [UInt8]) {
    record += isAvro ? [2] + ProtobufWriting.raw(number) : ProtobufWriting.double(field, number)
  }
}
