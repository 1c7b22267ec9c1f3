import LeewayCore
import Testing

@testable import LeewayConfiguration
@testable import LeewayService

@Suite struct SetupTests {
  /// What leeway.yaml says of receivers is what deciding knows of them.
  @Test func decidingKnowsReceiversAndTheirIntervals() throws {
    let text = """
      kafka: {bootstrap: "localhost:9092"}
      http: {public_url: "https://leeway.example.com"}
      receivers:
        chat: {type: webhook, url: "http://localhost/chat", group_interval: 90s}
        pager: {type: webhook, url: "http://localhost/pager", group_interval: 1h}
        mail: {type: webhook, url: "http://localhost/mail"}
      """
    let reading = ServiceConfigurationReading(path: "leeway.yaml", environment: [:])
    let context = try Setup(configuration: #require(reading.read(Array(text.utf8))), plans: []).decisions()
    #expect(context.receivers == ["chat", "log", "mail", "pager"])
    #expect(context.publicURL == "https://leeway.example.com")
    // The others have the usual five minutes.
    #expect(context.groupIntervals == ["chat": .seconds(90), "pager": .hours(1)])
  }
}
