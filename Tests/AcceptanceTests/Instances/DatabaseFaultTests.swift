import Foundation
import LeewayTestSupport
import Testing

extension Instances {
  /// What PostgreSQL does to a service: it stops, is read-only, has no connection left. The service says so, loses
  /// nothing and goes on by itself.
  @Suite struct DatabaseFaultTests {
    @Test func aDatabaseThatStopsIsReadOnlyOrFullLosesNothing() async throws {
      let server = try TemporaryPostgreSQL(settings: ["max_connections = 14", "superuser_reserved_connections = 3"])
      let fleet = try Fleet(server: server, user: "tenant")
      defer { fleet.end() }
      let service = try await fleet.start(1)[0]
      try fleet.send(600)
      try await fleet.awaitCommitted()
      try await expectReady(service)

      // Stopped at once, in the middle of a flush.
      do {
        let trap = try FlushTrap(service.process, of: fleet)
        _ = try await trap.awaitFlush()
        try server.stop("immediate")
        try await expectUnready(service, ["connect"]) { try fleet.send(12) }
      }
      try server.start()
      try await expectReady(service)
      try await fleet.awaitCommitted()

      // Read-only: reading goes on, committing does not.
      try server.execute("ALTER SYSTEM SET default_transaction_read_only = on")
      try server.execute("SELECT pg_reload_conf()")
      try await expectUnready(service, ["the server is read-only", "name the primary"]) { try fleet.send(12) }
      try server.execute("ALTER SYSTEM RESET default_transaction_read_only")
      try server.execute("SELECT pg_reload_conf()")
      try await expectReady(service)
      try await fleet.awaitCommitted()

      // Others have taken every connection.
      var others: [SQLConsole] = []
      let full = try await awaited { () -> Bool? in
        let own = "FROM pg_stat_activity WHERE application_name = 'leeway'"
        try server.execute("SELECT pg_terminate_backend(pid) \(own)")
        while let other = try? SQLConsole(server.address(user: "tenant")) { others.append(other) }
        return try fleet.value("SELECT count(*) \(own)") == "0" ? true : nil
      }
      try #require(full == true)
      try await expectUnready(service, ["raise max_connections"]) { try fleet.send(12) }
      others = []
      try await expectReady(service)
      try await fleet.awaitCommitted()

      try fleet.send(1200)
      try fleet.sendLast()
      try await fleet.awaitCommitted()
      try await fleet.expectResultsOfReplay(service)
      #expect(service.sample(of: "leeway_ready") == 1)
      try await fleet.stop()
    }

    @Test func whoIsToldToEndWhileTheDatabaseIsAwayCommitsWhenItIsBack() async throws {
      let server = try TemporaryPostgreSQL()
      let fleet = try Fleet(server: server)
      defer { fleet.end() }
      let service = try await fleet.start(1)[0]
      try fleet.send(600)
      try await fleet.awaitCommitted()
      try server.stop("immediate")
      // It has taken messages that it cannot commit.
      try await expectUnready(service, ["connect"]) { try fleet.send(12) }

      service.process.terminate()
      let tries = try await awaited { () -> Bool? in
        if !service.process.isRunning { return false }
        return service.process.standardError.contains("the last flush failed and will be tried again") ? true : nil
      }
      try #require(tries == true, "\(fleet.words)")
      try server.start()
      let ended = try await awaited { service.process.isRunning ? nil : true }
      try #require(ended == true, "\(fleet.words)")
      #expect(service.process.wait() == 0, "\(fleet.words)")
      #expect(service.process.standardError.contains("its last flush stands"))

      let next = try await fleet.start(1)[0]
      try fleet.send(1200)
      try fleet.sendLast()
      try await fleet.awaitCommitted()
      try await fleet.expectResultsOfReplay(next)
      try await fleet.stop()
    }

    /// The group gives partitions that nobody can claim, while more messages come than may be held.
    @Test func aRebalanceWhileTheDatabaseIsAwayWaitsForIt() async throws {
      let server = try TemporaryPostgreSQL()
      let fleet = try Fleet(
        server: server,
        cadence: "limits: {flush_every: 100ms, shutdown_time: 10m, flush_bytes: 1MiB}\nevaluation: {every: 200ms}")
      defer { fleet.end() }
      let services = try await fleet.start(2)
      try fleet.send(240)
      let shared = try await awaited { try fleet.owners().count == 2 ? true : nil }
      try #require(shared == true, "\(fleet.words)")
      try await fleet.awaitCommitted()

      try server.stop("immediate")
      services[1].process.killAtOnce()
      try fleet.send(4000)
      let left = services[0]
      let failing = try await awaited { () -> Bool? in
        left.sample(of: "leeway_partition_claims_total{outcome=\"failed\"}") ?? 0 >= 3 ? true : nil
      }
      try #require(failing == true, "\(fleet.words)")
      var said: String?
      let isSaid = try await awaited { () -> Bool? in
        said = left.failedConditions()?["partitions"]
        return said?.contains("that the group has given could not be claimed yet") == true ? true : nil
      }
      #expect(isSaid == true, "\(said ?? "ready")")
      #expect(left.process.standardError.contains("failed and will be tried again"))
      // It is waiting and not stuck: somebody who wants a reload is told so.
      left.process.hangUp()
      let told = try await awaited { left.process.standardError.contains("reload again once they are") ? true : nil }
      #expect(told == true, "\(fleet.words)")

      try server.start()
      try await expectReady(left)
      try await fleet.awaitCommitted()
      #expect(left.sample(of: "leeway_rebalances_total{outcome=\"assigned\"}") ?? 0 >= 2)
      try fleet.sendLast()
      try await fleet.awaitCommitted()
      try await fleet.expectResultsOfReplay(left)
      try await fleet.stop()
    }

    /// The service lives, is not ready for as long as flushes fail, and says why, there and in its log.
    private func expectUnready(
      _ service: RunningService, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation,
      _ send: () throws -> Void
    ) async throws {
      let failures = service.flushes("failed")
      // More in every turn: what was sent before the server has come to that is committed, and nothing is left to fail.
      let said = try await awaited { () -> String? in
        try send()
        return service.failedConditions()?["ledger"].flatMap { text in words.allSatisfy(text.contains) ? text : nil }
      }
      #expect(said != nil, "\(service.process.standardError)", sourceLocation: sourceLocation)
      // Attempts fail again and again, and at no time between them does it call itself ready.
      let failing = try await awaited { () -> Bool? in
        try send()
        #expect(try service.unready()["ledger"] != nil, sourceLocation: sourceLocation)
        return service.flushes("failed") >= failures + 3 ? true : nil
      }
      #expect(failing == true, "\(service.process.standardError)", sourceLocation: sourceLocation)
      #expect(service.sample(of: "leeway_ready") == 0, sourceLocation: sourceLocation)
      #expect(service.get("/healthz") != nil, sourceLocation: sourceLocation)
      #expect(
        service.process.standardError.contains("flush failed and will be tried again"), sourceLocation: sourceLocation)
    }

    private func expectReady(_ service: RunningService, sourceLocation: SourceLocation = #_sourceLocation) async throws
    {
      let ready = try await awaited { service.get("/readyz") != nil ? true : nil }
      try #require(ready == true, "\(service.process.standardError)", sourceLocation: sourceLocation)
    }
  }
}
