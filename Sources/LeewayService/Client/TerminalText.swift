import LeewayCore

/// Members of the service's answers as text for a terminal.
enum TerminalText {
  static func text(_ r: JSONReader, _ name: String) throws -> String {
    onOneLine(try r.member(name).text() ?? "-")
  }

  static func number(_ r: JSONReader, _ name: String) throws -> String {
    let member = try r.member(name)
    guard !member.isNull else { return "-" }
    let value = try member.double()
    return ShortestText.of(value.magnitude < 1e9 ? (value * 10_000).rounded() / 10_000 : value)
  }

  /// 2026-03-01 10:05
  static func minute(_ time: String) -> String { String(time.prefix(16)).replacing("T", with: " ") }

  /// A name may hold anything, and must neither break a line nor speak to the terminal.
  static func onOneLine(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(200).map { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
          default: scalar
          }
        }))
  }

  static func table(_ rows: [[String]]) -> String {
    guard let first = rows.first else { return "" }
    let widths = first.indices.map { i in rows.map { $0[i].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      var line = cells.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}
