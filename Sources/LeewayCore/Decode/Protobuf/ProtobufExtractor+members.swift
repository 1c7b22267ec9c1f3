internal import CSimdjson

/// The fields of a message, and the pairs of a map, of which all are wanted. They were checked before, so they can be read.
extension ProtobufExtractor {
  /// Fields by their names, one with many values once. Parts of a message are one, and the last that is set of a oneof is there. A key of
  /// a map that comes twice is there twice.
  package func forEachMember<Failure: Error>(
    of object: FieldValue, _ body: (UnsafeRawBufferPointer, FieldValue) throws(Failure) -> Void
  ) throws(Failure) {
    guard object.kind == .object, let container = Container(rawValue: object.value.extent.end) else { return }
    let (place, bytes) = (Int(object.value.extent.first), Self.bytes(object.value))
    if container == .map { return try forEachPair(of: place, bytes, body) }
    let table = current.table
    let fields = table.messages[place]
    var met = FieldSet(count: fields.count)
    let isPlain = hasNothingTwice(place, bytes)
    var cursor = ProtobufCursor(bytes)
    while !cursor.isAtEnd, let (number, wire) = try? cursor.tag() {
      guard let found = table.field(number, in: place), isPlain || table.fields[found].shape != .single else {
        guard (try? cursor.skip(wire, number)) != nil else { return }
        continue
      }
      let field = table.fields[found]
      let isFirst = met.insert(found - fields.lowerBound)
      guard field.shape == .single else {
        if isFirst {
          try body(field.name, FieldValue(Self.container(field.shape == .map ? .map : .array, found, bytes)))
        }
        guard (try? cursor.skip(wire, number)) != nil else { return }
        continue
      }
      // Text that is not UTF-8 is no value here, and its bytes are passed over.
      let value = try? scalar(field.code, field.node, &cursor)
      try body(field.name, value.map { FieldValue($0) } ?? .unusable)
    }
    if !isPlain {
      for (found, value) in merged(place, bytes) where met.insert(found - fields.lowerBound) {
        try body(table.fields[found].name, FieldValue(value))
      }
    }
    for i in fields where table.fields[i].initial.kind != FieldKind.absent.rawValue {
      if met.insert(i - fields.lowerBound) { try body(table.fields[i].name, FieldValue(table.fields[i].initial)) }
    }
  }

  private func forEachPair<Failure: Error>(
    of place: Int, _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer, FieldValue) throws(Failure) -> Void
  ) throws(Failure) {
    let table = current.table
    let field = table.fields[place]
    guard let value = table.field(2, in: field.node).map({ table.fields[$0] }) else { return }
    var cursor = ProtobufCursor(bytes)
    while !cursor.isAtEnd, let (number, wire) = try? cursor.tag() {
      guard number == field.number else {
        guard (try? cursor.skip(wire, number)) != nil else { return }
        continue
      }
      guard let entry = try? cursor.bytes(), let pair = try? pair(of: field.node, entry),
        let key = text(ofKey: pair.key)
      else { return }
      var read = value.initial
      if var cursor = pair.value {
        read = (try? scalar(value.code, value.node, &cursor)) ?? FieldValue.unusable.value
      } else if value.code.isMessage {
        read = (try? self.value(value.code, value.node, UnsafeRawBufferPointer(start: nil, count: 0))) ?? read
      }
      try body(key, FieldValue(read))
    }
  }

  /// Whether no field with one value comes twice, and no two of a oneof do.
  private func hasNothingTwice(_ place: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
    let table = current.table
    let fields = table.messages[place]
    var met = FieldSet(count: fields.count)
    var oneofs = FieldSet(count: fields.count)
    var cursor = ProtobufCursor(bytes)
    while !cursor.isAtEnd, let (number, wire) = try? cursor.tag() {
      if let found = table.field(number, in: place), table.fields[found].shape == .single {
        if !met.insert(found - fields.lowerBound) { return false }
        let oneof = table.fields[found].oneof
        // They are numbered from 0, and none is without a field.
        if oneof >= 0, oneof >= fields.count || !oneofs.insert(oneof) { return false }
      }
      guard (try? cursor.skip(wire, number)) != nil else { return true }
    }
    return true
  }

  /// The values of fields with one value, of a message in which one comes twice, or two of a oneof.
  private func merged(_ place: Int, _ bytes: UnsafeRawBufferPointer) -> [(field: Int, value: leeway_value)] {
    let table = current.table
    var parts: [Int: [UInt8]] = [:]
    var scalars: [Int: ProtobufCursor] = [:]
    var members: [Int: Int] = [:]
    var cursor = ProtobufCursor(bytes)
    while !cursor.isAtEnd, let (number, wire) = try? cursor.tag() {
      if let found = table.field(number, in: place), table.fields[found].shape == .single {
        let field = table.fields[found]
        if field.oneof >= 0, let other = members.updateValue(found, forKey: field.oneof), other != found {
          parts[other] = nil
          scalars[other] = nil
        }
        if field.code.isMessage {
          var copy = cursor
          if let part = try? copy.bytes() { parts[found, default: []].append(contentsOf: part) }
        } else {
          scalars[found] = cursor
        }
      }
      guard (try? cursor.skip(wire, number)) != nil else { break }
    }
    let messages = parts.map { found, bytes in
      let joined = joins.take(bytes.count)
      joined.copyBytes(from: bytes)
      let field = table.fields[found]
      let value = try? self.value(field.code, field.node, UnsafeRawBufferPointer(joined))
      return (field: found, value: value ?? FieldValue.unusable.value)
    }
    let others = scalars.map { found, cursor in
      var cursor = cursor
      let field = table.fields[found]
      return (field: found, value: (try? scalar(field.code, field.node, &cursor)) ?? FieldValue.unusable.value)
    }
    return (messages + others).sorted { $0.field < $1.field }
  }

  /// Which of a message's fields were met.
  private struct FieldSet {
    private static let inPlace = 512
    private var few = SIMD8<UInt64>()
    private var many: [Bool]

    init(count: Int) { many = count > Self.inPlace ? Array(repeating: false, count: count) : [] }

    /// Whether it was not there before.
    mutating func insert(_ place: Int) -> Bool {
      if many.isEmpty {
        let (word, bit) = (place / 64, UInt64(1) << UInt64(place % 64))
        defer { few[word] |= bit }
        return few[word] & bit == 0
      }
      defer { many[place] = true }
      return !many[place]
    }
  }
}
