import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Random rows in random schemas of Protobuf, and the same rows in JSON, on their way to panes.
@Suite struct ProtobufSchemaRowsTests {
  private typealias W = ProtobufWriting

  /// A value of a row; what is absent has none.
  private enum Value {
    case text(String)
    case integer(Int64)
    case number(Double)

    var json: String {
      switch self {
      case .text(let text): "\"\(text)\""
      case .integer(let number): "\(number)"
      case .number(let number): "\(number)"
      }
    }
  }

  /// How a field is declared.
  private enum Kind: CaseIterable { case plain, optional, wrapper, member }

  private struct Field {
    var name: String
    var number: Int64
    /// As in `descriptor.proto`.
    var type: Int64
    var kind: Kind
    /// Whether what is not written is the default.
    var isImplicit: Bool

    var descriptor: [UInt8] {
      let wrapper = [
        1: "Double", 3: "Int64", 4: "UInt64", 5: "Int32", 9: "String", 12: "Bytes", 13: "UInt32",
      ][type]
      if kind == .wrapper, let wrapper {
        return W.field(name, number, 11, ".google.protobuf.\(wrapper)Value")
      }
      let more =
        kind == .member ? W.number(9, 0) : kind == .optional ? W.number(9, 1) + W.number(17, 1) : []
      return W.field(name, number, type, type == 14 ? ".p.Country" : nil, more: more)
    }

    private func scalar(_ value: Value, _ number: Int64) -> [UInt8] {
      let tag = W.varint(UInt64(number) << 3)
      func fixed<T: FixedWidthInteger>(_ wire: UInt64, _ value: T) -> [UInt8] {
        W.varint(UInt64(number) << 3 | wire) + withUnsafeBytes(of: value.littleEndian) { Array($0) }
      }
      switch value {
      case .text(let text):
        let countries: [String: Int64] = ["DE": 0, "FR": 7, "XX": -1]
        return type == 14
          ? W.number(UInt64(number), countries[text] ?? 99) : W.text(UInt64(number), text)
      case .number(let value): return W.double(UInt64(number), value)
      case .integer(let value):
        switch type {
        case 6, 16: return fixed(1, value)
        case 15: return fixed(5, Int32(value))
        case 17, 18: return tag + W.zigzag(value)
        default: return W.number(UInt64(number), value)
        }
      }
    }

    private func isDefault(_ value: Value) -> Bool {
      switch value {
      case .text(let text): text == (type == 14 ? "DE" : "")
      case .integer(let value): value == 0
      case .number(let value): value.bitPattern == 0
      }
    }

    func written(_ value: Value, _ random: inout SeededGenerator) -> [UInt8] {
      let mayBeLeftOut = isDefault(value) && Bool.random(using: &random)
      if kind == .wrapper {
        return W.bytes(UInt64(number), mayBeLeftOut ? [] : scalar(value, 1))
      }
      return isImplicit && mayBeLeftOut ? [] : scalar(value, number)
    }
  }

  /// Schemas of one row.
  private struct Layout {
    var syntax: String
    var fields: [Field] = []
    /// The number of the message that `amount` and `country` are in; nil: they are in the row.
    var within: Int64?

    init(_ random: inout SeededGenerator) {
      syntax = ["proto2", "proto3", "editions"].randomElement(using: &random) ?? ""
      var numbers: Set<Int64> = [536_870_000, 536_870_001, 536_870_005]
      func number(_ random: inout SeededGenerator) -> Int64 {
        while true {
          let most: Int64 = [15, 70, 2047, 536_870_911].randomElement(using: &random) ?? 15
          let number = Int64.random(in: 1...most, using: &random)
          if numbers.insert(number).inserted { return number }
        }
      }
      within = Bool.random(using: &random) ? number(&random) : nil
      let types: [(String, [Int64])] = [
        ("id", [9, 12]), ("time", [3, 4, 6, 16, 18]), ("version", [9]), ("output", [1]),
        ("amount", [1]),
        ("country", [9, 12, 14]), ("channel", [9]), ("shop", [3, 5, 15, 16, 17, 18]),
      ]
      for (name, types) in types {
        let type = types.randomElement(using: &random) ?? 9
        let isAlwaysThere = ["id", "time", "output", "country"].contains(name)
        let kinds = Kind.allCases.filter { kind in
          switch kind {
          case .plain: isAlwaysThere || syntax != "proto3"
          case .optional: syntax == "proto3"
          case .wrapper: [1, 3, 4, 5, 9, 12].contains(type)
          // Only one member of the oneof is wanted.
          case .member: name == "channel"
          }
        }
        let kind = kinds.randomElement(using: &random) ?? .plain
        fields.append(
          Field(
            name: name, number: number(&random), type: type, kind: kind,
            isImplicit: kind == .plain && syntax == "proto3"))
      }
    }

    private func isWithin(_ field: Field) -> Bool {
      within != nil && ["amount", "country"].contains(field.name)
    }

    func descriptors(_ random: inout SeededGenerator) -> [UInt8] {
      let oneofs = W.bytes(8, W.text(1, "one")) + W.bytes(8, W.text(1, "_optional"))
      let others = [
        W.field("unused", 536_870_000, 9, more: W.number(9, 0)),
        W.field("tags", 536_870_001, 5, label: 3),
      ]
      let own = (fields.filter { !isWithin($0) }.map(\.descriptor) + others).shuffled(
        using: &random)
      let inner = fields.filter(isWithin).map(\.descriptor).shuffled(using: &random)
      let link = within.map { W.field("within", $0, 11, ".p.Within") } ?? []
      let row = W.message("Row", own.flatMap { $0 }, link, oneofs)
      let batch = W.message("Batch", W.field("rows", 3, 11, ".p.Row", label: 3))
      return W.set(
        W.file(
          syntax: syntax,
          messages: [batch, W.message("Within", inner.flatMap { $0 }, oneofs), row],
          enums: [W.symbols("Country", [("DE", 0), ("FR", 7), ("XX", -1)])]))
    }

