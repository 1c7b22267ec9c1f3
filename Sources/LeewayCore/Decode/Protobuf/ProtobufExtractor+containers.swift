internal import CSimdjson

/// Messages, maps and arrays that a slot holds: what is within them is read again from the message where it is asked for.
extension ProtobufExtractor {
  /// What a value with parts is. An array without elements that nothing can use is none of them.
  enum Container: UInt32 {
    case message = 1
    /// A field of the message whose bytes these are.
    case map, array
  }

  /// - Parameter place: of its type in the table: a message's, or the field's that is a map or an array.
  static func container(_ container: Container, _ place: Int, _ bytes: UnsafeRawBufferPointer) -> leeway_value {
    var value = leeway_value()
    value.kind = container == .array ? FieldKind.array.rawValue : FieldKind.object.rawValue
    value.extent = leeway_json_extent(first: UInt32(place), end: container.rawValue)
    value.length = UInt32(bytes.count)
    value.text = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
    return value
  }

  static func bytes(_ value: leeway_value) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: value.text, count: Int(value.length))
  }

  /// Whether all of a message can be read, to a depth: what is wanted as a whole is read later, where nothing can fail.
  func check(_ node: Int, _ bytes: UnsafeRawBufferPointer, depth: Int) throws(DecodeFailure) {
    guard depth > 0 else { throw .tooDeep(limit: limits.depth) }
    let table = current.table
    var cursor = ProtobufCursor(bytes)
    while !cursor.isAtEnd {
      let (number, wire) = try cursor.tag()
      guard let place = table.field(number, in: node) else {
        try cursor.skip(wire, number)
        continue
      }
      let field = table.fields[place]
      if wire == .bytes, field.code.isMessage {
        try check(field.node, try cursor.bytes(), depth: depth - 1)
      } else if wire == .bytes, field.shape == .repeated, field.wire != .bytes {
        var packed = ProtobufCursor(try cursor.bytes())
        while !packed.isAtEnd { try packed.skip(field.wire, number) }
      } else {
        guard wire == field.wire else { throw Self.otherType(number, wire) }
        try cursor.skip(wire, number)
      }
    }
  }

  /// The key of a map's entry, or its default, and where its value is read from; nil where it has none.
  func pair(
    of node: Int, _ bytes: UnsafeRawBufferPointer
  ) throws(DecodeFailure) -> (key: FieldValue, value: ProtobufCursor?) {
    let table = current.table
    guard let key = table.field(1, in: node).map({ table.fields[$0] }),
      let value = table.field(2, in: node).map({ table.fields[$0] })
    else { return (.absent, nil) }
    var found = (key: key.initial, value: ProtobufCursor?.none)
    var cursor = ProtobufCursor(bytes)
    while !cursor.isAtEnd {
      let (number, wire) = try cursor.tag()
      if number == 1 {
        guard wire == key.wire else { throw Self.otherType(number, wire) }
        found.key = try scalar(key.code, key.node, &cursor)
      } else {
        if number == 2 {
          guard wire == value.wire else { throw Self.otherType(number, wire) }
          found.value = cursor
        }
        try cursor.skip(wire, number)
      }
    }
    return (FieldValue(found.key), found.value)
  }

  /// A map's key as the text that it is in JSON.
  func text(ofKey key: FieldValue) -> UnsafeRawBufferPointer? {
    if let text = key.text { return text }
    scratch.removeAll(keepingCapacity: true)
    switch key.kind {
    case .int64: ShortestText.append(key.int64 ?? 0, to: &scratch)
    case .uint64: ShortestText.append(key.uint64 ?? 0, to: &scratch)
    case .true: scratch.append(contentsOf: "true".utf8)
    case .false: scratch.append(contentsOf: "false".utf8)
    default: return nil
    }
    return texts.keep(scratch)
  }

  package func forEachElement<Failure: Error>(
    of array: FieldValue, _ body: (FieldValue) throws(Failure) -> Void
  ) throws(Failure) {
    guard array.kind == .array, Container(rawValue: array.value.extent.end) == .array else { return }
    let field = current.table.fields[Int(array.value.extent.first)]
    var cursor = ProtobufCursor(Self.bytes(array.value))
    while !cursor.isAtEnd, let (number, wire) = try? cursor.tag() {
      guard number == field.number else {
        guard (try? cursor.skip(wire, number)) != nil else { return }
        continue
      }
      if wire == field.wire {
        let value = try? scalar(field.code, field.node, &cursor)
        try body(value.map { FieldValue($0) } ?? .unusable)
        continue
      }
      guard let bytes = try? cursor.bytes() else { return }
      var packed = ProtobufCursor(bytes)
      while !packed.isAtEnd {
        guard let value = try? scalar(field.code, field.node, &packed) else { return }
        try body(FieldValue(value))
      }
    }
  }

  package func tree(of view: FieldValue) -> JSONValue? {
    tree(of: view) {
      var members: [JSONValue.Member] = []
      var places: [[UInt8]: Int] = [:]
      var isWhole = true
      forEachMember(of: view) { key, value in
        guard let value = tree(of: value) else { return isWhole = false }
        let member = JSONValue.Member(String(decoding: key, as: UTF8.self), value)
        // The last counts where a key of a map comes twice.
        if let place = places[Array(key)] {
          members[place] = member
        } else {
          places[Array(key)] = members.count
          members.append(member)
        }
      }
      return isWhole ? .object(members) : nil
    }
  }
}
