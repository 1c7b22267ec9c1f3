import LeewayCore

extension ReceiverType {
  /// `gitlab`: a pipeline of GitLab CI/CD, by a trigger token.
  package static let gitlab = ReceiverType(
    name: "gitlab", keys: GitLabTarget.keys, callsTrainers: true, takesMessages: false
  ) { values throws(Receiver.Invalid) in
    let project = values["project"] ?? ""
    let isPlain = project.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || "-_./".utf8.contains($0)
    }
    guard isPlain, !project.isEmpty, !project.hasPrefix("/"), !project.hasSuffix("/") else {
      throw Receiver.Invalid(key: "project", problem: "takes the project's number, or its path as GROUP/NAME")
    }
    return GitLabTarget(
      base: try ReceiverKey.base(in: values, standard: GitLabTarget.standardURL),
      project: project.replacing("/", with: "%2F"), ref: values["ref"] ?? "main",
      token: try GitLabTarget.tokenKey.token(in: values) ?? "", apiToken: try GitLabTarget.apiTokenKey.token(in: values)
    )
  }
}

/// Triggers a pipeline with the variables `LEEWAY_RETRAIN`, the id, and `LEEWAY_REQUEST`, the whole call as JSON.
///
/// A trigger token cannot read: without `api_token` only the trainer's own answer tells of the end. Source: GitLab's API v4.
struct GitLabTarget: RetrainTarget {
  let base: String
  let project: String
  let ref: String
  let token: String
  let apiToken: String?

  static let standardURL = "https://gitlab.com"
  static let tokenKey = ReceiverKey(
    name: "token", help: "a pipeline trigger token", example: "token: \"${NAME}\"", isRequired: true, isSecret: true)
  static let apiTokenKey = ReceiverKey(
    name: "api_token", help: "a token with `read_api`, to see the end of the pipeline",
    example: "api_token: \"${NAME}\"",
    isSecret: true)
  static let keys: [ReceiverKey] = [
    ReceiverKey(name: "url", help: "GitLab's address", example: "url: \"https://…\"", standard: standardURL),
    ReceiverKey(
      name: "project", help: "number, or path as `GROUP/NAME`", example: "project: ml/models", isRequired: true),
    ReceiverKey(name: "ref", help: "branch or tag", example: "ref: main", standard: "main"),
    tokenKey, apiTokenKey,
  ]

  let isIdempotent = false

  func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery {
    let call = try RetrainCall(delivery)
    var json = JSONWriter(capacity: 4096)
    json.beginObject()
    json.member("token", token)
    json.member("ref", ref)
    json.member("variables") { json in
      json.member("LEEWAY_RETRAIN", call.id)
      json.member("LEEWAY_REQUEST", call.requestText(limit: 60_000))
    }
    json.endObject()
    return .request(
      HTTPRequest(
        json: json.bytes, to: "\(base)/api/v4/projects/\(project)/trigger/pipeline", key: delivery.key,
        limits: RequestLimits()))
  }

  func run(of retrain: String, after answer: HTTPAnswer) -> String? {
    guard apiToken != nil else { return nil }
    return json(answer).flatMap { try? $0.member("id").integer() }.map(String.init)
  }

  func question(about run: String) -> HTTPRequest {
    .get(
      "\(base)/api/v4/projects/\(project)/pipelines/\(run)",
      apiToken.map { [HTTPHeader("PRIVATE-TOKEN", $0)] } ?? [])
  }

  func state(in answer: JSONReader) throws(JSONFailure) -> RunState {
    state(try answer.member("status").string(), succeeded: "success", failed: ["failed", "canceled", "skipped"])
  }
}
