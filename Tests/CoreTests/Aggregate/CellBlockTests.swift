import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct CellBlockTests {
  static let shape = CellBlock.Shape(counts: 40, sums: 12, squares: 5)

  static func block(_ random: inout SeededGenerator) -> CellBlock {
    var block = CellBlock(shape)
    func sparse(_ count: Int, _ body: (Int) -> Void) {
      let density = Int.random(in: 0...4, using: &random)
      for i in 0..<count where Int.random(in: 0..<4, using: &random) < density { body(i) }
    }
    sparse(40) {
      block.counts[$0] = Int64.random(in: .min...(.max), using: &random) >> Int.random(in: 0...63, using: &random)
    }
    sparse(12) {
      block.sums[$0] =
        Int128.random(in: .min...(.max), using: &random) >> Int128(Int.random(in: 0...127, using: &random))
    }
    sparse(5) {
      block.squares[$0] = Int192(
        low: .random(in: 0...(.max), using: &random), high: Int64.random(in: -3...3, using: &random))
    }
    return block
  }

  @Test func storedBlocksAddAndSubtractExactly() throws {
    for seed in UInt64(1)...300 {
      var random = SeededGenerator(seed: seed)
      let (a, b, c) = (Self.block(&random), Self.block(&random), Self.block(&random))
      var read = CellBlock(Self.shape)
      try read.merge(encoded: a.encoded())
      #expect(read == a, "seed \(seed)")
      // Any order, and back again.
      var sum = b
      sum += c
      try read.merge(encoded: sum.encoded())
      try read.merge(encoded: b.encoded(), subtract: true)
      try read.merge(encoded: a.encoded(), subtract: true)
      #expect(read == c, "seed \(seed)")
      read -= c
      #expect(read.isZero && read == CellBlock(Self.shape), "seed \(seed)")
    }
  }

  @Test func everyTruncationIsRefused() throws {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<20 {
      let bytes = Self.block(&random).encoded()
      for length in bytes.indices {
        var block = CellBlock(Self.shape)
        #expect(throws: CellBlockDamaged.self) { try block.merge(encoded: bytes[..<length]) }
      }
    }
  }

  /// What a mutation leaves may be another block; it may never end the process.
  @Test func mutationsThrowOrMerge() {
    var refused = 0
    for seed in Mutation.seeds(4000) {
      var random = SeededGenerator(seed: seed)
      var bytes = Self.block(&random).encoded()
      for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: at)
        default: bytes.insert([0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0, at: at)
        }
      }
      var block = CellBlock(Self.shape)
      do { try block.merge(encoded: bytes, subtract: seed % 2 == 0) } catch { refused += 1 }
      #expect(block.shape == Self.shape, "seed \(seed)")
    }
    #expect(refused > Mutation.rounds(4000) / 8)
  }

  @Test func everyKindOfDamageHasItsMessage() {
    func message(_ bytes: [UInt8]) -> String {
      var block = CellBlock(CellBlock.Shape(counts: 2, sums: 1, squares: 1))
      do { try block.merge(encoded: bytes) } catch { return error.description }
      return "merged"
    }
    let long = [UInt8](repeating: 0x80, count: 30)
    let cases: [([UInt8], String)] = [
      ([1, 0, 0, 0], "merged"),
      ([], "stored pane is damaged: unknown format version"),
      ([2, 0, 0, 0], "stored pane is damaged: unknown format version"),
      ([1, 3, 0, 0], "stored pane is damaged: more entries than the layout has"),
      ([1] + long, "stored pane is damaged: more entries than the layout has"),
      ([1, 1, 2, 0], "stored pane is damaged: entry out of range"),
      ([1, 2, 1, 0, 0, 0], "stored pane is damaged: entry out of range"),
      ([1, 1, 0] + [UInt8](repeating: 0xff, count: 10) + [1, 0, 0], "stored pane is damaged: bad count"),
      ([1, 0, 1, 0], "stored pane is damaged: bad sum"),
      ([1, 0, 0, 1, 0, 1], "stored pane is damaged: bad sum of squares"),
      ([1, 0, 0, 0, 0], "stored pane is damaged: bytes left over"),
    ]
    for (bytes, expected) in cases { #expect(message(bytes) == expected, "\(bytes)") }
  }

  @Test func varintsHoldEveryValue() {
    for seed in UInt64(1)...500 {
      var random = SeededGenerator(seed: seed)
      let value = UInt128.random(in: 0...(.max), using: &random) >> UInt128(Int.random(in: 0...127, using: &random))
      var bytes: [UInt8] = []
      for v in [value, 0, .max] { Varint.append(v, to: &bytes) }
      var reader = Varint.Reader(bytes)
      #expect([reader.next(), reader.next(), reader.next()] == [value, 0, .max], "seed \(seed)")
      #expect(reader.isAtEnd && reader.next() == nil)
      let signed = Int128(bitPattern: value)
      #expect(Varint.unzigzag(Varint.zigzag(signed)) == signed, "seed \(seed)")
    }
    // One bit more than there is room for.
    var reader = Varint.Reader([UInt8](repeating: 0xff, count: 18) + [0x04])
    #expect(reader.next() == nil)
  }
}
