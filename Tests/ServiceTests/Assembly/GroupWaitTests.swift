import LeewayCore
import Testing

@testable import LeewayService

/// A start that waits for the group says so once, and not where the group answers soon.
@Suite struct GroupWaitTests {
  private let began = SteadyTime.now

  @Test func aLongWaitIsSaidOnce() {
    var wait = GroupWait(group: "leeway", properties: [:], began: began)
    #expect(wait.line(at: began + .milliseconds(4999)) == nil)
    #expect(
      wait.line(at: began + .seconds(5))
        == "waiting for the group leeway to give partitions: a former member that did not leave, as after a kill, holds them until its session ends, in at most 45s (session.timeout.ms)"
    )
    #expect(wait.line(at: began + .seconds(60)) == nil)
  }

  @Test func theSessionIsTheConfiguredOne() {
    var wait = GroupWait(group: "g", properties: ["session.timeout.ms": "6000"], began: began)
    #expect(wait.line(at: began + .seconds(9))?.contains("at most 6s") == true)
  }

  @Test func aGroupThatAnswersIsNoNews() {
    var wait = GroupWait(group: "g", properties: [:], began: began)
    wait.end()
    #expect(wait.line(at: began + .seconds(60)) == nil)
  }
}
