import LeewayTestSupport
import Testing

extension Instances {
  /// A standby takes the place of the server that is gone.
  @Suite struct FailoverTests {
    enum Replication: CaseIterable {
      /// What is committed is with the standby, too.
      case synchronous
      /// The standby lacks what was committed last, and what was told of it.
      case behind
    }

    @Test(arguments: Replication.allCases)
    func aStandbyThatTakesOverEndsAsReplayDoes(_ replication: Replication) async throws {
      let server = try TemporaryPostgreSQL(
        settings: StandbyPostgreSQL.settings, accessRules: StandbyPostgreSQL.accessRules)
      let standby = try StandbyPostgreSQL(of: server)
      let receiver = try LoopbackReceiver()
      let fleet = try Fleet(server: server, standby: standby.port, receiver: receiver)
      defer { fleet.end() }
      if replication == .synchronous {
        try server.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        try server.execute("SELECT pg_reload_conf()")
      }
      let services = try await fleet.start(3)
      let everybody = Set(services.map(\.process.identifier))
      let divided = try await awaited { try fleet.owners() == everybody ? true : nil }
      try #require(divided == true, "\(fleet.words)")
      try fleet.send(1200)
      try await fleet.awaitCommitted()

      switch replication {
      case .synchronous:
        // In the middle of flushes.
        try fleet.send(1200)
        try server.stop("immediate")
      case .behind:
        let told = receiver.requests.count
        // It has all up to here, the partitions' owners too.
        let caughtUp = try await awaited { () -> Bool? in
          try server.execute(
            "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn() - 1000000")
            == [["1"]] ? true : nil
        }
        try #require(caughtUp == true)
        try standby.stop()
        try fleet.send(1200)
        try await fleet.awaitCommitted()
        let isTold = try await awaited { () -> Bool? in
          try receiver.requests.count >= told + 2 && fleet.isSettled() ? true : nil
        }
        #expect(isTold == true, "\(fleet.words)")
        try server.stop("immediate")
        try standby.start()
      }
      try standby.promote()

      try fleet.send(1680)
      try fleet.sendLast()
      try await fleet.awaitCommitted()
      var lines: [String] = []
      for service in services { lines = try await fleet.expectResultsOfReplay(service, "\(replication)") }
      try await fleet.expectDeliveries(receiver, of: lines)
      try await fleet.stop()
    }
  }
}
