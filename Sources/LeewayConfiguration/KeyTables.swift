import LeewayCore

/// What `leeway keys` prints and `docs/keys.md` holds: every key of every section, as Markdown.
package enum KeyTables {
  package static var markdown: String {
    var text = """
      # Every key

      `leeway keys` prints this page from the descriptions that `leeway check` reads files by. [Monitor files](monitors.md) and
      [Operating](operating.md) say more. Durations are a whole number and a unit: `250ms`, `90s`, `5m`, `1h`, `7d`. `${NAME}` is an
      environment variable, `${file:/path}` the content of a file.

      ## Monitor files

      """
    for section in ConfigurationSection.ofMonitor { text += table(section) }
    text += "\n## leeway.yaml\n"
    for section in ConfigurationSection.ofService { text += table(section) }
    return text
  }

  private static func table(_ section: ConfigurationSection) -> String {
    let isRoot = section == .monitor || section == .service
    return (isRoot ? columns : heading(section.rawValue))
      + section.keys.map { row($0.name, $0.takes, $0.standard, $0.help) }.joined()
  }

  private static let columns = "\n| key | takes | without it | what it is |\n|---|---|---|---|\n"

  private static func heading(_ path: String) -> String { "\n### \(path)\n\(columns)" }

  private static func row(_ name: String, _ takes: String, _ standard: String, _ help: String) -> String {
    "| `\(name)` | \(takes) | \(standard) | \(help) |\n"
  }
}

extension ConfigurationKey {
  /// What it takes, for a table.
  fileprivate var takes: String {
    switch kind {
    case .span(let range, _):
      range.lowerBound == .zero
        ? "duration up to \(range.upperBound)" : "duration, \(range.lowerBound) to \(range.upperBound)"
    case .number(let range, _):
      "number, \(ConfigurationValue.shown(range.lowerBound)) to \(ConfigurationValue.shown(range.upperBound))"
    case .integer(let range, _):
      "whole number, \(Thousands.text(range.lowerBound)) to \(Thousands.text(range.upperBound))"
    case .bytes(let range, _): "size, \(Self.size(range.lowerBound)) to \(Self.size(range.upperBound))"
    case .truth: "`true` or `false`"
    case .choice(let names, _): ConfigurationValue.either(names.map { "`\($0)`" })
    case .other(let words, _): words
    }
  }

  /// What holds without it, for a table.
  fileprivate var standard: String {
    if isRequired { return "required" }
    if let without { return without }
    let text: String? =
      switch kind {
      case .span(_, let span): span?.description
      case .number(_, let number): number.map(ConfigurationValue.shown)
      case .integer(_, let number): number.map { "\($0)" }
      case .bytes(_, let count): count.map(Self.size)
      case .truth(let value): value ? "true" : "false"
      case .choice(_, let name), .other(_, let name): name
      }
    return text.map { "`\($0)`" } ?? "–"
  }

  /// `64MiB`, as a file would say it.
  private static func size(_ bytes: Int64) -> String {
    for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] as [(Int64, String)]
    where bytes.isMultiple(of: unit) && bytes > 0 {
      return "\(bytes / unit)\(name)"
    }
    return "\(bytes)"
  }
}
