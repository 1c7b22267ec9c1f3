import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct DigestTests {
  /// NIST's examples for SHA-256.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
  ])
  func sha256OfNISTExamples(_ message: String, _ digest: String) {
    #expect(SHA256.hash(Array(message.utf8)).hex == digest)
    var hash = SHA256()
    for character in message { hash.update(String(character)) }
    #expect(hash.finalize().hex == digest)
  }

  @Test func sha256OfAMillionLetters() {
    var hash = SHA256()
    let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1000)
    for _ in 0..<1000 { hash.update(piece) }
    #expect(hash.finalize().hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  /// Every length around the ends of blocks at once: the digest of 260 digests, computed with Python's hashlib.
  @Test func sha256OfEveryLength() {
    var hash = SHA256()
    for length in 0..<260 {
      let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 7 + length) }
      let digest = SHA256.hash(message)
      hash.update(digest.bytes)

      var pieces = SHA256()
      for start in stride(from: 0, to: length, by: 23) {
        pieces.update(Array(message[start..<min(start + 23, length)]))
      }
      #expect(pieces.finalize() == digest)
    }
    #expect(hash.finalize().hex == "05276a25574d3f5608fda82219045118e93a9ca197ecafd98f2b51fea6680a3e")
  }

  /// The processor's instructions, where there are any, against the code that runs everywhere.
  @Test func sha256IsTheSameWithAndWithoutInstructions() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      var here = SHA256()
      var everywhere = SHA256(isPortable: true)
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let piece = (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        here.update(piece)
        everywhere.update(piece)
      }
      let digest = here.finalize()
      #expect(digest == everywhere.finalize(), "seed \(seed)")
      #expect(digest.first128 == digest.bytes.prefix(16).reduce(UInt128(0)) { $0 << 8 | UInt128($1) })
    }
  }

  @Test func sha256DigestsSortByBytes() {
    let digests = (0..<50).map { SHA256.hash([UInt8($0)]) }
    #expect(digests.sorted().map(\.hex) == digests.map(\.hex).sorted())
    #expect(digests[0].bytes.count == 32)
  }

  /// Stored files and caps depend on these values, which a program of its own computed: they may never change.
  @Test(
    arguments: [
      ("", 0xf52a_15e9_a9b5_e89b), ("a", 0x02c0_bdbf_4814_20f8), ("foobar", 0x404d_a9e3_b740_78c2),
      ("__other__", 0xc3bb_4281_0ed6_1774), ("größe", 0xbe90_79c1_b7e5_afe8),
    ] as [(String, UInt64)])
  func digest64IsStable(_ text: String, _ hash: UInt64) {
    #expect(Digest64.hash(text) == hash)
    #expect(Digest64.hash(Array(text.utf8)) == hash)
  }

  @Test func digest64OfAllBytes() {
    #expect(Digest64.hash(Array(0...255)) == 0xef26_87f0_d437_1fe2)
  }
}
