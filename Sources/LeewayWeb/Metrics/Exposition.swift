import LeewayCore

/// What a family of samples is.
enum MetricKind: String { case counter, gauge, histogram }

/// Writes Prometheus' text format 0.0.4.
struct Exposition {
  private(set) var bytes: [UInt8] = []

  init(capacity: Int = 4096) { bytes.reserveCapacity(capacity) }

  /// The comments that open a family. `help` is ours and holds neither `\` nor a line's end.
  mutating func open(_ name: String, _ kind: MetricKind, help: String) {
    append("# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n")
  }

  /// One sample. Label values are escaped; names are ours.
  mutating func sample(_ name: String, labels: [(name: String, value: String)], _ value: Double) {
    append(name)
    if !labels.isEmpty {
      var separator = UInt8(ascii: "{")
      for label in labels {
        bytes.append(separator)
        append(label.name)
        append("=\"")
        appendEscaped(label.value)
        bytes.append(UInt8(ascii: "\""))
        separator = UInt8(ascii: ",")
      }
      bytes.append(UInt8(ascii: "}"))
    }
    bytes.append(UInt8(ascii: " "))
    appendNumber(value)
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Cumulative buckets, sum and count.
  mutating func histogram(_ name: String, labels: [(name: String, value: String)], _ histogram: MetricHistogram) {
    var cumulative: Int64 = 0
    for (bound, count) in zip(histogram.bounds, histogram.counts) {
      cumulative &+= count
      sample(name + "_bucket", labels: labels + [("le", Self.text(of: bound))], Double(cumulative))
    }
    sample(name + "_bucket", labels: labels + [("le", "+Inf")], Double(histogram.count))
    sample(name + "_sum", labels: labels, histogram.sum)
    sample(name + "_count", labels: labels, Double(histogram.count))
  }

  /// Samples that were written before.
  mutating func append(rendered: [UInt8]) { bytes.append(contentsOf: rendered) }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func appendNumber(_ value: Double) {
    if value.isFinite {
      ShortestText.append(value, to: &bytes)
    } else {
      append(value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf")
    }
  }

  private mutating func appendEscaped(_ text: String) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): append("\\\\")
      case UInt8(ascii: "\""): append("\\\"")
      case UInt8(ascii: "\n"): append("\\n")
      default: bytes.append(byte)
      }
    }
  }

  private static func text(of bound: Double) -> String { ShortestText.of(bound) }
}
