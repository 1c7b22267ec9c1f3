import Foundation
import LeewayTestSupport
import Testing

extension Instances {
  /// Instances that nothing bad happens to, and one that is gone at once.
  @Suite struct TogetherTests {
    /// The shop, whose errors are watched too: whoever judges, detectors are fed once.
    private static func prepare(in folder: TemporaryFolder) throws {
      try Shop.prepare(in: folder)
      let checks = """
        checks:
          - {name: concept, on: errors, window: 1h, warning: 1}
          - {name: concept-of-v2, on: errors, metric: hddm_w, window: 1h, warning: 1, slices: [version=v2], min_rows: 1}

        """
      try folder.write(Shop.monitor.replacing("checks:\n", with: checks), to: "monitors/shop.yaml")
    }

    @Test func threeShareTheWorkAndGiveWhatReplayGives() async throws {
      let receiver = try LoopbackReceiver()
      let fleet = try Fleet(receiver: receiver, prepare: Self.prepare)
      defer { fleet.end() }
      let services = try await fleet.start(3)
      let everybody = Set(services.map(\.process.identifier))
      let divided = try await awaited { try fleet.owners() == everybody ? true : nil }
      try #require(divided == true, "\(fleet.words)")

      try fleet.send(3000)
      let worked = try await awaited { () -> Bool? in
        services.allSatisfy { $0.flushes("committed") > 0 } ? true : nil
      }
      #expect(worked == true, "\(fleet.words)")
      try fleet.send(1080)
      try fleet.sendLast()
      try await fleet.awaitCommitted()

      // Every one of them answers for all.
      let lines = try await fleet.expectResultsOfReplay(services[0])
      for service in services[1...] { try await fleet.expectResultsOfReplay(service) }
      try await fleet.expectDeliveries(receiver, of: lines)
      var accepted = 0
      _ = try await awaited { () -> Bool? in
        let name = "leeway_events_total{monitor=\"shop\",outcome=\"accepted\"}"
        accepted = services.compactMap { $0.sample(of: name) }.reduce(0, +)
        return accepted == 4080 + 6 ? true : nil
      }
      #expect(accepted == 4080 + 6)
      try await fleet.stop()
    }

    @Test func whenTheOneWhoJudgesIsKilledAnotherGoesOn() async throws {
      let receiver = try LoopbackReceiver()
      let fleet = try Fleet(receiver: receiver, prepare: Self.prepare)
      defer { fleet.end() }
      let services = try await fleet.start(3)
      // Judged windows are counted by who judged them.
      func judged(_ service: RunningService) -> Int {
        service.sample(of: "leeway_evaluation_seconds_count{monitor=\"shop\"}") ?? 0
      }
      var judge: RunningService?
      _ = try await awaited { () -> Bool? in
        if fleet.sent < 2400 { try fleet.send(240) }
        judge = services.first { judged($0) > 0 }
        return judge == nil ? nil : true
      }
      let killed = try #require(judge, "\(fleet.words)").process
      killed.killAtOnce()
      killed.wait()

      let left = services.filter { $0.process.identifier != killed.identifier }
      try fleet.send(4080 - fleet.sent)
      try fleet.sendLast()
      try await fleet.awaitCommitted()
      #expect(try fleet.owners().isSubset(of: Set(left.map(\.process.identifier))))
      let lines = try await fleet.expectResultsOfReplay(left[0])
      #expect(left.map(judged).reduce(0, +) > 0)
      try await fleet.expectDeliveries(receiver, of: lines)
      try await fleet.stop()
    }
  }
}
