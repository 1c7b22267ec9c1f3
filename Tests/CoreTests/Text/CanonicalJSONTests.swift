import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct CanonicalJSONTests {
  /// RFC 8785, appendix B.
  @Test(
    arguments: [
      (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
      (0x8000_0000_0000_0001, "-5e-324"), (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
      (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
      (0xc340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
      (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"), (0x44b5_2d02_c7e1_4af6, "1e+23"),
      (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"), (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
      (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"), (0x444b_1ae4_d6e2_ef50, "1e+21"),
      (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"), (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
      (0x41b3_de43_5555_5553, "333333333.3333332"), (0x41b3_de43_5555_5554, "333333333.33333325"),
      (0x41b3_de43_5555_5555, "333333333.3333333"), (0x41b3_de43_5555_5556, "333333333.3333334"),
      (0x41b3_de43_5555_5557, "333333333.33333343"), (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
      (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ] as [(UInt64, String)])
  func printsNumbersAsTheRFC(_ bits: UInt64, _ text: String) {
    #expect(ShortestText.of(Double(bitPattern: bits)) == text)
    #expect(CanonicalJSON.text(of: Double(bitPattern: bits)) == text)
  }

  @Test func everyNumberReadsBack() {
    let seed: UInt64 = 0xd0b1e
    var random = SeededGenerator(seed: seed)
    for round in 0..<20_000 {
      var number = Double(bitPattern: random.next())
      if round % 2 == 0 { number = Double(Int64.random(in: -1 << 40...1 << 40, using: &random)) / 1024 }
      guard number.isFinite else { continue }
      let text = ShortestText.of(number)
      #expect(Double(text) == number, "seed \(seed): \(text)")
      #expect(text.utf8.count <= ShortestText.maximumLength, "seed \(seed): \(text)")
    }
  }

  /// RFC 8785, sections 3.2.2 and 3.2.3.
  @Test func printsTreesAsTheRFC() throws {
    let tree = try JSONValue(
      parsing: Array(
        #"""
        {"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
         "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}
        """#.utf8))
    #expect(
      CanonicalJSON.text(of: tree)
        == #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
        + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#)

    let keys = try JSONValue(
      parsing: Array(
        #"{"\u20ac":"Euro","\r":"CR","\ufb33":"Dalet","1":"One","\ud83d\ude00":"Smiley","\u0080":"Control","\u00f6":"o"}"#
          .utf8))
    #expect(
      CanonicalJSON.text(of: keys)
        == "{\"\\r\":\"CR\",\"1\":\"One\",\"\u{80}\":\"Control\",\"ö\":\"o\",\"€\":\"Euro\",\"😀\":\"Smiley\",\"\u{fb33}\":\"Dalet\"}"
    )
  }

  @Test func equalValuesHaveEqualText() throws {
    func canonical(_ text: String) throws -> String { CanonicalJSON.text(of: try JSONValue(parsing: Array(text.utf8))) }
    #expect(try canonical("1") == canonical("1.0"))
    #expect(try canonical("100") == canonical("1e2"))
    #expect(try canonical("-0.0") == canonical("0"))
    #expect(try canonical("9007199254740993") == canonical("9007199254740992.0"))
    #expect(try canonical("9223372036854775807") == "9223372036854776000")
    #expect(try canonical("18446744073709551615") == "18446744073709552000")
    #expect(try canonical("{\"b\":1,\"a\":[2, 3]}") == canonical("{\"a\":[2,3],\"b\":1.0}"))
    #expect(try canonical("{\"a\":1,\"a\":2}") == "{\"a\":2}")
  }

  @Test func integersAreDigits() {
    for integer in [0, 7, -7, .max, .min, 1_000_000] as [Int64] {
      #expect(ShortestText.of(integer) == "\(integer)")
      var bytes: [UInt8] = []
      ShortestText.append(integer, to: &bytes)
      #expect(String(decoding: bytes, as: UTF8.self) == "\(integer)")
    }
    var bytes: [UInt8] = []
    ShortestText.append(UInt64.max, to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == "18446744073709551615")
    #expect(ShortestText.of(true) == "true" && ShortestText.of(false) == "false")
    #expect(ShortestText.of(Double.nan) == "NaN" && ShortestText.of(-Double.infinity) == "-Infinity")
  }

  @Test(arguments: [
    ("2.0", "2"), ("2.000", "2"), ("-2.0", "-2"), ("0.0", "0"), ("-0.0", "-0"), ("100.0", "100"), ("10.00", "10"),
    ("2", "2"), ("20", "20"), ("2.", "2."), ("2.10", "2.10"), ("2.01", "2.01"), ("02.0", "02.0"), ("00.0", "00.0"),
    ("01234", "01234"), ("-.0", "-.0"), (".0", ".0"), ("-", "-"), ("", ""), ("0", "0"), ("000", "000"),
    ("+2.0", "+2.0"),
    ("1.0.0", "1.0.0"), ("a.0", "a.0"), ("1e2.0", "1e2.0"), ("2.0 ", "2.0 "), ("--2.0", "--2.0"), ("v1.0", "v1.0"),
  ])
  func zeroFractionsGo(_ text: String, _ expected: String) {
    Array(text.utf8).withUnsafeBytes { bytes in
      let kept = ShortestText.withoutZeroFraction(bytes)
      #expect(String(decoding: kept, as: UTF8.self) == expected)
      #expect(kept.baseAddress == bytes.baseAddress, "nothing is copied")
    }
  }
}
