import LeewayCore
import LeewaySource
import LeewayWeb
import Logging

/// Where another instance runs a newer configuration on the same ledger.
extension KafkaIntake {
  /// Reads the files again until they hold what the ledger runs on, or something that it has never had.
  func catchUp(with superseded: GenerationSuperseded, until stop: StopFlag) {
    let detail =
      "\(superseded.description); this instance has let go of its partitions and reads its files again now and then: "
      + "give it the newer ones, or end it"
    logger.error("\(detail)")
    state.set(outdated: detail)
    metrics.set(outdated: true)
    var wait = 1000
    while !stop.isRaised {
      if let setup = newerSetup() {
        let change = SetupChange(from: live.current, to: setup)
        live.replace(with: setup)
        reload.succeeded(change, "a newer configuration")
        break
      }
      var rest = wait
      while rest > 0, !stop.isRaised {
        state.recordHeartbeat(of: .intake, now: .now)
        WallClock.pause(milliseconds: min(rest, 100), unless: stop)
        rest -= 100
        // A reload that is asked for is not kept waiting.
        guard let proposal = live.takeProposal() else { continue }
        if isNewer(proposal.setup) {
          live.replace(with: proposal.setup)
          state.set(outdated: nil)
          metrics.set(outdated: false)
          return proposal.adopted()
        }
        proposal.refuse(
          ReloadRefusal(problems: [
            "the files are older than what another instance runs: \(superseded.description); give them what it has"
          ]))
      }
      wait = min(wait * 2, 30_000)
    }
    state.set(outdated: nil)
    metrics.set(outdated: false)
  }

  private func newerSetup() -> Setup? {
    guard case .success(let (setup, _)) = reload.read(after: live.current.configuration) else { return nil }
    return isNewer(setup) ? setup : nil
  }

  private func isNewer(_ setup: Setup) -> Bool {
    do { return try ledger.read { try Generations.superseded(setup.plans, in: $0).isEmpty } } catch {
      logger.warning("the ledger cannot be asked for its configuration now: \(error)")
      return false
    }
  }
}
