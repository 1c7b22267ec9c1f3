import Foundation
import LeewayCore
import LeewayDelivery
import LeewayTestSupport
import Testing

/// Each target against a server that checks every field as the system's own documents have it.
@Suite struct RetrainTargetTests {
  func target(_ type: ReceiverType, _ values: [String: String]) throws -> any RetrainTarget {
    try #require(try Receiver(name: "retrain", type: type, values: values).format as? any RetrainTarget)
  }

  func call(_ target: any RetrainTarget) throws -> HTTPRequest {
    let delivery = Delivery(key: "fraud-9f2c/2-retrain/retrain", notification: Array(Sample.retrain.utf8))
    guard case .request(let request) = try target.render(delivery, now: 1_767_225_600_000) else {
      Issue.record("a target is called by request")
      return HTTPRequest(url: "", headers: [], body: [])
    }
    return request
  }

  func courier() throws -> Courier { try Courier(version: "1", abort: AbortFlag()) }

  func state(_ target: any RetrainTarget, _ json: String) throws -> RunState {
    try target.state(in: JSONReader(JSONValue(parsing: Array(json.utf8))))
  }

  func answer(_ status: Int, _ body: String) -> HTTPAnswer {
    HTTPAnswer(status: status, bodyPrefix: Array(body.utf8))
  }

  /// The call's own JSON, as every target passes it on.
  func expectRequest(_ text: String?) throws {
    let object = try JSONSerialization.jsonObject(with: Data((text ?? "").utf8)) as? NSDictionary
    #expect(object == (try JSONSerialization.jsonObject(with: Data(Sample.retrain.utf8)) as? NSDictionary))
  }

  // MARK: Airflow

