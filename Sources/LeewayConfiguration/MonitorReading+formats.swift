import LeewayCore

extension MonitorReading {
  static let schemaExample =
    "schema: FILE.avsc, or schemas: {NUMBER: FILE.avsc} where messages have the header of a schema registry's serializers"

  /// What messages of a stream are.
  ///
  /// - Returns: the writers' schemas of Avro; nil for JSON, and where something is wrong.
  func readFormat(_ map: ConfigurationMap) -> AvroSchemas? {
    let format = map.value("format")
    let name = format?.choice(among: ["json", "avro"], planned: Self.plannedFormats, what: "format")
    let (one, many) = (map.value("schema"), map.value("schemas"))
    guard name == "avro" else {
      // What is meant is not known where the format is wrong.
      if format == nil || name != nil {
        for value in [one, many] { value?.complain("is for format: avro; add that, or remove it") }
      }
      return nil
    }
    switch (one, many) {
    case (nil, nil):
      // Not where one of them is there and has a mistake.
      guard let format, !map.contains("schema"), !map.contains("schemas") else { return nil }
      registryUses.append(.init(path: format.path, place: format.place))
      return .registry
    case (let one?, nil): return readSchema(one).map(AvroSchemas.init(plain:))
    case (nil, let many?): return readSchemas(many)
    case (_?, let many?):
      many.complain("is there beside schema; keep one of them: \(Self.schemaExample)")
      return nil
    }
  }

  private func readSchema(_ value: ConfigurationValue) -> AvroSchema? {
    guard let name = value.text(limit: 4096) else { return nil }
    do throws(Placeholders.Failure) {
      let bytes = try reading.placeholders.schema(at: name)
      do throws(AvroSchemaFailure) { return try AvroSchema(bytes) } catch {
        value.refuse("the Avro schema in that file \(error.problem)")
        return nil
      }
    } catch {
      value.refuse(error.message)
      return nil
    }
  }

  private func readSchemas(_ value: ConfigurationValue) -> AvroSchemas? {
    guard let map = value.map("a map of schemas' numbers to files, such as {17: fraud.avsc}") else { return nil }
    let all = map.all()
    if all.isEmpty { value.complain("is empty; add a schema's number and its file, as {17: fraud.avsc}") }
    if all.count > AvroSchemas.maximum {
      value.complain("has \(all.count) schemas; it takes at most \(AvroSchemas.maximum)")
      return nil
    }
    var schemas: [UInt32: AvroSchema] = [:]
    for (name, place, value) in all {
      guard let id = UInt32(name) else {
        reading.error(place, "\(value.path) is no number of a schema; it takes 0 to \(UInt32.max)")
        continue
      }
      if schemas[id] != nil {
        reading.error(place, "\(value.path) is the number \(id) again; keep one of them")
        continue
      }
      schemas[id] = readSchema(value)
    }
    return schemas.isEmpty || schemas.count < all.count ? nil : AvroSchemas(framed: schemas)
  }

  /// Paths of predictions that lead to nothing in any schema: what is never there needs no message to show it.
  func refusePathsOfNothing(_ stream: PredictionStream?) {
    guard let stream, let schemas = stream.schemas, !schemas.isOfRegistry else { return }
    for (value, path) in predictionPaths where !schemas.lead(path, rows: stream.rows) {
      value.complain(
        "looks for \(path), which \(schemas.all.count == 1 ? "the schema does not have" : "none of the schemas has")")
    }
    refuseTypes(stream, schemas)
  }

  /// Fields whose type no reader of them takes: every message would be refused, or every value invalid.
  private func refuseTypes(_ stream: PredictionStream, _ schemas: AvroSchemas) {
    func expect(_ path: FieldPath?, _ taken: Set<AvroSchemas.Kind>, _ what: String) {
      guard let path, let value = predictionPaths.first(where: { $0.path == path })?.value else { return }
      let kinds = schemas.kinds(at: path, rows: stream.rows)
      guard !kinds.isEmpty, kinds.isDisjoint(with: taken) else { return }
      let found = kinds.map(\.rawValue).sorted().joined(separator: " or ")
      value.complain("is \(path), whose values are of the kind \(found) in the schema; \(what)")
    }
    let number: Set<AvroSchemas.Kind> = stream.isLenient ? [.number, .text] : [.number]
    let scalar: Set<AvroSchemas.Kind> = [.number, .text, .boolean]
    if stream.timeFormat == .rfc3339 {
      expect(
        stream.time, [.text], "rfc3339 takes text; a timestamp is a number, so write time_format: epoch_ms or epoch_us")
    } else {
      expect(stream.time, number, "\(stream.timeFormat.rawValue) takes a number")
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
