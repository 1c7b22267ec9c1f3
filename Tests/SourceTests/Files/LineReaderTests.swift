import LeewayTestSupport
import Testing

@testable import LeewaySource

@Suite struct LineReaderTests {
  /// Lines as text; nil for one that was too long. Numbers are checked on the way.
  func lines(_ text: String, chunk: Int = 1 << 16, limit: Int = 1 << 20, buffer: Int = 1 << 10) throws -> [String?] {
    let file = try TemporaryFile(text)
    let reader = LineReader(try ByteStream(path: file.path, chunk: chunk), limit: limit, buffer: buffer)
    var lines: [String?] = []
    while let line = try reader.next() {
      switch line {
      case .text(let bytes, let number):
        lines.append(String(decoding: bytes, as: UTF8.self))
        #expect(number == lines.count)
      case .tooLong(let number):
        lines.append(nil)
        #expect(number == lines.count)
      }
    }
    #expect(reader.tooLongLines == lines.count { $0 == nil })
    #expect(try reader.next() == nil)
    return lines
  }

  @Test(arguments: [
    ("", []), ("\n", [""]), ("a", ["a"]), ("a\n", ["a"]), ("a\r\n", ["a"]), ("a\r", ["a"]), ("\r\n\r\n", ["", ""]),
    ("a\n\nb", ["a", "", "b"]), ("a\rb\r\n", ["a\rb"]), ("a\r\r\nb", ["a\r", "b"]),
    ("\u{FEFF}a\n\u{FEFF}b", ["a", "\u{FEFF}b"]), ("\u{FEFF}", []),
  ])
  func splits(text: String, expected: [String]) throws {
    for chunk in 1...max(1, text.utf8.count) {
      for buffer in [1, 2, 5, 100] { #expect(try lines(text, chunk: chunk, buffer: buffer) == expected) }
    }
  }

  @Test func skipsLinesOverTheLimitAndOnlyThose() throws {
    let exact = String(repeating: "x", count: 10)
    let long = exact + "y"
    let text = "\(exact)\n\(long)\n\(exact)\r\n\(long)\r\n\(String(repeating: long, count: 100))\nshort\n\(long)"
    for chunk in [1, 3, 10, 11, 12, 13, 4096] {
      for buffer in [1, 10, 11, 12, 13, 4096] {
        let found = try lines(text, chunk: chunk, limit: 10, buffer: buffer)
        #expect(found == [exact, nil, exact, nil, nil, "short", nil], "chunk \(chunk), buffer \(buffer)")
      }
    }
  }

  @Test func agreesWithSplittingInMemory() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let pieces = ["a", "bc", "\n", "\r\n", "é", "", String(repeating: "z", count: 50)]
      let text = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
        pieces.randomElement(using: &generator) ?? ""
      }.joined()
      var expected = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      if expected.last == "" { expected.removeLast() }
      expected = expected.map { $0.unicodeScalars.last == "\r" ? String($0.unicodeScalars.dropLast()) : $0 }
      let chunk = Int.random(in: 1...70, using: &generator)
      let buffer = Int.random(in: 1...70, using: &generator)
      let found = try lines(text, chunk: chunk, buffer: buffer)
      #expect(found == expected, "seed \(seed), chunk \(chunk), buffer \(buffer)")
    }
  }

  @Test func readsGzipAndNamesTheFileWhenItBreaksOff() throws {
    let packed = gzip(Array(String(repeating: "a line\n", count: 10_000).utf8))
    let whole = try TemporaryFile(packed)
    let reader = LineReader(try ByteStream(path: whole.path))
    var count = 0
    while try reader.next() != nil { count += 1 }
    #expect(count == 10_000)

    let cut = try TemporaryFile(packed.dropLast(5))
    let broken = LineReader(try ByteStream(path: cut.path))
    let error = #expect(throws: FileError.self) { while try broken.next() != nil {} }
    #expect(error?.file == cut.path)
    #expect(error?.place == .byte(Int64(packed.count - 5)))
  }
}
