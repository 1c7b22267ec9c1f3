internal import CSimdjson

/// The types that messages of one type are made of, in memory that is read without a check of each access.
final class ProtobufTable {
  struct Field {
    let number: UInt32
    let code: ProtobufSchema.Code
    let shape: ProtobufSchema.Shape
    let wire: ProtobufCursor.Wire
    let hasPresence: Bool
    let oneof: Int
    /// Its message in `messages` or its enumeration in `symbols`; a map's is that of its entries.
    let node: Int
    let name: UnsafeRawBufferPointer
    /// What it is where it is absent and does not tell so, or where the descriptor says it.
    let initial: leeway_value
  }

  struct Symbol {
    let number: Int64
    let name: UnsafeRawBufferPointer
  }

  /// Where the types are: addresses that no reference is counted for.
  struct Types {
    let fields: UnsafeMutablePointer<Field>
    /// Indices into `fields`, by the place in the schema; of the types that can be met.
    let messages: UnsafeMutablePointer<Range<Int>>
    let symbols: UnsafeMutablePointer<Symbol>
    /// Indices into `symbols`.
    let enumerations: UnsafeMutablePointer<Range<Int>>
  }

  let types: Types
  private let names: UnsafeMutableRawPointer

  init(_ schema: ProtobufSchema, from root: Int) {
    // The types that can be met.
    var met: Set<Int> = [root]
    var (enums, rest) = (Set<Int>(), [root])
    while let next = rest.popLast() {
      for field in schema.messages[next].fields {
        if field.code == .symbols { enums.insert(field.node) }
        if field.code.isMessage, met.insert(field.node).inserted { rest.append(field.node) }
      }
    }
    var bytes = 1
    for node in met {
      for field in schema.messages[node].fields { bytes += field.name.utf8.count + (field.initial?.count ?? 0) }
    }
    for node in enums { for value in schema.enumerations[node].values { bytes += value.name.utf8.count } }
    let names = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 1)
    var end = 0
    func keep(_ text: some Collection<UInt8>) -> UnsafeRawBufferPointer {
      let start = end
      for byte in text {
        names.storeBytes(of: byte, toByteOffset: end, as: UInt8.self)
        end += 1
      }
      return UnsafeRawBufferPointer(start: names + start, count: end - start)
    }
    var symbols: [Symbol] = []
    var ranges = Array(repeating: 0..<0, count: schema.enumerations.count)
    for node in enums.sorted() {
      let values = schema.enumerations[node].values
      ranges[node] = symbols.count..<symbols.count + values.count
      symbols += values.map { Symbol(number: Int64($0.number), name: keep($0.name.utf8)) }
    }
    var fields: [Field] = []
    var places = Array(repeating: 0..<0, count: schema.messages.count)
    for node in met.sorted() {
      let start = fields.count
      for field in schema.messages[node].fields {
        var initial = leeway_value()
        if field.shape == .single, !field.code.isMessage, !field.hasPresence || field.initial != nil {
          initial = Self.initial(field, field.code == .symbols ? symbols[ranges[field.node]] : [], keep)
        }
        fields.append(
          Field(
            number: field.number, code: field.code, shape: field.shape, wire: field.code.wire,
            hasPresence: field.hasPresence, oneof: field.oneof, node: field.node, name: keep(field.name.utf8),
            initial: initial))
      }
      places[node] = start..<fields.count
    }
    self.names = names
    types = Types(
      fields: .copy(of: fields), messages: .copy(of: places), symbols: .copy(of: symbols),
      enumerations: .copy(of: ranges))
  }

  // What is in them has nothing to end.
  deinit {
    types.fields.deallocate()
    types.messages.deallocate()
    types.symbols.deallocate()
    types.enumerations.deallocate()
    names.deallocate()
  }

  var fields: UnsafeMutablePointer<Field> { types.fields }
  var messages: UnsafeMutablePointer<Range<Int>> { types.messages }

  /// Where the field of an index within its message is.
  func place(of index: Int, in node: Int) -> Int { messages[node].lowerBound + index }

  func field(_ number: UInt32, in node: Int) -> Int? { types.field(number, in: node) }

  // MARK: Defaults

  private static func initial(
    _ field: ProtobufSchema.Field, _ symbols: some Collection<Symbol>,
    _ keep: ([UInt8]) -> UnsafeRawBufferPointer
  ) -> leeway_value {
    let given = field.initial
    func text(_ bytes: UnsafeRawBufferPointer) -> leeway_value { FieldValue(bytes: bytes).value }
    switch field.code {
    case .string: return text(keep(given ?? []))
    case .bytes: return text(keep(unescaped(given ?? [])))
    case .bool:
      var value = leeway_value()
      value.kind =
        given.map { $0.elementsEqual("true".utf8) } == true ? FieldKind.true.rawValue : FieldKind.false.rawValue
      return value
    case .symbols:
      let zero = symbols.first { symbol in given.map { symbol.name.elementsEqual($0) } ?? (symbol.number == 0) }
      return zero.map { text($0.name) } ?? FieldValue(int64: 0).value
    case .double, .float:
      let written = given.map { String(decoding: $0, as: UTF8.self) } ?? "0"
      let number = Double(written) ?? 0
      return ProtobufExtractor.number(field.code == .float ? Double(Float(number)) : number)
    default:
      let written = given.map { String(decoding: $0, as: UTF8.self) } ?? "0"
      if let number = Int64(written) { return FieldValue(int64: number).value }
      return ProtobufExtractor.integer(UInt64(written) ?? 0)
    }
  }

  /// The bytes of a default, which a descriptor has with C's escapes.
  private static func unescaped(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var rest = text[...]
    func digits(_ radix: Int, _ most: Int) -> UInt8? {
      let digits = rest.prefix(most).prefix { UInt8(String(UnicodeScalar($0)), radix: radix) != nil }
      guard !digits.isEmpty, let value = Int(String(decoding: digits, as: UTF8.self), radix: radix) else { return nil }
      rest = rest.dropFirst(digits.count)
      return UInt8(truncatingIfNeeded: value)
    }
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      if let octal = digits(8, 3) {
        result.append(octal)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "n"): result.append(10)
      case UInt8(ascii: "r"): result.append(13)
      case UInt8(ascii: "t"): result.append(9)
      case UInt8(ascii: "a"): result.append(7)
      case UInt8(ascii: "b"): result.append(8)
      case UInt8(ascii: "f"): result.append(12)
      case UInt8(ascii: "v"): result.append(11)
      case UInt8(ascii: "x"): result.append(digits(16, 2) ?? 0)
      case let other?: result.append(other)
      case nil: break
      }
    }
    return result
  }
}

extension ProtobufTable.Types {
  /// The field of a number in a message.
  @inline(__always) func field(_ number: UInt32, in node: Int) -> Int? {
    var (low, high) = (messages[node].lowerBound, messages[node].upperBound)
    // Most messages have their fields' numbers in a row from 1.
    if case let guess = low + Int(number) - 1, guess < high, fields[guess].number == number { return guess }
    while low < high {
      let middle = (low + high) / 2
      if fields[middle].number == number { return middle }
      if fields[middle].number < number { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  /// The name of an enumeration's number; nil where it has none.
  @inline(__always) func symbol(_ number: Int64, in node: Int) -> UnsafeRawBufferPointer? {
    var (low, high) = (enumerations[node].lowerBound, enumerations[node].upperBound)
    if number >= 0, number < Int64(high - low), symbols[low + Int(number)].number == number {
      return symbols[low + Int(number)].name
    }
    while low < high {
      let middle = (low + high) / 2
      if symbols[middle].number == number { return symbols[middle].name }
      if symbols[middle].number < number { low = middle + 1 } else { high = middle }
    }
    return nil
  }
}
