import Yams

/// Reads one YAML document within limits that no input can pass: neither memory, nor the stack, nor time.
package enum YAMLDocument {
  /// The longest file in bytes.
  package static let maximumBytes = 1 << 20
  /// The most nodes of a document, those that aliases repeat counted every time.
  static let maximumNodes = 100_000
  /// The deepest nesting of lists and maps. The parser itself stops at 1000.
  static let maximumDepth = 32

  /// Why a text is no usable document, and where.
  package struct Failure: Error {
    let place: ConfigurationNode.Place
    let message: String
  }

  /// The document's root; nil for a text without any, such as an empty one or nothing but comments.
  package static func parse(_ bytes: [UInt8]) throws(Failure) -> ConfigurationNode? {
    guard bytes.count <= maximumBytes else {
      throw Failure(
        place: .start, message: "the file is longer than \(maximumBytes) bytes, the most that is read; split it")
    }
    var text = try Self.text(bytes)
    try refuseCostlyKeys(text)
    // Yams keeps a pointer into the text beyond the closure that lends it, which is sound only for texts too long to
    // be stored inside the String value itself.
    while text.utf8.count < 16 { text += "\n" }
    let root: Node?
    do {
      root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
    } catch {
      throw failure(error)
    }
    guard let root else { return nil }
    var budget = maximumNodes
    return try convert(root, at: .start, depth: 0, budget: &budget)
  }

  /// The text without a byte-order mark, known to hold only characters that YAML allows.
  private static func text(_ bytes: [UInt8]) throws(Failure) -> String {
    let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
    var iterator = body.makeIterator()
    var decoder = UTF8()
    var place = ConfigurationNode.Place.start
    while true {
      switch decoder.decode(&iterator) {
      case .emptyInput: return String(decoding: body, as: UTF8.self)
      case .error:
        throw Failure(place: place, message: "the file is not UTF-8 text from here on; save it as UTF-8")
      case .scalarValue("\n"): place = .init(line: place.line + 1, column: 1)
      case .scalarValue(let scalar):
        guard isAllowed(scalar) else {
          let code = String(scalar.value, radix: 16, uppercase: true)
          let padded = String(repeating: "0", count: max(0, 4 - code.count)) + code
          throw Failure(place: place, message: "the character U+\(padded) may not stand in YAML; remove it")
        }
        place.column += 1
      }
    }
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }

  /// Yams hashes every key to find duplicates. A key that is a list or a map costs its whole content at every level it
  /// is nested in, and one made of aliases, which repeat content without repeating text, grows exponentially. No key of
  /// ours is anything but a word, so both are refused before the parser sees them. This looks only at characters: it
  /// may see such a key in a comment, and never misses one.
  private static func refuseCostlyKeys(_ text: String) throws(Failure) {
    let bytes = Array(text.utf8)
    func byte(_ index: Int) -> UInt8 { bytes.indices.contains(index) ? bytes[index] : 0x0A }
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
    func isWord(_ byte: UInt8) -> Bool {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): true
      default: false
      }
    }
    func endsPlaceholder(_ end: Int) -> Bool {
      var index = end - 1
      while index >= 0, end - index < 4096,
        isWord(bytes[index]) || bytes[index] == UInt8(ascii: "/")
          || bytes[index] == UInt8(ascii: ".") || bytes[index] == UInt8(ascii: ":")
      {
        index -= 1
      }
      return index >= 1 && bytes[index] == UInt8(ascii: "{") && bytes[index - 1] == UInt8(ascii: "$")
    }
    func colonFollows(_ start: Int) -> Bool {
      var index = start
      while isBlank(byte(index)), index < bytes.count { index += 1 }
      return byte(index) == UInt8(ascii: ":")
    }
    /// Behind a blank, and not within quotes that began on the same line.
    func beginsComment(_ place: Int) -> Bool {
      guard place == 0 || isBlank(byte(place - 1)) else { return false }
      let start = bytes[..<place].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
      let line = bytes[start..<place]
      return [UInt8(ascii: "\""), UInt8(ascii: "'")].allSatisfy { quote in line.count { $0 == quote } % 2 == 0 }
    }
    var hasAlias = false
    var costly: [Int] = []
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "#") where beginsComment(index):
        while index < bytes.count, bytes[index] != 0x0A { index += 1 }
      case UInt8(ascii: "*") where isWord(byte(index + 1)):
        hasAlias = true
        var end = index + 1
        while isWord(byte(end)) { end += 1 }
        if colonFollows(end) { costly.append(index) }
      case UInt8(ascii: "?") where isBlank(byte(index + 1)) && (index == 0 || !isWord(byte(index - 1))):
        costly.append(index)
      case UInt8(ascii: "]") where colonFollows(index + 1): costly.append(index)
      case UInt8(ascii: "}") where colonFollows(index + 1) && !endsPlaceholder(index): costly.append(index)
      default: break
      }
      index += 1
    }
    guard let first = costly.first, hasAlias || costly.count > 16 else { return }
    let before = bytes[..<first]
    let line = before.count { $0 == 0x0A } + 1
    let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let column = String(decoding: bytes[lineStart..<first], as: UTF8.self).unicodeScalars.count + 1
    throw Failure(
      place: .init(line: line, column: column),
      message: "a list, a map or an alias may not be a key here; write the key as a plain word")
  }

  private static func convert(
    _ node: Node, at fallback: ConfigurationNode.Place, depth: Int, budget: inout Int
  ) throws(Failure) -> ConfigurationNode {
    let place = node.mark.map { ConfigurationNode.Place(line: $0.line, column: $0.column) } ?? fallback
    budget -= 1
    guard budget >= 0 else {
      throw Failure(
        place: place,
        message: "the document has more than \(maximumNodes) values, what aliases repeat counted every time; shorten it"
      )
    }
    guard depth <= maximumDepth else {
      throw Failure(place: place, message: "lists and maps are nested more than \(maximumDepth) deep; flatten them")
    }
    switch node {
    case .scalar(let scalar):
      return ConfigurationNode(
        place: place, content: .scalar(.init(text: scalar.string, isPlain: scalar.style == .plain)))
    case .sequence(let items):
      var list: [ConfigurationNode] = []
      for item in items { list.append(try convert(item, at: place, depth: depth + 1, budget: &budget)) }
      return ConfigurationNode(place: place, content: .list(list))
    case .mapping(let mapping):
      var pairs: [ConfigurationNode.Pair] = []
      var merged: [ConfigurationNode.Pair] = []
      for (keyNode, valueNode) in mapping {
        let key = try convert(keyNode, at: place, depth: depth + 1, budget: &budget)
        let value = try convert(valueNode, at: key.place, depth: depth + 1, budget: &budget)
        guard case .scalar(let name) = key.content else {
          throw Failure(place: key.place, message: "\(key.kind) may not be a key here; write the key as a plain word")
        }
        if name.isPlain, name.text == "<<" {
          merged += try pairsToMerge(value)
        } else {
          pairs.append(.init(key: name.text, keyPlace: key.place, value: value))
        }
      }
      // A key's own value goes before a merged one, and among merged ones the first.
      var known = Set(pairs.map(\.key))
      for pair in merged where known.insert(pair.key).inserted { pairs.append(pair) }
      return ConfigurationNode(place: place, content: .map(pairs))
    case .alias:
      throw Failure(place: place, message: "the alias can't be resolved; write the value itself")
    }
  }

  /// What `<<: *name` or `<<: [*a, *b]` adds to a map.
  private static func pairsToMerge(_ node: ConfigurationNode) throws(Failure) -> [ConfigurationNode.Pair] {
    switch node.content {
    case .map(let pairs): return pairs
    case .list(let items):
      var pairs: [ConfigurationNode.Pair] = []
      for item in items { pairs += try pairsToMerge(item) }
      return pairs
    case .scalar:
      throw Failure(place: node.place, message: "<< is \(node.kind); it merges maps, as in <<: *name")
    }
  }

  private static func failure(_ error: any Error) -> Failure {
    func place(_ mark: Mark) -> ConfigurationNode.Place { .init(line: max(1, mark.line), column: max(1, mark.column)) }
    switch error as? YamlError {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
      if problem.hasPrefix("Maximum nesting level") {
        return Failure(
          place: place(mark), message: "lists and maps are nested more than \(maximumDepth) deep; flatten them")
      }
      var message = "this is not YAML: \(problem)"
      if let context { message += ", \(context.text) that begins at \(context.mark.line):\(context.mark.column)" }
      return Failure(place: place(mark), message: message + fix(problem))
    case .composer(_, let problem, let mark, _):
      let message =
        problem.contains("another document")
        ? "a second document begins here; write one document a file"
        : "\(problem); define it with & before its use, or put text that begins with * in quotes"
      return Failure(place: place(mark), message: message)
    case .duplicatedKeysInMapping(let keys, let context):
      let names = keys.map(ConfigurationNode.shown).joined(separator: ", ")
      return Failure(place: place(context.mark), message: "\(names) is given twice in one map; keep one")
    default:
      return Failure(place: .start, message: "this is not YAML; check the file")
    }
  }

  private static func fix(_ problem: String) -> String {
    if problem.contains("cannot start any token") {
      return "; indent with spaces, and put text that begins so in quotes"
    }
    if problem.contains("mapping values are not allowed") {
      return "; check the indentation, or quote text that holds \": \""
    }
    if problem.contains("could not find expected ':'") { return "; write KEY: VALUE with a space after the colon" }
    if problem.contains("did not find expected ',' or") { return "; close the bracket, or add the missing comma" }
    return "; check the indentation, brackets and quotes here and above"
  }
}
