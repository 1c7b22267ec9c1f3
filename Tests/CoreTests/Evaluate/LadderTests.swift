import LeewayStatistics
import Testing

@testable import LeewayCore

/// The tiers of a check, met by values and by families.
@Suite struct LadderTests {
  private static let limits = [
    TierLimit(.warning, .above(.absolute(0.1))), TierLimit(.critical, .maximumRise(.relative(0.5))),
  ]

  @Test func theHighestThatFiresStands() {
    let ladder = Ladder(Self.limits, reference: 0.2)
    #expect(ladder.rungs.map(\.isRelative) == [false, true])
    #expect(ladder.climb(0.05) == .init(tier: .ok, threshold: 0.1))
    #expect(ladder.climb(0.2) == .init(tier: .warning, threshold: 0.1))
    #expect(ladder.climb(0.35).tier == .critical)
    // What a check asks besides holds a tier back, and leaves the one below.
    #expect(ladder.climb { $0.isReached(by: 0.35) && $0.tier < .critical } == .init(tier: .warning, threshold: 0.1))
  }

  /// Without the reference nothing says that a low value is not critical; a value that fires is still bad.
  @Test func aLimitWithoutItsReferenceIsAGap() {
    let ladder = Ladder(Self.limits, reference: nil)
    #expect(ladder.climb(0.05) == .init(tier: .insufficientData, threshold: 0.1, gap: .reference))
    #expect(ladder.climb(0.2) == .init(tier: .warning, threshold: 0.1))
    #expect(
      Ladder([Self.limits[1]], reference: nil).climb(9)
        == .init(tier: .insufficientData, threshold: nil, gap: .reference))
  }

  /// A limit below twice what chance gives is left out; the lowest of them is named, before a reference that is missing too.
  @Test func aLimitWithinTheNoiseIsAGap() {
    let limits = [0.1, 0.2, 0.5].map { TierLimit(.info, .above(.absolute($0))) } + [Self.limits[1]]
    let ladder = Ladder(limits, reference: nil, noise: 0.15)
    #expect(ladder.rungs.map(\.threshold) == [0.5])
    #expect(
      ladder.climb(0.3) == .init(tier: .insufficientData, threshold: 0.1, gap: .noise(limit: 0.1, noise: 0.15)))
    #expect(ladder.climb(0.6) == .init(tier: .info, threshold: 0.5))
    #expect(Ladder([limits[1]], reference: nil, noise: 0.1).climb(0.2).tier == .info)
  }

  /// Each tier's p-values are adjusted over those that it can test: 0.02 is 0.02 alone and 0.04 beside another of 0.9.
  @Test func aFamilyIsAdjustedTierByTier() {
    let ladder = FamilyLadder(
      limits: [TierLimit(.warning, .above(.absolute(1))), TierLimit(.critical, .above(.absolute(2)))],
      significance: 0.03)
    let found = ladder.climb(3) { member, limit in
      let (threshold, _) = limit.resolved(reference: nil) ?? (0, .above)
      switch (member, threshold) {
      case (0, 1): return .init(threshold: 1, isReached: true, pValue: 0.02)
      case (1, 1): return .init(threshold: 1, isReached: true, pValue: 0.9)
      case (0, 2): return .init(threshold: 2, isReached: true, pValue: 0.02)
      default: return nil
      }
    }
    #expect(found.map(\.tier) == [.critical, .ok, .ok])
    #expect(found.map(\.threshold) == [2, 1, nil])
    #expect(found[0].test.qValue == 0.02 && found[1].test.qValue == 0.9 && found[2].test.qValue == nil)
  }
}
