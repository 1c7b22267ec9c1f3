import LeewayCore

extension ReceiverType {
  /// `vertex`: a pipeline job of Google's Vertex AI.
  package static let vertex = ReceiverType(
    name: "vertex", keys: VertexTarget.keys, callsTrainers: true, takesMessages: false
  ) { values throws(Receiver.Invalid) in
    let location = try VertexTarget.locationKey.segment(in: values)
    let tokenURL = values["token_url"] ?? VertexTarget.standardTokenURL
    guard URLOrigin(tokenURL) != nil else {
      throw Receiver.Invalid(key: "token_url", problem: "must be http:// or https:// with a host, without spaces")
    }
    for key in ["template", "output"] where !(values[key] ?? "").utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
      throw Receiver.Invalid(key: key, problem: "must be ASCII without spaces")
    }
    return VertexTarget(
      base: try ReceiverKey.base(in: values, standard: "https://\(location)-aiplatform.googleapis.com"),
      parent: "projects/\(try VertexTarget.projectKey.segment(in: values))/locations/\(location)",
      template: values["template"] ?? "", output: values["output"] ?? "", account: values["service_account"],
      tokenURL: tokenURL)
  }
}

/// Creates a pipeline job from a template, whose id is made of the retrain's, so a call that is repeated finds it (409). The token is
/// that of the machine's service account, from the metadata server. Source: google-cloud-aiplatform 2.7, aiplatform_v1.
struct VertexTarget: RetrainTarget {
  let base: String
  let parent: String
  let template: String
  let output: String
  let account: String?
  let tokenURL: String

  static let standardTokenURL =
    "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"
  static let projectKey = ReceiverKey(
    name: "project", help: "the Google Cloud project", example: "project: acme-ml", isRequired: true)
  static let locationKey = ReceiverKey(
    name: "location", help: "of the pipeline", example: "location: europe-west4", isRequired: true)
  static let keys: [ReceiverKey] = [
    projectKey, locationKey,
    ReceiverKey(
      name: "template",
      help: "the compiled pipeline in Artifact Registry or Cloud Storage; `{monitor}` stands for the monitor's name",
      example: "template: \"https://…-kfp.pkg.dev/…\"", isRequired: true),
    ReceiverKey(
      name: "output", help: "a `gs://` folder for what the pipeline writes", example: "output: \"gs://…\"",
      isRequired: true),
    ReceiverKey(name: "service_account", help: "whom the pipeline runs as", example: "service_account: \"…\""),
    ReceiverKey(
      name: "token_url", help: "where access tokens come from", example: "token_url: \"http://…\"",
      standard: "the metadata server"),
    ReceiverKey(
      name: "url", help: "an endpoint other than the location's own", example: "url: \"https://…\"",
      standard: "https://LOCATION-aiplatform.googleapis.com"),
  ]

  let isIdempotent = true

  func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery {
    let call = try RetrainCall(delivery)
    var json = JSONWriter(capacity: 4096)
    json.beginObject()
    json.member("displayName", "leeway \(call.monitor) \(call.id)".onOneLine(limit: 128))
    json.member("templateUri", call.filled(template))
    json.member("runtimeConfig") { json in
      json.member("gcsOutputDirectory", output)
      json.member("parameterValues") { json in
        json.member("retrain", call.id)
        json.member("request", call.requestText(limit: 200_000))
      }
    }
    json.member("labels") { json in
      json.member("leeway-retrain", call.id)
      json.member("leeway-monitor", call.monitor)
    }
    if let account { json.member("serviceAccount", account) }
    json.endObject()
    return .request(
      HTTPRequest(
        json: json.bytes, to: "\(base)/v1/\(parent)/pipelineJobs?pipelineJobId=\(Self.id(call.id))", key: delivery.key,
        limits: RequestLimits()))
  }

  private static func id(_ retrain: String) -> String { "leeway-\(retrain)" }

  var login: HTTPRequest? {
    var request = HTTPRequest(url: tokenURL, headers: [HTTPHeader("Metadata-Flavor", "Google")], body: [])
    request.method = .get
    return request
  }

  func authorization(from answer: JSONReader) throws(JSONFailure) -> HTTPHeader {
    HTTPHeader("Authorization", "Bearer \(try answer.member("access_token").string())")
  }

  func takes(_ answer: HTTPAnswer) -> Bool { (200..<300).contains(answer.status) || answer.status == 409 }
  func run(of retrain: String, after answer: HTTPAnswer) -> String? { "\(parent)/pipelineJobs/\(Self.id(retrain))" }
  func question(about run: String) -> HTTPRequest { .get("\(base)/v1/\(run)", []) }

  func state(in answer: JSONReader) throws(JSONFailure) -> RunState {
    state(
      try answer.member("state").string(), succeeded: "PIPELINE_STATE_SUCCEEDED",
      failed: ["PIPELINE_STATE_FAILED", "PIPELINE_STATE_CANCELLED"])
  }
}
