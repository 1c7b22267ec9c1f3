/// A place in a JSON document and how it was reached, so that an error can name it:
/// `features.amount.knots[3]: expected a number, found "x"`.
package struct JSONReader {
  /// The value at this place; nil if the member is absent.
  package let value: JSONValue?
  /// The way from the root, as `features.amount.knots[3]`; empty for the root.
  package let path: String

  /// The root of a document.
  package init(_ root: JSONValue) {
    value = root
    path = ""
  }

  private init(_ value: JSONValue?, path: String) {
    self.value = value
    self.path = path
  }

  /// Whether nothing is here, or null.
  package var isNull: Bool { value == nil || value == .null }

  /// An error about this place.
  package func failure(_ problem: String) -> JSONFailure {
    JSONFailure(path: path.isEmpty ? "document" : path, problem: problem)
  }

  private func expected(_ what: String) -> JSONFailure {
    failure("expected \(what), found \(value?.outline ?? "nothing")")
  }

  // MARK: Objects

  /// The members of an object, in the text's order.
  package func members() throws(JSONFailure) -> [(key: String, reader: JSONReader)] {
    guard case .object(let members) = value else { throw expected("an object") }
    return members.map { ($0.key, JSONReader($0.value, path: memberPath($0.key))) }
  }

  /// The place of an object's member; its value is nil where the object hasn't got it.
  ///
  /// Looking a key up takes time in the number of members; walk ``members()`` where there are many.
  package func member(_ key: String) throws(JSONFailure) -> JSONReader {
    guard case .object(let members) = value else { throw expected("an object") }
    return JSONReader(members.last { $0.key.utf8.elementsEqual(key.utf8) }?.value, path: memberPath(key))
  }

  /// Refuses members other than `keys`.
  package func allowOnly(_ keys: Set<String>) throws(JSONFailure) {
    for (key, reader) in try members() where !keys.contains(key) {
      throw reader.failure("unknown key; known are \(keys.sorted().joined(separator: ", "))")
    }
  }

  private func memberPath(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  // MARK: Arrays

  /// The elements of an array.
  package func elements() throws(JSONFailure) -> [JSONReader] {
    guard case .array(let elements) = value else { throw expected("an array") }
    return elements.enumerated().map { JSONReader($0.element, path: "\(path)[\($0.offset)]") }
  }

  /// The elements of an array, each read by `read`.
  package func array<Element>(of read: (JSONReader) throws(JSONFailure) -> Element) throws(JSONFailure) -> [Element] {
    var result: [Element] = []
    for element in try elements() { result.append(try read(element)) }
    return result
  }

  /// The elements of an array of numbers.
  package func doubles() throws(JSONFailure) -> [Double] {
    guard case .array(let elements) = value else { throw expected("an array") }
    var result: [Double] = []
    result.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      // The path is text, so it is made only where it is needed.
      if let number = element.double {
        result.append(number)
      } else {
        result.append(try JSONReader(element, path: "\(path)[\(index)]").double())
      }
    }
    return result
  }

  /// The elements of an array of integers.
  package func integers() throws(JSONFailure) -> [Int64] {
    guard case .array(let elements) = value else { throw expected("an array") }
    var result: [Int64] = []
    result.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      if let number = element.integer {
        result.append(number)
      } else {
        result.append(try JSONReader(element, path: "\(path)[\(index)]").integer())
      }
    }
    return result
  }

  // MARK: Scalars

  /// A number, integers included.
  package func double() throws(JSONFailure) -> Double {
    guard let number = value?.double else { throw expected("a number") }
    return number
  }

  /// An integer of 64 bits.
  package func integer() throws(JSONFailure) -> Int64 {
    guard let integer = value?.integer else { throw expected("an integer") }
    return integer
  }

  /// An integer in a range.
  package func integer(in range: ClosedRange<Int>) throws(JSONFailure) -> Int {
    let integer = try integer()
    guard let narrow = Int(exactly: integer), range.contains(narrow) else {
      throw failure("expected an integer from \(range.lowerBound) to \(range.upperBound), found \(integer)")
    }
    return narrow
  }

  package func string() throws(JSONFailure) -> String {
    guard case .string(let string) = value else { throw expected("a string") }
    return string
  }

  package func bool() throws(JSONFailure) -> Bool {
    guard case .bool(let bool) = value else { throw expected("true or false") }
    return bool
  }

  /// The value read by `read`, or nil where there is nothing or null.
  package func optional<Value>(_ read: (JSONReader) throws(JSONFailure) -> Value) throws(JSONFailure) -> Value? {
    isNull ? nil : try read(self)
  }
}

extension JSONValue {
  /// The value of a number, integers included.
  package var double: Double? {
    switch self {
    case .integer(let integer): Double(integer)
    case .number(let number): number
    default: nil
    }
  }

  /// The value of an integer.
  package var integer: Int64? {
    guard case .integer(let integer) = self else { return nil }
    return integer
  }

  /// A word or two for an error: scalars as they are written, long strings cut.
  fileprivate var outline: String {
    switch self {
    case .array(let elements): elements.isEmpty ? "an empty array" : "an array"
    case .object: "an object"
    case .string(let string) where string.count > 40: "\"\(string.prefix(40))…\""
    default: CanonicalJSON.text(of: self)
    }
  }
}
