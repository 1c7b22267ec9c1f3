import LeewayCore

// Each returns the value as a type, or nil after it has reported why that can't be.
extension ConfigurationValue {
  /// A text after its placeholders are replaced, and whether it had any.
  private func expanded() -> (text: String, isPlain: Bool, hadPlaceholder: Bool)? {
    guard case .scalar(let scalar) = node.content, !scalar.isNull else {
      refuse(oneValue)
      return nil
    }
    do throws(Placeholders.Failure) {
      let (text, had) = try reading.placeholders.expand(scalar.text)
      return (text, scalar.isPlain || had, had)
    } catch {
      complain(error.message)
      return nil
    }
  }

  /// What to write in place of a list or a map.
  private var oneValue: String {
    let key = path.split(separator: ".").last.map(String.init) ?? path
    // `checks[2]` has no key of its own.
    guard !key.hasSuffix("]") else { return "it takes one value; write it without brackets" }
    if case .list(let values) = node.content, values.count == 1, let only = values.first,
      case .scalar(let scalar) = only.content, !scalar.isNull
    {
      return "it takes one value; write \(key): \(ConfigurationNode.shown(scalar.text))"
    }
    return "it takes one value; write \(key): VALUE"
  }

  func text(limit: Int = 1024) -> String? {
    guard let text = expanded()?.text else { return nil }
    guard !text.isEmpty else {
      complain("is empty; give it a value or remove it")
      return nil
    }
    guard text.utf8.count <= limit else {
      complain("is \(text.utf8.count) bytes long; it takes at most \(limit)")
      return nil
    }
    return text
  }

  /// A text that is never shown, and whether it came in through a placeholder.
  func secret() -> (value: Secret, hadPlaceholder: Bool)? {
    guard let expanded = expanded() else { return nil }
    guard !expanded.text.isEmpty, expanded.text.utf8.count <= Placeholders.maximumFileBytes else {
      complain(expanded.text.isEmpty ? "is empty; give it a value or remove it" : "is too long; shorten it")
      return nil
    }
    return (Secret(expanded.text), expanded.hadPlaceholder)
  }

  /// A finite number in decimal digits.
  func number(_ rule: String = "it takes a number") -> Double? {
    guard let (text, isPlain, _) = expanded() else { return nil }
    guard isPlain else {
      refuse(Self.decimal(text) == nil ? rule : "it takes a number; remove the quotes")
      return nil
    }
    guard let number = Self.decimal(text) else {
      refuse(rule)
      return nil
    }
    return number
  }

  /// A number in a range; guesses at a percentage in place of a share.
  func number(in range: ClosedRange<Double>) -> Double? {
    let rule = "it takes \(Self.shown(range.lowerBound)) to \(Self.shown(range.upperBound))"
    if let percent, range.contains(percent) {
      refuse("\(rule). Did you mean \(Self.shown(percent))?")
      return nil
    }
    guard let number = number(rule) else { return nil }
    guard range.contains(number) else {
      let share = number / 100
      // 1.5 is no percentage that people have in mind.
      let isPercentage = range.upperBound == 1 && number >= 2 && range.contains(share)
      refuse(isPercentage ? "\(rule). Did you mean \(Self.shown(share))?" : rule)
      return nil
    }
    return number
  }

  /// `3%` as 0.03; nil for what is no percentage.
  var percent: Double? {
    guard case .scalar(let scalar) = node.content, scalar.text.hasSuffix("%"),
      let number = Self.decimal(String(scalar.text.dropLast()))
    else { return nil }
    // Moving the decimal point of the text, not dividing its nearest double, makes 3% and 0.03 the same number.
    return Self.decimal("\(scalar.text.dropLast())e-2") ?? number / 100
  }

  func integer(in range: ClosedRange<Int64>) -> Int64? {
    let rule = "it takes a whole number from \(range.lowerBound) to \(range.upperBound)"
    guard let (text, isPlain, _) = expanded() else { return nil }
    guard isPlain, let number = Int64(text), range.contains(number) else {
      refuse(rule)
      return nil
    }
    return number
  }

  func bool() -> Bool? {
    guard let (text, isPlain, _) = expanded() else { return nil }
    switch text.lowercased() {
    case "true" where isPlain: return true
    case "false" where isPlain: return false
    default:
      refuse("it takes true or false")
      return nil
    }
  }

