import LeewayCore

extension ReceiverType {
  /// `github`: a workflow of GitHub Actions, by `workflow_dispatch`.
  package static let github = ReceiverType(
    name: "github", keys: GitHubTarget.keys, callsTrainers: true, takesMessages: false
  ) { values throws(Receiver.Invalid) in
    let repository = (values["repository"] ?? "").split(separator: "/", omittingEmptySubsequences: false)
    let isPlain = repository.allSatisfy { part in
      !part.isEmpty && part.utf8.count <= 100
        && part.utf8.allSatisfy {
          (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || "-_.".utf8.contains($0)
        }
    }
    guard repository.count == 2, isPlain else {
      throw Receiver.Invalid(key: "repository", problem: "takes OWNER/NAME")
    }
    return GitHubTarget(
      base: try ReceiverKey.base(in: values, standard: GitHubTarget.standardURL),
      repository: repository.joined(separator: "/"), workflow: try GitHubTarget.workflowKey.segment(in: values),
      ref: values["ref"] ?? "main", token: try ReceiverKey.targetToken.token(in: values) ?? "")
  }
}

/// Dispatches a workflow with two inputs: `retrain`, the id, and `request`, the whole call as JSON.
///
/// GitHub drops no repetition: after an answer that leaves open whether the workflow was started, the call is not made again. A request
/// has at most 65,535 characters of inputs. Source: GitHub's REST API, workflow_dispatch with `return_run_details`.
struct GitHubTarget: RetrainTarget {
  let base: String
  let repository: String
  let workflow: String
  let ref: String
  let token: String

  static let standardURL = "https://api.github.com"
  private static let inputLimit = 60_000

  static let workflowKey = ReceiverKey(
    name: "workflow",
    help: "the file of the workflow, such as `retrain.yml`; `{monitor}` stands for the monitor's name",
    example: "workflow: retrain.yml", isRequired: true)
  static let keys: [ReceiverKey] = [
    ReceiverKey(
      name: "url", help: "of GitHub Enterprise Server: `https://HOST/api/v3`", example: "url: \"https://…\"",
      standard: standardURL),
    ReceiverKey(name: "repository", help: "`OWNER/NAME`", example: "repository: acme/models", isRequired: true),
    workflowKey,
    ReceiverKey(name: "ref", help: "branch or tag", example: "ref: main", standard: "main"),
    ReceiverKey(
      name: "token", help: "a fine-grained token with *Actions: write*", example: "token: \"${NAME}\"",
      isRequired: true,
      isSecret: true),
  ]

  let isIdempotent = false

  private var headers: [HTTPHeader] {
    [
      HTTPHeader("Accept", "application/vnd.github+json"), HTTPHeader("Authorization", "Bearer \(token)"),
      HTTPHeader("X-GitHub-Api-Version", "2022-11-28"),
    ]
  }

  func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery {
    let call = try RetrainCall(delivery)
    var json = JSONWriter(capacity: 4096)
    json.beginObject()
    json.member("ref", ref)
    json.member("inputs") { json in
      json.member("retrain", call.id)
      json.member("request", call.requestText(limit: Self.inputLimit))
    }
    json.key("return_run_details")
    json.bool(true)
    json.endObject()
    let url = "\(base)/repos/\(repository)/actions/workflows/\(call.filled(workflow))/dispatches"
    var request = HTTPRequest(json: json.bytes, to: url, key: delivery.key, limits: RequestLimits())
    request.headers += headers
    return .request(request)
  }

  /// Older servers answer 204 without the run.
  func run(of retrain: String, after answer: HTTPAnswer) -> String? {
    json(answer).flatMap { try? $0.member("workflow_run_id").integer() }.map(String.init)
  }

  func question(about run: String) -> HTTPRequest {
    var request = HTTPRequest(url: "\(base)/repos/\(repository)/actions/runs/\(run)", headers: headers, body: [])
    request.method = .get
    return request
  }

  func state(in answer: JSONReader) throws(JSONFailure) -> RunState {
    guard try answer.member("status").string() == "completed" else { return .running }
    let conclusion = try answer.member("conclusion").string()
    return conclusion == "success" ? .succeeded : .failed(conclusion)
  }
}
