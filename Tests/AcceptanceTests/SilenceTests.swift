import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// A running service whose messages are silenced by the command line: nothing is sent, a kill loses nothing, and one message tells it all.
@Suite struct SilenceTests {
  private final class Scene {
    let folder: TemporaryFolder
    let broker: EmbeddedBroker
    let chat: LoopbackReceiver
    var service: RunningService
    private let token: String

    init(_ more: String = "") throws {
      folder = try TemporaryFolder()
      broker = try EmbeddedBroker()
      for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
      chat = try LoopbackReceiver { _, _ in .answer(status: 200) }
      try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
      try folder.write(Shop.monitor.replacing("[log]", with: "[chat]"), to: "monitors/shop.yaml")
      let made = try LeewayProcess.run(["token", "new", "alice", "operator", "--file", "tokens"], in: folder.url)
      try #require(made.code == 0, "\(made.error)")
      try folder.write(made.output, to: "alice.token")
      token = made.output.trimmingCharacters(in: .newlines)
      let configuration = try String(contentsOf: folder.url.appendingPathComponent("leeway.yaml"), encoding: .utf8)
        .replacing("http: {listen: \"127.0.0.1:0\"}", with: "http: {listen: \"127.0.0.1:0\", tokens_file: tokens}")
      try folder.write(
        configuration + "receivers:\n  chat: {type: webhook, url: \"\(chat.url("/c"))\"}\n\(more)", to: "leeway.yaml")
      service = try RunningService(in: folder.url, token: token)
    }

    deinit {
      if service.process.isRunning { service.process.killAtOnce() }
      broker.close()
    }

    func leeway(_ arguments: [String]) throws -> (code: Int32, output: String, error: String) {
      try LeewayProcess.run(arguments + ["--server", service.base, "--token-file", "alice.token"], in: folder.url)
    }

    func restart() throws {
      service.process.killAtOnce()
      service = try RunningService(in: folder.url, token: token)
    }

    func send(_ range: Range<Int>, amount: String? = nil) throws {
      try broker.produce(
        range.map { Message(Shop.predictions, Shop.prediction($0, amount: amount), at: Shop.time($0)) })
    }

    /// Deliveries as `0-opened owed silence 1 of alice`.
    func deliveries(_ state: String) throws -> [String] {
      let found = try service.object("/api/v1/deliveries?state=\(state)")["deliveries"] as? [[String: Any]] ?? []
      return found.map { "\(CarLoan.text($0, "message")) \(CarLoan.text($0, "state")) \(CarLoan.text($0, "silence"))" }
    }

    func wait(for wanted: [String], _ state: String) throws {
      var found: [String] = []
      _ = try eventually { () -> Bool? in
        found = try self.deliveries(state)
        return found == wanted ? true : nil
      }
      #expect(found == wanted, "\(service.process.standardError)")
    }
  }

  @Test func aSilencedIncidentIsToldOnceTheSilenceHasEnded() throws {
    let scene = try Scene()
    let added = try scene.leeway(
      ["silences", "add", "--monitor", "shop", "--subject", "am*", "--for", "2h", "--reason", "the sale begins"])
    #expect(added.code == 0, "\(added.error)")
    #expect(
      added.output.wholeMatch(
        of:
          /silence 1 holds back messages about monitor=shop subject=am\* from [0-9: -]{16} until [0-9: -]{16} UTC; leeway silences expire 1 ends it\n/
      ) != nil, "\(added.output)")

    try scene.send(0..<600, amount: "1000")
    try scene.wait(for: ["0-opened owed silence 1 of alice"], "owed")
    #expect(scene.chat.requests.isEmpty)
    let open = try scene.leeway(["incidents", "list", "--open"])
    #expect(open.output.split(separator: "\n").count == 2, "\(open.output)")

