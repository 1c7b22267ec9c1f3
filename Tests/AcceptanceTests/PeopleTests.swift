import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// People act on incidents of a running service by the command line, receivers hear of it, and the whole is repeated by
/// `leeway replay --inputs`.
@Suite struct PeopleTests {
  @Test func anIncidentIsTakenInHandAndEndedByTheCommandLine() throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    let chat = try LoopbackReceiver { _, _ in .answer(status: 200) }
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    try folder.write(Shop.monitor.replacing("[log]", with: "[chat]"), to: "monitors/shop.yaml")
    for (name, role) in [("alice", "operator"), ("vic", "viewer")] {
      let made = try LeewayProcess.run(["token", "new", name, role, "--file", "tokens"], in: folder.url)
      try #require(made.code == 0, "\(made.error)")
      try folder.write(made.output, to: "\(name).token")
    }
    let configuration = try String(contentsOf: folder.url.appendingPathComponent("leeway.yaml"), encoding: .utf8)
      .replacing("http: {listen: \"127.0.0.1:0\"}", with: "http: {listen: \"127.0.0.1:0\", tokens_file: tokens}")
    try folder.write(
      configuration + "receivers:\n  chat: {type: webhook, url: \"\(chat.url("/c"))\"}\n", to: "leeway.yaml")
    let token = try String(contentsOf: folder.url.appendingPathComponent("alice.token"), encoding: .utf8)
      .trimmingCharacters(in: .newlines)
    let service = try RunningService(in: folder.url, token: token)
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    func incidents(_ arguments: [String], as name: String = "alice") throws -> (
      code: Int32, output: String, error: String
    ) {
      try LeewayProcess.run(
        ["incidents"] + arguments + ["--server", service.base, "--token-file", "\(name).token"], in: folder.url)
    }
    var messages: [String] = []
    func send(_ range: Range<Int>) throws {
      let made = range.map { Shop.prediction($0, amount: "1000") }
      messages += made
      try broker.produce(zip(range, made).map { Message(Shop.predictions, $1, at: Shop.time($0)) })
    }

    // 240 an hour: the windows of two hours close.
    try send(0..<600)
    _ = try eventually { chat.requests.count == 1 ? true : nil }
    let listed = try incidents(["list", "--open"])
    #expect(listed.code == 0, "\(listed.error)")
    let rows = listed.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    try #require(rows.count == 2, "\(listed.output)")
    #expect(rows[0] == ["INCIDENT", "STATE", "TIER", "SINCE", "WHO", "CAUSE", "SUBJECTS"])
    let id = rows[1][0]
    #expect(rows[1].dropFirst() == ["open", "warning", "2026-03-01", "01:00", "-", "drift", "amount"])

