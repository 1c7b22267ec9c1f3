import Crypto
import LeewayCore

extension ReceiverType {
  /// `sagemaker`: a pipeline of Amazon SageMaker.
  package static let sagemaker = ReceiverType(
    name: "sagemaker", keys: SageMakerTarget.keys, callsTrainers: true, takesMessages: false
  ) { values throws(Receiver.Invalid) in
    let region = try SageMakerTarget.regionKey.segment(in: values)
    return SageMakerTarget(
      url: try ReceiverKey.base(in: values, standard: "https://api.sagemaker.\(region).amazonaws.com") + "/",
      pipeline: try SageMakerTarget.pipelineKey.segment(in: values),
      signing: AWSSigning(
        region: region, service: "sagemaker", accessKey: try SageMakerTarget.accessKey.token(in: values) ?? "",
        secretKey: try SageMakerTarget.secretKey.token(in: values) ?? ""),
      sessionToken: try SageMakerTarget.sessionKey.token(in: values))
  }
}

/// Starts a pipeline execution, signed with AWS Signature Version 4 by curl. The client's token is a hash of the retrain's id, so a call
/// that is repeated is answered with the same execution.
///
/// Parameters have at most 1,024 characters, so the call's members come one by one, and evidence is left to the API.
/// Source: botocore 1.44, sagemaker/2017-07-24.
struct SageMakerTarget: RetrainTarget {
  let url: String
  let pipeline: String
  let signing: AWSSigning
  let sessionToken: String?

  static let regionKey = ReceiverKey(
    name: "region", help: "AWS region", example: "region: eu-central-1", isRequired: true)
  static let pipelineKey = ReceiverKey(
    name: "pipeline", help: "name of the pipeline; `{monitor}` stands for the monitor's name",
    example: "pipeline: retrain",
    isRequired: true)
  static let accessKey = ReceiverKey(
    name: "access_key_id", help: "of the AWS credentials", example: "access_key_id: \"${AWS_ACCESS_KEY_ID}\"",
    isRequired: true, isSecret: true)
  static let secretKey = ReceiverKey(
    name: "secret_access_key", help: "of the AWS credentials",
    example: "secret_access_key: \"${AWS_SECRET_ACCESS_KEY}\"",
    isRequired: true, isSecret: true)
  static let sessionKey = ReceiverKey(
    name: "session_token", help: "of temporary AWS credentials", example: "session_token: \"${AWS_SESSION_TOKEN}\"",
    isSecret: true)
  static let keys: [ReceiverKey] = [
    regionKey, pipelineKey, accessKey, secretKey, sessionKey,
    ReceiverKey(
      name: "url", help: "an endpoint other than the region's own", example: "url: \"https://…\"",
      standard: "https://api.sagemaker.REGION.amazonaws.com"),
  ]

  let isIdempotent = true

  func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery {
    let call = try RetrainCall(delivery)
    var json = JSONWriter(capacity: 2048)
    json.beginObject()
    json.member("PipelineName", call.filled(pipeline))
    json.member("ClientRequestToken", hexadecimal(SHA256.hash(data: Array(call.id.utf8))))
    json.member("PipelineExecutionDisplayName", call.id)
    json.member("PipelineExecutionDescription", "Leeway: incident \(call.incident) of monitor \(call.monitor)")
    json.key("PipelineParameters")
    json.beginArray()
    for (name, value) in [
      ("LeewayRetrain", call.id), ("LeewayMonitor", call.monitor), ("LeewayIncident", call.incident),
      ("LeewayCallbackUrl", call.callbackURL), ("LeewayCallbackToken", call.callbackToken),
      ("LeewayDeadline", call.deadline),
    ] {
      json.beginObject()
      json.member("Name", name)
      json.member("Value", value.onOneLine(limit: 1024))
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return .request(request("StartPipelineExecution", json.bytes))
  }

  private func request(_ action: String, _ body: [UInt8]) -> HTTPRequest {
    var headers = [
      HTTPHeader("Content-Type", "application/x-amz-json-1.1"), HTTPHeader("X-Amz-Target", "SageMaker.\(action)"),
    ]
    if let sessionToken { headers.append(HTTPHeader("X-Amz-Security-Token", sessionToken)) }
    var request = HTTPRequest(url: url, headers: headers, body: body)
    request.signing = signing
    return request
  }

  func run(of retrain: String, after answer: HTTPAnswer) -> String? {
    json(answer).flatMap { try? $0.member("PipelineExecutionArn").string() }
  }

  func question(about run: String) -> HTTPRequest {
    var json = JSONWriter()
    json.beginObject()
    json.member("PipelineExecutionArn", run)
    json.endObject()
    return request("DescribePipelineExecution", json.bytes)
  }

  func state(in answer: JSONReader) throws(JSONFailure) -> RunState {
    state(
      try answer.member("PipelineExecutionStatus").string(), succeeded: "Succeeded",
      failed: ["Failed", "Stopped", "CompletedWithFailures"])
  }
}