    try scene.restart()
    try scene.wait(for: ["0-opened owed silence 1 of alice"], "owed")
    let listed = try scene.leeway(["silences", "list", "--state", "active"])
    let rows = listed.output.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
    try #require(rows.count == 2, "\(listed.output)")
    #expect(rows[0] == ["SILENCE", "STATE", "FROM", "(UTC)", "UNTIL", "(UTC)", "WHO", "ABOUT", "REASON"])
    #expect(
      rows[1].prefix(2) == ["1", "active"]
        && rows[1].suffix(6) == ["alice", "monitor=shop", "subject=am*", "the", "sale", "begins"])
    let metrics = try scene.service.metrics()
    #expect(metrics[#"leeway_silences{state="active"}"#] == 1)
    #expect(metrics[#"leeway_deliveries_total{receiver="chat",outcome="delivered"}"#] == 0)
    #expect(scene.chat.requests.isEmpty)

    let ended = try scene.leeway(["silences", "expire", "1"])
    #expect(
      ended.output == "silence 1 of alice has ended; what it held back is told now, unless another silence holds it\n")
    _ = try eventually { scene.chat.requests.count == 1 ? true : nil }
    try #require(scene.chat.requests.count == 1, "\(scene.service.process.standardError)")
    let text = scene.chat.requests[0].text
    try Schemas.expectMessage(text)
    #expect(text.hasPrefix(#"{"version":1,"event":"incident.opened""#))
    #expect(text.contains(#""because":"silence 1 of alice has ended""#) && text.contains(#""subject":"amount""#))
    try scene.wait(for: ["0-opened delivered "], "delivered")
    let twice = try scene.leeway(["silences", "expire", "1"])
    #expect(twice.code == 1)
    #expect(
      twice.error
        == "leeway: \(scene.service.base): alice has ended the silence already. See leeway silences list --state active for those that hold messages back.\n"
    )
    scene.service.stop()
  }

  @Test func anIncidentIsSilencedByItsIDUntilItIsOver() throws {
    let scene = try Scene()
    try scene.send(0..<300, amount: "1000")
    _ = try eventually { scene.chat.requests.count == 1 ? true : nil }
    let listed = try scene.leeway(["incidents", "list", "--open"])
    let id = String(try #require(listed.output.split(separator: "\n").last?.split(separator: " ").first))
    let added = try scene.leeway(["incidents", "silence", id, "--for", "1h", "--reason", "being looked at"])
    #expect(added.code == 0, "\(added.error)")
    #expect(added.output.contains("silence 1 holds back messages about monitor=shop check=drift subject=amount from "))
    #expect(
      added.output.hasSuffix(
        "what else fires in \(id) is told, and then all of it; leeway incidents ack says that you have it in hand\n"))
    try scene.send(300..<800)
    try scene.wait(for: ["1-resolved owed silence 1 of alice"], "owed")
    try scene.restart()
    try scene.wait(for: ["1-resolved owed silence 1 of alice"], "owed")
    #expect(scene.chat.requests.count == 1)
    #expect(try scene.leeway(["silences", "expire", "1"]).code == 0)
    _ = try eventually { scene.chat.requests.count == 2 ? true : nil }
    #expect(scene.chat.requests.last?.text.contains(#""event":"incident.resolved""#) == true)
    let over = try scene.leeway(["incidents", "silence", id, "--for", "1h", "--reason", "late"])
    #expect(
      over.code == 1
        && over.error.wholeMatch(
          of: /leeway: shop-[0-9a-f]+ is resolved since [0-9: -]{16} UTC, and nothing is sent about it any more; .*\n/)
          != nil,
      "\(over.error)")
    // A name that nothing has.
    let wrong = try scene.leeway(["silences", "add", "--monitor", "shpo", "--for", "1h", "--reason", "r"])
    #expect(
      wrong.code == 0
        && wrong.output.hasSuffix("\nremark: monitor=shpo is the name of no monitor here. Did you mean shop?\n"),
      "\(wrong.output)")
    let audit = try scene.service.object("/api/v1/audit")["audit"] as? [[String: Any]] ?? []
    #expect(audit.map { CarLoan.text($0, "action") } == ["silence", "expire_silence", "silence"])
    scene.service.stop()
  }

  /// Half an hour past midnight of the shop's own day, whatever day it is by the clock.
  @Test func maintenanceHoldsBackWhatEndsInItAndReloadsChangeIt() throws {
    let maintenance = """
      maintenance:
        - {name: migration, matchers: {monitor: shop}, daily: "00:00-03:00", reason: data are moved}

      """
    let scene = try Scene(maintenance)
    // The first hour and no more of the second.
    try scene.send(0..<240, amount: "1000")
    try scene.send(240..<300)
    try scene.wait(for: ["0-opened owed maintenance migration"], "owed")
    try scene.send(300..<600)
    try scene.wait(
      for: ["1-resolved silenced maintenance migration", "0-opened silenced maintenance migration"], "silenced")
    #expect(scene.chat.requests.isEmpty)
    // Without it, the next one is told.
    let text = try String(contentsOf: scene.folder.url.appendingPathComponent("leeway.yaml"), encoding: .utf8)
    try scene.folder.write(text.replacing("00:00-03:00", with: "00:00-00:30"), to: "leeway.yaml")
    scene.service.process.hangUp()
    _ = try eventually {
      scene.service.process.standardError.contains("the configuration was loaded again") ? true : nil
    }
    try scene.send(600..<900, amount: "1000")
    _ = try eventually { scene.chat.requests.count == 1 ? true : nil }
    #expect(scene.chat.requests.first?.text.contains(#""event":"incident.opened""#) == true)
    let checked = try LeewayProcess.run(["check"], in: scene.folder.url)
    #expect(checked.code == 0, "\(checked.error)")
    #expect(
      checked.output.contains(
        /maintenance migration: next from 20[0-9-]{8}T00:00:00.000Z to 20[0-9-]{8}T00:30:00.000Z\n/),
      "\(checked.output)")
    scene.service.stop()
  }

  @Test func whatCannotBeAskedSaysWhy() throws {
    let folder = try TemporaryFolder()
    func silences(_ arguments: [String]) throws -> (code: Int32, output: String, error: String) {
      try LeewayProcess.run(["silences"] + arguments, in: folder.url)
    }
    for (arguments, problem) in [
      (
        ["add", "--reason", "r", "--for", "1h"],
        "a silence needs at least one of --monitor, --check, --subject and --slice"
      ),
      (
        ["add", "--monitor", "a*b", "--reason", "r", "--for", "1h"],
        #"a name is "a*b", and a pattern has * only at its beginning or its end"#
      ),
      (["add", "--monitor", "a", "--reason", "r"], "give either --for or --until"),
      (
        ["add", "--monitor", "a", "--reason", "r", "--for", "1h", "--until", "2026-03-01T00:00:00Z"],
        "give either --for or --until"
      ),
      (
        ["add", "--monitor", "a", "--reason", "r", "--for", "soon"],
        "--for is 'soon'; it takes a duration such as 30m, 2h or 7d"
      ),
      (
        ["add", "--monitor", "a", "--reason", "r", "--for", "31d"],
        "--for is 31d; it takes 30d at most, and for what recurs there is maintenance in leeway.yaml"
      ),
      (
        ["add", "--monitor", "a", "--reason", "r", "--until", "tomorrow"],
        "--until is 'tomorrow'; it takes a time such as 2026-03-01T12:00:00Z"
      ),
      (["add", "--monitor", "a", "--reason", "", "--for", "1h"], "--reason is empty; say why"),
      (["list", "--state", "open"], "'open' is no state of a silence; it is one of active, pending, expired"),
    ] {
      let answer = try silences(arguments)
      #expect(answer.code == 2 && answer.error.hasPrefix("Error: \(problem)\n"), "\(answer.error)")
    }
    let id = try silences(["expire", "../7"])
    #expect(id.code == 1 && id.error == "leeway: ../7 is no id of a silence; see leeway silences list\n")
    for command in ["list", "add", "expire"] {
      let help = try silences([command, "--help"])
      #expect(help.code == 0 && help.output.contains("EXAMPLE\n  leeway silences \(command)"), "\(help.output)")
    }
    let help = try LeewayProcess.run(["incidents", "silence", "--help"], in: folder.url)
    #expect(help.code == 0 && help.output.contains("EXAMPLE\n  leeway incidents silence"), "\(help.output)")
  }
}
