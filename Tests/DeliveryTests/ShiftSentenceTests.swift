import Foundation
import LeewayDelivery
import Testing

/// What people read of a shift.
@Suite struct ShiftSentenceTests {
  /// The bullets of a Slack message about one piece of evidence.
  private func bullet(_ members: String) throws -> String {
    let json =
      #"{"version":1,"event":"incident.opened","incident":"i","monitor":"m","tier":"critical","reason":"drift","evidence":[{"check":"inputs-moved","metric":"shift","window":"1h","rows":60,"#
      + members + "}]}"
    let rendered = try SlackFormat(url: "https://hooks.slack.com/services/x")
      .render(Delivery(key: "k", notification: Array(json.utf8)), now: 0)
    guard case .request(let request) = rendered else { return "" }
    let object = try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
    let texts = (object?["blocks"] as? [[String: Any]] ?? []).compactMap {
      ($0["text"] as? [String: Any])?["text"] as? String
    }
    let line = texts.flatMap { $0.split(separator: "\n") }.first { $0.hasPrefix("•") }
    return String(line?.dropFirst(2) ?? "")
  }

  @Test func everyStream() throws {
    let numbers = #""value":17.912,"threshold":16.1,"since":"2026-03-01T10:00:00.000Z""#
    let tail = " since 2026-03-01 10:00 UTC (evidence 17.91, limit 16.1)"
    #expect(
      try bullet(
        #""subject":"amount","slice":"all","stream":"location","size":0.48,"was":25.1,"now":37.2,"# + numbers)
        == "inputs-moved: amount up by 0.48 sd (mean about 25.1 → 37.2)" + tail)
    #expect(
      try bullet(
        #""subject":"amount","slice":"country=DE","stream":"spread","size":-0.4,"was":14.4,"now":11.79,"# + numbers)
        == "inputs-moved: amount in country=DE: spread down (standard deviation about 14.4 → 11.79)" + tail)
    #expect(
      try bullet(
        #""subject":"country","slice":"all","stream":"category","category":"DE","size":0.3,"was":0.5,"now":0.648,"#
          + numbers) == "inputs-moved: country: share of DE up (50.0 % → 64.8 %)" + tail)
    #expect(
      try bullet(#""subject":"age","slice":"all","stream":"missing","size":0.4,"was":0.0003,"now":0.052,"# + numbers)
        == "inputs-moved: age: missing up (0.03 % → 5.2 %)" + tail)
    // What is not known is left out.
    #expect(
      try bullet(#""subject":"age","slice":"all","stream":"location","size":-1,"was":null,"now":null,"value":9"#)
        == "inputs-moved: age down by 1 sd (evidence 9)")
  }

  /// Names and times of a damaged notification do not break the line.
  @Test func hostileNames() throws {
    let line = try bullet(
      #""subject":"a\nb","slice":"s\n","stream":"category","category":"<c>\u0000","size":1,"since":"x\ny""#)
    #expect(!line.isEmpty && line.contains("share of"))
  }
}
