import Glibc

/// What tests share that damage their input at random; `make fuzz` makes them go on for longer.
package enum Mutation {
  /// `ROUNDS` in the environment.
  ///
  /// - Parameter usual: what `make test` does.
  package static func rounds(_ usual: Int) -> Int { number("ROUNDS").map { max(1, Int(clamping: $0)) } ?? usual }

  /// One seed a round, from `FROM` in the environment on, else from 1.
  package static func seeds(_ usual: Int) -> Range<UInt64> {
    let from = min(number("FROM") ?? 1, .max / 2)
    return from..<from + UInt64(rounds(usual))
  }

  /// The seed of a test that has one for all its rounds: another one for another `FROM`.
  package static func seed(_ usual: UInt64) -> UInt64 { usual &+ ((number("FROM") ?? 1) &- 1) &* 4096 }

  private static func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }

  /// Damages a text in one place.
  ///
  /// - Parameter pieces: what means something to its reader.
  package static func damage(_ bytes: inout [UInt8], with pieces: [String], using random: inout SeededGenerator) {
    guard !bytes.isEmpty else { return }
    let index = Int.random(in: 0..<bytes.count, using: &random)
    switch Int.random(in: 0..<7, using: &random) {
    case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes.remove(at: index)
    case 2: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 3: bytes.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").utf8, at: index)
    case 4:
      let end = min(bytes.count, index + Int.random(in: 1...20, using: &random))
      bytes.insert(contentsOf: Array(bytes[index..<end]), at: Int.random(in: 0...bytes.count, using: &random))
    case 5: bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 1...10, using: &random)))
    default: bytes.swapAt(index, Int.random(in: 0..<bytes.count, using: &random))
    }
  }
}
