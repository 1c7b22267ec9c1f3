import Glibc
import LeewayTestSupport
import Testing

@testable import LeewayConfiguration
@testable import LeewayService

/// Nothing in a file can end the process, exhaust memory or the stack, or take long.
@Suite struct HostileYAMLTests {
  private func problems(_ bytes: [UInt8]) -> [String] {
    MonitorFile(path: "m.yaml", baseline: .none, environment: [:], content: bytes).problems.map(\.description)
  }

  private func problems(_ text: String) -> [String] { problems(Array(text.utf8)) }

  private static func laughs(_ last: (String) -> String) -> String {
    var text = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n"
    for level in 1...30 {
      let alias = "*a\(level - 1)"
      text += "a\(level): &a\(level) [\(Array(repeating: alias, count: 9).joined(separator: ", "))]\n"
    }
    return text + last("*a30") + "\n"
  }

  @Test func billionLaughsEndAtTheLimitOfValues() throws {
    let problems = problems(Self.laughs { "monitor: \($0)" })
    try #require(problems.count == 1)
    #expect(
      problems[0].hasSuffix(
        ": the document has more than 100000 values, what aliases repeat counted every time; shorten it"))
  }

  /// A key is hashed by the parser before we see it.
  @Test(arguments: [
    "? ALIAS\n: x", "{ALIAS : x}", "k: {ALIAS : x}", "? [ALIAS]\n: x", "[ALIAS, b]: x", "{a: ALIAS}: x",
  ])
  func billionLaughsAsAKeyAreRefused(form: String) {
    let problems = problems(Self.laughs { form.replacing("ALIAS", with: $0) })
    #expect(problems.count == 1)
    #expect(problems[0].hasSuffix(": a list, a map or an alias may not be a key here; write the key as a plain word"))
  }

  @Test func placeholdersBesideAliasesAreNoMapsAsKeys() {
    let text = "monitor: &m x\ntask: *m\nbaseline: http://${HOST}:80/${A_B}: x"
    #expect(!problems(text).contains { $0.contains("may not be a key") })
  }

  @Test func commentsHoldNoKeys() {
    let text = "monitor: &m x # *a: text\n#   *b: text\ntask: *m\nname: '#' # ]: }: *c: it's"
    #expect(!problems(text).contains { $0.contains("may not be a key") })
    #expect(problems("a: &a x\nb: '# ' \n{*a : x}").contains { $0.contains("may not be a key") })
    #expect(problems("a: &a x\nb: {c: \"# \", *a : x}").contains { $0.contains("may not be a key") })
  }

  @Test(arguments: ["[", "{a: ", "- ", "? ", "[{a: ", "a:\n - "])
  func tenThousandLevelsAreTooDeep(opening: String) {
    let problems = problems("monitor: x\ndeep: \n  " + String(repeating: opening, count: 10_000))
    #expect(problems.count == 1)
  }

  @Test func thirtyThreeLevelsAreTooDeepAndTheMessageSaysSo() {
    let text = "monitor: " + String(repeating: "[", count: 33) + String(repeating: "]", count: 33)
    #expect(problems(text) == ["m.yaml:1:42: lists and maps are nested more than 32 deep; flatten them"])
  }

  @Test func fiveMegabytesAreTooLong() throws {
    try TemporaryFolder.use { folder in
      let path = folder.write("big.yaml", Array(repeating: UInt8(ascii: "#"), count: 5 << 20))
      let (monitor, problems) = MonitorFile.load(path, environment: [:])
      #expect(monitor == nil)
      #expect(
        problems.map(\.description) == [
          "\(path): the file is longer than 1048576 bytes, the most that is read; shorten or split it"
        ])
    }
  }

  @Test func aPipeIsNotWaitedFor() throws {
    try TemporaryFolder.use { folder in
      let path = "\(folder.path)/pipe.yaml"
      try #require(mkfifo(path, 0o600) == 0)
      let (_, problems) = MonitorFile.load(path, environment: [:])
      #expect(problems.map(\.description) == ["\(path): the file is not a regular file; name one"])
    }
  }

  @Test func anEmptyFileIsReported() {
    #expect(problems("") == ["m.yaml:1:1: the file is empty; begin it with monitor: NAME"])
  }

  @Test func aByteOrderMarkIsNoMistake() {
    #expect(problems("\u{FEFF}[]") == ["m.yaml:1:1: the file is a list; it takes a map that begins with monitor: NAME"])
  }

  @Test func mutationsOfAGoodFileNeverCrash() throws {
    let good = try TextFile.bytes(at: RepositoryFile.path("monitors/fraud.yaml"), limit: 1 << 20)
    let pieces = [
      "[", "]", "{", "}", ": ", "- ", "&a ", "*a", "\"", "'", "#", "|", ">", "${", "\u{0}", "\n", "\t", "\u{85}", "é",
      "%", "-1", "1e999", "!!int ", "<<: ", "? ", "---\n", "99999999999999999999d", "nan",
    ]
    for seed in Mutation.seeds(1500) {
      var random = SplitMix(state: seed)
      var bytes = good
      for _ in 0...random.next(6) {
        let at = random.next(bytes.count)
        switch random.next(4) {
        case 0: bytes.removeSubrange(at..<min(bytes.count, at + 1 + random.next(20)))
        case 1: bytes.insert(contentsOf: Array(pieces[random.next(pieces.count)].utf8), at: at)
        case 2: bytes[at] = UInt8(truncatingIfNeeded: random.next(256))
        default:
          let from = random.next(bytes.count)
          bytes.insert(contentsOf: Array(bytes[from..<min(bytes.count, from + random.next(200))]), at: at)
        }
        if bytes.isEmpty { break }
      }
      let file = MonitorFile(path: "m.yaml", baseline: .none, environment: [:], content: bytes)
      let lines = bytes.count { $0 == 0x0A || $0 == 0x0D } + 1
      #expect((file.monitor == nil) == file.problems.hasErrors, "seed \(seed)")
      for problem in file.problems {
        // A next-line character (U+0085) or separator ends a line too, so some slack is left.
        #expect(problem.line >= 1 && problem.line <= lines + 20 && problem.column >= 1, "seed \(seed): \(problem)")
        #expect(!problem.message.contains("\n"), "seed \(seed): \(problem)")
      }
    }
  }
}

/// Sebastiano Vigna's generator: the same numbers for a seed everywhere.
struct SplitMix {
  var state: UInt64

  /// A number from 0 up to `bound`, without it; `bound` is positive.
  mutating func next(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return Int(z % UInt64(bound))
  }
}
