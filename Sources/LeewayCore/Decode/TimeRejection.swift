extension EventTime {
  /// 1990-01-01T00:00:00Z. No event is earlier: seconds that are read as milliseconds lie in January 1970.
  package static let earliestPlausible = EventTime(milliseconds: 631_152_000_000)
  /// 2100-01-01T00:00:00Z. No event is later.
  package static let latestPlausible = EventTime(milliseconds: 4_102_444_800_000)

  /// Whether an event may be of this time: from 1990 to 2100, both ends included.
  @inline(__always) package var isPlausible: Bool {
    UInt64(bitPattern: milliseconds &- Self.earliestPlausible.milliseconds)
      <= UInt64(bitPattern: Self.latestPlausible.milliseconds &- Self.earliestPlausible.milliseconds)
  }
}

extension MessageExtractor {
  /// Why a value is no time that an event may be of, and the fix; nil if it is one.
  ///
  /// - Parameter lenient: whether text may be a number.
  package func timeProblem(
    _ view: FieldValue, of field: FieldPath, in format: TimeFormat, lenient: Bool = false
  ) -> String? {
    view.time(format, lenient: lenient)?.isPlausible == true
      ? nil : timeRejection(view, of: field, in: format, lenient: lenient).reason
  }

  /// Says what is wrong with a message's time, and which format would make sense of it.
  ///
  /// - Parameters:
  ///   - view: the value of `field`; no plausible time in `format`.
  ///   - lenient: whether text may be a number.
  func timeRejection(
    _ view: FieldValue, of field: FieldPath, in format: TimeFormat, lenient: Bool = false
  ) -> MessageRejection {
    guard view.kind != .absent, view.kind != .null else {
      return MessageRejection(
        code: "bad_time", reason: "\(field) is missing; name the field of the time, or fix the producer")
    }
    let fitting = TimeFormat.allCases.first { $0 != format && view.time($0, lenient: lenient)?.isPlausible == true }
    var guess = fitting.map { ". Did you mean \($0.rawValue)?" }
    if let text = view.text, fitting == nil,
      TimeFormat.allCases.contains(where: { $0.time(fromText: text)?.isPlausible == true })
    {
      guess = ": it is text; send the number without quotes, or set lenient: true"
    }
    if let time = view.time(format, lenient: lenient) {
      let side = time < .earliestPlausible ? "before 1990" : "after 2100"
      return MessageRejection(
        code: "implausible_time",
        reason: "\(field) is \(time) in \(format.rawValue), which is \(side)\(guess ?? "; fix the producer's clock")")
    }
    return MessageRejection(
      code: "bad_time",
      reason:
        "\(field) is \(shown(view)), which is no time in \(format.rawValue)\(guess ?? "; fix the producer or time_format")"
    )
  }
}
