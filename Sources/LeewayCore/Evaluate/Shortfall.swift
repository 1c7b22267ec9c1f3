/// Why a window could not be judged: the `why` of an `insufficient_data` verdict, with its numbers.
package struct Shortfall: Sendable, Equatable {
  package enum Reason: String, Sendable, CaseIterable {
    case rows, coverage, generation, reference, noise, outlying, learning
    /// The metric has no value for these rows, as `r2` has none where all targets are the same.
    case undefined
    case labelsDue = "labels_due"
    case biasedLabels = "biased_labels"
    case noBaseline = "no_baseline"
  }

  package enum Number: Sendable, Equatable {
    case count(Int64)
    case value(Double)
    case time(EventTime)
  }

  package var reason: Reason
  /// By name in the order in which they are printed, such as `rows` 133 and `needed` 200.
  package var numbers: [(name: String, value: Number)]

  package init(_ reason: Reason, _ numbers: [(name: String, value: Number)] = []) {
    self.reason = reason
    self.numbers = numbers
  }

  package static func == (a: Shortfall, b: Shortfall) -> Bool {
    a.reason == b.reason && a.numbers.elementsEqual(b.numbers) { $0.name == $1.name && $0.value == $1.value }
  }

  /// The members `why` and `why_numbers` of a verdict's line.
  func write(to w: inout JSONWriter) {
    w.key("why")
    w.string(reason.rawValue)
    w.key("why_numbers")
    w.beginObject()
    for (name, number) in numbers {
      w.key(name)
      switch number {
      case .count(let count): w.number(count)
      case .value(let value): w.number(value)
      case .time(let time): w.time(time)
      }
    }
    w.endObject()
  }
}
