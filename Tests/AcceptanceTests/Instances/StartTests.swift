import Foundation
import LeewayTestSupport
import Testing

extension Instances {
  /// A database that goes away and comes back in the first two seconds of an instance's life ends no instance.
  @Suite struct StartTests {
    /// Milliseconds after the start at which the server is stopped: spread over all that a start does.
    private static let moments = [0, 50, 100, 150, 200, 300, 400, 600, 900, 1300, 2000]

    @Test func aDatabaseThatRestartsEndsNoInstanceThatStarts() async throws {
      let server = try TemporaryPostgreSQL()
      let fleet = try Fleet(server: server)
      defer { fleet.end() }
      for moment in Self.moments {
        let process = try fleet.start()
        try await Task.sleep(for: .milliseconds(moment))
        try server.stop("immediate")
        try server.start()
        try fleet.send(12)
        // The first one makes the tables. What waits ends at once if the instance does.
        _ = try await awaited { process.isRunning ? try? fleet.value("SELECT count(*) FROM partitions") : "gone" }
        try await fleet.awaitCommitted()
        try #require(process.isRunning, "stopped \(moment) ms after the start: \(process.standardError)")
        // Nobody promises in the log what is not done.
        #expect(!process.standardError.contains("until the server"))
        try await fleet.stop()
      }
    }
  }
}
