import LeewayCore

extension BaselineFit {
  /// When a training row was, in the monitor's `time_format` or in RFC 3339, which people export; nil where it does not say.
  ///
  /// - Throws: `TrainingReader.Unusable` for a time before 1990 or after 2100, or of another format: it is one in another unit.
  func time(_ reader: TrainingReader) throws -> EventTime? {
    let value = reader.value(timeColumn)
    let format = monitor.predictions.timeFormat
    let text: UnsafeRawBufferPointer
    switch value {
    case .number(_, let digits): text = digits
    case .text(let characters): text = characters
    case .missing, .bool, .unusable: return nil
    }
    let time = format.time(fromText: text) ?? EventTime(rfc3339: text)
    guard time?.isPlausible != true else { return time }
    let fitting = TimeFormat.allCases.first { $0 != format && $0.time(fromText: text)?.isPlausible == true }
    let problem: String
    if let time {
      problem = "is \(time) in \(format.rawValue), \(time < .earliestPlausible ? "before 1990" : "after 2100")"
    } else if fitting != nil {
      problem = "is no time in \(format.rawValue)"
    } else {
      return nil
    }
    throw TrainingReader.Unusable(
      description:
        "\(reader.path):\(reader.line): \(timeField) is \(value.shown), which \(problem)"
        + (fitting.map { ". Did you mean \($0.rawValue)?" } ?? "; fix the column or time_format"))
  }

  /// The column's name, for people.
  var timeField: String { dates?.field ?? monitor.predictions.time.description }
}
