import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct JSONExtractorTests {
  @Test func readsEveryKind() throws {
    let extractor = try JSONExtractor(
      fields: [
        "n", "f", "t", "i", "u", "d", "s", "a", "o", "none",
      ].map { try FieldPath($0) })
    try extractor.read(
      #"{"n":null,"f":false,"t":true,"i":-7,"u":18446744073709551615,"d":2.5,"s":"x","a":[1],"o":{"k":1},"other":9}"#)
    let kinds: [FieldKind] = [.null, .false, .true, .int64, .uint64, .double, .string, .array, .object, .absent]
    for (slot, kind) in kinds.enumerated() { #expect(extractor[slot].kind == kind) }
    #expect(extractor[1].bool == false && extractor[2].bool == true && extractor[0].bool == nil)
    #expect(extractor[3].int64 == -7 && extractor[3].double == -7 && extractor[3].uint64 == nil)
    #expect(extractor[4].uint64 == .max && extractor[4].int64 == nil && extractor[4].double == 0x1p64)
    #expect(extractor[5].double == 2.5 && extractor[5].int64 == nil)
    #expect(extractor[6].string == "x" && extractor[6].double == nil)
    #expect(extractor[7].double == nil && extractor[7].text == nil)
  }

  @Test func followsPathsIntoNestedObjects() throws {
    let extractor = try JSONExtractor(fields: ["a", "a.b", "a.b.c", "a.c", "d.e.f", "a.b.c"].map { try FieldPath($0) })
    try extractor.read(#"{"d":{"x":1,"e":{"f":"deep"}},"a":{"c":3,"b":{"c":5,"z":[{"c":6}]}}}"#)
    #expect(extractor[0].kind == .object)
    #expect(extractor[1].kind == .object)
    #expect(extractor[2].int64 == 5)
    #expect(extractor[3].int64 == 3)
    #expect(extractor[4].string == "deep")
    #expect(extractor[5].int64 == 5, "the same path fills both its slots")

    try extractor.read(#"{"a":{"b":7},"d":null}"#)
    #expect(extractor[1].int64 == 7)
    for slot in 2...5 { #expect(extractor[slot].kind == .absent, "nothing is left of the message before") }
    try extractor.read(#"{"a":[{"b":1}],"d.e.f":1}"#)
    #expect(extractor[0].kind == .array)
    for slot in 1...5 { #expect(extractor[slot].kind == .absent) }
  }

  @Test func lastOfDuplicateKeysCounts() throws {
    let extractor = try JSONExtractor(fields: ["a", "o.x", "o.y", "o.p.q"].map { try FieldPath($0) })
    try extractor.read(#"{"a":1,"a":"two"}"#)
    #expect(extractor[0].string == "two")
    try extractor.read(#"{"o":{"x":1,"y":2,"p":{"q":3}},"o":{"y":4}}"#)
    #expect(extractor[1].kind == .absent, "the earlier object is gone, not merged")
    #expect(extractor[2].int64 == 4)
    #expect(extractor[3].kind == .absent)
    try extractor.read(#"{"o":{"x":1},"o":{"x":2,"p":{"q":1},"p":{"q":2}},"o":null}"#)
    for slot in 1...3 { #expect(extractor[slot].kind == .absent) }
    try extractor.read(#"{"o":{"x":1},"o":null,"o":{"x":5}}"#)
    #expect(extractor[1].int64 == 5)
  }

  @Test func resolvesEscapesInKeysAndStrings() throws {
    let extractor = try JSONExtractor(fields: ["amount", "größe", "s", ""].dropLast().map { try FieldPath($0) })
    try extractor.read(#"{"am\u006funt":1,"gr\u00f6\u00DFe":2,"s":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000é"}"#)
    #expect(extractor[0].int64 == 1)
    #expect(extractor[1].int64 == 2)
    #expect(extractor[2].string == "\"\\/\u{8}\u{c}\n\r\té😀\0é")
    #expect(extractor[2].text?.count == 17)
  }

  /// Keys in every rotation, some missing, some unknown, some of them equal in their first and last bytes: what was learnt
  /// of the order must never change an answer.
  @Test func orderAndCompanyOfKeysDoNotMatter() throws {
    let seed: UInt64 = 0x1ee_5a1d
    var random = SeededGenerator(seed: seed)
    let names = (0..<40).map { index in
      switch index % 4 {
      case 0: "k\(index)"
      case 1: "feature_\(index)_with_a_long_name"
      case 2: "12345678\(index)"
      default: "group.k\(index)"
      }
    }
    let extractor = try JSONExtractor(fields: names.map { try FieldPath($0) })
    for round in 0..<400 {
      var expected: [Int: Int64] = [:]
      var top: [String] = []
      var grouped: [String] = []
      for (slot, name) in names.enumerated() where Int.random(in: 0..<8, using: &random) > 0 {
        let value = Int64.random(in: -1000...1000, using: &random)
        expected[slot] = value
        if name.hasPrefix("group.") {
          grouped.append("\"\(name.dropFirst(6))\":\(value)")
        } else {
          top.append("\"\(name)\":\(value)")
        }
      }
      // More strangers over time than an extractor remembers, and some that come again.
      top.append("\"stranger\(round)\":[1,{\"k0\":2}]")
      top.append("\"feature_\(round)_with_a_long_nam\":{\"k3\":1}")
      grouped.append("\"k0\":\(round)")
      if round % 3 == 0 { top.shuffle(using: &random) }
      if round % 5 == 0 { grouped.shuffle(using: &random) }
      top.insert("\"group\":{\(grouped.joined(separator: ","))}", at: Int.random(in: 0...top.count, using: &random))
      try extractor.read("{\(top.joined(separator: ", "))}")
      for slot in names.indices {
        #expect(extractor[slot].int64 == expected[slot], "seed \(seed), round \(round), \(names[slot])")
      }
    }
  }

  @Test func numbersOutOfRangeSpoilOnlyThemselves() throws {
    let extractor = try JSONExtractor(fields: ["a", "b", "c", "list", "s"].map { try FieldPath($0) })
    try extractor.read(#"{"a":1e999,"b":2,"list":[0,1,-2.5e400],"c":-1E+999,"s":"1e999 \" 1e999"}"#)
    #expect(extractor[0].kind == .overflow && extractor[0].double == nil && extractor[0].int64 == nil)
    #expect(extractor[1].int64 == 2)
    #expect(extractor[2].kind == .overflow)
    #expect(extractor[4].string == "1e999 \" 1e999")
    var kinds: [FieldKind] = []
    extractor.forEachElement(of: extractor[3]) { kinds.append($0.kind) }
    #expect(kinds == [.int64, .int64, .overflow])
    #expect(extractor.tree(of: extractor[3]) == nil)

    // The greatest Double, the first text that rounds beyond it, and what rounds to 0.
    try extractor.read(
      #"{"a":1.7976931348623157e308,"b":1.7976931348623159e308,"c":1e-999,"list":0e999,"s":-0.0000001e-400}"#)
    #expect(extractor[0].double == Double.greatestFiniteMagnitude)
    #expect(extractor[1].kind == .overflow)
    for slot in 2...4 { #expect(extractor[slot].double == 0) }
  }

  @Test func integersBeyond64BitsAreDoubles() throws {
    let extractor = try JSONExtractor(fields: ["a", "b", "c", "d", "e"].map { try FieldPath($0) })
    try extractor.read(
      #"{"a":18446744073709551616,"b":-9223372036854775809,"c":123456789012345678901234567890,"d":-9223372036854775808,"e":1}"#
    )
    #expect(extractor[0].kind == .double && extractor[0].double == 0x1p64)
    #expect(extractor[1].kind == .double && extractor[1].double == -0x1p63)
    #expect(extractor[2].double == 1.2345678901234568e29)
    #expect(extractor[3].int64 == .min)
    #expect(extractor[4].int64 == 1)
    let huge = String(repeating: "9", count: 400)
    try extractor.read("{\"a\":\(huge),\"b\":-\(huge),\"c\":\(huge).5,\"d\":0.\(huge)}")
    for slot in 0..<3 { #expect(extractor[slot].kind == .overflow) }
    #expect(extractor[3].double == 1)
    // A document that is all long integers grows while it is repaired, even at the size limit.
    let text = "{\"a\":[" + repeatElement("18446744073709551616", count: 40).joined(separator: ",") + "]}"
    let tight = try JSONExtractor(fields: [FieldPath("a")], limits: DecodeLimits(messageBytes: text.utf8.count))
    try tight.read(text)
    var sum = 0.0
    tight.forEachElement(of: tight[0]) { sum += $0.double ?? .nan }
    #expect(sum == 0x1.4p69)
  }

  @Test func readsTheInsideOfArraysAndObjects() throws {
    let extractor = try JSONExtractor(fields: [FieldPath("p"), FieldPath("o.list"), FieldPath("empty")])
    try extractor.read(#"{"p":{"cat":0.25,"dog":0.75,"nested":{"x":[1,2]}},"o":{"list":["a",{"b":2},3]},"empty":[]}"#)
    var members: [String] = []
    extractor.forEachMember(of: extractor[0]) { members.append("\(String(decoding: $0, as: UTF8.self)):\($1.kind)") }
    #expect(members == ["cat:double", "dog:double", "nested:object"])
    #expect(
      extractor.tree(of: extractor[1])
        == .array([.string("a"), .object([.init("b", .integer(2))]), .integer(3)]))
    extractor.forEachElement(of: extractor[2]) { _ in Issue.record("an empty array has elements") }
    extractor.forEachMember(of: extractor[1]) { _, _ in Issue.record("an array has members") }
  }

  @Test func acceptsWhatJSONAllows() throws {
    let extractor = try JSONExtractor(fields: [FieldPath("a")])
    for text in [
      "{}", " \t\r\n{ \"a\" : 1 } \n", "\u{FEFF}{\"a\":1}", "{\"\":{\"\":[]}}", "{\"a\":-0}", "{\"a\":0.5E+01}",
      "{\"a\":\"\u{7f}\u{2028}\"}",
    ] {
      #expect(throws: Never.self, "\(text)") { try extractor.read(text) }
    }
    try extractor.read("{\"a\":-0}")
    #expect(extractor[0].int64 == 0)
  }

  @Test(arguments: [
    ("", DecodeFailure.empty), (" \n\t", .empty), ("\u{FEFF}", .empty),
    ("{\"a\":1", .truncated), ("{\"a\":\"x", .truncated), ("{\"a\":[1,2", .truncated), ("{\"a", .truncated),
    ("{\"a\":\"x\\\"", .truncated),
    ("{\"a\":NaN}", .notJSON), ("{\"a\":Infinity}", .notJSON), ("{\"a\":-Infinity}", .notJSON),
    ("{\"a\":nan}", .notJSON),
    ("{\"a\":1,}", .notJSON), ("{\"a\":[1,]}", .notJSON), ("{a:1}", .notJSON), ("{'a':1}", .notJSON),
    ("{\"a\":01}", .notJSON), ("{\"a\":-01}", .notJSON), ("{\"a\":.5}", .notJSON), ("{\"a\":5.}", .notJSON),
    ("{\"a\":+1}", .notJSON), ("{\"a\":1e}", .notJSON), ("{\"a\":0x10}", .notJSON), ("{\"a\":1e999x}", .notJSON),
    ("{\"a\":18446744073709551616 1}", .notJSON), ("{\"a\":1e999,\"b\":NaN}", .notJSON),
    ("{\"a\":018446744073709551616}", .notJSON), ("{\"a\":1e999-}", .notJSON), ("{\"a\":1e999E-5}", .notJSON),
    ("{\"a\":18446744073709551616e}", .notJSON), ("{\"x\":18446744073709551616e0e0}", .notJSON),
    ("{\"a\":tru}", .notJSON), ("{\"a\":1}{\"a\":2}", .notJSON), ("{\"a\":1}x", .notJSON), ("{\"a\" 1}", .notJSON),
    ("{\"a\":1 \"b\":2}", .notJSON), ("{\"a\":[1}", .notJSON), ("{\"a\":1]", .notJSON), ("}", .notJSON),
    ("x", .notJSON),
    ("{\"a\":\"\\x\"}", .notJSON), ("{\"a\":\"\\u12g4\"}", .notJSON), ("{\"a\":\"\\ud800\"}", .notJSON),
    ("{\"a\":\"line\nbreak\"}", .notJSON), ("{\"a\":1}//", .notJSON), ("{1:2}", .notJSON),
    ("1", .notAnObject), ("[{\"a\":1}]", .notAnObject), ("null", .notAnObject), ("\"a\"", .notAnObject),
    ("1e999", .notAnObject),
  ])
  func refusesWithTheRightCode(_ text: String, _ expected: DecodeFailure) throws {
    let extractor = try JSONExtractor(fields: [FieldPath("a")])
    try extractor.read("{\"a\":1}")
    #expect(throws: expected, "\(text)") { try extractor.read(text) }
    #expect(extractor[0].kind == .absent)
    try extractor.read("{\"a\":2}")
    #expect(extractor[0].int64 == 2, "a bad message must not spoil the next")
  }

  @Test(arguments: [
    [0xFF], [0xC3], [0xC3, 0x28], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xC0, 0xAF],
    [0xF4, 0x90, 0x80, 0x80],
  ])
  func refusesBadUTF8(_ bytes: [UInt8]) throws {
    let extractor = try JSONExtractor(fields: [FieldPath("a")])
    #expect(throws: DecodeFailure.badUTF8) {
      try extractor.read(Array("{\"a\":\"".utf8) + bytes + Array("\"}".utf8))
    }
    #expect(throws: DecodeFailure.badUTF8) {
      try extractor.read(Array("{\"a\":\"x\",\"".utf8) + bytes + Array("\":1}".utf8))
    }
  }

  @Test func limitsDepth() throws {
    func nested(_ depth: Int) -> String {
      "{\"a\":" + String(repeating: "[", count: depth - 1) + "1" + String(repeating: "]", count: depth - 1) + "}"
    }
    let extractor = try JSONExtractor(fields: [FieldPath("a")])
    try extractor.read(nested(64))
    #expect(throws: DecodeFailure.tooDeep(limit: 64)) { try extractor.read(nested(65)) }
    #expect(throws: DecodeFailure.tooDeep(limit: 64)) { try extractor.read(nested(10_000)) }
    #expect(throws: DecodeFailure.tooDeep(limit: 64)) { try extractor.read(String(repeating: "[", count: 10_000)) }
    #expect(throws: DecodeFailure.tooDeep(limit: 64)) {
      try extractor.read(String(repeating: "{\"a\":", count: 10_000) + "1" + String(repeating: "}", count: 10_000))
    }
    let shallow = try JSONExtractor(fields: [FieldPath("a")], limits: DecodeLimits(messageBytes: 1000, depth: 1))
    try shallow.read("{\"a\":1}")
    #expect(throws: DecodeFailure.tooDeep(limit: 1)) { try shallow.read("{\"a\":[1]}") }
    let deep = try JSONExtractor(fields: [FieldPath("a")], limits: DecodeLimits(depth: 1024))
    try deep.read(nested(1024))
    #expect(throws: DecodeFailure.tooDeep(limit: 1024)) { try deep.read(nested(1025)) }
  }

  @Test func limitsSize() throws {
    func padded(_ bytes: Int) -> String { "{\"a\":\"" + String(repeating: "x", count: bytes - 8) + "\"}" }
    let extractor = try JSONExtractor(fields: [FieldPath("a")])
    try extractor.read(padded(1 << 20))
    #expect(extractor[0].text?.count == (1 << 20) - 8)
    #expect(throws: DecodeFailure.tooLarge(bytes: (1 << 20) + 1, limit: 1 << 20)) {
      try extractor.read(padded((1 << 20) + 1))
    }
    #expect(throws: DecodeFailure.tooLarge(bytes: 2 << 20, limit: 1 << 20)) { try extractor.read(padded(2 << 20)) }
    // Sizes around those at which buffers grow and vectors of the parser end.
    for size in Array(8...200) + Array(4000...4200) + [8191, 8192, 8193] {
      try extractor.read(padded(size))
      #expect(extractor[0].text?.count == size - 8)
    }
    let tiny = try JSONExtractor(fields: [FieldPath("a")], limits: DecodeLimits(messageBytes: 7))
    try tiny.read("{\"a\":1}")
    #expect(tiny[0].int64 == 1)
    #expect(throws: DecodeFailure.tooLarge(bytes: 8, limit: 7)) { try tiny.read("{\"a\":12}") }
  }

  @Test func refusesEveryTruncation() throws {
    let extractor = try JSONExtractor(fields: ["id", "a", "context.device", "s"].map { try FieldPath($0) })
    let whole = Array(Self.sample.utf8)
    try extractor.read(whole)
    for count in 0..<whole.count {
      let part = Array(whole[..<count])
      do throws(DecodeFailure) {
        try extractor.read(part)
        Issue.record("\(count) bytes of \(whole.count) were taken for a message")
      } catch {
        #expect(error == (count == 0 ? .empty : .truncated), "\(count) bytes")
      }
    }
  }

  @Test func failuresExplainThemselves() {
    #expect(
      DecodeFailure.tooLarge(bytes: 2_000_000, limit: 1_048_576).reason
        == "the message has 2000000 bytes and the limit is 1048576; send less or raise the limit")
    #expect(DecodeFailure.notJSON.code == "not_json")
    let all: [DecodeFailure] = [
      .empty, .truncated, .notJSON, .badUTF8, .tooDeep(limit: 64), .tooLarge(bytes: 2, limit: 1), .notAnObject,
      .outOfMemory,
    ]
    #expect(Set(all.map(\.code)).count == all.count)
    #expect(Set(all.map(\.reason)).count == all.count)
  }

  @Test func readsTimes() throws {
    let extractor = try JSONExtractor(fields: [FieldPath("t")])
    func time(_ json: String, _ format: TimeFormat) throws -> Int64? {
      try extractor.read("{\"t\":\(json)}")
      return extractor[0].time(format)?.milliseconds
    }
    #expect(try time("1700000000123", .epochMilliseconds) == 1_700_000_000_123)
    #expect(try time("1700000000.123", .epochSeconds) == 1_700_000_000_123)
    #expect(try time("1700000000123456", .epochMicroseconds) == 1_700_000_000_123)
    #expect(try time("\"2023-11-14T22:13:20.123Z\"", .rfc3339) == 1_700_000_000_123)
    #expect(try time("\"1700000000123\"", .epochMilliseconds) == nil)
    #expect(try time("1700000000123", .rfc3339) == nil)
    #expect(try time("1700000000123", .epochSeconds) == nil, "milliseconds given as seconds lie beyond the year 9999")
    #expect(try time("1e999", .epochSeconds) == nil)
    #expect(try time("18446744073709551615", .epochMicroseconds) == nil)
    #expect(try time("null", .epochSeconds) == nil)
    #expect(try time("true", .epochSeconds) == nil)
  }

  static let sample =
    #"{"id":"p-00f3é😀","ts":1700000000123,"a":-12.5e-3,"flag":true,"none":null,"list":[1,[],{"x":{}},"\u00e9\\\""],"#
    + #""context":{"device":"phone","os":{"name":"x","v":[1,2]}},"s":"a \"quoted\" \\ text"}"#
}

extension JSONExtractor {
  func read(_ text: String) throws(DecodeFailure) { try read(Array(text.utf8)) }

  func read(_ bytes: [UInt8]) throws(DecodeFailure) {
    try bytes.withUnsafeBufferPointer { bytes throws(DecodeFailure) in _ = try extract(UnsafeRawBufferPointer(bytes)) }
  }
}
