import LeewayCore

extension MonitorReading {
  private static let topicKey = ConfigurationKey(
    "topic", .other("name of a topic", nil), required: true, "Kafka's topic")
  private static let formatKey = ConfigurationKey("format", .choice(formats, "json"), "what a message is")
  private static let schemaKey = ConfigurationKey(
    "schema", .other("path of a file, beside this one", nil),
    "`avro`, `protobuf`: the writer's schema, where messages have no header; without it and `schemas`, `schema_registry` has them"
  )
  private static let messageKey = ConfigurationKey(
    "message", .other("such as `package.Name`", nil), "`protobuf`: the full name of the message in `schema`")
  private static let schemasKey = ConfigurationKey(
    "schemas", .other("map of numbers to paths of files", nil),
    "`avro`, `protobuf`: writers' schemas by their number in the header of a schema registry's serializers")

  private static let rowsKey = ConfigurationKey(
    "rows", .other("keys with dots between them", nil), "the array whose elements are the rows of a message")

  static let predictionKeys: [ConfigurationKey] = [
    topicKey,
    formatKey,
    schemaKey,
    messageKey,
    schemasKey,
    rowsKey,
    .init("time_format", .choice(TimeFormat.self, .epochMilliseconds), "how times are written"),
    .init("fields", .other("map", nil), required: true, "paths of the fields: keys with dots between them"),
    .init(
      "rate", .other("such as `200/s`, `5000/m`, `100000/h` or `2000000/d`", nil),
      "predictions that come at most; `check` then refuses more waiting ones than `limits.waiting_rows`"),
  ]

  static let predictionFieldKeys: [ConfigurationKey] = [
    .init("id", .other("path, or a list of up to 8", nil), "what labels are joined by; needed with labels"),
    .init("time", .other("path", nil), required: true, "event time"),
    .init("version", .other("path", nil), "the model's version; each is a slice"),
    .init("probabilities", .other("path", nil), "multiclass: each class's probability"),
    .init("score", .other("path", nil), without: "required, binary", "binary: the output, from 0 to 1"),
    .init("prediction", .other("path", nil), without: "required, not binary", "multiclass and regression: the output"),
  ]

  static let labelKeys: [ConfigurationKey] = [
    topicKey,
    formatKey,
    schemaKey,
    messageKey,
    schemasKey,
    rowsKey,
    .init("time_format", .choice(TimeFormat.self), without: "that of predictions", "how times are written"),
    .init("fields", .other("map", nil), required: true, "paths of the fields"),
    .init(
      "horizon", .span(.seconds(1) ... .days(730), .days(30)), "how old a prediction may be when a label still counts"),
    .init(
      "early", .span(.seconds(1) ... .days(730), nil),
      "performance is judged a first time at this age, before the horizon"),
    .init(
      "label_before", .span(.zero ... .days(730), nil), without: "`lateness` + `skew`",
      "how much earlier than its prediction a label may be"),
    .init("positive", .other("text", nil), "binary: the text or number that means 1"),
    .init("absent", .other("label", nil), "the value of a prediction that has no label at its horizon"),
    .init("min_coverage", .number(0...1, 0.8), "a window with a smaller share of labels is not judged"),
    .init(
      "where", .other("map of up to 8 paths to texts or lists of texts", nil),
      "count only messages whose fields match"),
    .init("shared", .truth(false), "pass over messages without a value: they are other models' labels"),
    .init("sample", .number(0...1, 1), "share of the ids that are joined, always the same ones; above 0"),
  ]

  static let labelFieldKeys: [ConfigurationKey] = [
    .init("id", .other("path, or a list of up to 8", nil), required: true, "that of the prediction"),
    .init("time", .other("path", nil), required: true, "when the label was given"),
    .init("value", .other("path", nil), required: true, "the label; null retracts it"),
  ]

  static let compareKeys: [ConfigurationKey] = [
    .init("champion", .other("version", nil), required: true, "what the other is measured from"),
    .init("challenger", .other("version", nil), required: true, "what is measured"),
  ]

  static let plannedFormats = ["kserve", "seldon", "sagemaker"]

