import LeewayCore

/// Says when the machine's clock is not believed.
extension EvaluationThread {
  func noteClock() {
    let jump = WallClock.jump
    switch (toldJump, jump) {
    case (nil, let jump?):
      let side = jump > .zero ? "forward" : "back"
      let span = TimeSpan.seconds(abs(jump.milliseconds) / 1000)
      logger.warning(
        "the machine's clock was set \(side) by \(span); it is believed once it has stayed there for \(BelievedClock.patience), and until then deadlines and messages go on by the time from before"
      )
    case (_?, nil): logger.notice("the machine's clock is believed again")
    default: break
    }
    toldJump = jump
  }
}