    let refused = try incidents(["ack", id], as: "vic")
    #expect(refused.code == 1)
    #expect(
      refused.error == "leeway: \(service.base): The token is a viewer's, and this is for an operator. Send "
        + "Authorization: Bearer TOKEN with a token of the operator role from http.tokens_file.\n")
    let ack = try incidents(["ack", id, "--note", "looking at the feed"])
    #expect(ack.code == 0 && ack.error.isEmpty, "\(ack.error)")
    #expect(
      ack.output == "acknowledge of \(id) is queued as 1; leeway incidents show \(id) says what has become of it\n")
    // An evaluator folds it, though no window closes.
    _ = try eventually { chat.requests.count == 2 ? true : nil }
    try #require(chat.requests.count == 2, "\(service.process.standardError)")
    try Schemas.expectMessage(chat.requests[1].text)
    #expect(chat.requests[1].text.contains(#""event":"incident.acknowledged""#))
    #expect(chat.requests[1].text.contains(#""by":"alice","note":"looking at the feed""#))
    let late = try incidents(["ack", id])
    #expect(late.code == 1)
    #expect(
      late.error
        == "leeway: \(service.base): alice has acknowledged the incident already. Assign it, or comment on it.\n")
    let assigned = try incidents(["assign", id, "--to", "bob", "--json"])
    #expect(assigned.code == 0, "\(assigned.error)")
    let answer = try JSONSerialization.jsonObject(with: Data(assigned.output.utf8)) as? [String: Any]
    #expect(answer?["act"] as? String == "assign" && answer?["to"] as? String == "bob")
    #expect(try incidents(["comment", id, "--note", "a sale began"]).code == 0)
    #expect(try incidents(["resolve", id, "--reason", "expected change"]).code == 0)
    _ = try eventually { chat.requests.count == 3 ? true : nil }
    try #require(chat.requests.count == 3, "\(service.process.standardError)")
    try Schemas.expectMessage(chat.requests[2].text)
    #expect(chat.requests[2].text.contains(#""event":"incident.resolved""#))
    #expect(try incidents(["list", "--open"]).output == "no incidents\n")
    let shown = try incidents(["show", id])
    #expect(shown.code == 0, "\(shown.error)")
    for words in [
      "\(id): warning, resolved, of drift in shop, since 2026-03-01 01:00, resolved 2026-03-01 02:00\n",
      "acknowledged by alice\nassigned to bob\nresolved by alice\nbecause of expected change\n",
      "acknowledged  alice  looking at the feed\n", "resolved      alice  expected change\n",
      "assign to bob  alice\n", "comment        alice  a sale began\n", "resolve        alice  expected change\n",
      "MUTED  SUBJECT  SLICE  UP TO    UNTIL\ndrift  amount   all    warning  2026-03-08 02:00\n",
      "  chat  opened        delivered\n", "  chat  acknowledged  delivered\n",
    ] { #expect(shown.output.contains(words), "\(words) is not in \(shown.output)") }

    // What was resolved is muted, in two more windows.
    try send(600..<1080)
    try service.expectRows(1080)
    let stored = try service.results("type=incident")
    #expect(
      try CarLoan.objects(stored).map { CarLoan.text($0, "transition") } == ["opened", "acknowledged", "resolved"])

    try folder.write(messages.joined(separator: "\n") + "\n", to: "predictions.jsonl")
    let inputs = try service.answer("/api/v1/inputs?monitor=shop")
    #expect(
      try CarLoan.objects(inputs.split(separator: "\n").map(String.init)).map { CarLoan.text($0, "kind") } == [
        "acknowledge", "assign", "comment", "resolve_by_hand",
      ])
    try folder.write(inputs, to: "inputs.jsonl")
    func replay(_ more: [String]) throws -> [String] {
      let replayed = try LeewayProcess.run(
        ["replay", "monitors/shop.yaml", "--predictions", "predictions.jsonl"] + more, in: folder.url)
      #expect(replayed.code == 0, "\(replayed.error)")
      return replayed.output.split(separator: "\n").map(String.init).filter { $0.contains(#""type":"incident""#) }
    }
    #expect(try replay(["--inputs", "inputs.jsonl"]) == stored)
    #expect(try replay([]) == [stored[0]])
    let audit = try service.object("/api/v1/audit")
    #expect(
      (audit["audit"] as? [[String: Any]] ?? []).map { "\(CarLoan.text($0, "action")) \(CarLoan.text($0, "outcome"))" }
        == [
          "resolve_by_hand accepted", "comment accepted", "assign accepted", "acknowledge refused",
          "acknowledge accepted",
        ])
    #expect(!service.process.standardError.contains(token))
    service.stop()
  }

  @Test func whatCannotBeAskedSaysWhy() throws {
    let folder = try TemporaryFolder()
    func incidents(_ arguments: [String]) throws -> (code: Int32, output: String, error: String) {
      try LeewayProcess.run(["incidents"] + arguments, in: folder.url)
    }
    // A port that was let go of, so that nothing listens there.
    let gone = try LoopbackReceiver()
    let address = gone.url("")
    gone.stop()
    let unreachable = try incidents(["list", "--server", address])
    #expect(unreachable.code == 3)
    #expect(
      unreachable.error
        == "leeway: GET \(address): nothing accepts connections there; is leeway running, and is --server its address?\n"
    )
    let stranger = try LoopbackReceiver { _, _ in .answer(status: 200) }
    let strange = try incidents(["list", "--server", stranger.url("")])
    #expect(strange.code == 3)
    #expect(
      strange.error == "leeway: \(stranger.url(""))/api/v1/incidents?limit=100: answered 200, and not as leeway does; "
        + "is --server its address?\n")
    let wrong = try incidents(["list", "--server", "leeway.example.com"])
    #expect(wrong.code == 1)
    #expect(
      wrong.error
        == "leeway: leeway.example.com: is no address of a server; write for example --server http://127.0.0.1:8080\n")
    let reason = try incidents(["resolve", "shop-1", "--reason", "bored"])
    #expect(reason.code == 2)
    #expect(
      reason.error.hasPrefix(
        "Error: 'bored' is no reason; it is one of 'false alarm', 'expected change', 'mended', 'retrained'"))
    let id = try incidents(["show", "../monitors"])
    #expect(id.code == 1)
    #expect(id.error == "leeway: ../monitors is no id of an incident; see leeway incidents list\n")
    try folder.write("two words\n", to: "token")
    let token = try incidents(["show", "shop-1", "--token-file", "token"])
    #expect(token.code == 1)
    #expect(
      token.error
        == "leeway: token: holds no token; put the word there that leeway token new has printed, and nothing else\n")
    let missing = try incidents(["show", "shop-1", "--token-file", "none"])
    #expect(missing.code == 1 && missing.error.hasPrefix("leeway: none: the token's file "), "\(missing.error)")
    for command in ["list", "show", "ack", "assign", "comment", "silence", "resolve"] {
      let help = try incidents([command, "--help"])
      #expect(help.code == 0 && help.output.contains("EXAMPLE\n  leeway incidents \(command)"), "\(help.output)")
    }
  }
}
