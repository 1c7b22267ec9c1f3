/// The writer's schemas that messages of a stream are in.
package struct AvroSchemas: Sendable, Equatable {
  package struct Known: Sendable, Equatable {
    /// Its number in a schema registry; 0 where messages have none.
    package var id: UInt32
    package var schema: AvroSchema
  }

  package static let maximum = 1000

  /// By ascending id; at least one, unless a registry has them.
  package let all: [Known]
  /// Whether a message begins with a zero byte and its schema's number.
  package let isFramed: Bool
  /// Whether schemas are asked for by their number as messages come.
  package let isOfRegistry: Bool

  /// Messages that are records of one schema, without a header.
  package init(plain schema: AvroSchema) {
    all = [Known(id: 0, schema: schema)]
    isFramed = false
    isOfRegistry = false
  }

  /// Messages with the header of a schema registry's serializers.
  ///
  /// - Precondition: there are some, and all numbers are different.
  package init(framed schemas: [UInt32: AvroSchema]) {
    precondition(!schemas.isEmpty)
    all = schemas.sorted { $0.key < $1.key }.map { Known(id: $0.key, schema: $0.value) }
    isFramed = true
    isOfRegistry = false
  }

  private init() {
    all = []
    isFramed = true
    isOfRegistry = true
  }

  /// Messages with that header, whose schemas the service's registry has.
  package static let registry = AvroSchemas()

  /// What is in a generation's name: the way in which messages are read. Where a registry is, and which schemas it has, is no part
  /// of it: writers may add schemas in the middle of a topic.
  var text: String {
    isOfRegistry
      ? "avro registry"
      : "avro "
        + (isFramed ? all.map { "\($0.id):\($0.schema.identity)" }.joined(separator: " ") : all[0].schema.identity)
  }
}

extension AvroSchemas {
  /// Whether a path leads to a type in some schema, or may. A row that is an array has what the monitor's order says.
  package func lead(_ path: FieldPath, rows: FieldPath?) -> Bool {
    if isOfRegistry { return true }
    let start = rows.map { $0.steps + [.each] } ?? []
    return all.contains { known in
      switch path.root {
      case .record: return true
      case .whole, .message: return known.schema.leads(path.steps[...], from: [0])
      case .row:
        let elements = known.schema.types(at: start[...], from: [0])
        let isArray = elements.contains { if case .array = known.schema.nodes[$0] { true } else { false } }
        return isArray || known.schema.leads(path.steps[...], from: elements)
      }
    }
  }
}

extension AvroSchemas {
  /// What the values at a path are over all schemas, nulls aside; empty where nothing says.
  package func kinds(at path: FieldPath, rows: FieldPath?) -> Set<MessageSchemas.Kind> {
    let start = rows.map { $0.steps + [.each] } ?? []
    return all.reduce(into: []) { kinds, known in
      let schema = known.schema
      let nodes: [Int] =
        switch path.root {
        case .record: []
        case .whole, .message: schema.types(at: path.steps[...], from: [0])
        case .row: schema.types(at: path.steps[...], from: schema.types(at: start[...], from: [0]))
        }
      for node in nodes { if let kind = schema.nodes[node].kind { kinds.insert(kind) } }
    }
  }
}

extension AvroSchema.Node {
  fileprivate var kind: MessageSchemas.Kind? {
    switch self {
    case .int, .long, .float, .double, .decimal: .number
    case .bytes, .string, .fixed, .symbols, .uuid: .text
    case .boolean: .boolean
    case .record, .map: .object
    case .array: .array
    case .null, .union: nil
    }
  }
}

extension AvroSchema {
  fileprivate func leads(_ steps: ArraySlice<FieldPath.Step>, from nodes: [Int]) -> Bool {
    !types(at: steps, from: nodes).isEmpty
  }

  /// The types that a path may lead to, through unions, from any of some.
  fileprivate func types(at steps: ArraySlice<FieldPath.Step>, from start: [Int]) -> [Int] {
    var found: [Int] = start
    var rest = steps
    while true {
      found = found.flatMap(branches)
      guard let step = rest.first else { return found }
      rest = rest.dropFirst()
      found = found.flatMap { node -> [Int] in
        switch (nodes[node], step) {
        case (.record(let fields), .key(let key)): return fields.filter { utf8Equal($0.name, key) }.map(\.node)
        case (.map(let value), .key): return [value]
        case (.array(let element), .index), (.array(let element), .each): return [element]
        default: return []
        }
      }
    }
  }

  private func branches(_ node: Int) -> [Int] {
    if case .union(let branches) = nodes[node] { branches } else { [node] }
  }
}
