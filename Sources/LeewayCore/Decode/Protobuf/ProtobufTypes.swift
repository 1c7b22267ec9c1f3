/// The programs for the types of messages that were met.
struct ProtobufTypes {
  private struct Known {
    var path: [Int]
    var program: ProtobufProgram
  }

  /// The serializers' path from a file to a message has so many places at most.
  private static let maximumPlaces = 32
  private static let maximumPrograms = 1000
  private static let maximumPlanned = 200_000

  private let schemas: ProtobufSchemas
  private let plan: ExtractionPlan
  private var programs: [SchemaID: [Known]] = [:]
  private var count = 0
  /// Elements of the schemas of all programs.
  private var planned = 0
  /// The last message's; messages of one type come together.
  private var last: (id: SchemaID, known: Known)?
  /// What a registry has said.
  private var known = KnownSchemas()
  /// Which message of its schema the message at hand is, from the outermost inwards.
  private var path: [Int] = []

  init(_ schemas: ProtobufSchemas, _ plan: ExtractionPlan) {
    self.schemas = schemas
    self.plan = plan
    path.reserveCapacity(Self.maximumPlaces)
  }

  mutating func know(_ schemas: KnownSchemas) {
    // They were forgotten, so that memory has an end.
    if schemas.count < known.count { forget() }
    known = schemas
  }

  private mutating func forget() { (programs, last, count, planned) = ([:], nil, 0, 0) }

  /// Reads which message of its schema a message is: how many places, and the places, each with its sign in the lowest bit. None are
  /// short for the first message.
  ///
  /// - Returns: how many bytes that takes.
  mutating func read(indexes bytes: UnsafeRawBufferPointer) throws(DecodeFailure) -> Int {
    var cursor = ProtobufCursor(bytes)
    path.removeAll(keepingCapacity: true)
    let count = try cursor.varint().zigzag
    guard (0...Int64(Self.maximumPlaces)).contains(count) else {
      throw .notOfSchema("says with \(count) indexes which message it is; it takes at most \(Self.maximumPlaces)")
    }
    if count == 0 { path.append(0) }
    for _ in 0..<count { path.append(Int(clamping: try cursor.varint().zigzag)) }
    return cursor.position
  }

  /// The program of the path that was read, made at the first message.
  mutating func program(of id: SchemaID) throws(DecodeFailure) -> ProtobufProgram {
    if let last, last.id == id, last.known.path == path { return last.known.program }
    if let known = programs[id]?.first(where: { $0.path == path }) {
      last = (id, known)
      return known.program
    }
    let schema = try schema(id)
    guard let message = schema.message(at: path) else {
      throw .notOfSchema(
        "is message \(path.map { "\($0)" }.joined(separator: ".")) of schema \(id), which that does not have")
    }
    let program = ProtobufProgram(ProtobufPlan(schema, message: message, plan))
    let size = schema.elementCount
    // They are made again as they are met.
    if count >= Self.maximumPrograms || planned + size > Self.maximumPlanned { forget() }
    count += 1
    planned += size
    // With a copy: what is shared would be copied at each message.
    let made = Known(path: path.map { $0 }, program: program)
    programs[id, default: []].append(made)
    last = (id, made)
    return program
  }

  private func schema(_ id: SchemaID) throws(DecodeFailure) -> ProtobufSchema {
    guard schemas.isOfRegistry else {
      guard case .number(let number) = id, let found = schemas.all.first(where: { $0.id == number }) else {
        throw .unknownSchema(id)
      }
      return found.schema
    }
    switch known[id] {
    case nil: throw .unregisteredSchema(id)
    case .refused(let failure): throw failure
    case .protobuf(let schema): return schema
    case .schema: throw .unusableSchema(id, "is Avro, and the monitor's format is protobuf")
    }
  }
}
