import LeewayCore

extension MonitorReading {
  static let plannedFormats = ["avro", "protobuf", "kserve", "seldon", "sagemaker"]

  func readPredictions() -> PredictionStream? {
    guard
      let map = top.required("predictions", add: "predictions: with a topic and fields")?
        .map("a map with topic, fields and time_format")
    else { return nil }
    let topic = readTopic(map)
    readFormat(map)
    let timeFormat = map.value("time_format").map { $0.choice(TimeFormat.self) } ?? .epochMilliseconds
    guard let fields = map.required("fields", add: fieldsExample)?.map("a map such as \(fieldsExample)") else {
      map.finish()
      return nil
    }
    let id = fields.value("id")?.fieldPath()
    if hasLabels, !fields.contains("id") {
      reading.error(
        fields.place, "\(fields.path(of: "id")) is missing; labels are joined by it, so add id: FIELD or remove labels")
    }
    let time = fields.required("time", add: "time: FIELD")?.fieldPath()
    let version = fields.value("version")?.fieldPath()
    hasVersion = fields.contains("version")
    hasProbabilities = fields.contains("probabilities")
    let output = readOutput(fields)
    let probabilities = fields.value("probabilities").flatMap { value -> FieldPath? in
      if let task, task != .multiclass {
        value.complain("is for multiclass monitors; remove it")
        return nil
      }
      return value.fieldPath()
    }
    fields.finish()
    map.finish()
    guard let topic, let timeFormat, let time, let output else { return nil }
    return PredictionStream(
      topic: topic, id: id, time: time, timeFormat: timeFormat, version: version, output: output,
      probabilities: probabilities)
  }

  private var fieldsExample: String {
    "fields: {id: FIELD, time: FIELD, \(task == .binary || task == nil ? "score" : "prediction"): FIELD}"
  }

  /// The score of a binary monitor, the prediction of the others.
  private func readOutput(_ fields: ConfigurationMap) -> FieldPath? {
    guard let task else {
      // Which one it should be is not known, so neither may be called unknown.
      return (fields.value("score") ?? fields.value("prediction"))?.fieldPath()
    }
    let name = task == .binary ? "score" : "prediction"
    let other = task == .binary ? "prediction" : "score"
    if let value = fields.value(other) {
      value.complain("is not the output of a \(task.rawValue) monitor; name it \(fields.path(of: name))")
      return nil
    }
    return fields.required(name, add: "\(name): FIELD")?.fieldPath()
  }

  func readLabels(_ predictions: PredictionStream?) -> (stream: LabelStream, horizonGiven: Bool)? {
    guard let map = top.value("labels")?.map("a map with topic, fields and horizon") else { return nil }
    let topic = readTopic(map)
    if let topic, let predictions, topic == predictions.topic, let value = map.value("topic") {
      value.refuse("predictions.topic is the same one; labels need a topic of their own")
    }
    readFormat(map)
    let timeFormat =
      map.value("time_format").map { $0.choice(TimeFormat.self) } ?? predictions?.timeFormat ?? .epochMilliseconds
    let horizonGiven = map.contains("horizon")
    let horizon = map.value("horizon").map { $0.span(in: .seconds(1) ... .days(730)) } ?? .days(30)
    let positive = readPositive(map)
    let absent = map.value("absent").flatMap(readLabelValue)
    let coverage = map.value("min_coverage").map { $0.number(in: 0...1) } ?? 0.8
    let example = "fields: {id: FIELD, time: FIELD, value: FIELD}"
    guard let fields = map.required("fields", add: example)?.map("a map such as \(example)") else {
      map.finish()
      return nil
    }
    let id = fields.required("id", add: "id: FIELD")?.fieldPath()
    let time = fields.required("time", add: "time: FIELD")?.fieldPath()
    let value = fields.required("value", add: "value: FIELD")?.fieldPath()
    fields.finish()
    map.finish()
    guard let topic, let timeFormat, let horizon, let coverage, let id, let time, let value else { return nil }
    let stream = LabelStream(
      topic: topic, id: id, time: time, timeFormat: timeFormat, value: value, horizon: horizon, absent: absent,
      positive: positive, minimumCoverage: coverage)
    return (stream, horizonGiven)
  }

  private func readTopic(_ map: ConfigurationMap) -> String? {
    guard let value = map.required("topic", add: "topic: NAME"), let topic = value.text(limit: 4096) else { return nil }
    guard NameRule.isTopic(topic) else {
      value.refuse("Kafka's topic names are 1 to 249 letters, digits, dots, underscores and hyphens, and not . or ..")
      return nil
    }
    return topic
  }

  private func readFormat(_ map: ConfigurationMap) {
    _ = map.value("format")?.choice(among: ["json"], planned: Self.plannedFormats, what: "format")
  }

  private func readPositive(_ map: ConfigurationMap) -> String? {
    guard let value = map.value("positive") else { return nil }
    if let task, task != .binary {
      value.complain("is for binary monitors; remove it")
      return nil
    }
    return value.text()
  }

  /// A label as the task understands it.
  private func readLabelValue(_ value: ConfigurationValue) -> LabelValue? {
    switch task {
    case nil: return nil
    case .multiclass: return value.text().map(LabelValue.category)
    case .regression: return value.number().map(LabelValue.number)
    case .binary:
      switch value.text() {
      case nil: return nil
      case "0", "false": return .number(0)
      case "1", "true": return .number(1)
      default:
        value.refuse("it takes 0 or 1")
        return nil
      }
    }
  }
}