  func readPredictions() -> PredictionStream? {
    guard
      let map = top.required("predictions", add: "predictions: with a topic and fields")?
        .map("a map with topic, fields and time_format", .predictions)
    else { return nil }
    let topic = readTopic(map)
    let schemas = readFormat(map)
    let rows = readRows(map)
    hasRows = map.contains("rows")
    let writtenFormat = map.choice("time_format", TimeFormat.self)
    guard
      let fields = map.required("fields", add: fieldsExample)?.map("a map such as \(fieldsExample)", .predictionFields)
    else {
      map.finish()
      return nil
    }
    let id = fields.value("id").flatMap { readID($0, predictionPath) }
    if hasLabels, !fields.contains("id") {
      reading.error(
        fields.place, "\(fields.path(of: "id")) is missing; labels are joined by it, so add id: FIELD or remove labels")
    }
    let time = fields.required("time", add: "time: FIELD").flatMap(predictionPath)
    let timeFormat = timeFormat(of: time, map, writtenFormat)
    let version = fields.value("version").flatMap(predictionPath)
    hasVersion = fields.contains("version")
    hasProbabilities = fields.contains("probabilities")
    let output = readOutput(fields)
    let probabilities = fields.value("probabilities").flatMap { value -> FieldPath? in
      if let task, task != .multiclass {
        value.complain("is for multiclass monitors; remove it")
        return nil
      }
      return predictionPath(value)
    }
    fields.finish()
    rate = map.value("rate").flatMap { value in readRate(value).map { ($0, value) } }
    map.finish()
    guard let topic, let timeFormat, let time, let output else { return nil }
    var stream = PredictionStream(
      topic: topic, id: id ?? [], time: time, timeFormat: timeFormat, version: version, output: output,
      probabilities: probabilities, classes: readClasses())
    stream.rows = rows
    stream.isLenient = isLenient
    stream.schemas = schemas
    return stream
  }

  /// `rows: instances`: the array of a message that has an element for each row.
  private func readRows(_ map: ConfigurationMap) -> FieldPath? {
    guard let value = map.value("rows"), let text = value.text() else { return nil }
    if text.hasPrefix("message.") {
      let rest = text.dropFirst("message.".count)
      value.refuse(
        "it is of the message already, so write \(rest), or \"message\".\(rest) in single quotes where messages have a key message"
      )
      return nil
    }
    guard let path = value.fieldPath() else { return nil }
    guard path.steps.allSatisfy({ if case .key = $0 { true } else { false } }) else {
      value.refuse("it takes the keys that lead to the array of rows, as instances or request.rows")
      return nil
    }
    return path
  }

  /// `classes: [cat, dog]`: in the order of a model that gives its probabilities as an array.
  private func readClasses() -> [String]? {
    guard let value = top.value("classes") else { return nil }
    if let task, task != .multiclass {
      value.complain("is for multiclass monitors; remove it")
      return nil
    }
    if !hasProbabilities {
      value.complain(
        "is the order of probabilities, and there are none; add probabilities: FIELD to predictions.fields")
    }
    guard let names = value.names(of: "classes", atMost: 1000) else { return nil }
    let classes = names.map { Self.category($0.name) }
    if classes.count < 2 { value.complain("has \(classes.count) classes; name two or more, in the model's order") }
    for (i, name) in classes.enumerated() where classes[..<i].contains(where: { utf8Equal($0, name) }) {
      names[i].value.complain("names class \(name) a second time; remove it")
    }
    return classes
  }

  private var fieldsExample: String {
    "fields: {id: FIELD, time: FIELD, \(task == .binary || task == nil ? "score" : "prediction"): FIELD}"
  }

  /// The score of a binary monitor, the prediction of the others.
  private func readOutput(_ fields: ConfigurationMap) -> FieldPath? {
    guard let task else {
      // Which one it should be is not known, so neither may be called unknown.
      return (fields.value("score") ?? fields.value("prediction")).flatMap(predictionPath)
    }
    let name = task == .binary ? "score" : "prediction"
    let other = task == .binary ? "prediction" : "score"
    if let value = fields.value(other) {
      value.complain("is not the output of a \(task.rawValue) monitor; name it \(fields.path(of: name))")
      return nil
    }
    return fields.required(name, add: "\(name): FIELD").flatMap(predictionPath)
  }

