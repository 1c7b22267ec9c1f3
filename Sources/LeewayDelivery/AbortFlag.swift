import Synchronization

/// Raised once, by any thread, to end every request that carries it: shutdown waits for no slow receiver.
package final class AbortFlag: Sendable {
  private let raised = Atomic<Bool>(false)

  package init() {}

  package func raise() { raised.store(true, ordering: .relaxed) }

  package var isRaised: Bool { raised.load(ordering: .relaxed) }
}