  @Test func airflow3TakesTheCallOnce() throws {
    let runs = Recorder()
    let server = try LoopbackReceiver { request, _ in
      switch (request.method, request.path) {
      case ("POST", "/auth/token"):
        let body = FieldReading(request.body)
        let (user, password) = (body.text("username"), body.text("password"))
        body.finish()
        guard body.problems.isEmpty, user == "leeway", password == "p-secret" else { return .answer(status: 401) }
        return .answer(status: 201, body: #"{"access_token":"jwt-1"}"#)
      case (_, _) where request.header("Authorization") != "Bearer jwt-1": return .answer(status: 401)
      case ("POST", "/api/v2/dags/retrain-fraud/dagRuns"):
        let body = FieldReading(request.body)
        let id = body.text("dag_run_id", atMost: 250) ?? ""
        body.null("logical_date")
        _ = body.anyObject("conf", required: false)
        _ = body.text("note", atMost: 1000, required: false)
        body.finish()
        guard body.problems.isEmpty else { return .answer(status: 422, body: "\(body.problems)") }
        guard runs.insert(id) else { return .answer(status: 409, body: #"{"detail":"exists"}"#) }
        return .answer(status: 200, body: #"{"dag_id":"retrain-fraud","dag_run_id":"\#(id)","state":"queued"}"#)
      case ("GET", "/api/v2/dags/retrain-fraud/dagRuns/rt-7f3a"):
        return .answer(status: 200, body: #"{"dag_run_id":"rt-7f3a","state":"success"}"#)
      default: return .answer(status: 404)
      }
    }
    let target = try target(
      .airflow,
      ["url": server.url(""), "dag": "retrain-{monitor}", "user": "leeway", "password": "p-secret"])
    let sender = try courier()
    let request = try call(target)
    for status in [200, 409] {
      let (result, wasSent) = sender.call(request, of: target)
      let answer = try result.get()
      #expect(answer.status == status && wasSent && target.takes(answer))
    }
    #expect(runs.all == ["rt-7f3a"])
    let body = try #require(JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
    #expect(body["note"] as? String == "Leeway: incident fraud-9f2c of monitor fraud")
    try expectRequest(
      (body["conf"] as? [String: Any]).map { try JSONSerialization.data(withJSONObject: $0) }.map {
        String(decoding: $0, as: UTF8.self)
      })
    let run = try #require(target.run(of: "rt-7f3a", after: answer(200, #"{"dag_id":"retrain-fraud"}"#)))
    #expect(run == "retrain-fraud/rt-7f3a")
    let end = try sender.call(target.question(about: run), of: target).result.get()
    #expect(try state(target, String(decoding: end.bodyPrefix, as: UTF8.self)) == .succeeded)
    #expect(target.isIdempotent)
  }

  /// Without a token nothing is sent, and the answer to the login says why.
  @Test func aRefusedLoginSendsNoCall() throws {
    let server = try LoopbackReceiver(otherwise: .answer(status: 401))
    let target = try target(.airflow, ["url": server.url(""), "dag": "retrain", "user": "u", "password": "p"])
    let (result, wasSent) = try courier().call(call(target), of: target)
    #expect(try !wasSent && result.get().status == 401)
    #expect(server.requests.map(\.path) == ["/auth/token"])
    let empty = try LoopbackReceiver(otherwise: .answer(status: 201, body: "{}"))
    let other = try self.target(.airflow, ["url": empty.url(""), "dag": "retrain", "user": "u", "password": "p"])
    #expect(
      try courier().call(call(other), of: other).result
        == .failure(HTTPFailure(.badAnswer, "the answer to the login has no token")))
  }

  @Test func airflow2LogsInByItselfAndKnowsNoLogicalDate() throws {
    let target = try target(
      .airflow, ["url": "https://airflow/", "dag": "retrain", "api": "v1", "user": "u", "password": "p"])
    let request = try call(target)
    #expect(request.url == "https://airflow/api/v1/dags/retrain/dagRuns")
    #expect(request.headers.contains(HTTPHeader("Authorization", "Basic dTpw")))
    #expect(target.login == nil)
    let body = FieldReading(request.body)
    #expect(body.text("dag_run_id") == "rt-7f3a" && body.anyObject("conf") != nil && body.text("note") != nil)
    body.finish()
    #expect(body.problems == [])
    #expect(try state(target, #"{"state":"failed"}"#) == .failed("failed"))
    #expect(try state(target, #"{"state":"queued"}"#) == .running)
    #expect(try state(target, #"{"state":"of a later release"}"#) == .running)
  }

  // MARK: GitHub

  @Test func gitHubDispatchesAWorkflow() throws {
    let server = try LoopbackReceiver { request, _ in
      guard request.header("Authorization") == "Bearer g-secret",
        request.header("Accept") == "application/vnd.github+json",
        request.header("X-GitHub-Api-Version") == "2022-11-28", request.header("User-Agent") != nil
      else { return .answer(status: 403) }
      if request.method == "GET", request.path == "/repos/acme/models/actions/runs/77" {
        return .answer(status: 200, body: #"{"id":77,"status":"completed","conclusion":"success"}"#)
      }
      guard request.method == "POST", request.path == "/repos/acme/models/actions/workflows/retrain.yml/dispatches"
      else {
        return .answer(status: 404)
      }
      let body = FieldReading(request.body)
      _ = body.text("ref")
      let inputs = body.texts("inputs") ?? [:]
      if inputs.count > 25 || inputs.values.map(\.count).reduce(0, +) > 65_535 { body.mistake("inputs are too large") }
      let details = body.bool("return_run_details", required: false)
      body.finish()
      guard body.problems.isEmpty else { return .answer(status: 422, body: "\(body.problems)") }
      return details == true ? .answer(status: 200, body: #"{"workflow_run_id":77}"#) : .answer(status: 204)
    }
    let values = ["url": server.url(""), "repository": "acme/models", "workflow": "retrain.yml", "token": "g-secret"]
    let target = try target(.github, values)
    let request = try call(target)
    let sender = try courier()
    let taken = try sender.call(request, of: target).result.get()
    #expect(taken.status == 200 && target.takes(taken))
    #expect(target.run(of: "rt-7f3a", after: taken) == "77")
    let end = try sender.call(target.question(about: "77"), of: target).result.get()
    #expect(try state(target, String(decoding: end.bodyPrefix, as: UTF8.self)) == .succeeded)
    #expect(try state(target, #"{"status":"completed","conclusion":"cancelled"}"#) == .failed("cancelled"))
    #expect(try state(target, #"{"status":"in_progress","conclusion":null}"#) == .running)
    #expect(target.run(of: "rt-7f3a", after: answer(204, "")) == nil)
    #expect(!target.isIdempotent)
    let body = try #require(JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
    let inputs = try #require(body["inputs"] as? [String: String])
    #expect(inputs["retrain"] == "rt-7f3a" && body["ref"] as? String == "main")
    try expectRequest(inputs["request"])
  }

  /// A call with more evidence than a request may hold loses the least important of it, and nothing else.
  @Test func gitHubsInputsStayBelowTheirLimit() throws {
    var object = try JSONSerialization.jsonObject(with: Data(Sample.retrain.utf8)) as? [String: Any] ?? [:]
    object["evidence"] = (0..<100).map { ["check": "c\($0)", "subject": String(repeating: "é", count: 1000)] }
    let json = try JSONSerialization.data(withJSONObject: object)
    let target = try target(.github, ["repository": "a/b", "workflow": "w.yml", "token": "t"])
    guard case .request(let request) = try target.render(Delivery(key: "k", notification: Array(json)), now: 0) else {
      return
    }
    let body = try #require(JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
    let text = try #require((body["inputs"] as? [String: String])?["request"])
    #expect(text.utf8.count <= 60_000)
    let kept = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect((kept["evidence"] as? [[String: String]])?.map { $0["check"] } == (0..<25).map { "c\($0)" })
    #expect(kept["callback_token"] as? String == "t-secret")
  }

  // MARK: GitLab

  @Test func gitLabTriggersAPipeline() throws {
    let values = ["project": "ml/models", "token": "tr-secret"]
    let request = try call(target(.gitlab, values))
    #expect(request.url == "https://gitlab.com/api/v4/projects/ml%2Fmodels/trigger/pipeline")
    let body = FieldReading(request.body)
    #expect(body.text("token") == "tr-secret" && body.text("ref") == "main")
    let variables = body.texts("variables") ?? [:]
    body.finish()
    #expect(body.problems == [] && variables.keys.sorted() == ["LEEWAY_REQUEST", "LEEWAY_RETRAIN"])
    try expectRequest(variables["LEEWAY_REQUEST"])
    let created = answer(201, #"{"id":9,"status":"created"}"#)
    // A trigger's token cannot read.
    #expect(try target(.gitlab, values).run(of: "rt", after: created) == nil)
    let reader = try target(.gitlab, values.merging(["api_token": "r-secret"]) { $1 })
    #expect(reader.run(of: "rt", after: created) == "9")
    let question = reader.question(about: "9")
    #expect(question.method == .get && question.url == "https://gitlab.com/api/v4/projects/ml%2Fmodels/pipelines/9")
    #expect(question.headers.contains(HTTPHeader("PRIVATE-TOKEN", "r-secret")))
    for (name, state) in [
      ("success", RunState.succeeded), ("failed", .failed("failed")), ("skipped", .failed("skipped")),
      ("manual", .running), ("waiting_for_resource", .running),
    ] {
      #expect(try self.state(reader, #"{"status":"\#(name)"}"#) == state)
    }
  }

  // MARK: Argo Workflows

  @Test func argoSubmitsAWorkflow() throws {
    let target = try target(
      .argoWorkflows,
      ["url": "https://argo:2746", "namespace": "ml", "template": "retrain-{monitor}", "token": "a-secret"])
    let request = try call(target)
    #expect(request.url == "https://argo:2746/api/v1/workflows/ml/submit")
    #expect(request.headers.contains(HTTPHeader("Authorization", "Bearer a-secret")))
    let body = FieldReading(request.body)
    #expect(body.text("namespace") == "ml" && body.text("resourceName") == "retrain-fraud")
    _ = body.choice("resourceKind", ["WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow"])
    let options = try #require(body.object("submitOptions"))
    let name = options.text("name", atMost: 63) ?? ""
    #expect(name == "leeway-rt-7f3a" && name.wholeMatch(of: /[a-z0-9]([-a-z0-9]*[a-z0-9])?/) != nil)
    #expect(options.text("labels") == "leeway.io/retrain=rt-7f3a,leeway.io/monitor=fraud")
    let parameters = (options.list("parameters") as? [String] ?? []).map {
      $0.split(separator: "=", maxSplits: 1).map(String.init)
    }
    #expect(parameters.map(\.first) == ["retrain", "request"])
    try expectRequest(parameters.last?.last)
    options.finish()
    body.finish()
    #expect(body.problems == [])
    #expect(target.takes(answer(409, "")) && target.isIdempotent)
    #expect(target.run(of: "rt-7f3a", after: answer(409, "")) == "leeway-rt-7f3a")
    #expect(
      target.question(about: "leeway-rt-7f3a").url
        == "https://argo:2746/api/v1/workflows/ml/leeway-rt-7f3a?fields=status.phase,status.message")
    #expect(try state(target, #"{"status":{"phase":"Succeeded"}}"#) == .succeeded)
    #expect(try state(target, #"{"status":{"phase":"Error"}}"#) == .failed("Error"))
    #expect(try state(target, #"{"status":{}}"#) == .running)
  }

  // MARK: Kubeflow

  @Test func kubeflowStartsARun() throws {
    let target = try target(
      .kubeflow,
      ["url": "http://ml-pipeline:8888", "pipeline": "p-1", "version": "v-1", "experiment": "e-1", "token": "k"])
    let request = try call(target)
    #expect(request.url == "http://ml-pipeline:8888/apis/v2beta1/runs")
    let body = FieldReading(request.body)
    #expect(body.text("display_name") == "leeway fraud rt-7f3a")
    _ = body.text("description")
    #expect(body.text("experiment_id") == "e-1")
    #expect(body.texts("pipeline_version_reference") == ["pipeline_id": "p-1", "pipeline_version_id": "v-1"])
    let runtime = try #require(body.object("runtime_config"))
    let parameters = runtime.texts("parameters") ?? [:]
    runtime.finish()
    body.finish()
    #expect(body.problems == [] && parameters["retrain"] == "rt-7f3a")
    try expectRequest(parameters["request"])
    #expect(target.run(of: "rt", after: answer(200, #"{"run_id":"u-1"}"#)) == "u-1" && !target.isIdempotent)
    #expect(target.question(about: "u-1").url == "http://ml-pipeline:8888/apis/v2beta1/runs/u-1")
    #expect(try state(target, #"{"state":"SUCCEEDED"}"#) == .succeeded)
    #expect(try state(target, #"{"state":"CANCELED"}"#) == .failed("CANCELED"))
    #expect(try state(target, #"{"state":"PAUSED"}"#) == .running)
  }

  // MARK: Prefect

  @Test func prefectStartsAFlowRun() throws {
    let target = try target(.prefect, ["url": "http://prefect:4200/api/", "deployment": "d-1", "auth": "admin:pass"])
    let request = try call(target)
    #expect(request.url == "http://prefect:4200/api/deployments/d-1/create_flow_run")
    #expect(request.headers.contains(HTTPHeader("Authorization", "Basic YWRtaW46cGFzcw==")))
    let body = FieldReading(request.body)
    #expect(body.text("name") == "leeway-rt-7f3a" && body.text("idempotency_key") == "rt-7f3a")
    #expect(body.list("tags") as? [String] == ["leeway", "fraud"])
    let parameters = try #require(body.anyObject("parameters"))
    body.finish()
    #expect(body.problems == [] && parameters["retrain"] as? String == "rt-7f3a")
    #expect((parameters["request"] as? [String: Any])?["event"] as? String == "retrain.requested")
    #expect(target.takes(answer(200, "")) && target.takes(answer(201, "")) && target.isIdempotent)
    // The parameters do not fit, and will not.
    #expect(target.refuses(answer(409, "")) && !target.takes(answer(409, "")))
    #expect(target.run(of: "rt", after: answer(201, #"{"id":"f-1"}"#)) == "f-1")
    #expect(target.question(about: "f-1").url == "http://prefect:4200/api/flow_runs/f-1")
    #expect(try state(target, #"{"state_type":"COMPLETED"}"#) == .succeeded)
    #expect(try state(target, #"{"state_type":"CRASHED"}"#) == .failed("CRASHED"))
    #expect(try state(target, #"{"state_type":null}"#) == .running)
  }

  // MARK: All

  @Test func onlyCallsAreTaken() throws {
    let target = try target(.github, ["repository": "a/b", "workflow": "w.yml", "token": "t"])
    let mistake = #expect(throws: UnreadableNotification.self) {
      try target.render(Delivery(key: "k", notification: Array(Sample.opened.utf8)), now: 0)
    }
    #expect(
      mistake?.description
        == "the stored notification is no call to retrain, and this receiver takes nothing else")
  }

  @Test(
    arguments: [
      (
        .airflow, ["url": "https://a", "dag": "a/b"],
        "dag takes letters, digits, hyphens, underscores and dots; {monitor} stands for the monitor's name"
      ),
      (.airflow, ["url": "https://a", "dag": "d", "api": "v3"], "api takes v1 (Airflow 2) or v2 (Airflow 3)"),
      (.airflow, ["url": "https://a", "dag": "d", "user": "u"], "user needs password beside it; add it"),
      (.airflow, ["url": "https://a?b", "dag": "d"], "url has a query; give the address without it"),
      (
        .airflow, ["url": "https://a", "dag": "d", "user": "u", "password": "p", "token": "t"],
        "token is one way to log in, and user another; remove one"
      ),
      (.github, ["repository": "a", "workflow": "w", "token": "t"], "repository takes OWNER/NAME"),
      (.github, ["repository": "a/..b/c", "workflow": "w", "token": "t"], "repository takes OWNER/NAME"),
      (.github, ["repository": "a/b", "workflow": "w"], "token is missing; add token: \"${NAME}\""),
      (.gitlab, ["project": "a b", "token": "t"], "project takes the project's number, or its path as GROUP/NAME"),
      (
        .argoWorkflows, ["url": "https://a", "namespace": "n", "template": "t", "kind": "Workflow"],
        "kind takes WorkflowTemplate or ClusterWorkflowTemplate"
      ),
      (
        .prefect, ["url": "https://a", "deployment": "d", "token": "t", "auth": "a:b"],
        "auth is for a server of your own, and token for Prefect Cloud; remove one"
      ),
      (
        .vertex, ["project": "p", "location": "l", "template": "t", "output": "o", "token_url": "x"],
        "token_url must be http:// or https:// with a host, without spaces"
      ),
    ] as [(ReceiverType, [String: String], String)])
  func mistakesAreNamed(type: ReceiverType, values: [String: String], message: String) {
    let mistake = #expect(throws: Receiver.Invalid.self) { try Receiver(name: "retrain", type: type, values: values) }
    #expect(mistake?.description == message)
  }
}
