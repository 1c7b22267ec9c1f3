import LeewayCore
import LeewayDelivery
import Testing

@Suite struct FailureNoticeTests {
  private func given(_ body: String, retrain: String? = nil) -> OutboxRecord {
    OutboxRecord(
      key: "fraud-1/2-retrain/trainer", monitor: "fraud", incident: "fraud-1", receiver: "trainer", sequence: 2,
      body: body, retrain: retrain, createdAt: .distantPast, state: .dead, attempts: 3, nextAttemptAt: .distantPast,
      lastError: "the receiver answered 410")
  }

  @Test func noticeSaysWhatWasNotDeliveredAndNotTheBody() {
    let notice = FailureNotice.row(
      about: given(Sample.retrain, retrain: "rt-7f3a"), to: "chat", at: EventTime(milliseconds: 1_767_225_600_000))
    #expect(
      notice.key == "fraud-1/2-retrain/trainer/fallback/3/chat" && notice.message == "2-retrain/trainer/fallback/3")
    #expect(notice.receiver == "chat" && notice.retrain == nil && notice.state == .owed && notice.sequence == 2)
    #expect(
      notice.body
        == #"{"version":1,"event":"delivery.failed","incident":"fraud-1","monitor":"fraud","tier":"critical","opened_at":"2026-01-01T00:00:00.000Z","reason":"drift","receiver":"trainer","message":"retrain.requested","retrain":"rt-7f3a","because":"the receiver answered 410","at":"2026-01-01T00:00:00.000Z"}"#
    )
    // Nobody is told that a notice could not be delivered.
    #expect(FailureNotice.isNotice(notice) && !FailureNotice.isNotice(given("{}")))
  }

  @Test func bodyThatCannotBeReadIsToldOfToo() throws {
    let notice = FailureNotice.row(about: given("no JSON"), to: "chat", at: EventTime(milliseconds: 0))
    let rendered = try LogFormat().render(Delivery(key: notice.key, notification: Array(notice.body.utf8)), now: 0)
    #expect(
      rendered
        == .line(
          "event=delivery.failed incident=fraud-1 monitor=fraud tier=critical receiver=trainer "
            + "because=\"the receiver answered 410\" at=1970-01-01T00:00:00.000Z"))
  }
}
