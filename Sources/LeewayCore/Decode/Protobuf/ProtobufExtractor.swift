internal import CSimdjson

/// Reads chosen fields of Protobuf messages, one at a time, without an allocation once its buffers have grown to the traffic.
///
/// A message is of the one type that there is, or of the one that the serializers of a schema registry say: a schema, see
/// ``SchemaFrame``, and which of its messages. Fields are found by their names in the writer's own schema. What is not wanted is passed
/// over by its length.
///
/// An extractor belongs to one thread. What it hands out is valid until its next message, and only as long as the message's bytes.
package final class ProtobufExtractor: MessageExtractor {
  /// What a message may cost.
  package let limits: DecodeLimits
  private let plan: ExtractionPlan
  private let schemas: ProtobufSchemas
  @exclusivity(unchecked) private var types: ProtobufTypes
  private let slots: UnsafeMutablePointer<leeway_value>
  @exclusivity(unchecked) var texts = TextArena()
  @exclusivity(unchecked) var joins = ProtobufJoins()
  @exclusivity(unchecked) var scratch: [UInt8] = []

  // The last message.
  @exclusivity(unchecked) private(set) var current: ProtobufProgram
  /// Of the program.
  @exclusivity(unchecked) private(set) var at: ProtobufPlaces
  @exclusivity(unchecked) private var eaches: [Each]

  /// An array that has an element for each row.
  private struct Each {
    /// The place of its field in the program; −1: the last message has no such array.
    var field = -1
    /// The message that has the array, from where its next element is looked for.
    var around = ProtobufCursor(UnsafeRawBufferPointer(start: nil, count: 0))
    /// What is left of elements that are packed.
    var packed = ProtobufCursor(UnsafeRawBufferPointer(start: nil, count: 0))
  }

  /// - Precondition: the plan has schemas in Protobuf.
  package init(_ plan: ExtractionPlan, limits: DecodeLimits) {
    guard case .protobuf(let schemas)? = plan.schemas, !schemas.all.isEmpty || schemas.isOfRegistry else {
      preconditionFailure("a plan for Protobuf has a schema, or a registry")
    }
    self.plan = plan
    self.schemas = schemas
    self.limits = limits
    types = ProtobufTypes(schemas, plan)
    let place = schemas.message.flatMap { schemas.all[0].schema.message(named: $0) }
    current = ProtobufProgram(ProtobufPlan(place == nil ? .empty : schemas.all[0].schema, message: place ?? 0, plan))
    at = current.places
    // Not how many the first schema has: under two names of one field, two paths may be one array in it and two in another.
    let eachSteps = plan.fields.reduce(1) { $0 + $1.steps.count { $0 == .each } }
    eaches = Array(repeating: Each(), count: eachSteps)
    slots = .allocate(capacity: max(plan.fields.count, 1))
    slots.initialize(repeating: leeway_value(), count: max(plan.fields.count, 1))
    scratch.reserveCapacity(64)
  }

  deinit { slots.deallocate() }

  /// What is known of a registry's schemas from now on.
  package func know(_ schemas: KnownSchemas) {
    if self.schemas.isOfRegistry { types.know(schemas) }
  }

  // MARK: Messages and rows

  @discardableResult
  package func extract(
    _ bytes: UnsafeRawBufferPointer, headers: RecordHeaders?
  ) throws(DecodeFailure) -> Int {
    slots.update(repeating: leeway_value(), count: plan.fields.count)
    texts.removeAll()
    joins.removeAll()
    for i in eaches.indices { eaches[i].field = -1 }
    do throws(DecodeFailure) { try read(bytes, headers) } catch {
      slots.update(repeating: leeway_value(), count: plan.fields.count)
      throw error
    }
    guard let rows = plan.rows else { return 1 }
    guard eaches[0].field >= 0 else { throw .noRows(rows) }
    let count = at.elements[eaches[0].field].index
    guard eaches.allSatisfy({ $0.field < 0 || at.elements[$0.field].index == count }) else {
      throw .unequalRows(rows)
    }
    guard count <= DecodeLimits.maximumRows else { throw .tooManyRows(count, limit: DecodeLimits.maximumRows) }
    return count
  }

  private func read(_ bytes: UnsafeRawBufferPointer, _ headers: RecordHeaders?) throws(DecodeFailure) {
    guard bytes.count <= limits.messageBytes else {
      throw .tooLarge(bytes: bytes.count, limit: limits.messageBytes)
    }
    var start = 0
    if schemas.isFramed {
      guard let frame = SchemaFrame(bytes, headers: headers, hasIndexes: true) else {
        throw bytes.isEmpty ? .endsWithinRecord : .noSchemaID(firstByte: bytes[0])
      }
      let written =
        frame.length == 0 ? SchemaFrame.indexes(in: headers) : UnsafeRawBufferPointer(rebasing: bytes[frame.length...])
      let length = try types.read(indexes: written)
      if frame.length == 0 {
        guard length == written.count else { throw .noSchemaID(firstByte: bytes.first ?? 0) }
      } else {
        start = frame.length + length
      }
      let program = try types.program(of: frame.id)
      if program !== current { (current, at) = (program, program.places) }
    }
    try run(0, UnsafeRawBufferPointer(rebasing: bytes[start...]))
  }

  package func nextRow() throws(MessageRejection) {
    for slot in current.rowSlots { slots[slot] = leeway_value() }
    do throws(DecodeFailure) {
      for i in eaches.indices where eaches[i].field >= 0 { try nextElement(&eaches[i]) }
    } catch { throw MessageRejection(error) }
    if eaches[0].field >= 0, !at.fields[eaches[0].field].type.code.isMessage {
      throw MessageRejection(code: "bad_row", reason: "it is no message; rows is a repeated field of messages")
    }
  }

  private func nextElement(_ each: inout Each) throws(DecodeFailure) {
    let field = at.fields[each.field]
    let type = field.type
    if !each.packed.isAtEnd { return put(try scalar(type.code, type.node, &each.packed), field.target) }
    while !each.around.isAtEnd {
      let (number, wire) = try each.around.tag()
      guard number == field.number else {
        try each.around.skip(wire, number)
        continue
      }
      if type.code.isMessage { return try finish(field.target, type.code, type.node, try each.around.bytes()) }
      if wire == type.wire { return put(try scalar(type.code, type.node, &each.around), field.target) }
      each.packed = ProtobufCursor(try each.around.bytes())
      if !each.packed.isAtEnd { return put(try scalar(type.code, type.node, &each.packed), field.target) }
    }
  }

  // MARK: Reading

  /// Reads the wanted fields of a message. The last counts where a field comes twice, and a message within it is read when all its
  /// parts have been met.
  private func run(_ message: Int, _ bytes: UnsafeRawBufferPointer) throws(DecodeFailure) {
    for list in at.messages[message].begun { begin(at.fieldLists[list], bytes) }
    var cursor = ProtobufCursor(bytes)
    while !cursor.isAtEnd {
      let (number, wire) = try cursor.tag()
      let i = at.field(number, in: message)
      guard i >= 0 else {
        try cursor.skip(wire, number)
        continue
      }
      let field = at.fields + i
      let slot = field.pointee.onlySlot
      if slot >= 0 {
        guard wire == field.pointee.type.wire else { throw Self.otherType(number, wire) }
        slots[slot] = try scalar(field.pointee.type.code, field.pointee.type.node, &cursor)
      } else {
        try take(i, wire, &cursor)
      }
    }
    for list in at.messages[message].ended { try end(at.fieldLists[list], bytes) }
  }

  private func begin(_ i: Int, _ bytes: UnsafeRawBufferPointer) {
    let field = at.fields[i]
    let type = field.type
    at.parts[field.target].count = 0
    switch type.shape {
    case .single:
      if type.initial.kind != FieldKind.absent.rawValue {
        put(type.initial, field.target)
      } else if type.code == .wrapper {
        put(FieldValue.null.value, field.target)
      }
    case .repeated, .map:
      at.elements[i] = .init(index: 0, pick: field.picks.lowerBound)
      for pick in field.picks { at.parts[at.picks[pick].target].count = 0 }
      if !field.slots.isEmpty {
        let value = Self.container(type.shape == .map ? .map : .array, field.place, bytes)
        for slot in field.slots { slots[at.slotLists[slot]] = value }
      }
      if field.each >= 0 {
        eaches[field.each] = Each(field: i, around: ProtobufCursor(bytes))
      }
    }
  }

  private func take(_ i: Int, _ wire: ProtobufCursor.Wire, _ cursor: inout ProtobufCursor) throws(DecodeFailure) {
    let field = at.fields[i]
    let type = field.type
    switch type.shape {
    case .single:
      guard wire == type.wire else { throw Self.otherType(field.number, wire) }
      for sibling in field.siblings { empty(at.fields[at.siblings[sibling]].target) }
      if type.code.isMessage {
        add(try cursor.bytes(), field.target)
      } else if at.targets[field.target].slots.isEmpty {
        try cursor.skip(wire, field.number)
      } else {
        put(try scalar(type.code, type.node, &cursor), field.target)
      }
    case .repeated:
      if wire == type.wire {
        try element(i, field, type, &cursor)
      } else if wire == .bytes, !type.code.isMessage, type.wire != .bytes {
        var packed = ProtobufCursor(try cursor.bytes())
        while !packed.isAtEnd { try element(i, field, type, &packed) }
      } else {
        throw Self.otherType(field.number, wire)
      }
    case .map:
      guard wire == .bytes else { throw Self.otherType(field.number, wire) }
      try member(field, type, try cursor.bytes())
    }
  }

  static func otherType(_ number: UInt32, _ wire: ProtobufCursor.Wire) -> DecodeFailure {
    .notOfSchema("has its field \(number) as a value of wire type \(wire.rawValue), which its schema does not say")
  }

  /// An element of an array, where it stands.
  @inline(__always)
  private func element(
    _ i: Int, _ field: ProtobufPlan.Field, _ type: ProtobufTable.Field, _ cursor: inout ProtobufCursor
  ) throws(DecodeFailure) {
    let place = at.elements[i]
    at.elements[i].index += 1
    guard place.pick < field.picks.upperBound, at.picks[place.pick].index == place.index else {
      guard type.code.isMessage, !field.slots.isEmpty else { return try cursor.skip(type.wire, field.number) }
      return try check(type.node, try cursor.bytes(), depth: limits.depth)
    }
    at.elements[i].pick += 1
    let target = at.picks[place.pick].target
    guard type.code.isMessage else { return put(try scalar(type.code, type.node, &cursor), target) }
    let bytes = try cursor.bytes()
    if !field.slots.isEmpty { try check(type.node, bytes, depth: limits.depth) }
    add(bytes, target)
  }

  /// A pair of a map. The last counts where a key comes twice.
  private func member(
    _ field: ProtobufPlan.Field, _ type: ProtobufTable.Field, _ bytes: UnsafeRawBufferPointer
  ) throws(DecodeFailure) {
    if !field.slots.isEmpty { try check(type.node, bytes, depth: limits.depth) }
    guard !field.picks.isEmpty else { return }
    let (key, value) = try pair(of: type.node, bytes)
    guard let valueType = at.types.field(2, in: type.node).map({ at.types.fields[$0] }),
      let text = text(ofKey: key),
      let pick = field.picks.first(where: { at.picks[$0].key.elementsEqual(text) })
    else { return }
    let target = at.picks[pick].target
    empty(target)
    if var value {
      if valueType.code.isMessage {
        add(try value.bytes(), target)
      } else {
        put(try scalar(valueType.code, valueType.node, &value), target)
      }
    } else if valueType.code.isMessage {
      add(UnsafeRawBufferPointer(start: nil, count: 0), target)
    } else {
      put(valueType.initial, target)
    }
  }

  /// Reads what was put off until its message has been passed through.
  private func end(_ i: Int, _ bytes: UnsafeRawBufferPointer) throws(DecodeFailure) {
    let field = at.fields[i]
    let type = field.type
    switch type.shape {
    case .single:
      let parts = at.parts[field.target]
      guard parts.count > 0 else { return }
      let whole =
        parts.count == 1
        ? UnsafeRawBufferPointer(start: parts.start, count: parts.length) : try joined(parts, field.number, bytes)
      try finish(field.target, type.code, type.node, whole)
    case .repeated, .map:
      guard !field.picks.isEmpty else { return }
      var (code, node) = (type.code, type.node)
      if type.shape == .map {
        guard let value = at.types.field(2, in: type.node) else { return }
        (code, node) = (at.types.fields[value].code, at.types.fields[value].node)
      }
      guard code.isMessage else { return }
      for pick in field.picks {
        let target = at.picks[pick].target
        let parts = at.parts[target]
        guard parts.count > 0 else { continue }
        try finish(target, code, node, UnsafeRawBufferPointer(start: parts.start, count: parts.length))
      }
    }
  }

  /// The parts of a message that stand in the message around it, behind each other.
  private func joined(
    _ parts: ProtobufPlaces.Parts, _ number: UInt32, _ around: UnsafeRawBufferPointer
  ) throws(DecodeFailure) -> UnsafeRawBufferPointer {
    var (total, joined) = (0, UnsafeMutableRawBufferPointer(start: nil, count: 0))
    // Measured, then copied.
    for pass in 0..<2 {
      var cursor = ProtobufCursor(around)
      var (end, hasBegun) = (0, false)
      while !cursor.isAtEnd {
        let (found, wire) = try cursor.tag()
        guard found == number, wire == .bytes else {
          try cursor.skip(wire, found)
          continue
        }
        let part = try cursor.bytes()
        // What stood before was ended by another of its oneof.
        hasBegun = hasBegun || part.baseAddress == parts.start
        guard hasBegun else { continue }
        if pass == 1, let to = joined.baseAddress, let from = part.baseAddress {
          (to + end).copyMemory(from: from, byteCount: part.count)
        }
        end += part.count
      }
      if pass == 0 {
        total = end
        joined = joins.take(total)
      }
    }
    return UnsafeRawBufferPointer(joined)
  }

  /// Puts a whole message where it is wanted.
  private func finish(
    _ target: Int, _ code: ProtobufSchema.Code, _ node: Int, _ bytes: UnsafeRawBufferPointer
  ) throws(DecodeFailure) {
    if !at.targets[target].slots.isEmpty {
      if code == .message { try check(node, bytes, depth: limits.depth) }
      put(try value(code, node, bytes), target)
    }
    if at.targets[target].message >= 0 { try run(at.targets[target].message, bytes) }
  }

  @inline(__always) private func add(_ bytes: UnsafeRawBufferPointer, _ target: Int) {
    if at.parts[target].count == 0 {
      at.parts[target].start = bytes.baseAddress
      at.parts[target].length = bytes.count
    }
    at.parts[target].count += 1
  }

  /// Another value takes its place, or its oneof's.
  private func empty(_ target: Int) {
    at.parts[target].count = 0
    for i in at.targets[target].below { slots[at.slotLists[i]] = leeway_value() }
  }

  @inline(__always) private func put(_ value: leeway_value, _ target: Int) {
    for i in at.targets[target].slots { slots[at.slotLists[i]] = value }
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
    case .uint64: ShortestText.append(value.value.uint64, to: &scratch)
    case .double: ShortestText.append(value.value.number, to: &scratch)
    default: return nil
    }
    return texts.keep(scratch)
  }
}
