import LeewayCore

extension MonitorReading {
  /// Reads a path of a prediction.
  func predictionPath(_ value: ConfigurationValue) -> FieldPath? {
    let path = value.fieldPath(hasRows: hasRows)
    if let path { predictionPaths.append((value, path)) }
    return path
  }

  /// What a stream's times are in: a record's timestamp is a number of milliseconds.
  func timeFormat(of time: FieldPath?, _ map: ConfigurationMap, _ written: TimeFormat?) -> TimeFormat? {
    guard time?.recordField == .timestamp else { return written }
    map.value("time_format")?.complain("has no effect on \(FieldPath.recordTimestamp); remove it")
    return .epochMilliseconds
  }

  /// Where some feature is an element of a row by its index, rows are arrays, and nothing in them is found by a key.
  func refuseKeysInArrays() {
    guard hasRows, let places = features?.first(where: \.field.isPlaceInRow) else { return }
    for (value, path) in predictionPaths where path.root == .row && !path.isPlaceInRow {
      value.complain(
        "looks for \(path) in a row, and rows are arrays, since the field of feature \(places.name) is \(places.field); write its "
          + "index, as \"[0]\", or a path of the message, as message.\(path)")
    }
  }
}
