import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// The page of the real service, on a stream whose values are hostile, in a real browser.
@Suite(.enabled(if: Browser.isInstalled, "chromium is not installed: run deploy/setup.sh test"))
struct HostilePageTests {
  @Test func whatComesThroughKafkaIsTextOnThePage() async throws {
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    try Self.prepare(in: folder, bootstrap: broker.bootstrap)
    let service = try RunningService(in: folder.url)
    defer { if service.process.isRunning { service.process.killAtOnce() } }
    let messages = (0..<800).map { i in
      let name = Browser.quoted(HostileNames.all[i % HostileNames.all.count])
      return Message(Shop.predictions, Shop.prediction(i, country: name, model: name), at: Shop.time(i))
    }
    try broker.produce(messages)
    try service.awaitOffsets([Shop.predictions: messages.count])
    _ = try eventually { try service.results("type=drift&slice=all&subject=country").isEmpty ? nil : true }

    try await Browser.run { browser in
      try await browser.open(service.base + "/monitors/shop?window=1h&subject=country&metric=psi")
      try await browser.wait(for: "document.querySelectorAll('.charts svg').length === 2")
      try await browser.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
      try await browser.screenshot("service-hostile")
      let text = try await browser.evaluate("document.body.textContent")
      for name in HostileNames.all { #expect(text.contains("version=" + HostileNames.shown(name)), "\(name)") }
      let cells = try await browser.list(
        "[...document.querySelectorAll('.numbers td')].map((cell) => cell.textContent)")
      #expect(cells.contains(HostileNames.markup), "a category of the baseline in the table of the distribution")
      let foreign = try await browser.foreignElements()
      #expect(foreign == [])
      #expect(browser.faults == [])
      #expect(browser.requests.allSatisfy { $0.hasPrefix(service.base + "/") })
      let title = try await browser.evaluate("document.title")
      #expect(title.hasSuffix("Leeway") && !title.contains("owned"), "\(title)")
      for width in [1280, 360] {
        try await browser.resize(width: width, height: 900)
        let (overflows, cut) = (try await browser.overflows(), try await browser.cutLetters())
        #expect(overflows == [] && cut == [], "\(width)")
      }
    }
    service.stop()
  }

  /// The shop, with a baseline that has a hostile category too.
  private static func prepare(in folder: TemporaryFolder, bootstrap: String) throws {
    try Shop.prepare(in: folder, bootstrap: bootstrap)
    let category = "\"" + HostileNames.markup.replacing("\"", with: "\"\"") + "\""
    try folder.write(Shop.training.replacing(",FR,", with: ",\(category),"), to: "train.csv")
    let fit = try LeewayProcess.run(
      ["baseline", "fit", "monitors/shop.yaml", "--from", "train.csv", "--out", "monitors/shop.baseline.json"],
      in: folder.url)
    try #require(fit.code == 0, "\(fit.error)")
  }
}