  func readLabels(_ predictions: PredictionStream?) -> (stream: LabelStream, horizonGiven: Bool)? {
    guard let map = top.value("labels")?.map("a map with topic, fields and horizon", .labels) else { return nil }
    let topic = readTopic(map)
    if let topic, let predictions, topic == predictions.topic, let value = map.value("topic") {
      value.refuse("predictions.topic is the same one; labels need a topic of their own")
    }
    let schemas = readFormat(map)
    let rows = readRows(map)
    let hasRows = map.contains("rows")
    let writtenFormat =
      map.value("time_format") == nil
      ? predictions?.timeFormat ?? .epochMilliseconds : map.choice("time_format", TimeFormat.self)
    let horizonGiven = map.contains("horizon")
    let horizon = map.span("horizon")
    let early = readEarly(map, before: horizon)
    let labelBefore = map.value("label_before") == nil ? .zero : map.span("label_before")
    labelBeforeGiven = map.value("label_before")
    let positive = readPositive(map)
    let absent = map.value("absent").flatMap(readLabelValue)
    let coverage = map.number("min_coverage")
    let conditions = map.value("where").map { readConditions($0, hasRows: hasRows) } ?? []
    let shared = map.bool("shared")
    let sample = map.number("sample")
    if sample == 0 { map.value("sample")?.refuse("it takes more than 0 and at most 1") }
    let example = "fields: {id: FIELD, time: FIELD, value: FIELD}"
    guard let fields = map.required("fields", add: example)?.map("a map such as \(example)", .labelFields) else {
      map.finish()
      return nil
    }
    let idValue = fields.required("id", add: "id: FIELD")
    let id = idValue.flatMap { readID($0) { $0.fieldPath(hasRows: hasRows) } }
    let time = fields.required("time", add: "time: FIELD")?.fieldPath(hasRows: hasRows)
    let timeFormat = timeFormat(of: time, map, writtenFormat)
    let value = fields.required("value", add: "value: FIELD")?.fieldPath(hasRows: hasRows)
    fields.finish()
    map.finish()
    guard let topic, let timeFormat, let horizon, let coverage, let conditions, let shared, let sample, let id,
      let labelBefore, let time,
      let value
    else { return nil }
    var stream = LabelStream(
      topic: topic, id: id, time: time, timeFormat: timeFormat, value: value, horizon: horizon, early: early,
      labelBefore: labelBefore == .zero ? nil : labelBefore,
      absent: absent, positive: positive, minimumCoverage: coverage, conditions: conditions, isShared: shared,
      sample: sample)
    stream.rows = rows
    stream.isLenient = isLenient
    stream.schemas = schemas
    if let idValue, let predictions, !predictions.id.isEmpty { checkParts(idValue, stream, predictions) }
    return (stream, horizonGiven)
  }

  /// Labels and predictions are joined by as many parts.
  private func checkParts(_ value: ConfigurationValue, _ labels: LabelStream, _ predictions: PredictionStream) {
    guard labels.idParts != predictions.idParts else { return }
    func parts(_ count: Int, _ hasIndex: Bool) -> String {
      hasIndex ? "\(Self.fields(count - 1)) and the row's index" : Self.fields(count)
    }
    let ours = parts(labels.idParts, labels.hasIndexInID)
    let theirs = parts(predictions.idParts, predictions.hasIndexInID)
    value.complain("has \(ours), and predictions.fields.id has \(theirs); name the same parts in the same order")
  }

  /// `compare: {champion: v1, challenger: v2}`
  func readComparison() -> VersionComparison? {
    guard let value = top.value("compare"),
      let map = value.map("a map such as {champion: v1, challenger: v2}", .compare)
    else { return nil }
    let champion = map.required("champion", add: "champion: VERSION")?.text().map(Self.category)
    let challengerValue = map.required("challenger", add: "challenger: VERSION")
    let challenger = challengerValue?.text().map(Self.category)
    map.finish()
    if !hasVersion {
      value.complain("needs versions to tell apart; add version: FIELD to predictions.fields")
    }
    guard let champion, let challenger else { return nil }
    if champion == challenger { challengerValue?.refuse("the champion is the same version; name another") }
    return VersionComparison(champion: champion, challenger: challenger)
  }

