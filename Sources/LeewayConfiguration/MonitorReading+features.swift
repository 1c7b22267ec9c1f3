import LeewayCore

extension MonitorReading {
  static let featureKeys: [ConfigurationKey] = [
    .init("type", .choice(Feature.Kind.self), required: true, "what its values are"),
    .init("field", .other("path", nil), without: "the feature's name, as one key", "where it is in a message"),
    .init(
      "range", .other("`[least, greatest]`", nil), "numeric: values outside count as invalid"),
    .init("empty", .choice(["category", "missing"], "missing"), "categorical: what empty text is"),
  ]

  private static let maximumFeatures = 2000
  private static let maximumSegmentFields = 16
  /// Words that `on:` gives a meaning of their own.
  static let reservedSubjects = ["features", "performance", "traffic", "errors", "fairness", "comparison"]

  func readFeatures() {
    guard let value = top.value("features") else {
      if !top.contains("features") { features = [] }
      return
    }
    guard let map = value.map("a map of names to numeric or categorical") else { return }
    var result: [Feature] = []
    let all = map.all()
    if all.count > Self.maximumFeatures {
      value.complain("has \(all.count) features; a monitor takes at most \(Self.maximumFeatures). Split it")
    }
    for (name, place, value) in all.prefix(Self.maximumFeatures) {
      featureNames.append(name)
      guard isSubjectName(name, place, path: value.path), let feature = readFeature(name, value) else { continue }
      result.append(feature)
    }
    features = result
  }

  private func isSubjectName(_ name: String, _ place: Place, path: String) -> Bool {
    let output = task == .binary ? "score" : "prediction"
    let problem: String
    if task != nil, name == output {
      problem = "has the name of the model's output; call the feature something else and set its field to \(name)"
    } else if Self.reservedSubjects.contains(name) {
      problem = "has a name that checks use for something else; call the feature otherwise and set its field to \(name)"
    } else if name.isEmpty || name.utf8.count > 255 || name.unicodeScalars.contains(where: { $0.value < 0x20 }) {
      problem = "is no name for a feature; it takes 1 to 255 bytes of text on one line"
    } else {
      return true
    }
    reading.error(place, "\(ConfigurationNode.shown(path)) \(problem)")
    return false
  }

  private func readFeature(_ name: String, _ value: ConfigurationValue) -> Feature? {
    if case .map = value.node.content {
      guard let map = value.map("", .feature) else { return nil }
      let kind = map.required("type", add: "type: numeric or type: categorical")?.choice(Feature.Kind.self)
      let field = readField(map, name: name, value)
      let range = map.value("range").flatMap { readRange($0, kind) }
      let emptyIsCategory = map.value("empty").map { readEmpty($0, kind) } ?? false
      map.finish()
      guard let kind, let field else { return nil }
      return Feature(name: name, kind: kind, field: field, range: range, emptyIsCategory: emptyIsCategory)
    }
    guard !value.node.isNull else {
      value.complain("is empty; it takes numeric or categorical")
      return nil
    }
    guard let kind = value.choice(Feature.Kind.self), let field = defaultField(name, value) else { return nil }
    return Feature(name: name, kind: kind, field: field)
  }

  /// The path that `field` says, else the name itself, a key whatever characters it has.
  private func readField(_ map: ConfigurationMap, name: String, _ value: ConfigurationValue) -> FieldPath? {
    if map.contains("field") { return map.value("field").flatMap(predictionPath) }
    _ = map.value("field")
    return defaultField(name, value)
  }

  private func defaultField(_ name: String, _ value: ConfigurationValue) -> FieldPath? {
    do throws(FieldPathFailure) {
      let path = try FieldPath(key: name, hasRows: hasRows)
      predictionPaths.append((value, path))
      return path
    } catch {
      value.complain("has no field, and its name as a key \(error.problem). Set its field")
      return nil
    }
  }

  /// `empty: category`: empty text is a value like any other.
  private func readEmpty(_ value: ConfigurationValue, _ kind: Feature.Kind?) -> Bool {
    if kind == .numeric {
      value.complain("is for categorical features; remove it")
      return false
    }
    return value.choice(among: ["category", "missing"]) == "category"
  }

  private func readRange(_ value: ConfigurationValue, _ kind: Feature.Kind?) -> ClosedRange<Double>? {
    if kind == .categorical {
      value.complain("is for numeric features; remove it")
      return nil
    }
    guard case .list(let items) = value.node.content, items.count == 2,
      let ends = value.list(of: "numbers", atMost: 2)
    else {
      value.refuse("it takes the least and the greatest value, such as [0, 120]")
      return nil
    }
    guard let low = ends[0].number(), let high = ends[1].number() else { return nil }
    guard low <= high else {
      value.complain("is [\(ends[0].node.kind), \(ends[1].node.kind)]; put the least value first")
      return nil
    }
    return low...high
  }

  /// How many values of a segment, and how many versions, have slices of their own.
  func readMaximumSegments(_ predictions: PredictionStream?) -> Int64? {
    if let predictions, predictions.version == nil, segments?.isEmpty ?? false {
      top.value("max_segments")?.complain("has no effect without segments and predictions.fields.version; remove it")
    }
    return top.integer("max_segments")
  }

  func readSegments() -> [Segment]? {
    guard let value = top.value("segments") else {
      segments = top.contains("segments") ? nil : []
      return segments
    }
    guard let names = value.names(of: "field names", atMost: Self.maximumSegmentFields) else { return nil }
    segmentPlaces = names
    segments = names.compactMap { name, value in
      guard name != Slice.version, name != Slice.all, !name.contains("=") else {
        value.refuse("a segment is a field's name without =, and not version or all, which are slices already")
        return nil
      }
      // A segment that is a feature too is found where the feature is.
      if let feature = features?.first(where: { $0.name == name }) { return Segment(name: name, field: feature.field) }
      return predictionPath(value).map { Segment(name: name, field: $0) }
    }
    return segments
  }
}
