internal import CSimdjson

/// Reads chosen fields of Avro records, one message at a time, without an allocation once its buffers have grown to the traffic.
///
/// A message is a record in Avro's binary form: of the one schema that there is, or of the one that the serializers of a schema registry
/// say, see ``SchemaFrame``. The writer's own schema says where fields are; they are found in it by their names, so that a writer may
/// add fields and change their order.
///
/// An extractor belongs to one thread. What it hands out is valid until its next message, and only as long as the message's bytes.
package final class AvroExtractor: MessageExtractor {
  /// What a message may cost.
  package let limits: DecodeLimits
  private let plan: ExtractionPlan
  private let schemas: AvroSchemas
  /// One for each schema that is known, or that a message was of.
  @exclusivity(unchecked) private var programs: [AvroProgram]
  /// Places in `programs`, by the schema's id.
  @exclusivity(unchecked) private var places: [SchemaID: Int]
  /// The id of the last message's schema, and its place; messages of one schema come together.
  @exclusivity(unchecked) private var last: (id: SchemaID, place: Int)?
  /// What a registry has said.
  private var known = KnownSchemas()
  /// Size of the plans for its schemas, all together.
  @exclusivity(unchecked) private var planned = 0
  private static let maximumPlanned = 500_000
  private let slots: UnsafeMutablePointer<leeway_value>
  @exclusivity(unchecked) var texts = TextArena()
  @exclusivity(unchecked) var scratch: [UInt8] = []

  // The last message.
  @exclusivity(unchecked) private(set) var current: AvroProgram
  @exclusivity(unchecked) private(set) var cursor = AvroCursor()
  @exclusivity(unchecked) private var eaches: [Each]

  /// An array that has an element for each row.
  private struct Each {
    /// The step of its elements; −1: the last message has no such array.
    var step = -1
    var position = 0
    /// Elements before the next block.
    var left = 0
    var count = 0
  }

  /// - Precondition: the plan has schemas.
  package init(_ plan: ExtractionPlan, limits: DecodeLimits) {
    guard case .avro(let schemas)? = plan.schemas, !schemas.all.isEmpty || schemas.isOfRegistry else {
      preconditionFailure("a plan for Avro has a schema, or a registry")
    }
    self.plan = plan
    self.schemas = schemas
    self.limits = limits
    programs = schemas.all.map { AvroProgram(AvroPlan($0.schema, plan)) }
    places = Dictionary(uniqueKeysWithValues: schemas.all.enumerated().map { (.number($0.element.id), $0.offset) })
    current = programs.first ?? AvroProgram(AvroPlan(.empty, plan))
    eaches = Array(repeating: Each(), count: current.plan.eachCount)
    slots = .allocate(capacity: max(plan.fields.count, 1))
    slots.initialize(repeating: leeway_value(), count: max(plan.fields.count, 1))
    scratch.reserveCapacity(64)
  }

  deinit { slots.deallocate() }

  /// What is known of a registry's schemas from now on.
  package func know(_ schemas: KnownSchemas) {
    guard self.schemas.isOfRegistry else { return }
    // They were forgotten, so that memory has an end.
    if schemas.count < known.count { (programs, places, last, planned) = ([], [:], nil, 0) }
    known = schemas
  }

  // MARK: Messages and rows

  @discardableResult
  package func extract(
    _ bytes: UnsafeRawBufferPointer, headers: RecordHeaders?
  ) throws(DecodeFailure) -> Int {
    slots.update(repeating: leeway_value(), count: plan.fields.count)
    texts.removeAll()
    for i in eaches.indices { eaches[i].step = -1 }
    do throws(DecodeFailure) { try read(bytes, headers) } catch {
      slots.update(repeating: leeway_value(), count: plan.fields.count)
      throw error
    }
    guard let rows = plan.rows else { return 1 }
    guard eaches[0].step >= 0 else { throw .noRows(rows) }
    let count = eaches[0].count
    guard eaches.allSatisfy({ $0.step < 0 || $0.count == count }) else { throw .unequalRows(rows) }
    guard count <= DecodeLimits.maximumRows else { throw .tooManyRows(count, limit: DecodeLimits.maximumRows) }
    return count
  }

  private func read(_ bytes: UnsafeRawBufferPointer, _ headers: RecordHeaders?) throws(DecodeFailure) {
    guard bytes.count <= limits.messageBytes else {
      throw .tooLarge(bytes: bytes.count, limit: limits.messageBytes)
    }
    guard !bytes.isEmpty else { throw .endsWithinRecord }
    var start = 0
    if schemas.isFramed {
      guard let frame = SchemaFrame(bytes, headers: headers) else { throw .noSchemaID(firstByte: bytes[0]) }
      if let last, last.id == frame.id {
        current = programs[last.place]
      } else {
        let place = try place(of: frame.id)
        last = (frame.id, place)
        current = programs[place]
      }
      start = frame.length
    }
    cursor = AvroCursor(bytes, at: start, budget: limits.messageBytes)
    try run(0, &cursor, depth: limits.depth)
    guard cursor.position == bytes.count else {
      throw .notOfSchema("has \(bytes.count - cursor.position) bytes behind its record")
    }
    // What is read once more was counted.
    cursor.budget = .max
  }

  /// Makes the program of a schema at its first message.
  private func place(of id: SchemaID) throws(DecodeFailure) -> Int {
    if let place = places[id] { return place }
    switch known[id] {
    case nil: throw schemas.isOfRegistry ? .unregisteredSchema(id) : .unknownSchema(id)
    case .refused(let failure): throw failure
    case .protobuf: throw .unusableSchema(id, "is Protobuf, and the monitor's format is avro")
    case .schema(let schema):
      let made = AvroPlan(schema, plan, limit: AvroPlan.registeredLimit)
      guard !made.isTooLarge else {
        throw .unusableSchema(
          id,
          "repeats types within each other so often that a plan to read it has more than \(AvroPlan.registeredLimit) parts"
        )
      }
      // They are made again as they are met.
      planned += made.size
      if programs.count >= AvroSchemas.maximum || planned > Self.maximumPlanned {
        (programs, places, planned) = ([], [:], made.size)
      }
      programs.append(AvroProgram(made))
      places[id] = programs.count - 1
      return programs.count - 1
    }
  }

  package func nextRow() throws(MessageRejection) {
    for slot in current.plan.rowSlots { slots[slot] = leeway_value() }
    do throws(DecodeFailure) {
      for i in eaches.indices where eaches[i].step >= 0 {
        cursor.position = eaches[i].position
        if eaches[i].left == 0 { eaches[i].left = try cursor.block() }
        guard eaches[i].left > 0 else { continue }
        eaches[i].left -= 1
        if i == 0 {
          try row(eaches[i].step)
        } else {
          try run(eaches[i].step, &cursor, depth: limits.depth)
        }
        eaches[i].position = cursor.position
      }
    } catch {
      // The array was read to its end before.
      throw MessageRejection(error)
    }
    if let rejection { throw rejection }
  }

  /// What is wrong with the row that was read last.
  @exclusivity(unchecked) private var rejection: MessageRejection?

  private func row(_ step: Int) throws(DecodeFailure) {
    rejection = nil
    let start = cursor.position
    var kind = step
    while current.steps[kind].code == .union { kind = try branch(of: kind, &cursor) }
    let inner = current.steps[kind]
    switch inner.code {
    case .record, .map: break
    case .array where !plan.order.isEmpty:
      var count = 0
      try forEachItem(&cursor) { (cursor: inout AvroCursor) throws(DecodeFailure) in
        let value = try self.value(current.children[inner.children.lowerBound], &cursor, depth: limits.depth)
        if count < plan.order.count { slots[plan.order[count]] = value }
        count += 1
      }
      for copy in current.plan.orderCopies where copy.element < count {
        slots[copy.slot] = slots[plan.order[copy.element]]
      }
      if count != plan.order.count {
        rejection = MessageRejection(
          code: "bad_row",
          reason: "it has \(count) elements and the monitor \(plan.order.count) features; send one for each")
      }
      return
    case .array: break
    default:
      rejection = MessageRejection(
        code: "bad_row", reason: "it is no record and no array; send one of them for each row")
    }
    cursor.position = start
    try run(step, &cursor, depth: limits.depth)
  }

  // MARK: Reading

  /// Reads the value of a step into the slots that want it, or passes over it.
  private func run(_ number: Int, _ cursor: inout AvroCursor, depth: Int) throws(DecodeFailure) {
    let step = current.steps + number
    let slots = step.pointee.slots
    switch step.pointee.code {
    case .record:
      guard depth > 0 else { throw .tooDeep(limit: limits.depth) }
      if !slots.isEmpty { put(container(.object, number, cursor), slots) }
      let children = current.children
      for child in step.pointee.children { try run(children[child], &cursor, depth: depth - 1) }
    case .union:
      guard depth > 0 else { throw .tooDeep(limit: limits.depth) }
      try run(try branch(of: number, &cursor), &cursor, depth: depth - 1)
    case .array:
      guard depth > 0 else { throw .tooDeep(limit: limits.depth) }
      if !slots.isEmpty { put(container(.array, number, cursor), slots) }
      try array(step.pointee, &cursor, depth: depth - 1)
    case .map:
      guard depth > 0 else { throw .tooDeep(limit: limits.depth) }
      if !slots.isEmpty { put(container(.object, number, cursor), slots) }
      try map(step.pointee, &cursor, depth: depth - 1)
    case let code:
      if slots.isEmpty {
        try pass(code, step.pointee.size, &cursor)
      } else {
        put(try scalar(step.pointee, &cursor), slots)
      }
    }
  }

  /// Passes over what has no parts.
  @inline(__always)
  private func pass(_ code: AvroPlan.Step.Code, _ size: Int, _ cursor: inout AvroCursor) throws(DecodeFailure) {
    switch code {
    case .null: return
    case .boolean: try cursor.skip(1)
    case .int, .long, .symbols: _ = try cursor.long()
    case .float: try cursor.skip(4)
    case .double: try cursor.skip(8)
    case .bytes, .string: _ = try cursor.bytes()
    case .fixed: try cursor.skip(size)
    case .uuid: try cursor.skip(16)
    case .decimal: if size < 0 { _ = try cursor.bytes() } else { try cursor.skip(size) }
    case .record, .array, .map, .union: preconditionFailure("has parts")
    }
  }

  @inline(__always) private func put(_ value: leeway_value, _ list: Range<Int>) {
    for i in list { slots[current.slotLists[i]] = value }
  }

  private func branch(of union: Int, _ cursor: inout AvroCursor) throws(DecodeFailure) -> Int {
    let children = current.steps[union].children
    let index = try cursor.long()
    guard index >= 0, index < Int64(children.count) else {
      throw .notOfSchema("has branch \(index) of a union of \(children.count)")
    }
    return current.children[children.lowerBound + Int(index)]
  }

  private func array(_ step: AvroPlan.Step, _ cursor: inout AvroCursor, depth: Int) throws(DecodeFailure) {
    let element = current.children[step.children.lowerBound]
    if step.size >= 0 {
      var each = Each(step: element, position: cursor.position)
      // The elements are read once more, row by row: what is checked now cannot fail then.
      try forEachItem(&cursor) { (cursor: inout AvroCursor) throws(DecodeFailure) in
        try pass(element, &cursor, depth: depth)
        each.count += 1
      }
      eaches[step.size] = each
      return
    }
    var (index, pick) = (0, step.picked.lowerBound)
    try forEachItem(&cursor) { (cursor: inout AvroCursor) throws(DecodeFailure) in
      if pick < step.picked.upperBound, current.plan.picks[pick].index == index {
        try run(current.plan.picks[pick].step, &cursor, depth: depth)
        pick += 1
      } else {
        try run(element, &cursor, depth: depth)
      }
      index += 1
    }
  }

  /// Passes over an element whose fields are wanted row by row: the slots are filled, and emptied again.
  private func pass(_ element: Int, _ cursor: inout AvroCursor, depth: Int) throws(DecodeFailure) {
    try run(element, &cursor, depth: depth)
    for i in current.steps[element].below { slots[current.slotLists[i]] = leeway_value() }
  }

  private func map(_ step: AvroPlan.Step, _ cursor: inout AvroCursor, depth: Int) throws(DecodeFailure) {
    let value = current.children[step.children.lowerBound]
    try forEachItem(&cursor) { (cursor: inout AvroCursor) throws(DecodeFailure) in
      let key = try cursor.bytes()
      guard let pick = step.picked.first(where: { current.plan.picks[$0].key.elementsEqual(key) }) else {
        return try run(value, &cursor, depth: depth)
      }
      let wanted = current.plan.picks[pick].step
      // A key that comes twice has its last value.
      for i in current.steps[wanted].below { slots[current.slotLists[i]] = leeway_value() }
      try run(wanted, &cursor, depth: depth)
    }
  }

  /// Calls `body` where each element of an array, or each pair of a map, begins.
  @inline(__always)
  private func forEachItem(
    _ cursor: inout AvroCursor, _ body: (inout AvroCursor) throws(DecodeFailure) -> Void
  ) throws(DecodeFailure) {
    while true {
      let count = try cursor.block()
      if count == 0 { return }
      for _ in 0..<count { try body(&cursor) }
    }
  }

  /// Reads any value, whatever of it is wanted.
  func value(_ number: Int, _ cursor: inout AvroCursor, depth: Int) throws(DecodeFailure) -> leeway_value {
    let step = current.steps[number]
    switch step.code {
    case .union:
      guard depth > 0 else { throw .tooDeep(limit: limits.depth) }
      return try value(try branch(of: number, &cursor), &cursor, depth: depth - 1)
    case .record, .map, .array:
      let value = container(step.code == .array ? .array : .object, number, cursor)
      try run(number, &cursor, depth: depth)
      return value
    default: return try scalar(step, &cursor)
    }
  }

  private func container(_ kind: FieldKind, _ step: Int, _ cursor: AvroCursor) -> leeway_value {
    var value = leeway_value()
    value.kind = kind.rawValue
    value.extent = leeway_json_extent(first: UInt32(cursor.position), end: UInt32(step))
    // What has no elements has no step.
    value.length = 1
    return value
  }

  // MARK: Values

  package subscript(slot: Int) -> FieldValue {
    precondition(slot >= 0 && slot < plan.fields.count)
    return FieldValue(slots[slot])
  }

  package func put(_ value: FieldValue, _ slot: Int) {
    precondition(slot >= 0 && slot < plan.fields.count)
    slots[slot] = value.value
  }

  package func numberText(of value: FieldValue) -> UnsafeRawBufferPointer? {
    scratch.removeAll(keepingCapacity: true)
    switch value.kind {
    case .int64: ShortestText.append(value.value.int64, to: &scratch)
    case .double:
      if let text = value.value.text { return UnsafeRawBufferPointer(start: text, count: Int(value.value.length)) }
      ShortestText.append(value.value.number, to: &scratch)
    default: return nil
    }
    return texts.keep(scratch)
  }
}
