import LeewayCore

extension MonitorReading {
  static let formats = ["json", "avro", "protobuf"]

  /// How a monitor of a format names its schemas itself.
  static func schemaExample(_ format: String) -> String {
    format == "protobuf"
      ? "schema: FILE.desc with message: package.Name, or schemas: {NUMBER: FILE.desc} where messages have the header of a "
        + "schema registry's serializers"
      : "schema: FILE.avsc, or schemas: {NUMBER: FILE.avsc} where messages have the header of a schema registry's serializers"
  }

  /// What messages of a stream are.
  ///
  /// - Returns: the schemas of Avro or Protobuf; nil for JSON, and where something is wrong.
  func readFormat(_ map: ConfigurationMap) -> MessageSchemas? {
    let format = map.value("format")
    let name = format?.choice(among: Self.formats, planned: Self.plannedFormats, what: "format")
    let (one, many, message) = (map.value("schema"), map.value("schemas"), map.value("message"))
    guard let name, name != "json" else {
      // What is meant is not known where the format is wrong.
      if format == nil || name != nil {
        for value in [one, many] {
          value?.complain("is for format: avro and format: protobuf; add one of them, or remove it")
        }
        message?.complain("is for format: protobuf; add that, or remove it")
      }
      return nil
    }
    if let message, name == "avro" || !map.contains("schema") {
      message.complain(
        name == "avro"
          ? "is for format: protobuf; remove it, a schema in Avro has one record"
          : !map.contains("schemas")
            ? "needs the file that has it; add schema: FILE.desc, or remove it where a schema registry's serializers write the messages"
            : "is for schema: FILE.desc; remove it, messages with the header of a schema registry's serializers say it themselves"
      )
      return nil
    }
    switch (one, many) {
    case (nil, nil):
      // Not where one of them is there and has a mistake.
      guard let format, !map.contains("schema"), !map.contains("schemas") else { return nil }
      registryUses.append(.init(path: format.path, place: format.place, format: name))
      return name == "avro" ? .avro(.registry) : .protobuf(.registry)
    case (let one?, nil):
      return name == "avro" ? avroSchema(one).map { .avro(AvroSchemas(plain: $0)) } : plainProtobuf(one, message, map)
    case (nil, let many?):
      if name == "avro" { return schemas(many, "avsc", avroSchema).map { .avro(AvroSchemas(framed: $0)) } }
      return schemas(many, "desc", protobufSchema).map { .protobuf(ProtobufSchemas(framed: $0)) }
    case (_?, let many?):
      many.complain("is there beside schema; keep one of them: \(Self.schemaExample(name))")
      return nil
    }
  }

  /// Messages of one type, without anything before them.
  private func plainProtobuf(
    _ file: ConfigurationValue, _ message: ConfigurationValue?, _ map: ConfigurationMap
  ) -> MessageSchemas? {
    guard let schema = protobufSchema(file) else { return nil }
    let names = schema.messageNames
    guard let message else {
      if !map.contains("message") {
        reading.error(
          file.place,
          "\(map.path(of: "message")) is missing; add the full name of the message in that file, such as message: "
            + (names.last ?? "package.Name"))
      }
      return nil
    }
    guard let name = message.text(limit: 4096) else { return nil }
    guard let schemas = ProtobufSchemas(plain: schema, message: name) else {
      message.refuse(
        "the file of schema has no such message." + Spelling.suggestion(for: name, among: names))
      return nil
    }
    return .protobuf(schemas)
  }

  private func avroSchema(_ value: ConfigurationValue) -> AvroSchema? {
    guard let bytes = bytes(value) else { return nil }
    do throws(AvroSchemaFailure) { return try AvroSchema(bytes) } catch {
      value.refuse("the Avro schema in that file \(error.problem)")
      return nil
    }
  }

  private func protobufSchema(_ value: ConfigurationValue) -> ProtobufSchema? {
    guard let bytes = bytes(value) else { return nil }
    do throws(ProtobufSchemaFailure) { return try ProtobufSchema(bytes) } catch {
      value.refuse("the Protobuf schema in that file \(error.problem)")
      return nil
    }
  }

