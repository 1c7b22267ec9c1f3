import LeewayCore

extension ReceiverType {
  /// `kubeflow`: a run of a Kubeflow pipeline, API v2beta1.
  package static let kubeflow = ReceiverType(
    name: "kubeflow", keys: KubeflowTarget.keys, callsTrainers: true, takesMessages: false
  ) { values throws(Receiver.Invalid) in
    KubeflowTarget(
      base: try ReceiverKey.base(in: values), pipeline: try KubeflowTarget.pipelineKey.segment(in: values),
      version: try values["version"].map { _ throws(Receiver.Invalid) in
        try KubeflowTarget.versionKey.segment(in: values)
      },
      experiment: values["experiment"], token: try ReceiverKey.targetToken.token(in: values))
  }
}

/// Starts a run with the parameters `retrain` and `request`. Kubeflow drops no repetition: after an answer that leaves open whether the
/// run was started, the call is not made again. Source: Kubeflow Pipelines 2, backend/api/v2beta1.
struct KubeflowTarget: RetrainTarget {
  let base: String
  let pipeline: String
  let version: String?
  let experiment: String?
  let token: String?

  static let pipelineKey = ReceiverKey(
    name: "pipeline", help: "id of the pipeline", example: "pipeline: \"ID\"", isRequired: true)
  static let versionKey = ReceiverKey(name: "version", help: "id of the pipeline's version", example: "version: \"ID\"")
  static let keys: [ReceiverKey] = [
    ReceiverKey(
      name: "url", help: "the address of Kubeflow Pipelines", example: "url: \"http://ml-pipeline:8888\"",
      isRequired: true),
    pipelineKey, versionKey,
    ReceiverKey(name: "experiment", help: "id of the experiment", example: "experiment: \"ID\""),
    .targetToken,
  ]

  let isIdempotent = false

  func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery {
    let call = try RetrainCall(delivery)
    var json = JSONWriter(capacity: 4096)
    json.beginObject()
    json.member("display_name", "leeway \(call.monitor) \(call.id)")
    json.member("description", "incident \(call.incident)")
    if let experiment { json.member("experiment_id", experiment) }
    json.member("pipeline_version_reference") { json in
      json.member("pipeline_id", pipeline)
      if let version { json.member("pipeline_version_id", version) }
    }
    json.member("runtime_config") { json in
      json.member("parameters") { json in
        json.member("retrain", call.id)
        json.member("request", call.requestText(limit: 200_000))
      }
    }
    json.endObject()
    var request = HTTPRequest(
      json: json.bytes, to: "\(base)/apis/v2beta1/runs", key: delivery.key, limits: RequestLimits())
    request.headers += .bearer(token)
    return .request(request)
  }

  func run(of retrain: String, after answer: HTTPAnswer) -> String? {
    json(answer).flatMap { try? $0.member("run_id").string() }
  }

  func question(about run: String) -> HTTPRequest { .get("\(base)/apis/v2beta1/runs/\(run)", .bearer(token)) }

  func state(in answer: JSONReader) throws(JSONFailure) -> RunState {
    state(try answer.member("state").string(), succeeded: "SUCCEEDED", failed: ["FAILED", "CANCELED", "SKIPPED"])
  }
}
