/// Metrics of one result by name, in the order in which they are printed; nil is undefined.
package struct MetricValues: Sendable, Equatable {
  package private(set) var entries: [(name: String, value: Double?)] = []

  package init() {}

  mutating func set(_ name: String, _ value: Double?) {
    // NaN and infinities are what "undefined" looks like when it slips through arithmetic.
    entries.append((name, value.flatMap { $0.isFinite ? $0 : nil }))
  }

  mutating func set(_ metric: Metric, _ value: Double?) { set(metric.name, value) }

  mutating func keep(where isKept: (String) -> Bool) { entries.removeAll { !isKept($0.name) } }

  package subscript(_ metric: Metric) -> Double? { self[metric.name] }

  package subscript(_ name: String) -> Double? { entries.first { $0.name == name }?.value }

  package static func == (a: MetricValues, b: MetricValues) -> Bool {
    a.entries.elementsEqual(b.entries) { $0.name == $1.name && $0.value == $1.value }
  }

  /// - Parameter others: further ones behind them.
  func write(to w: inout JSONWriter, and others: [(name: String, value: Double?)] = []) {
    w.beginObject()
    for (name, value) in entries + others {
      w.key(name)
      w.number(value)
    }
    w.endObject()
  }
}
