import Foundation
import LeewayTestSupport
import Testing

@Suite struct AlertsCommandTests {
  private func test(_ receiver: String, _ receivers: String, environment: [String: String] = [:]) throws -> (
    code: Int32, output: String, error: String
  ) {
    let folder = try TemporaryFolder()
    try folder.write("kafka: {bootstrap: \"localhost:9092\"}\nreceivers: \(receivers)\n", to: "leeway.yaml")
    let run = try LeewayProcess.run(["alerts", "test", receiver], in: folder.url, environment: environment)
    return (run.code, run.output, run.error)
  }

  @Test func theAnswerIsShownWithoutSecrets() throws {
    let key = "0123456789abcdef0123456789abcdef"
    let pager = try PagerDutyStandIn(routingKey: key)
    let run = try test(
      "pager", "{pager: {type: pagerduty, url: \"\(pager.url)\", routing_key: \"${KEY}\"}}", environment: ["KEY": key])
    #expect(run.code == 0, "\(run.error)")
    let incident = try #require(pager.alerts.keys.first)
    #expect(incident.hasPrefix("leeway-test-"))
    #expect(
      run.output.split(separator: "\n").map(String.init)
        == ["opened", "resolved"].map {
          "incident.\($0) to pager (pagerduty, http://127.0.0.1:\(pager.server.port)): answered 202: "
            + "{\"status\":\"success\",\"message\":\"Event processed\",\"dedup_key\":\"\(incident)\"}"
        })
    // Nothing stays open.
    #expect(pager.alerts == [incident: [.triggered, .resolved]])
    #expect(pager.server.requests.first?.text.contains("This is a test of the receiver") == true)
    #expect(pager.problems == [])
  }

  @Test func aRefusalThatIsFinalIsWrongInput() throws {
    let server = try LoopbackReceiver(otherwise: .answer(status: 410, body: "gone: s-secret\n"))
    let run = try test(
      "chat", "{chat: {type: webhook, url: \"\(server.url("/x"))\", secret: \"${S}\"}}", environment: ["S": "s-secret"])
    #expect(run.code == 1 && run.output == "")
    #expect(run.error == "leeway: receiver chat: answered 410: gone: *** \n")
  }

  @Test func whatMayPassIsTheEnvironment() throws {
    let server = try LoopbackReceiver(otherwise: .answer(status: 503))
    let run = try test("chat", "{chat: {type: webhook, url: \"\(server.url("/x"))\"}}")
    #expect(run.code == 3 && run.error == "leeway: receiver chat: answered 503\n")
    let port = server.port
    server.stop()
    let gone = try test("chat", "{chat: {type: webhook, url: \"http://127.0.0.1:\(port)/x\"}}")
    #expect(
      gone.code == 3
        && gone.error
          == "leeway: receiver chat: POST http://127.0.0.1:\(port): nothing accepts connections there\n"
    )
  }

  @Test func onlyReceiversThatOnlyHearAreTried() throws {
    let receivers = "{retrain: {type: webhook, url: \"http://127.0.0.1:1\"}, chat: {type: log}}"
    #expect(
      try test("chta", receivers) == (
        1, "", "leeway: chta is no receiver; there are chat, log, retrain. Did you mean chat?\n"
      ))
    #expect(
      try test("retrain", receivers)
        == (
          1, "",
          "leeway: retrain is called to retrain, and a test would start a training; try it where that is harmless\n"
        ))
    let log = try test("chat", receivers)
    #expect(
      log.code == 0
        && log.output.hasPrefix("incident.opened to chat (log): event=incident.opened incident=leeway-test-"))
  }
}
