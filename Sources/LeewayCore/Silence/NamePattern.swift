/// A name, or a text that names begin with, end with or hold: `amount`, `amount*`, `*_ratio`, `*card*`. Compared by bytes.
package struct NamePattern: Sendable, Hashable {
  /// Bytes of one at most.
  package static let longest = 1000

  package let text: String
  /// What stands between the stars.
  private let core: String

  /// nil: it is empty or too long, or has a `*` elsewhere than at its beginning or its end.
  package init?(_ text: String) {
    guard !text.isEmpty, text.utf8.count <= Self.longest else { return nil }
    var core = text[...]
    if core.hasPrefix("*") { core.removeFirst() }
    if core.hasSuffix("*") { core.removeLast() }
    guard !core.utf8.contains(UInt8(ascii: "*")) else { return nil }
    self.text = text
    self.core = String(core)
  }

  package func matches(_ name: String) -> Bool {
    switch (text.hasPrefix("*"), text.count > 1 && text.hasSuffix("*")) {
    case (false, false): name.utf8.elementsEqual(core.utf8)
    case (false, true): name.utf8.starts(with: core.utf8)
    case (true, false): name.utf8.count >= core.utf8.count && name.utf8.suffix(core.utf8.count).elementsEqual(core.utf8)
    case (true, true): Self.holds(name, core)
    }
  }

  private static func holds(_ name: String, _ core: String) -> Bool {
    var rest = Substring(name).utf8
    while rest.count >= core.utf8.count {
      if rest.starts(with: core.utf8) { return true }
      rest = rest.dropFirst()
    }
    return false
  }
}
