import Testing

@testable import LeewayCore

/// What a silence is about.
@Suite struct SilenceMatcherTests {
  @Test(arguments: [
    ("amount", "amount", true), ("amount", "amounts", false), ("amount*", "amount", true),
    ("amount*", "amount_eur", true),
    ("amount*", "an_amount", false), ("*_ratio", "missing_ratio", true), ("*_ratio", "ratio", false),
    ("*card*", "card", true), ("*card*", "a_card_b", true), ("*card*", "car_d", false), ("*", "", true),
    ("*", "anything", true), ("**", "anything", true), ("é", "e\u{301}", false), ("*ß", "Maß", true),
  ])
  func aPatternIsANameOrHasAStarAtAnEnd(_ pattern: String, _ name: String, _ matches: Bool) throws {
    #expect(try #require(NamePattern(pattern)).matches(name) == matches)
  }

  @Test func aStarElsewhereIsNoPattern() {
    for text in ["", "a*b", "a**b", String(repeating: "a", count: 1001)] {
      #expect(NamePattern(text) == nil, "\(text)")
    }
    #expect(NamePattern(String(repeating: "a", count: 1000)) != nil)
  }

  private func read(_ text: String) throws(JSONFailure) -> SilenceMatchers {
    try SilenceMatchers(JSONReader(try JSONValue(parsing: Array(text.utf8))))
  }

  @Test func everyFieldThatIsGivenMustMatchByAnyOfItsPatterns() throws {
    let matchers = try read(#"{"slice":"country=*","subject":["amount","*_eur"],"monitor":"fraud"}"#)
    #expect(matchers.text == #"{"monitor":["fraud"],"subject":["amount","*_eur"],"slice":["country=*"]}"#)
    func key(_ subject: String, _ slice: String = "country=DE") -> IncidentMachine.Key {
      IncidentMachine.Key(check: "drift", slice: slice, subject: subject)
    }
    #expect(matchers.matches(monitor: "fraud", key("amount")))
    #expect(matchers.matches(monitor: "fraud", key("sum_eur")))
    #expect(!matchers.matches(monitor: "fraud", key("amount", "all")))
    #expect(!matchers.matches(monitor: "fraud", key("sum")))
    #expect(!matchers.matches(monitor: "churn", key("amount")))
    // Of an incident of which nothing is known but its monitor.
    #expect(!matchers.matches(monitor: "fraud", nil))
    #expect(try read(#"{"monitor":"fr*"}"#).matches(monitor: "fraud", nil))
  }

  @Test(arguments: [
    ("{}", "document: needs at least one of monitor, check, subject, slice"),
    (#"{"monitor":"a*b"}"#, #"monitor: is "a*b", and a pattern has * only at its beginning or its end"#),
    (#"{"monitor":[]}"#, "monitor: has 0 patterns and takes 1 to 100"),
    (#"{"check":["a",""]}"#, "check[1]: is empty"),
    (#"{"check":7}"#, "check: expected a string, found 7"),
  ])
  func whatIsNoMatcherSaysWhere(_ text: String, _ problem: String) {
    #expect { _ = try read(text) } throws: { "\($0)" == problem }
  }
}
