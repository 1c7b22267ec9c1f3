import LeewayTestSupport
import Testing

@testable import LeewaySource

@Suite struct CSVReaderTests {
  struct Table: Equatable {
    var header: [String] = []
    var rows: [[String]] = []
    /// The line each row starts on.
    var lines: [Int] = []
  }

  func table(
    _ text: String, chunk: Int = 1 << 16, buffer: Int = 1 << 10, limits: CSVReader.Limits = .init()
  ) throws -> Table {
    let file = try TemporaryFile(text)
    let reader = try CSVReader(try ByteStream(path: file.path, chunk: chunk), limits: limits, buffer: buffer)
    var table = Table(header: reader.header)
    while let row = try reader.next() {
      #expect(row.count == reader.header.count)
      table.rows.append((0..<row.count).map { String(decoding: row[$0], as: UTF8.self) })
      table.lines.append(row.line)
      #expect(row.number == table.rows.count)
    }
    #expect(try reader.next() == nil)
    return table
  }

  /// The error's text without the file's name: `LINE: problem`.
  func failure(
    _ text: String, chunk: Int = 1 << 16, buffer: Int = 1 << 10, limits: CSVReader.Limits = .init()
  ) throws -> String {
    let file = try TemporaryFile(text)
    let error = #expect(throws: FileError.self) {
      let reader = try CSVReader(try ByteStream(path: file.path, chunk: chunk), limits: limits, buffer: buffer)
      while true {
        do throws(FileError) {
          guard try reader.next() != nil else { return }
        } catch {
          // It stays an error.
          #expect(throws: error) { try reader.next() }
          throw error
        }
      }
    }
    return error.map { String($0.description.dropFirst(file.path.count + 1)) } ?? "no error"
  }

  static let everything =
    "\u{FEFF}id,\"na\"\"me\",note\r\n1,\"a,b\",\"x\r\ny\"\n\n2,,\"\"\r\n\r\n3,\"\"\"q\"\"\",5\" pipe\n\"4\",é,\"\n\n\"\r\n"
    + "5,a\rb,\"last\""

  @Test func readsEveryCornerAtEveryChunkBoundary() throws {
    let expected = Table(
      header: ["id", "na\"me", "note"],
      rows: [
        ["1", "a,b", "x\r\ny"], ["2", "", ""], ["3", "\"q\"", "5\" pipe"], ["4", "é", "\n\n"], ["5", "a\rb", "last"],
      ],
      lines: [2, 5, 7, 8, 11])
    for chunk in 1...Self.everything.utf8.count {
      for buffer in [1, 2, 7, 1024] {
        let found = try table(Self.everything, chunk: chunk, buffer: buffer)
        #expect(found == expected, "chunk \(chunk), buffer \(buffer)")
      }
    }
    for buffer in 1...Self.everything.utf8.count {
      #expect(try table(Self.everything, buffer: buffer) == expected, "buffer \(buffer)")
    }
  }

  @Test(arguments: [
    ("a", [], []), ("a\n", [], []), ("a\r\n", [], []), ("a\r", [], []), ("\n\na\n", [], []),
    ("a\n1", ["1"], [2]), ("a\n1\n\n2\n", ["1", "", "2"], [2, 3, 4]), ("a\n\"\"\n", [""], [2]),
    ("a\n\"1\"", ["1"], [2]), ("a\n\"1\n2\"\n3", ["1\n2", "3"], [2, 4]), ("a\n1\r", ["1"], [2]),
  ])
  func readsASingleColumn(text: String, rows: [String], lines: [Int]) throws {
    let found = try table(text, chunk: 1, buffer: 1)
    #expect(found == Table(header: ["a"], rows: rows.map { [$0] }, lines: lines))
  }

  @Test(arguments: [
    ("", "1: is empty; the first line must name the columns"),
    ("\u{FEFF}\r\n", "1: is empty; the first line must name the columns"),
    ("a,b,a\n", "1: columns 1 and 3 are both named 'a'; rename one"),
    ("\na,,\n", "2: columns 2 and 3 are both named ''; rename one"),
    ("a,b\n1,2\n3\n", "3: the row has 1 field, the header 2"),
    ("a,b\n1,2\n\n3,4,5\n", "4: the row has 3 fields, the header 2"),
    ("a,b\n\"1\n2\",3\n4\n", "4: the row has 1 field, the header 2"),
    ("a,b\n1,\"2\n3\n4", "2: the quote that opens here is never closed"),
    ("a,b\n\"1\n\",\"2\n", "3: the quote that opens here is never closed"),
    ("a,b\n\"1\"x,2\n", "2: text follows the closing quote of field 1; double the quotes inside a quoted field"),
    ("a,b\n\"1\" ,2\n", "2: text follows the closing quote of field 1; double the quotes inside a quoted field"),
    ("a\n\"1\n2\"\rx\n", "3: text follows the closing quote of field 1; double the quotes inside a quoted field"),
  ])
  func namesTheLineOfAMistake(text: String, message: String) throws {
    for chunk in [1, 2, 5, 1000] {
      for buffer in [1, 3, 1000] { #expect(try failure(text, chunk: chunk, buffer: buffer) == message) }
    }
  }

  @Test func aNameMustBeUTF8() throws {
    let file = try TemporaryFile([0x61, 0x2C, 0xFF, 0x0A])
    let error = #expect(throws: FileError.self) { try CSVReader(try ByteStream(path: file.path)) }
    #expect(error?.description == "\(file.path):1: the name of column 2 isn't UTF-8; save the file as UTF-8")
  }

  @Test func everythingHasALimit() throws {
    var limits = CSVReader.Limits()
    limits.field = 10
    limits.row = 30
    limits.columns = 4
    let ten = String(repeating: "x", count: 10)
    #expect(try table("a,b\n\(ten),\(ten)\n", limits: limits).rows == [[ten, ten]])
    for chunk in [1, 4, 1000] {
      for buffer in [1, 16, 1000] {
        func failure(_ text: String) throws -> String {
          try self.failure(text, chunk: chunk, buffer: buffer, limits: limits)
        }
        #expect(
          try failure("a,b\n1,\(ten)x\n") == "2: the field that starts here is longer than 10 bytes, the limit")
        #expect(
          try failure("a,b\n1,\"2\n\(ten)\(ten)\(ten)\n")
            == "2: the field that starts here is longer than 10 bytes, the limit; is a closing quote missing?")
        #expect(
          try failure("a,b,c\n1,2,3\n\(ten),\(ten),\(ten)\n")
            == "3: the row that starts here is longer than 30 bytes, the limit")
        #expect(try failure("a,b,c,d\n1,2,3,4,5\n") == "2: the row has more than 4 fields, the limit")
      }
    }
  }

  @Test func randomTablesComeBackAsTheyWere() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let pieces = ["a", "7", ",", "\"", "\n", "\r", "\r\n", "é", " ", "\u{0}", "word", "\"\""]
    func field() -> String {
      (0..<Int.random(in: 0...4, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
    }
    for round in 0..<300 {
      let columns = Int.random(in: 1...5, using: &generator)
      let header = (0..<columns).map { "\($0)" + field() }
      let rows = (0..<Int.random(in: 0...8, using: &generator)).map { _ in (0..<columns).map { _ in field() } }
      let ending = Bool.random(using: &generator) ? "\n" : "\r\n"
      func quoted(_ field: String) -> String {
        let needed = field.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) } || (columns == 1 && field.isEmpty)
        guard needed || Int.random(in: 0..<4, using: &generator) == 0 else { return field }
        return "\"" + field.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
      }
      var text = ([header] + rows).map { $0.map(quoted).joined(separator: ",") }.joined(separator: ending)
      if Bool.random(using: &generator) { text += ending }
      if Bool.random(using: &generator) { text = "\u{FEFF}" + text }
      let chunk = Int.random(in: 1...100, using: &generator)
      let buffer = Int.random(in: 1...100, using: &generator)
      let found = try table(text, chunk: chunk, buffer: buffer)
      let context: Comment = "seed \(seed), round \(round), chunk \(chunk), buffer \(buffer)"
      // By bytes: Swift takes CR LF for one character, and texts that look alike for equal.
      #expect(found.header.map { Array($0.utf8) } == header.map { Array($0.utf8) }, context)
      #expect(found.rows.map { $0.map { Array($0.utf8) } } == rows.map { $0.map { Array($0.utf8) } }, context)
    }
  }
}
