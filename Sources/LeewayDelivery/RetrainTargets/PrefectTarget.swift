import Foundation
import LeewayCore

extension ReceiverType {
  /// `prefect`: a deployment of Prefect 3.
  package static let prefect = ReceiverType(
    name: "prefect", keys: PrefectTarget.keys, callsTrainers: true, takesMessages: false
  ) { values throws(Receiver.Invalid) in
    if values["token"] != nil, values["auth"] != nil {
      throw Receiver.Invalid(
        key: "auth", problem: "is for a server of your own, and token for Prefect Cloud; remove one")
    }
    return PrefectTarget(
      base: try ReceiverKey.base(in: values), deployment: try PrefectTarget.deploymentKey.segment(in: values),
      token: try ReceiverKey.targetToken.token(in: values), auth: values["auth"])
  }
}

/// Starts a flow run with the parameters `retrain` and `request`, under the retrain's id as idempotency key: a call that is repeated is
/// answered with the same run. Source: Prefect 3.9, server/api/deployments.py.
struct PrefectTarget: RetrainTarget {
  let base: String
  let deployment: String
  let token: String?
  let auth: String?

  static let deploymentKey = ReceiverKey(
    name: "deployment", help: "id of the deployment", example: "deployment: \"UUID\"", isRequired: true)
  static let keys: [ReceiverKey] = [
    ReceiverKey(
      name: "url", help: "the API's address, as `http://prefect:4200/api`", example: "url: \"http://prefect:4200/api\"",
      isRequired: true),
    deploymentKey, .targetToken,
    ReceiverKey(
      name: "auth", help: "the server's own `auth_string`, as `USER:PASSWORD`", example: "auth: \"${NAME}\"",
      isSecret: true),
  ]

  let isIdempotent = true

  private var headers: [HTTPHeader] {
    if let auth { return [HTTPHeader("Authorization", "Basic \(Data(auth.utf8).base64EncodedString())")] }
    return .bearer(token)
  }

  func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery {
    let call = try RetrainCall(delivery)
    var json = JSONWriter(capacity: 4096)
    json.beginObject()
    json.member("name", "leeway-\(call.id)")
    json.member("idempotency_key", call.id)
    json.member("tags", ["leeway", call.monitor])
    json.member("parameters") { json in
      json.member("retrain", call.id)
      json.key("request")
      json.raw(call.request())
    }
    json.endObject()
    var request = HTTPRequest(
      json: json.bytes, to: "\(base)/deployments/\(deployment)/create_flow_run", key: delivery.key,
      limits: RequestLimits())
    request.headers += headers
    return .request(request)
  }

  /// The parameters do not fit the deployment's schema.
  func refuses(_ answer: HTTPAnswer) -> Bool { answer.status == 409 }

  func run(of retrain: String, after answer: HTTPAnswer) -> String? {
    json(answer).flatMap { try? $0.member("id").string() }
  }

  func question(about run: String) -> HTTPRequest { .get("\(base)/flow_runs/\(run)", headers) }

  func state(in answer: JSONReader) throws(JSONFailure) -> RunState {
    let type = try answer.member("state_type")
    return type.isNull
      ? .running : state(try type.string(), succeeded: "COMPLETED", failed: ["FAILED", "CRASHED", "CANCELLED"])
  }
}