  /// A duration such as `5m`.
  func span(in range: ClosedRange<TimeSpan>) -> TimeSpan? {
    guard let text = expanded()?.text else { return nil }
    if Self.decimal(text) != nil, Int64(text).map({ $0 >= 0 }) ?? false {
      refuse("it takes a number with its unit, such as \(node.kind)s, \(node.kind)m, \(node.kind)h or \(node.kind)d")
      return nil
    }
    guard let span = try? TimeSpan(text) else {
      refuse("it takes a duration such as 90s, 5m, 1h or 7d")
      return nil
    }
    guard range.contains(span) else {
      refuse("it takes \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return span
  }

  /// A size in bytes, such as `1MiB`.
  func byteCount(in range: ClosedRange<Int64>) -> Int64? {
    guard let text = expanded()?.text else { return nil }
    guard let bytes = ByteCount.read(text), range.contains(bytes) else {
      refuse("it takes \(range.lowerBound) to \(range.upperBound) bytes, as 1048576 or 1MiB")
      return nil
    }
    return bytes
  }

  /// One of the names of a closed set.
  func choice<T: RawRepresentable<String> & CaseIterable>(_ type: T.Type = T.self) -> T? {
    choice(among: T.allCases.map(\.rawValue)).flatMap(T.init(rawValue:))
  }

  /// One of some names; `planned` are legal and not built yet.
  func choice(among names: [String], planned: [String] = [], what: String = "") -> String? {
    guard case .scalar = node.content else {
      refuse("it takes one of \(names.joined(separator: ", "))")
      return nil
    }
    guard let text = expanded()?.text else { return nil }
    if names.contains(text) { return text }
    if planned.contains(text) {
      refuse("\(what) \(node.kind) is not supported yet; use \(Self.either(names))")
    } else {
      let suggestion = Spelling.suggestion(for: text, among: names)
      refuse("it takes \(Self.either(names))\(suggestion.isEmpty ? "" : ".")\(suggestion)")
    }
    return nil
  }

  /// - Parameter hasRows: whether messages have many rows.
  func fieldPath(hasRows: Bool = false) -> FieldPath? {
    guard let text = text() else { return nil }
    do throws(FieldPathFailure) {
      return try FieldPath(text, hasRows: hasRows)
    } catch {
      refuse("a field path \(error.problem)")
      return nil
    }
  }

  /// The elements of a list, called `PATH[0]`, `PATH[1]`, ….
  func list(of what: String, atMost limit: Int) -> [ConfigurationValue]? {
    guard case .list(let items) = node.content else {
      if case .scalar(let scalar) = node.content, !scalar.isNull {
        refuse("it takes a list of \(what), such as [\(node.kind)]")
      } else {
        refuse("it takes a list of \(what)")
      }
      return nil
    }
    guard items.count <= limit else {
      complain("has \(items.count) \(what); it takes at most \(limit)")
      return nil
    }
    return items.enumerated().map { ConfigurationValue(node: $1, path: "\(path)[\($0)]", reading: reading) }
  }

  /// Texts of a list, each at most once.
  func names(of what: String, atMost limit: Int = 10_000) -> [(name: String, value: ConfigurationValue)]? {
    guard let values = list(of: what, atMost: limit) else { return nil }
    var seen: Set<String> = []
    var names: [(String, ConfigurationValue)] = []
    for value in values {
      guard let name = value.text() else { continue }
      if seen.insert(name).inserted {
        names.append((name, value))
      } else {
        value.complain("names \(value.node.kind) a second time; remove it")
      }
    }
    return names
  }

  /// A map whose keys a section describes, or, without one, whose keys are names.
  func map(_ rule: String, _ section: ConfigurationSection? = nil) -> ConfigurationMap? {
    guard case .map(let pairs) = node.content else {
      refuse("it takes \(rule)")
      return nil
    }
    return ConfigurationMap(pairs, section, path: path, place: place, reading: reading)
  }

  /// A decimal number as YAML and people write it; Swift's own parser would also read `nan`, `0x1p4` and `infinity`.
  static func decimal(_ text: String) -> Double? {
    guard text.utf8.count <= 64, text.utf8.contains(where: { (0x30...0x39).contains($0) }),
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }),
      let number = Double(text), number.isFinite
    else { return nil }
    return number
  }

  /// `json`, `a or b`, `a, b or c`
  static func either(_ names: [String]) -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "nothing" }
    return "\(names.dropLast().joined(separator: ", ")) or \(last)"
  }

  /// A number for people: 10 and not 10.0.
  package static func shown(_ number: Double) -> String { ShortestText.of(number) }
}
