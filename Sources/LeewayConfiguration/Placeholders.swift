import LeewayCore

/// Where `${NAME}` and `${file:PATH}` in a scalar get their values from.
struct Placeholders {
  /// By name; the process's environment, or a test's. `file:PATH` stands for a file's content where it is kept.
  let environment: [String: String]
  /// Relative paths of `${file:PATH}` begin here.
  let folder: String

  /// What placeholders were replaced by, by the name within `${}`.
  let used = Used()

  final class Used {
    fileprivate(set) var values: [String: String] = [:]
  }

  /// The largest file that a placeholder reads.
  static let maximumFileBytes = 64 * 1024

  /// What is wrong with a placeholder; says the placeholder and never a value.
  struct Failure: Error {
    let message: String
  }

  /// Before bytes that are no text, as two digits each.
  private static let hexMark = "hex:"

  private static func bytes(kept: String) -> [UInt8] {
    guard kept.hasPrefix(hexMark) else { return Array(kept.utf8) }
    let digits = Array(kept.utf8.dropFirst(hexMark.utf8.count))
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
      UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
    }
  }

  /// The bytes of a schema's file, which are kept as what placeholders bring in is.
  ///
  /// - Parameter path: as it is written, seen from the folder.
  func schema(at path: String) throws(Failure) -> [UInt8] {
    let name = "schema:\(path)"
    if let kept = environment[name] { return Self.bytes(kept: kept) }
    do throws(TextFile.Failure) {
      let bytes = try TextFile.bytes(at: TextFile.path(path, in: folder), limit: AvroSchema.maximumBytes)
      used.values[name] =
        String(validating: bytes, as: UTF8.self)
        ?? bytes.reduce(into: Self.hexMark) { $0 += ($1 < 16 ? "0" : "") + String($1, radix: 16) }
      return bytes
    } catch {
      throw Failure(message: "the file \(error.problem)")
    }
  }

  /// `text` with every placeholder replaced, and whether there was one. What a placeholder brings in is not expanded
  /// again. `$${` stands for `${`.
  func expand(_ text: String) throws(Failure) -> (text: String, hadPlaceholder: Bool) {
    guard text.contains("${") else { return (text, false) }
    var result = ""
    var had = false
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[dollar...]
      if rest.hasPrefix("$${") {
        result += "${"
        rest = rest.dropFirst(3)
      } else if rest.hasPrefix("${") {
        guard let end = rest.firstIndex(of: "}") else {
          throw Failure(message: "has ${ without }; close the placeholder, or write $${ for the characters themselves")
        }
        let name = rest.dropFirst(2)[..<end]
        let value = try self.value(of: name)
        used.values[String(name)] = value
        result += value
        had = true
        rest = rest[end...].dropFirst()
      } else {
        result += "$"
        rest = rest.dropFirst()
      }
    }
    return (result + rest, had)
  }

  private func value(of name: Substring) throws(Failure) -> String {
    if name.hasPrefix("file:") {
      if let kept = environment[String(name)] { return kept }
      return try fileContent(name.dropFirst(5))
    }
    guard let first = name.utf8.first, !(0x30...0x39).contains(first), name.utf8.allSatisfy(Self.isNameByte) else {
      throw Failure(message: "has the placeholder ${\(name)}; write ${NAME} for a variable or ${file:/path} for a file")
    }
    guard let value = environment[String(name)] else {
      throw Failure(message: "needs the environment variable of ${\(name)}, which is not set; set \(name)")
    }
    return value
  }

  private func fileContent(_ name: Substring) throws(Failure) -> String {
    guard !name.isEmpty else { throw Failure(message: "has the placeholder ${file:} without a path; add the path") }
    let bytes: [UInt8]
    do {
      bytes = try TextFile.bytes(at: TextFile.path(String(name), in: folder), limit: Self.maximumFileBytes)
    } catch {
      throw Failure(message: "needs the file of ${file:\(name)}, which \(error.problem)")
    }
    guard var text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(message: "needs the file of ${file:\(name)}, which is not UTF-8 text")
    }
    // Editors and `echo` end a file with a newline that is no part of the secret.
    while text.unicodeScalars.last == "\n" || text.unicodeScalars.last == "\r" { text.unicodeScalars.removeLast() }
    return text
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), 0x30...0x39, UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
