import Foundation
import LeewayTestSupport
import Testing

extension Instances {
  /// An instance that stands still for so long that the group gives its partitions to others, and then goes on as if
  /// nothing had been.
  @Suite struct ZombieTests {
    /// What becomes of the transaction in which it was stopped.
    enum Transaction: String, CaseIterable {
      /// It lasts, and the zombie finishes it.
      case lasts
      /// The server ends it, as it does with those that stand still.
      case isEnded
    }

    @Test(arguments: Transaction.allCases)
    func theFlushOfAStoppedInstanceChangesNothing(_ transaction: Transaction) async throws {
      let fleet = try Fleet(
        settings: ["idle_in_transaction_session_timeout=\(transaction == .lasts ? "0" : "5s")"])
      defer { fleet.end() }
      let services = try await fleet.start(3)
      let everybody = Set(services.map(\.process.identifier))
      let divided = try await awaited { try fleet.owners() == everybody ? true : nil }
      try #require(divided == true, "\(fleet.words)")
      try fleet.send(1200)

      // Stopped in the middle of a flush, with messages taken and not committed.
      let zombie = services[0].process
      let writer = try #require(try fleet.writer(of: zombie))
      let trap = try FlushTrap(zombie, of: fleet)
      let backend = try await trap.awaitFlush()
      kill(zombie.identifier, SIGSTOP)
      let stopped = try await awaited { try Self.state(of: zombie.identifier) == "T" ? true : nil }
      try #require(stopped == true)
      try trap.open()
      let wanted = transaction == .lasts ? "idle in transaction" : nil
      let settled = try await awaited {
        try fleet.value("SELECT state FROM pg_stat_activity WHERE pid = \(backend)") == wanted ? true : nil
      }
      try #require(settled == true)

      // The others have all of it, and go on.
      let taken = try await awaited {
        try fleet.value("SELECT count(*) FROM partitions WHERE owner = '\(writer)'") == "0" ? true : nil
      }
      try #require(taken == true, "\(fleet.words)")
      try fleet.send(1200)
      try await fleet.awaitCommitted()

      let assignments = Self.count("assigned", in: zombie)
      let commits = try Self.flushSequences(of: zombie, in: fleet)
      kill(zombie.identifier, SIGCONT)
      if transaction == .lasts {
        // Its flush goes on where it stood, and finds itself without partitions.
        let fenced = try await awaited { zombie.standardError.contains("partitions were taken over") ? true : nil }
        #expect(fenced == true, "\(fleet.words)")
        #expect(services[0].flushes("fenced") > 0)
      }
      // It is a member again, and does its part.
      let back = try await awaited { Self.count("assigned", in: zombie) > assignments ? true : nil }
      #expect(back == true, "\(fleet.words)")
      let works = try await awaited { () -> Bool? in
        try fleet.send(12)
        return try Self.flushSequences(of: zombie, in: fleet) > commits ? true : nil
      }
      #expect(works == true, "\(fleet.words)")

      try fleet.send(240)
      try fleet.sendLast()
      try await fleet.awaitCommitted()
      for service in services { try await fleet.expectResultsOfReplay(service, "\(transaction)") }
      try await fleet.stop()
    }

    /// Flushes that a process has committed, under whatever name.
    private static func flushSequences(of process: LeewayProcess, in fleet: Fleet) throws -> Int {
      try Int(fleet.value("SELECT sum(flush_seq) FROM writers WHERE process = \(process.identifier)") ?? "") ?? 0
    }

    private static func count(_ word: String, in process: LeewayProcess) -> Int {
      process.standardError.split(separator: "\n").count { $0.contains(" \(word) ") }
    }

    /// `T` is stopped.
    private static func state(of process: Int32) throws -> String? {
      let text = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
      return text.split(separator: ")").last?.split(separator: " ").first.map(String.init)
    }
  }
}
