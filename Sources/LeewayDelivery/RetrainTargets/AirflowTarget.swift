import Foundation
import LeewayCore

extension ReceiverType {
  /// `airflow`: a DAG of Apache Airflow 2 or 3.
  package static let airflow = ReceiverType(
    name: "airflow", keys: AirflowTarget.keys, callsTrainers: true, takesMessages: false
  ) { values throws(Receiver.Invalid) in
    let api = values["api"] ?? "v2"
    guard ["v1", "v2"].contains(api) else {
      throw Receiver.Invalid(key: "api", problem: "takes v1 (Airflow 2) or v2 (Airflow 3)")
    }
    guard (values["user"] == nil) == (values["password"] == nil) else {
      let (given, missing) = values["user"] == nil ? ("password", "user") : ("user", "password")
      throw Receiver.Invalid(key: given, problem: "needs \(missing) beside it; add it")
    }
    if values["user"] != nil, values["token"] != nil {
      throw Receiver.Invalid(key: "token", problem: "is one way to log in, and user another; remove one")
    }
    return AirflowTarget(
      base: try ReceiverKey.base(in: values), api: api, dag: try AirflowTarget.dagKey.segment(in: values),
      user: values["user"], password: values["password"], token: try ReceiverKey.targetToken.token(in: values))
  }
}

/// Triggers a DAG run whose id is the retrain's, so that a call which is repeated finds the run (409) and starts none.
///
/// `conf` is the whole call. Airflow 3 wants `logical_date`, and null keeps runs from colliding by date; Airflow 2 is not sent it.
/// Source: Airflow's stable REST API of 2.11 (`/api/v1`) and 3.3 (`/api/v2`).
struct AirflowTarget: RetrainTarget {
  let base: String
  let api: String
  let dag: String
  let user: String?
  let password: String?
  let token: String?

  static let dagKey = ReceiverKey(
    name: "dag", help: "the DAG that trains; `{monitor}` stands for the monitor's name", example: "dag: retrain",
    isRequired: true)
  static let keys: [ReceiverKey] = [
    ReceiverKey(
      name: "url", help: "Airflow's address", example: "url: \"https://airflow.example.com\"", isRequired: true),
    dagKey,
    ReceiverKey(name: "api", help: "`v2` for Airflow 3, `v1` for Airflow 2", example: "api: v1", standard: "v2"),
    ReceiverKey(name: "user", help: "name to log in with", example: "user: leeway"),
    ReceiverKey(name: "password", help: "to log in with", example: "password: \"${NAME}\"", isSecret: true),
    .targetToken,
  ]

  let isIdempotent = true

  func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery {
    let call = try RetrainCall(delivery)
    var json = JSONWriter(capacity: 4096)
    json.beginObject()
    json.member("dag_run_id", call.id)
    if api == "v2" {
      json.key("logical_date")
      json.null()
    }
    json.key("conf")
    json.raw(call.request())
    json.member("note", "Leeway: incident \(call.incident) of monitor \(call.monitor)")
    json.endObject()
    var request = HTTPRequest(json: json.bytes, to: runs(call.filled(dag)), key: delivery.key, limits: RequestLimits())
    request.headers += headers
    return .request(request)
  }

  private func runs(_ dag: String) -> String { "\(base)/api/\(api)/dags/\(dag)/dagRuns" }

  /// Airflow 3 takes tokens only, which `login` gets for a name and password.
  private var headers: [HTTPHeader] {
    if let user, let password, api == "v1" {
      return [HTTPHeader("Authorization", "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())")]
    }
    return .bearer(token)
  }

  var login: HTTPRequest? {
    guard let user, let password, api == "v2" else { return nil }
    var json = JSONWriter()
    json.beginObject()
    json.member("username", user)
    json.member("password", password)
    json.endObject()
    return HTTPRequest(
      url: "\(base)/auth/token", headers: [HTTPHeader("Content-Type", "application/json")], body: json.bytes)
  }

  func authorization(from answer: JSONReader) throws(JSONFailure) -> HTTPHeader {
    HTTPHeader("Authorization", "Bearer \(try answer.member("access_token").string())")
  }

  func takes(_ answer: HTTPAnswer) -> Bool { (200..<300).contains(answer.status) || answer.status == 409 }

  /// The DAG's name and the run's, since the monitor that `{monitor}` stood for is not known when it is asked about.
  func run(of retrain: String, after answer: HTTPAnswer) -> String? {
    let dag = json(answer).flatMap { try? $0.member("dag_id").string() } ?? (dag.contains("{") ? nil : dag)
    return dag.map { "\($0)/\(retrain)" }
  }

  func question(about run: String) -> HTTPRequest {
    let parts = run.split(separator: "/", maxSplits: 1).map(String.init)
    return .get("\(runs(parts.first ?? ""))/\(parts.last ?? "")", headers)
  }

  func state(in answer: JSONReader) throws(JSONFailure) -> RunState {
    state(try answer.member("state").string(), succeeded: "success", failed: ["failed"])
  }
}
