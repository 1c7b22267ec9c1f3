import Foundation
import LeewayConfiguration
package import LeewayCore

/// What a fit has read, for whoever ran it: rows, what is missing, labels and the model's own performance.
package struct FitReport {
  package let text: String

  /// Features that are named; the rest is in `leeway baseline show`.
  private static let maximumFeatures = 20

  package init(_ baseline: Baseline, hasLabels: Bool) {
    var lines = ["  rows         \(Thousands.text(baseline.rows))"]
    func shares(_ name: String, _ count: (SubjectCells) -> Int64) -> String {
      let found = baseline.subjects.filter { count($0.cells) > 0 }
        .map { "\($0.name) \(Self.percent(count($0.cells), of: baseline.rows))" }
      return "  \(name) " + (found.isEmpty ? "none" : ShortList.text(found, atMost: Self.maximumFeatures))
    }
    lines.append(shares("missing     ", \.missing))
    if baseline.subjects.contains(where: { $0.cells.invalid > 0 }) { lines.append(shares("invalid     ", \.invalid)) }
    if let hours = baseline.hours { lines.append("  hours        \(hours.summary)") }
    if hasLabels {
      let performance = baseline.performance
      let labelled = performance?.labelled ?? 0
      let kind = performance.map { $0.inSample ? " (the rows of training)" : " (held out)" } ?? ""
      lines.append("  labelled     \(Thousands.text(labelled))\(kind)")
      let metrics = (performance?.metrics ?? [:]).sorted { $0.key < $1.key }
      if !metrics.isEmpty {
        lines.append(
          "  performance  " + metrics.map { "\($0.key) \(String(format: "%.4g", $0.value))" }.joined(separator: ", "))
      }
    }
    text = lines.joined(separator: "\n") + "\n"
  }

  /// `11.2 %`, and no 0.0 % for what is there.
  private static func percent(_ count: Int64, of rows: Int64) -> String {
    let percent = Double(count) / Double(max(rows, 1)) * 100
    return percent < 0.05 ? "under 0.1 %" : String(format: "%.1f %%", percent)
  }
}
