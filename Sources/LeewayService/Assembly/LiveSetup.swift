import LeewayConfiguration
import LeewayCore
import LeewayLocks
import LeewayWeb

import struct Synchronization.Atomic

/// What the service runs on now. A reload proposes another setup; the intake, the only part that knows when nothing is half
/// counted, adopts it between two polls; everybody else follows what it has adopted.
final class LiveSetup: Sendable {
  /// A setup that waits for the intake. Exactly one of `adopted` and `refuse` ends it.
  struct Proposal: Sendable {
    let setup: Setup
    fileprivate let answer: CheckedContinuation<Result<Void, ReloadRefusal>, Never>
  }

  private struct State {
    var current: Setup
    var proposal: Proposal?
    var followers: [Int: AsyncStream<Setup>.Continuation] = [:]
    var nextFollower = 0
  }

  private let state: Mutex<State>
  private let turn = Atomic(0)

  init(_ setup: Setup) { state = Mutex(State(current: setup)) }

  var current: Setup { state.withLock { $0.current } }

  /// Rises with every change, so that a thread sees at the cost of one load that there is none.
  var revision: Int { turn.load(ordering: .acquiring) }

  /// The current setup, then every later one.
  func setups() -> AsyncStream<Setup> {
    AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
      let key = state.withLock { state in
        let key = state.nextFollower
        state.nextFollower += 1
        state.followers[key] = continuation
        continuation.yield(state.current)
        return key
      }
      continuation.onTermination = { [self] _ in state.withLock { $0.followers[key] = nil } }
    }
  }

  /// What the listener shows, and the files that it was read from; nil: no TLS.
  var identity: (files: ServiceConfiguration.HTTP.TLS, identity: TLSIdentity)? {
    state.withLock { state in
      guard let files = state.current.configuration.http.tls, let identity = state.current.tls else { return nil }
      return (files, identity)
    }
  }

  /// The same files have another content, which is in force at once; nothing if by now other files are named.
  func renew(_ identity: TLSIdentity, of files: ServiceConfiguration.HTTP.TLS) {
    state.withLock { state in
      if state.current.configuration.http.tls == files { state.current.tls = identity }
    }
  }

  // MARK: The side that reloads

  /// Waits until the intake has adopted the setup or refused it.
  func propose(_ setup: Setup, patience: Duration = .seconds(60)) async -> Result<Void, ReloadRefusal> {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [self] in
        try? await Task.sleep(for: patience)
        guard !Task.isCancelled else { return }
        withdraw("the intake did not come to it within \(patience); see the log for what holds it up")
      }
      defer { group.cancelAll() }
      return await withCheckedContinuation { answer in
        let isFirst = state.withLock { state in
          guard state.proposal == nil else { return false }
          state.proposal = Proposal(setup: setup, answer: answer)
          return true
        }
        if !isFirst { answer.resume(returning: .failure(ReloadRefusal("another reload is under way; ask again"))) }
      }
    }
  }

  /// Ends a proposal that was not taken.
  func withdraw(_ reason: String) {
    takeProposal()?.refuse(ReloadRefusal(reason))
  }

  // MARK: The intake's side

  /// The proposal, which then is the caller's to answer.
  func takeProposal() -> Proposal? {
    state.withLock { state in
      defer { state.proposal = nil }
      return state.proposal
    }
  }

  /// From here on everybody runs on it.
  func replace(with setup: Setup) {
    state.withLock { state in
      state.current = setup
      turn.add(1, ordering: .releasing)
      for follower in state.followers.values { follower.yield(setup) }
    }
  }
}

extension LiveSetup.Proposal {
  func adopted() { answer.resume(returning: .success(())) }
  func refuse(_ refusal: ReloadRefusal) { answer.resume(returning: .failure(refusal)) }
}