  /// A text as a message's category is taken: `2.0` and `2` are one.
  static func category(_ text: String) -> String {
    var text = text
    return text.withUTF8 {
      String(decoding: ShortestText.withoutZeroFraction(UnsafeRawBufferPointer($0)), as: UTF8.self)
    }
  }

  private func readTopic(_ map: ConfigurationMap) -> String? {
    guard let value = map.required("topic", add: "topic: NAME"), let topic = value.text(limit: 4096) else { return nil }
    guard NameRule.isTopic(topic) else {
      value.refuse("Kafka's topic names are 1 to 249 letters, digits, dots, underscores and hyphens, and not . or ..")
      return nil
    }
    return topic
  }

  private static let maximumParts = 8

  private static func fields(_ count: Int) -> String { count == 1 ? "1 field" : "\(count) fields" }

  /// A field, or a list of those that are an id together.
  private func readID(_ value: ConfigurationValue, _ read: (ConfigurationValue) -> FieldPath?) -> [FieldPath]? {
    guard case .list = value.node.content else { return read(value).map { [$0] } }
    guard let names = value.names(of: "fields", atMost: Self.maximumParts) else { return nil }
    if names.isEmpty { value.complain("is an empty list; name a field, or several as [customer, order]") }
    let paths = names.compactMap { read($0.value) }
    return paths.isEmpty || paths.count < names.count ? nil : paths
  }

  /// `where: {model: fraud}`: what tells a monitor's labels from others in the topic.
  private func readConditions(_ value: ConfigurationValue, hasRows: Bool) -> [LabelStream.Condition]? {
    guard let map = value.map("a map of fields to texts, such as {model: fraud}") else { return nil }
    let all = map.all()
    if all.isEmpty { value.complain("is empty; add a field and its text, as {model: fraud}, or remove it") }
    if all.count > Self.maximumParts {
      value.complain("has \(all.count) fields; it takes at most \(Self.maximumParts)")
    }
    var conditions: [LabelStream.Condition] = []
    for (name, place, value) in all.prefix(Self.maximumParts) {
      do throws(FieldPathFailure) {
        let field = try FieldPath(name, hasRows: hasRows)
        let texts: [String]?
        if case .list = value.node.content {
          let names = value.names(of: "texts", atMost: 100)
          if let names, names.isEmpty { value.complain("is an empty list; name a text") }
          texts = names.map { $0.map(\.name) }
        } else {
          texts = value.text().map { [$0] }
        }
        if let texts, !texts.isEmpty {
          conditions.append(.init(field: field, values: texts.map(Self.category)))
        }
      } catch {
        reading.error(place, "\(value.path) is no field: a field path \(error.problem)")
      }
    }
    return conditions.count == all.count
      ? conditions.sorted { utf8Order($0.field.description, $1.field.description) } : nil
  }

  /// `200/s`, `50000/h`: predictions a second.
  /// A second; no broker comes near it.
  private static let greatestRate = 1e9

  private func readRate(_ value: ConfigurationValue) -> Double? {
    guard let text = value.text() else { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let seconds: [Substring: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard parts.count == 2, let count = ConfigurationValue.decimal(String(parts[0])), count > 0,
      let unit = seconds[parts[1]]
    else {
      value.refuse("it takes the greatest rate of predictions, as 200/s, 5000/m, 100000/h or 2000000/d")
      return nil
    }
    guard count / unit <= Self.greatestRate else {
      value.complain(
        "is more than \(ConfigurationValue.shown(Self.greatestRate)) predictions a second; write the true rate")
      return nil
    }
    return count / unit
  }

  private func readPositive(_ map: ConfigurationMap) -> String? {
    guard let value = map.value("positive") else { return nil }
    if let task, task != .binary {
      value.complain("is for binary monitors; remove it")
      return nil
    }
    return value.text().map(Self.category)
  }

  /// A label as the task understands it.
  private func readLabelValue(_ value: ConfigurationValue) -> LabelValue? {
    switch task {
    case nil: return nil
    case .multiclass: return value.text().map { .category(Self.category($0)) }
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
