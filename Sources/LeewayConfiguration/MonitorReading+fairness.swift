import LeewayCore
import LeewayStatistics

extension MonitorReading {
  /// What a check on fairness compares.
  func readGroups(_ map: ConfigurationMap, _ on: ConfigurationValue) -> FairnessGroups? {
    let before = reading.problems.count
    if let task, task != .binary {
      on.complain("is fairness, which is of decisions for or against people; a \(task.rawValue) monitor has none")
    }
    if !hasLabels { on.complain("is fairness, which needs labels; add labels: with a topic and fields") }
    if let segments, segments.isEmpty {
      on.complain("is fairness, and the monitor has no segments; add segments: with the field that makes the groups")
    }
    let names = segments?.map(\.name) ?? []
    let segmentValue = map.required("segment", add: "segment: \(names.first ?? "NAME"), whose values are the groups")
    let segment = segmentValue?.text()
    if let segmentValue, let segment, !names.isEmpty, !names.contains(segment) {
      segmentValue.refuse(
        "no segment has that name; the segments are \(names.joined(separator: ", "))."
          + Spelling.suggestion(for: segment, among: names))
    }
    let referenceValue = map.required("reference", add: "reference: VALUE, the group that the others are beside")
    let reference = referenceValue?.text()
    if let referenceValue, let reference, let segment {
      sliceUses.append(.init(segment: segment, value: Self.category(reference), place: referenceValue))
    }
    let favourableValue = map.required("favourable", add: "favourable: 1 or 0, the outcome that is good for people")
    var favourable: Bool?
    switch favourableValue?.text() {
    case "1"?: favourable = true
    case "0"?: favourable = false
    case nil: break
    default: favourableValue?.refuse("it takes 1 or 0, the outcome that is good for people")
    }
    guard !reading.problems[before...].hasErrors, let segment, let reference, let favourable else { return nil }
    return FairnessGroups(
      segment: segment, reference: Self.category(reference), favourable: favourable ? .positive : .negative)
  }

  /// Keys that mean something only for fairness, or everywhere but there.
  func refuseFairnessKeys(_ map: ConfigurationMap, on: Check.Subjects?) {
    if case .fairness = on {
      if map.contains("slices") {
        map.value("slices")?.complain("does not go with on: fairness, whose slices are the segment's; remove it")
      }
    } else if on != nil {
      for key in ["segment", "favourable"] where map.contains(key) {
        map.value(key)?.complain("goes with on: fairness; remove it")
      }
    }
  }
}
