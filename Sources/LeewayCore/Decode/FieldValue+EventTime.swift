extension FieldValue {
  /// The value as a time; nil if it isn't written in `format` or out of the years 0000 to 9999. An epoch is a JSON
  /// number, never a string of digits.
  ///
  /// - Parameter lenient: whether text may be such a number.
  package func time(_ format: TimeFormat, lenient: Bool = false) -> EventTime? {
    switch kind {
    case .int64: int64.flatMap { format.time(from: $0) }
    case .double: double.flatMap { format.time(from: $0) }
    case .string:
      if format == .rfc3339 {
        text.flatMap { EventTime(rfc3339: $0) }
      } else {
        lenient ? text.flatMap(format.time(fromText:)) : nil
      }
    default: nil
    }
  }
}
