import LeewayCore

/// The reading of one file: collects every problem instead of stopping at the first.
final class ConfigurationReading {
  typealias Place = ConfigurationNode.Place

  let file: String
  let placeholders: Placeholders
  /// For the whole file, once its root has been read.
  private(set) var text = ""
  private(set) var problems: [ConfigurationProblem] = []

  init(file: String, environment: [String: String]) {
    self.file = file
    placeholders = Placeholders(environment: environment, folder: TextFile.folder(of: file))
  }

  func error(_ place: Place, _ message: String) { add(.error, place, message) }
  func warning(_ place: Place, _ message: String) { add(.warning, place, message) }

  private func add(_ severity: ConfigurationProblem.Severity, _ place: Place, _ message: String) {
    problems.append(.init(file: file, line: place.line, column: place.column, severity: severity, message: message))
  }

  /// The root of the file, which must be a map; nil, and a problem, otherwise. `example` begins such a file.
  func root(_ section: ConfigurationSection, example: String) -> ConfigurationMap? {
    do throws(TextFile.Failure) {
      let bytes = try TextFile.bytes(at: file, limit: YAMLDocument.maximumBytes)
      return root(bytes, section, example: example)
    } catch {
      self.error(.wholeFile, "the file \(error.problem)")
      return nil
    }
  }

  /// The root of a file's content.
  func root(_ bytes: [UInt8], _ section: ConfigurationSection, example: String) -> ConfigurationMap? {
    text = String(decoding: bytes, as: UTF8.self)
    let node: ConfigurationNode?
    do throws(YAMLDocument.Failure) {
      node = try YAMLDocument.parse(bytes)
    } catch {
      self.error(error.place, error.message)
      return nil
    }
    guard let node, !node.isNull else {
      error(.start, "the file is empty; begin it with \(example)")
      return nil
    }
    guard case .map(let pairs) = node.content else {
      error(node.place, "the file is \(node.kind); it takes a map that begins with \(example)")
      return nil
    }
    return ConfigurationMap(pairs, section, path: "", place: node.place, reading: self)
  }
}

/// A value, where it stands, and what it is called in messages: `checks[2].warning`.
package struct ConfigurationValue {
  let node: ConfigurationNode
  let path: String
  let reading: ConfigurationReading

  var place: ConfigurationNode.Place { node.place }

  /// Reports `PATH is VALUE; RULE`.
  func refuse(_ rule: String) { reading.error(place, "\(path) is \(node.kind); \(rule)") }

  /// Reports `PATH RULE`.
  func complain(_ rule: String) { reading.error(place, "\(path) \(rule)") }

  func warn(_ rule: String) { reading.warning(place, "\(path) \(rule)") }
}

/// A map whose every key must be asked for: a key that was not asked for, or that its section does not describe, is unknown, and
/// reported by `finish`.
final class ConfigurationMap {
  /// What describes its keys; nil: they are names, and only `all` gives them.
  let section: ConfigurationSection?
  let path: String
  let place: ConfigurationNode.Place
  let reading: ConfigurationReading
  private let pairs: [ConfigurationNode.Pair]
  private var known: [String] = []

  init(
    _ pairs: [ConfigurationNode.Pair], _ section: ConfigurationSection?, path: String, place: ConfigurationNode.Place,
    reading: ConfigurationReading
  ) {
    self.pairs = pairs
    self.section = section
    self.path = path
    self.place = place
    self.reading = reading
  }

  func path(of key: String) -> String {
    let shown = ConfigurationNode.shown(key)
    return path.isEmpty ? shown : "\(path).\(shown)"
  }

  func contains(_ key: String) -> Bool { pairs.contains { $0.key == key } }

  var isEmpty: Bool { pairs.isEmpty }

  /// The key's value; nil if the key is absent, given without a value, which is a problem, or not described.
  func value(_ key: String) -> ConfigurationValue? {
    guard section?.key(key) != nil else { return nil }
    let isFirst = !known.contains(key)
    if isFirst { known.append(key) }
    guard let pair = pairs.first(where: { $0.key == key }) else { return nil }
    let value = ConfigurationValue(node: pair.value, path: path(of: key), reading: reading)
    if pair.value.isNull {
      if isFirst { reading.error(pair.keyPlace, "\(value.path) is empty; give it a value or remove it") }
      return nil
    }
    return value
  }

  /// The key's value; a problem, at the map's place, if the key is absent. `fix` says what to add.
  func required(_ key: String, add fix: String) -> ConfigurationValue? {
    if !contains(key) { reading.error(place, "\(path(of: key)) is missing; add \(fix)") }
    return value(key)
  }

  /// All keys, their places and values, for maps whose keys are names.
  func all() -> [(key: String, keyPlace: ConfigurationNode.Place, value: ConfigurationValue)] {
    known += pairs.map(\.key)
    return pairs.map { pair in
      (pair.key, pair.keyPlace, ConfigurationValue(node: pair.value, path: path(of: pair.key), reading: reading))
    }
  }

  /// Reports every key that was not asked for.
  func finish() {
    for pair in pairs where !known.contains(pair.key) {
      let suggestion = Spelling.suggestion(for: pair.key, among: known)
      let fix = suggestion.isEmpty ? " The keys here are \(known.joined(separator: ", "))." : suggestion
      reading.error(
        pair.keyPlace, "\(path(of: pair.key)) is not a key that can be set.\(fix)")
    }
  }
}
