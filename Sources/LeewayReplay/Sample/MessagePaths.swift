import LeewayConfiguration
import LeewayCore

/// The paths of the fields that messages have.
struct MessagePaths {
  private static let maximumPaths = 5000
  private static let maximumDepth = 6
  private static let maximumSuggestions = 3

  /// Ascending by bytes, and whether anything but objects is there.
  private var paths: [String: Bool] = [:]

  mutating func add(_ value: JSONValue, at keys: [String] = []) {
    guard case .object(let members) = value, keys.count < Self.maximumDepth else { return }
    for member in members {
      // A path can't name an empty key.
      guard let path = FieldPath(keys: keys + [member.key])?.description else { continue }
      let isObject = if case .object = member.value { true } else { false }
      if paths[path] == nil, paths.count >= Self.maximumPaths { continue }
      paths[path] = (paths[path] ?? false) || !isObject
      add(member.value, at: keys + [member.key])
    }
  }

  /// For values.
  var leaves: [String] { paths.filter(\.value).map(\.key).sorted(by: utf8Order) }

  /// Paths that may be meant by one that no message has: the same key elsewhere, then what is written alike.
  func near(_ path: FieldPath) -> [String] {
    let leaves = leaves.filter { $0 != path.description }
    let wanted = Self.plain(path.keys.last ?? "")
    var found = leaves.filter { Self.plain($0) == Self.plain(path.description) }
    found += leaves.filter { Self.plain(Self.lastKey($0)) == wanted }
    if found.isEmpty, let nearest = Spelling.nearest(to: path.description, among: leaves) { found.append(nearest) }
    if found.isEmpty {
      found = leaves.filter { Spelling.nearest(to: path.keys.last ?? "", among: [Self.lastKey($0)]) != nil }
    }
    var unique: [String] = []
    for path in found where !unique.contains(path) { unique.append(path) }
    return Array(unique.prefix(Self.maximumSuggestions))
  }

  private static func lastKey(_ path: String) -> String { (try? FieldPath(path))?.keys.last ?? path }

  /// `modelVersion`, `model_version` and `Model-Version` are one.
  private static func plain(_ text: String) -> String {
    String(text.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " })
  }
}

extension JSONValue {
  /// The elements of the array that a path of keys leads to, at most a hundred.
  func elements(at path: FieldPath) -> [JSONValue] {
    var value = self
    for key in path.keys {
      guard case .object(let members) = value, let next = members.first(where: { utf8Equal($0.key, key) }) else {
        return []
      }
      value = next.value
    }
    guard case .array(let elements) = value else { return [] }
    return Array(elements.prefix(100))
  }
}
