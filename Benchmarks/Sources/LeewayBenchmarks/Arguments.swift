/// `--name value` pairs after a subcommand.
struct Arguments {
  private var values: [String: String] = [:]

  init(_ words: ArraySlice<String>) throws {
    var words = words
    while let name = words.popFirst() {
      guard name.hasPrefix("--"), let value = words.popFirst() else {
        throw BenchmarkFailure("expected --name value, found \(name)")
      }
      values[String(name.dropFirst(2))] = value
    }
  }

  func integer(_ name: String, _ standard: Int) throws -> Int {
    guard let text = values[name] else { return standard }
    guard let value = Int(text), value >= 0 else { throw BenchmarkFailure("--\(name) \(text) is no number") }
    return value
  }

  /// The traffic that --features and --shape describe.
  func traffic() throws -> Traffic {
    var traffic = Traffic()
    traffic.features = try integer("features", traffic.features)
    guard let text = values["shape"] else { return traffic }
    guard let shape = Shape(rawValue: text) else {
      throw BenchmarkFailure("--shape \(text) is none of \(Shape.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    traffic.shape = shape
    return traffic
  }

  /// The binary format that --format names.
  func format() throws -> BinaryFormat? {
    guard let text = values["format"] else { return nil }
    guard let format = BinaryFormat(rawValue: text) else {
      throw BenchmarkFailure(
        "--format \(text) is none of \(BinaryFormat.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return format
  }

  func text(_ name: String) -> String? { values[name] }

  func path(_ name: String) throws -> String {
    guard let path = values[name] else { throw BenchmarkFailure("--\(name) PATH is missing") }
    return path
  }
}
