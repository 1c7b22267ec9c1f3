/// How a monitor's predictions are decoded, by their format. What runs for each message is compiled for each case.
enum PredictionDecoding {
  case json(PredictionDecoder<JSONExtractor>)
  case avro(PredictionDecoder<AvroExtractor>)

  init(_ plan: MonitorPlan, _ limits: DecodeLimits) {
    self =
      plan.monitor.predictions.schemas == nil
      ? .json(PredictionDecoder(plan: plan, limits: limits)) : .avro(PredictionDecoder(plan: plan, limits: limits))
  }

  /// Whether any message had probabilities.
  var hasSeenProbabilities: Bool {
    switch self {
    case .json(let decoder): decoder.hasSeenProbabilities
    case .avro(let decoder): decoder.hasSeenProbabilities
    }
  }

  func know(_ schemas: KnownSchemas) {
    if case .avro(let decoder) = self { decoder.extractor.know(schemas) }
  }
}

/// The same for labels.
enum LabelDecoding {
  case json(LabelDecoder<JSONExtractor>)
  case avro(LabelDecoder<AvroExtractor>)

  init(_ stream: LabelStream, _ task: ModelTask, _ limits: DecodeLimits) {
    self =
      stream.schemas == nil
      ? .json(LabelDecoder(stream: stream, task: task, limits: limits))
      : .avro(LabelDecoder(stream: stream, task: task, limits: limits))
  }

  func know(_ schemas: KnownSchemas) {
    if case .avro(let decoder) = self { decoder.extractor.know(schemas) }
  }
}