  private func bytes(_ value: ConfigurationValue) -> [UInt8]? {
    guard let name = value.text(limit: 4096) else { return nil }
    do throws(Placeholders.Failure) { return try reading.placeholders.schema(at: name) } catch {
      value.refuse(error.message)
      return nil
    }
  }

  private func schemas<Schema>(
    _ value: ConfigurationValue, _ ending: String, _ read: (ConfigurationValue) -> Schema?
  ) -> [UInt32: Schema]? {
    let example = "{17: fraud.\(ending)}"
    guard let map = value.map("a map of schemas' numbers to files, such as \(example)") else { return nil }
    let all = map.all()
    if all.isEmpty { value.complain("is empty; add a schema's number and its file, as \(example)") }
    if all.count > AvroSchemas.maximum {
      value.complain("has \(all.count) schemas; it takes at most \(AvroSchemas.maximum)")
      return nil
    }
    var schemas: [UInt32: Schema] = [:]
    for (name, place, value) in all {
      guard let id = UInt32(name) else {
        reading.error(place, "\(value.path) is no number of a schema; it takes 0 to \(UInt32.max)")
        continue
      }
      if schemas[id] != nil {
        reading.error(place, "\(value.path) is the number \(id) again; keep one of them")
        continue
      }
      schemas[id] = read(value)
    }
    return schemas.isEmpty || schemas.count < all.count ? nil : schemas
  }

  /// Paths of predictions that lead to nothing in any schema: what is never there needs no message to show it.
  func refusePathsOfNothing(_ stream: PredictionStream?) {
    guard let stream, let schemas = stream.schemas, !schemas.isOfRegistry else { return }
    for (value, path) in predictionPaths where !schemas.lead(path, rows: stream.rows) {
      let near = schemas.missing(path, rows: stream.rows)
      value.complain(
        "looks for \(path), which \(schemas.count == 1 ? "the schema does not have" : "none of the schemas has")"
          + (near.map { Spelling.suggestion(for: $0.key, among: $0.names) }.map { $0.isEmpty ? "" : ".\($0)" } ?? ""))
    }
    refuseTypes(stream, schemas)
  }

  /// Fields whose type no reader of them takes: every message would be refused, or every value invalid.
  private func refuseTypes(_ stream: PredictionStream, _ schemas: MessageSchemas) {
    func expect(_ path: FieldPath?, _ taken: Set<MessageSchemas.Kind>, _ what: String) {
      guard let path, let value = predictionPaths.first(where: { $0.path == path })?.value else { return }
      let kinds = schemas.kinds(at: path, rows: stream.rows)
      guard !kinds.isEmpty, kinds.isDisjoint(with: taken) else { return }
      let found = kinds.map(\.rawValue).sorted().joined(separator: " or ")
      value.complain("is \(path), whose values are of the kind \(found) in the schema; \(what)")
    }
    let number: Set<MessageSchemas.Kind> = stream.isLenient ? [.number, .text] : [.number]
    let scalar: Set<MessageSchemas.Kind> = [.number, .text, .boolean]
    if stream.timeFormat == .rfc3339 {
      expect(
        stream.time, [.text], "rfc3339 takes text; a timestamp is a number, so write time_format: epoch_ms or epoch_us")
    } else {
      let isProtobuf = if case .protobuf = schemas { true } else { false }
      expect(
        stream.time, number,
        "\(stream.timeFormat.rawValue) takes a number"
          + (isProtobuf ? "; a google.protobuf.Timestamp is text, so write time_format: rfc3339" : ""))
    }
    for path in stream.id { expect(path, scalar, "an id is text, a number or a boolean") }
    expect(stream.version, scalar, "a version is text, a number or a boolean")
    if let task {
      expect(
        stream.output, task == .multiclass ? scalar : number,
        "the model's output is \(task == .multiclass ? "a class" : "a number")")
    }
    expect(stream.probabilities, [.object, .array], "probabilities are an object, or an array")
    for feature in features ?? [] {
      let isNumeric = feature.kind == .numeric
      expect(
        feature.field, isNumeric ? number : scalar,
        "a \(feature.kind.rawValue) feature takes \(isNumeric ? "numbers" : "text, numbers or booleans")")
    }
  }
}
