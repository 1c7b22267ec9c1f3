import LeewayTestSupport
import Testing

@testable import LeewayStatistics

/// A null put together from what several say of single streams.
struct ShiftPieceTests {
  private static func uses(_ null: ShiftNull) -> [ShiftTierUse] {
    let all = [Bool](repeating: true, count: null.streams.count)
    return null.configuration.tiers.map { ShiftTierUse($0, isWatched: all, sharing: null.streams.count) }
  }

  /// The pieces of another null take the place of its own, and nothing else changes.
  @Test func aPieceTakesThePlaceOfAnother() throws {
    for seed in seeds.prefix(2) {
      let (_, first) = ShiftWorld.fitted(seed: seed, days: 29)
      let (_, second) = ShiftWorld.fitted(seed: seed &+ 100, days: 15)
      let own = first.streams.all.indices.filter { first.streams.all[$0].subject == 1 }
      let (a, b) = (first.levelled(Self.uses(first)), second.levelled(Self.uses(second)))
      let mixed = first.with(own.map(second.piece(of:))).levelled(Self.uses(first))
      for stream in first.streams.all.indices {
        let wanted = own.contains(stream) ? b : a
        #expect(mixed.piece(of: stream) == wanted.piece(of: stream), "seed \(seed), stream \(stream)")
        for tier in 0..<2 {
          for view in 0..<2 {
            let level = mixed.level(tier: tier, view: view, stream: stream)
            #expect(level == wanted.level(tier: tier, view: view, stream: stream), "seed \(seed), stream \(stream)")
          }
        }
      }
      // All pieces of a null are that null.
      let whole = first.with(second.streams.all.indices.map(second.piece(of:))).levelled(Self.uses(second))
      #expect(whole.levels == b.levels && whole.fit == b.fit && whole.regression == b.regression)
      #expect(whole.inflation == b.inflation && whole.cap == b.cap && whole.tolerance == b.tolerance)
    }
  }

  @Test func piecesAreReadBack() throws {
    let (_, null) = ShiftWorld.fitted(seed: 3, days: 29)
    let (_, short) = ShiftWorld.fitted(seed: 3, days: 8)
    let (k, p) = (null.streams.count, null.regression.predictors.count)
    let pieces = [null.piece(of: 2), short.piece(of: 0)]
    let bytes = ShiftPiece.encoded(pieces)
    #expect(try ShiftPiece.read(bytes, streams: k, predictors: p) == pieces)
    #expect(try ShiftPiece.read(bytes, streams: nil, predictors: nil) == pieces)
    #expect(throws: ShiftDamaged(reason: "other streams")) {
      try ShiftPiece.read(bytes, streams: k, predictors: p + 1)
    }
    for count in stride(from: 0, to: bytes.count, by: 7) {
      #expect(throws: ShiftDamaged.self) { try ShiftPiece.read(Array(bytes.prefix(count)), streams: k, predictors: p) }
    }
    #expect(throws: ShiftDamaged(reason: "bytes left over")) {
      try ShiftPiece.read(bytes + [0], streams: k, predictors: p)
    }
    #expect(throws: ShiftDamaged(reason: "a stream twice")) {
      try ShiftPiece.read(ShiftPiece.encoded([pieces[0], pieces[0]]), streams: k, predictors: p)
    }
  }
}
