/// Something wrong or unwise in a configuration file, as `FILE:LINE:COLUMN: what is wrong, and the fix`, or `FILE: …` of a
/// file that cannot be read.
package struct ConfigurationProblem: Error, Hashable, Sendable {
  package enum Severity: Int, Sendable {
    /// The configuration can't be used.
    case error
    /// Legal and unwise; the configuration is used.
    case warning
  }

  /// Path of the file or folder as the caller named it.
  package let file: String
  /// From 1; 0 where the problem is the file or folder itself, which could not be read.
  package let line: Int
  /// From 1, in Unicode scalars.
  package let column: Int
  package let severity: Severity
  /// One sentence or two of plain English, on one line, without any secret.
  package let message: String

  package init(file: String, line: Int, column: Int, severity: Severity, message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.severity = severity
    self.message = message
  }
}

extension ConfigurationProblem: CustomStringConvertible {
  package var description: String {
    "\(line == 0 ? file : "\(file):\(line):\(column)"): \(severity == .warning ? "warning: " : "")\(message)"
  }
}

extension ConfigurationProblem: Comparable {
  /// By file, then position; at one position errors first, then by the text.
  package static func < (a: ConfigurationProblem, b: ConfigurationProblem) -> Bool {
    (a.file, a.line, a.column, a.severity.rawValue, a.message)
      < (b.file, b.line, b.column, b.severity.rawValue, b.message)
  }
}

extension Sequence<ConfigurationProblem> {
  /// Whether the configuration can't be used.
  package var hasErrors: Bool { contains { $0.severity == .error } }
}
