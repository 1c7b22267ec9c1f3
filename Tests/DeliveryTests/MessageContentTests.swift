import Foundation
import Testing

@testable import LeewayDelivery

/// What every format for people says.
@Suite struct MessageContentTests {
  private func content(_ json: String) throws -> MessageContent {
    MessageContent(try StoredNotification.read(Array(json.utf8)))
  }

  private func evidence(_ subject: String, tier: String, value: Double, threshold: Double) -> [String: Any] {
    ["check": "c", "subject": subject, "metric": "psi", "tier": tier, "value": value, "threshold": threshold]
  }

  /// The highest tier first, then how far beyond the limit, whichever side that is on; a subject once.
  @Test func theThreeSubjectsThatMatterMost() throws {
    let json = try Sample.opened([
      "evidence": [
        evidence("mild", tier: "warning", value: 0.21, threshold: 0.2),
        evidence("low", tier: "warning", value: 0.1, threshold: 0.8),
        evidence("high", tier: "warning", value: 0.6, threshold: 0.2),
        evidence("worst", tier: "critical", value: 0.31, threshold: 0.3),
        evidence("worst", tier: "warning", value: 9, threshold: 0.2),
        evidence("zero", tier: "warning", value: 0, threshold: 0.2),
      ]
    ])
    let content = try content(json)
    #expect(
      content.subjects == [
        "c: psi of worst 0.31, limit 0.3", "c: psi of low 0.1, limit 0.8", "c: psi of high 0.6, limit 0.2",
      ])
    #expect(content.otherSubjects == 2 && content.worstSubject == "worst")
    #expect(content.summary == "Incident opened: fraud (warning): c: psi of worst 0.31, limit 0.3 and 4 more")
    #expect(content.paragraphs.map(\.title) == ["What fired", "What to do"])
    #expect(content.paragraphs[0].lines.last == "and 2 more")
  }

  @Test(
    arguments: [
      (["reason": "data"], "Look at the feed of these fields; the model reads values that it was not trained on."),
      (["reason": "performance/final"], "Retrain, or go back to the previous version."),
      (["reason": "performance/early"], "Look at the newest labels; the final verdict is still to come."),
      (["advice": "recalibrate"], "recalibrate"),
      (["event": "incident.resolved"], ""),
      (
        ["event": "incident.reopened", "reason": "data"],
        "Look at the feed of these fields; the model reads values that it was not trained on."
      ),
      (["event": "incident.reminder"], "Find out whether the change is real and lasts; retrain if it does."),
      (
        ["event": "incident.flapping"],
        "Find what makes it come and go, or set clear: or clear_for: in its checks; it ends by itself when it is quiet."
      ),
      (
        ["event": "incident.retraining", "deadline": "2026-01-01T06:00:00.000Z"],
        "Nothing for now: the trainer's answer is awaited until 2026-01-01T06:00:00.000Z."
      ),
      (
        ["event": "incident.failed"],
        "Read the reason, then retrain by hand or go back to the previous version: this incident asks for no other retrain."
      ),
    ] as [([String: String], String)])
  func whatTheReaderCanDo(changes: [String: String], advice: String) throws {
    #expect(try content(Sample.opened(changes)).advice == advice)
  }

  @Test func whatComesBackAndWhatStays() throws {
    let because = "it has been open for 8h, and no person has acknowledged it"
    let reminder = try content(Sample.opened(["event": "incident.reminder", "because": because]))
    #expect(reminder.title == "Incident still open: fraud" && reminder.paragraphs[0].title == "What fired")
    #expect(reminder.facts.contains(.init(name: "Why", value: because)))
    #expect(try content(Sample.opened(["event": "incident.reopened"])).title == "Incident reopened: fraud")
    // Nothing fires at a tier that would hold it: what is listed is not what it is about.
    let flapping = try content(Sample.opened(["event": "incident.flapping"]))
    #expect(flapping.summary == "Incident is flapping: fraud (warning)")
    #expect(flapping.paragraphs[0].title == "Still at info")
  }

  @Test func whatASilenceHeldBack() throws {
    let content = try content(
      Sample.opened([
        "because": "silence 7 of alice has ended",
        "held_back": [
          ["event": "incident.escalated", "tier": "critical", "at": "2026-01-01T02:00:00.000Z"],
          [
            "event": "incident.acknowledged", "tier": "critical", "at": "2026-01-01T02:00:00.000Z", "by": "bob",
            "note": "mine",
          ],
          [
            "event": "incident.retrain_held", "tier": "critical", "at": "2026-01-01T03:00:00.000Z",
            "held": "retrain held: data incident x is open",
          ],
        ],
      ]))
    #expect(
      content.done == [
        "held back at 2026-01-01T02:00:00.000Z: incident escalated (critical)",
        "held back at 2026-01-01T02:00:00.000Z: incident acknowledged (critical) by bob: mine",
        "held back at 2026-01-01T03:00:00.000Z: retrain held (critical): retrain held: data incident x is open",
      ])
    #expect(content.facts.contains(MessageContent.Fact(name: "Why", value: "silence 7 of alice has ended")))
  }

  @Test func whatWasDoneAlready() throws {
    func done(_ changes: [String: Any?]) throws -> [String] { try content(Sample.opened(changes)).done }
    #expect(try done([:]) == [])
    #expect(
      try done(["event": "incident.retraining", "retrain": "rt-1", "held_since": "2026-01-01T00:00:00.000Z"])
        == ["retrain rt-1 was asked for", "it had been held since 2026-01-01T00:00:00.000Z"])
    #expect(try done(["event": "incident.failed", "retrain": "rt-1"]) == ["retrain rt-1 failed"])
    #expect(try done(["event": "incident.verifying", "retrain": "rt-1"]) == ["retrain rt-1 succeeded"])
    #expect(try done(["early": "i-0"]) == ["early incident i-0 told of it before"])
  }

  @Test func addressesThatAreNoneAreNoLinks() throws {
    #expect(try content(Sample.opened(["url": "javascript:alert(1)"])).link == nil)
    #expect(try content(Sample.opened(["url": nil])).link == nil)
  }
}
