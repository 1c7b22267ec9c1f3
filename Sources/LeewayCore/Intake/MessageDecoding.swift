/// How a monitor's predictions are decoded, by their format. What runs for each message is compiled for each case.
enum PredictionDecoding {
  case json(PredictionDecoder<JSONExtractor>)
  case avro(PredictionDecoder<AvroExtractor>)
  case protobuf(PredictionDecoder<ProtobufExtractor>)

  init(_ plan: MonitorPlan, _ limits: DecodeLimits) {
    self =
      switch plan.monitor.predictions.schemas {
      case nil: .json(PredictionDecoder(plan: plan, limits: limits))
      case .avro: .avro(PredictionDecoder(plan: plan, limits: limits))
      case .protobuf: .protobuf(PredictionDecoder(plan: plan, limits: limits))
      }
  }

  /// Whether any message had probabilities.
  var hasSeenProbabilities: Bool {
    switch self {
    case .json(let decoder): decoder.hasSeenProbabilities
    case .avro(let decoder): decoder.hasSeenProbabilities
    case .protobuf(let decoder): decoder.hasSeenProbabilities
    }
  }

  func know(_ schemas: KnownSchemas) {
    switch self {
    case .json: return
    case .avro(let decoder): decoder.extractor.know(schemas)
    case .protobuf(let decoder): decoder.extractor.know(schemas)
    }
  }
}

/// The same for labels.
enum LabelDecoding {
  case json(LabelDecoder<JSONExtractor>)
  case avro(LabelDecoder<AvroExtractor>)
  case protobuf(LabelDecoder<ProtobufExtractor>)

  init(_ stream: LabelStream, _ task: ModelTask, _ limits: DecodeLimits) {
    self =
      switch stream.schemas {
      case nil: .json(LabelDecoder(stream: stream, task: task, limits: limits))
      case .avro: .avro(LabelDecoder(stream: stream, task: task, limits: limits))
      case .protobuf: .protobuf(LabelDecoder(stream: stream, task: task, limits: limits))
      }
  }

  func know(_ schemas: KnownSchemas) {
    switch self {
    case .json: return
    case .avro(let decoder): decoder.extractor.know(schemas)
    case .protobuf(let decoder): decoder.extractor.know(schemas)
    }
  }
}
