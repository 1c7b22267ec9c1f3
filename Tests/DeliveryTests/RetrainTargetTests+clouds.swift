import Foundation
import LeewayDelivery
import LeewayTestSupport
import Testing

extension RetrainTargetTests {
  // MARK: SageMaker

  @Test func sageMakerStartsAnExecutionThatIsSigned() throws {
    let server = try LoopbackReceiver { request, number in
      .answer(
        status: 200,
        body: number == 0
          ? #"{"PipelineExecutionArn":"arn:aws:sagemaker:eu-central-1:1:pipeline/p/execution/e"}"#
          : #"{"PipelineExecutionStatus":"Failed","FailureReason":"x"}"#)
    }
    let target = try target(
      .sagemaker,
      [
        "url": server.url(""), "region": "eu-central-1", "pipeline": "retrain-{monitor}", "access_key_id": "AKID",
        "secret_access_key": "SECRET", "session_token": "TOK/+=abc",
      ])
    let sender = try courier()
    let started = try sender.call(call(target), of: target).result.get()
    let arn = try #require(target.run(of: "rt-7f3a", after: started))
    let end = try sender.call(target.question(about: arn), of: target).result.get()
    #expect(try state(target, String(decoding: end.bodyPrefix, as: UTF8.self)) == .failed("Failed"))
    let requests = server.requests
    #expect(requests.map(\.method) == ["POST", "POST"] && requests.map(\.path) == ["/", "/"])
    #expect(
      requests.map { $0.header("X-Amz-Target") } == [
        "SageMaker.StartPipelineExecution", "SageMaker.DescribePipelineExecution",
      ])
    for request in requests {
      #expect(request.header("Content-Type") == "application/x-amz-json-1.1")
      #expect(
        request.header("Authorization") == AWSSignature.expected(of: request, secret: "SECRET", region: "eu-central-1"))
    }
    let body = FieldReading(requests[0].body)
    #expect(body.text("PipelineName", atMost: 256) == "retrain-fraud")
    #expect(body.text("ClientRequestToken", atMost: 128)?.count == 64)
    let name = body.text("PipelineExecutionDisplayName", atMost: 82) ?? ""
    #expect(name.wholeMatch(of: /[a-zA-Z0-9](-*[a-zA-Z0-9])*/) != nil)
    _ = body.text("PipelineExecutionDescription", atMost: 3072)
    var parameters: [String: String] = [:]
    for parameter in body.objects("PipelineParameters") {
      let name = parameter.text("Name", atMost: 256) ?? ""
      if name.wholeMatch(of: /[A-Za-z0-9\-_]*/) == nil { parameter.mistake("has a name that is none") }
      parameters[name] = parameter.text("Value", atMost: 1024)
      parameter.finish()
    }
    body.finish()
    #expect(body.problems == [])
    #expect(parameters["LeewayRetrain"] == "rt-7f3a" && parameters["LeewayCallbackToken"] == "t-secret")
    #expect(target.isIdempotent)
  }

  // MARK: Vertex AI

  @Test func vertexCreatesAJobWithTheMachinesToken() throws {
    let metadata = try LoopbackReceiver { request, _ in
      request.method == "GET" && request.header("Metadata-Flavor") == "Google"
        ? .answer(status: 200, body: #"{"access_token":"ya29","expires_in":3599,"token_type":"Bearer"}"#)
        : .answer(status: 403)
    }
    let server = try LoopbackReceiver { request, _ in
      guard request.header("Authorization") == "Bearer ya29" else { return .answer(status: 401) }
      return request.method == "POST"
        ? .answer(status: 409) : .answer(status: 200, body: #"{"state":"PIPELINE_STATE_FAILED"}"#)
    }
    let target = try target(
      .vertex,
      [
        "project": "acme", "location": "europe-west4", "template": "https://eu-kfp.pkg.dev/acme/{monitor}/v1",
        "output": "gs://acme/out", "service_account": "t@acme", "token_url": metadata.url("/token"),
        "url": server.url(""),
      ])
    let sender = try courier()
    let taken = try sender.call(call(target), of: target).result.get()
    #expect(taken.status == 409 && target.takes(taken))
    let run = try #require(target.run(of: "rt-7f3a", after: taken))
    let end = try sender.call(target.question(about: run), of: target).result.get()
    #expect(try state(target, String(decoding: end.bodyPrefix, as: UTF8.self)) == .failed("PIPELINE_STATE_FAILED"))
    let requests = server.requests
    #expect(
      requests.map(\.path) == [
        "/v1/projects/acme/locations/europe-west4/pipelineJobs?pipelineJobId=leeway-rt-7f3a",
        "/v1/projects/acme/locations/europe-west4/pipelineJobs/leeway-rt-7f3a",
      ])
    let body = FieldReading(requests[0].body)
    _ = body.text("displayName", atMost: 128)
    #expect(
      body.text("templateUri") == "https://eu-kfp.pkg.dev/acme/fraud/v1" && body.text("serviceAccount") == "t@acme")
    for (key, value) in body.texts("labels") ?? [:] {
      #expect("\(key) \(value)".wholeMatch(of: /[a-z][a-z0-9_-]{0,62} [a-z0-9_-]{0,63}/) != nil)
    }
    let runtime = try #require(body.object("runtimeConfig"))
    #expect(runtime.text("gcsOutputDirectory") == "gs://acme/out")
    try expectRequest(runtime.texts("parameterValues")?["request"])
    runtime.finish()
    body.finish()
    #expect(body.problems == [])
    #expect(try state(target, #"{"state":"PIPELINE_STATE_CANCELLING"}"#) == .running)
  }
}
