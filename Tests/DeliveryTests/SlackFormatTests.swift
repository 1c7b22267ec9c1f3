import Foundation
import LeewayDelivery
import Testing

@Suite struct SlackFormatTests {
  private func request(_ json: String) throws -> HTTPRequest {
    let format = SlackFormat(url: "https://hooks.slack.com/services/x")
    guard case .request(let request) = try format.render(Delivery(key: "k", notification: Array(json.utf8)), now: 0)
    else { throw UnreadableNotification.self as! any Error }
    return request
  }

  @Test func goldenMessage() throws {
    let request = try request(Sample.opened)
    #expect(request.url == "https://hooks.slack.com/services/x")
    #expect(
      request.headers == [HTTPHeader("Content-Type", "application/json"), HTTPHeader("Idempotency-Key", "k")])
    #expect(String(decoding: request.body, as: UTF8.self) == "")
  }
}
