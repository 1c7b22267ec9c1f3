import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayService

/// The page in a real browser, on a service whose names and values are hostile.
@Suite(.serialized) struct BrowserTests {
  @Test(arguments: [(1280, false), (1280, true), (360, false)])
  func thePageShowsEverythingAndRunsNothing(_ width: Int, _ isDark: Bool) async throws {
    try await serving(try .filled()) { client in
      try await Browser.run(width: width, height: 900, isDark: isDark) { browser in
        try await browser.open("http://127.0.0.1:\(client.port)/#monitor=fraud&window=1h&subject=country&metric=psi")
        try await browser.wait(for: "document.querySelectorAll('.charts svg').length >= 2")
        try await browser.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
        try await browser.wait(for: "document.querySelectorAll('.timeline').length >= 3")
        try await browser.screenshot("page-\(width)\(isDark ? "-dark" : "")")
        #expect(browser.faults == [])
        #expect(browser.requests.allSatisfy { $0.hasPrefix("http://127.0.0.1:\(client.port)/") })
      }
    }
  }
}
