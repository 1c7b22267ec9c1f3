import Foundation
import LeewayTestSupport
import Testing

extension Instances {
  /// Members that come and go.
  @Suite struct MembershipTests {
    @Test func fiftyJoinsAndDeparturesWhileMessagesFlow() async throws {
      let fleet = try Fleet()
      defer { fleet.end() }
      let seed = UInt64.random(in: 0...UInt64.max)
      var random = SeededGenerator(seed: seed)
      var members: [LeewayProcess] = [try fleet.start(), try fleet.start()]
      var story: [String] = []
      for _ in 0..<50 {
        try fleet.send(96)
        // Half of the time somebody gets on with the work before the next thing happens.
        if Bool.random(using: &random) {
          let before = try fleet.committed()
          let moved = try await awaited { try fleet.committed() > before ? true : nil }
          try #require(moved == true, "\(story), seed \(seed): \(fleet.words)")
          story.append("…")
        }
        if members.count < 2 || (members.count < 4 && Bool.random(using: &random)) {
          members.append(try fleet.start())
          story.append("+\(members.last?.identifier ?? 0)")
        } else {
          let gone = members.remove(at: Int.random(in: 0..<members.count, using: &random))
          let isKilled = Bool.random(using: &random)
          if isKilled { gone.killAtOnce() } else { gone.terminate() }
          story.append("\(isKilled ? "-9" : "-") \(gone.identifier)")
        }
      }
      try fleet.send(240)
      try fleet.sendLast()
      try await fleet.awaitCommitted()
      let last = try await RunningService(of: try #require(members.last))
      try await fleet.expectResultsOfReplay(last, "\(story), seed \(seed)")
      try await fleet.stop()
    }
  }
}
