extension FieldValue {
  /// The value as a time; nil if it isn't written in `format` or out of the years 0000 to 9999. An epoch is a JSON
  /// number, never a string of digits.
  package func time(_ format: TimeFormat) -> EventTime? {
    switch kind {
    case .int64: int64.flatMap { format.time(from: $0) }
    case .double: double.flatMap { format.time(from: $0) }
    case .string: format == .rfc3339 ? text.flatMap { EventTime(rfc3339: $0) } : nil
    default: nil
    }
  }
}