    func paths(_ monitor: inout Monitor, hasRows: Bool) throws {
      guard within != nil else { return }
      for i in monitor.features.indices {
        monitor.features[i].field = try FieldPath(
          "within.\(monitor.features[i].name)", hasRows: hasRows)
      }
    }

    /// The fields in any order, with others, with what stands before as if it had been merged, and a message in two parts.
    func row(_ values: [String: Value], _ random: inout SeededGenerator) -> [UInt8] {
      var before: [[UInt8]] = []
      var parts: [[UInt8]] = []
      var inner: [[UInt8]] = [[], []]
      for field in fields {
        guard let value = values[field.name] else {
          // Another member of its oneof ends it.
          if field.kind == .member, Bool.random(using: &random) {
            before.append(field.written(.text("web"), &random))
            parts.append(W.text(536_870_000, "other"))
          }
          continue
        }
        let bytes = field.written(value, &random)
        if isWithin(field) {
          inner[Int.random(in: 0...1, using: &random)] += bytes
        } else {
          if !bytes.isEmpty, field.kind != .wrapper, Int.random(in: 0..<4, using: &random) == 0 {
            before.append(bytes)
          }
          parts.append(bytes)
        }
      }
      if let within { parts += inner.map { W.bytes(UInt64(within), $0) } }
      if Bool.random(using: &random) { parts.append(W.bytes(536_870_001, [1, 2, 3])) }
      // What the schema lacks, a group among them.
      if Bool.random(using: &random) {
        parts.append(
          W.varint(536_870_005 << 3 | 3) + W.text(1, "x") + W.varint(536_870_005 << 3 | 4))
      }
      return (before.shuffled(using: &random) + parts.shuffled(using: &random)).flatMap { $0 }
    }

    func json(_ values: [String: Value]) -> String {
      func members(_ fields: [Field]) -> [String] {
        fields.compactMap { field in values[field.name].map { "\"\(field.name)\":\($0.json)" } }
      }
      let inner =
        within == nil
        ? [] : ["\"within\":{\(members(fields.filter(isWithin)).joined(separator: ","))}"]
      return "{\((members(fields.filter { !isWithin($0) }) + inner).joined(separator: ","))}"
    }
  }

  private static func values(_ i: Int, _ random: inout SeededGenerator) -> [String: Value] {
    var values: [String: Value] = [
      "id": .text("p\(i)"), "time": .integer(Scene.minute(Int64(i / 10)).milliseconds + Int64(i)),
      "output": .number(
        [0, 1, .random(in: -0.2...1.2, using: &random)].randomElement(using: &random) ?? 0),
      "country": .text(["DE", "FR", "XX"].randomElement(using: &random) ?? "DE"),
    ]
    if Bool.random(using: &random) {
      values["version"] = .text(["", "v1", "v2"].randomElement(using: &random) ?? "")
    }
    if Int.random(in: 0..<5, using: &random) > 0 {
      values["amount"] = .number(
        [0, .random(in: -1100...1100, using: &random)].randomElement(using: &random) ?? 0)
    }
    if Bool.random(using: &random) { values["channel"] = .text("web") }
    if Bool.random(using: &random) {
      values["shop"] = .integer(.random(in: -3...3, using: &random))
    }
    return values
  }

  @Test(arguments: [false, true]) func rowsInRandomSchemasAreTheSamePanesMutations(_ hasRows: Bool)
    throws
  {
    let seed = Mutation.seed(0x2046_6000)
    var random = SeededGenerator(seed: seed)
    for round in 0..<max(1, Mutation.rounds(6000) / 300) {
      let layout = Layout(&random)
      let schema = try ProtobufSchema(layout.descriptors(&random))
      let rows = (0..<200).map { Self.values($0, &random) }
      var json = try SampleMonitor.monitor(.binary)
      if hasRows { try SampleMonitor.takeRows("rows", &json) }
      try layout.paths(&json, hasRows: hasRows)
      var protobuf = json
      protobuf.predictions.schemas = .protobuf(
        try #require(ProtobufSchemas(plain: schema, message: hasRows ? "p.Batch" : "p.Row")))
      var (texts, messages): ([[UInt8]], [[UInt8]]) = ([], [])
      var rest = rows[...]
      while !rest.isEmpty {
        let some = rest.prefix(hasRows ? Int.random(in: 1...40, using: &random) : 1)
        rest = rest.dropFirst(some.count)
        let all = some.map(layout.json).joined(separator: ",")
        texts.append(Array((hasRows ? "{\"rows\":[\(all)]}" : all).utf8))
        messages.append(
          some.flatMap {
            let row = layout.row($0, &random)
            return hasRows ? W.bytes(3, row) : row
          })
      }
      let one = try AvroRowsTests.outcome(json, texts)
      let two = try AvroRowsTests.outcome(protobuf, messages)
      #expect(
        one.events == two.events && one.events?.accepted == 200,
        "seed \(seed), round \(round): \(layout)")
      #expect(
        one.panes == two.panes && one.joins == two.joins, "seed \(seed), round \(round): \(layout)")
      #expect(one.panes.count > 2)
    }
  }
}
