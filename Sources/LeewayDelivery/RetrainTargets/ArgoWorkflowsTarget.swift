import LeewayCore

extension ReceiverType {
  /// `argo-workflows`: a workflow from a template.
  package static let argoWorkflows = ReceiverType(
    name: "argo-workflows", keys: ArgoWorkflowsTarget.keys, callsTrainers: true, takesMessages: false
  ) { values throws(Receiver.Invalid) in
    let kind = values["kind"] ?? "WorkflowTemplate"
    guard ["WorkflowTemplate", "ClusterWorkflowTemplate"].contains(kind) else {
      throw Receiver.Invalid(key: "kind", problem: "takes WorkflowTemplate or ClusterWorkflowTemplate")
    }
    return ArgoWorkflowsTarget(
      base: try ReceiverKey.base(in: values), namespace: try ArgoWorkflowsTarget.namespaceKey.segment(in: values),
      kind: kind, template: try ArgoWorkflowsTarget.templateKey.segment(in: values),
      token: try ReceiverKey.targetToken.token(in: values))
  }
}

/// Submits a workflow with the parameters `retrain` and `request`. Its name is made of the retrain's id, so a call that is repeated
/// finds it (409). Source: Argo Workflows 4.1, workflow.proto and ApplySubmitOpts.
struct ArgoWorkflowsTarget: RetrainTarget {
  let base: String
  let namespace: String
  let kind: String
  let template: String
  let token: String?

  static let namespaceKey = ReceiverKey(
    name: "namespace", help: "of the workflow", example: "namespace: ml", isRequired: true)
  static let templateKey = ReceiverKey(
    name: "template", help: "name of the template; `{monitor}` stands for the monitor's name",
    example: "template: retrain",
    isRequired: true)
  static let keys: [ReceiverKey] = [
    ReceiverKey(
      name: "url", help: "the Argo server's address", example: "url: \"https://argo-server:2746\"", isRequired: true),
    namespaceKey, templateKey,
    ReceiverKey(
      name: "kind", help: "`WorkflowTemplate` or `ClusterWorkflowTemplate`", example: "kind: ClusterWorkflowTemplate",
      standard: "WorkflowTemplate"),
    .targetToken,
  ]

  let isIdempotent = true

  func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery {
    let call = try RetrainCall(delivery)
    var json = JSONWriter(capacity: 4096)
    json.beginObject()
    json.member("namespace", namespace)
    json.member("resourceKind", kind)
    json.member("resourceName", call.filled(template))
    json.member("submitOptions") { json in
      json.member("name", Self.name(call.id))
      json.member("parameters", ["retrain=\(call.id)", "request=\(call.requestText(limit: 200_000))"])
      // One text, not a map: names of monitors and retrains have no commas.
      json.member("labels", "leeway.io/retrain=\(call.id),leeway.io/monitor=\(call.monitor)")
    }
    json.endObject()
    var request = HTTPRequest(
      json: json.bytes, to: "\(base)/api/v1/workflows/\(namespace)/submit", key: delivery.key, limits: RequestLimits())
    request.headers += .bearer(token)
    return .request(request)
  }

  private static func name(_ retrain: String) -> String { "leeway-\(retrain)" }

  func takes(_ answer: HTTPAnswer) -> Bool { (200..<300).contains(answer.status) || answer.status == 409 }
  func run(of retrain: String, after answer: HTTPAnswer) -> String? { Self.name(retrain) }

  func question(about run: String) -> HTTPRequest {
    // Without `fields` the answer holds every node of the workflow.
    .get("\(base)/api/v1/workflows/\(namespace)/\(run)?fields=status.phase,status.message", .bearer(token))
  }

  func state(in answer: JSONReader) throws(JSONFailure) -> RunState {
    let phase = try answer.member("status").member("phase")
    return phase.isNull ? .running : state(try phase.string(), succeeded: "Succeeded", failed: ["Failed", "Error"])
  }
}
