import Foundation
import LeewayConfiguration
package import LeewayCore

/// A baseline as text for people.
package struct BaselineSummary {
  package let text: String

  package init(_ baseline: Baseline) {
    var lines: [String] = []
    lines.append("baseline   \(baseline.identity)")
    lines.append("monitor    \(baseline.monitor) (\(baseline.task.rawValue))")
    lines.append("rows       \(baseline.rows)")
    for segment in baseline.segments {
      lines.append("segment    \(segment.name): \(ShortList.text(segment.values, atMost: 10))")
    }
    if let hours = baseline.hours { lines.append("hours      \(hours.summary)") }
    if !baseline.classes.isEmpty { lines.append("classes    \(ShortList.text(baseline.classes, atMost: 10))") }
    if let performance = baseline.performance {
      lines.append("labels     \(performance.labelled)\(performance.inSample ? ", in sample" : "")")
      for (name, value) in performance.metrics.sorted(by: { $0.key < $1.key }) {
        lines.append("           \(name) \(Self.number(value))")
      }
    }
    if let estimation = baseline.estimation {
      lines.append("estimates  from \(estimation.rows) rows, \(estimation.inSample ? "in sample" : "held out")")
    }
    if !baseline.slices.isEmpty {
      lines.append("slices     " + baseline.slices.map { "\($0.slice) (\($0.rows))" }.joined(separator: ", "))
    }
    lines.append("")
    for subject in baseline.subjects { lines.append(contentsOf: Self.subject(subject)) }
    text = lines.joined(separator: "\n") + "\n"
  }

  private static func subject(_ subject: SubjectBaseline) -> [String] {
    let cells = subject.cells
    var head = "\(subject.name): \(cells.present) values"
    if cells.missing > 0 { head += ", \(cells.missing) missing" }
    if cells.invalid > 0 { head += ", \(cells.invalid) invalid" }
    switch subject.domain {
    case .numeric(let domain):
      let knots = domain.binning.knots
      var lines = ["\(head), \(knots.count) knots"]
      if let mean = subject.mean, let deviation = subject.standardDeviation {
        lines.append(
          "  mean \(number(mean)), standard deviation \(number(deviation)), from \(number(knots.first ?? .nan)) to \(number(knots.last ?? .nan))"
        )
      }
      lines.append("  decile cuts " + domain.binning.cuts.map(number).joined(separator: ", "))
      return lines
    case .categorical(let domain):
      var lines = [
        "\(head), \(domain.categories.count) categories"
          + (domain.otherHashes.isEmpty ? "" : " and \(domain.otherHashes.count) rarer ones")
      ]
      let total = Double(max(cells.present, 1))
      for (category, count) in zip(domain.categories, cells.counts).prefix(10) {
        lines.append("  \(category): \(count) (\(String(format: "%.2f", Double(count) / total * 100)) %)")
      }
      if domain.categories.count > 10 { lines.append("  and \(domain.categories.count - 10) more") }
      return lines
    }
  }

  private static func number(_ x: Double) -> String { String(format: "%.6g", x) }
}
