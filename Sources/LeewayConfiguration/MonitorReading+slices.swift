import LeewayCore

/// A value of a segment that a file names, and where.
struct SliceUse {
  var segment: String
  var value: String
  var place: ConfigurationValue
}

extension MonitorReading {
  /// Which slices a check judges.
  func readSlices(_ map: ConfigurationMap, on: Check.Subjects?) -> Check.Slices? {
    guard let value = map.value("slices") else { return map.contains("slices") ? nil : .all }
    let canSlice = hasVersion || !(segments?.isEmpty ?? false)
    if case .list = value.node.content {
      guard let names = value.names(of: "slices", atMost: 1000) else { return nil }
      if names.isEmpty { value.complain("is an empty list; write each, or name slices such as \(sliceExample)") }
      return .listed(names.filter { isSlice($0.name, $0.value) }.map(\.name))
    }
    switch value.text() {
    case nil: return nil
    case "all": return .all
    case "each":
      if !canSlice {
        value.complain("is each, and the monitor has no slices; add segments: or predictions.fields.version")
      }
      return .each
    default:
      value.refuse("it takes all, each, or a list such as [\(sliceExample)]")
      return nil
    }
  }

  /// What goes with on: comparison.
  func checkComparedSlices(_ map: ConfigurationMap, _ metric: Metric?, _ slices: Check.Slices) {
    if slices != .all, metric?.family == .distance {
      map.value("slices")?.complain("goes with performance; outputs are compared on all rows, so remove it")
    } else if slices == .each, segments?.isEmpty ?? false {
      map.value("slices")?.complain("is each, and versions are compared by segment; add segments:, or remove it")
    } else if case .listed(let names) = slices, names.contains(where: Slice.isOfVersion) {
      map.value("slices")?.complain("names a version, which has nothing to be compared with; name values of segments")
    }
  }

  private var sliceExample: String { segments?.first.map { "\($0.name)=VALUE" } ?? "version=v2" }

  private func isSlice(_ name: String, _ value: ConfigurationValue) -> Bool {
    if name == Slice.all { return true }
    guard let equals = name.firstIndex(of: "=") else {
      value.refuse("a slice is all, version=VALUE or SEGMENT=VALUE")
      return false
    }
    let segment = String(name[..<equals])
    if segment == Slice.version {
      if !hasVersion { value.refuse("the monitor has no versions; add version: FIELD to predictions.fields") }
      return hasVersion
    }
    guard let segments, !segments.contains(where: { $0.name == segment }) else {
      sliceUses.append(.init(segment: segment, value: String(name[equals...].dropFirst()), place: value))
      return true
    }
    let known = segments.map(\.name) + (hasVersion ? [Slice.version] : [])
    let fix =
      known.isEmpty
      ? "; the monitor has no segments"
      : "; the segments are \(known.joined(separator: ", ")).\(Spelling.suggestion(for: segment, among: known))"
    value.complain("is \(value.node.kind), and no segment is called so\(fix)")
    return false
  }

  // MARK: Beside the baseline

  /// A value that no training row has may yet come, and is more often a slip: its check would judge nothing and never say
  /// so.
  func warnOfSlices(unknownTo baseline: Baseline) {
    for use in sliceUses {
      guard let profile = baseline.segments.first(where: { $0.name == use.segment }), !profile.values.isEmpty,
        !profile.values.contains(use.value)
      else { continue }
      use.place.warn(
        "is \(use.place.node.kind), and no training row has that value of \(use.segment), so nothing is judged until messages "
          + "have it; it has \(ShortList.text(profile.values, atMost: 8)).\(Spelling.suggestion(for: use.value, among: profile.values))"
      )
    }
    for (name, place) in segmentPlaces {
      let profile = baseline.segments.first { $0.name == name }
      if let feature = features?.first(where: { $0.name == name }), feature.kind == .numeric {
        place.warn(
          "is \(name), a numeric feature: each of its values is a slice, and the first \(maximumSegments) get windows. Name a "
            + "field with few values, such as \(features?.first { $0.kind == .categorical }?.name ?? "a country or a channel")"
        )
      } else if profile?.values.isEmpty ?? true {
        let others = (features ?? []).filter { $0.kind == .categorical && $0.name != name }.map(\.name)
        place.warn(
          "is \(name), and the baseline has no value of it: no slice has a part of the baseline of its own. If the training data "
            + "have it, fit the baseline again." + Spelling.suggestion(for: name, among: others))
      } else if let profile, profile.values.count >= maximumSegments, profile.values.allSatisfy({ Double($0) != nil }) {
        place.warn(
          "is \(name), which has \(maximumSegments) numbers or more as values in the training rows: each is a slice, and the "
            + "first \(maximumSegments) get windows. Name a field with few values")
      }
    }
  }
}
