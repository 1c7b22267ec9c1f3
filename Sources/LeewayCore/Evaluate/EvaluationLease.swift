/// The right to judge a monitor, as taken from the ledger.
package struct EvaluationLease: Sendable, Equatable {
  package var name: String
  package var epoch: Int64

  package init(name: String, epoch: Int64) {
    self.name = name
    self.epoch = epoch
  }

  package static func name(monitor: String) -> String { "evaluate/\(monitor)" }
}

/// Another evaluator has taken the monitor over; nothing was written.
package struct LeaseLost: Error, CustomStringConvertible {
  package var name: String

  package init(name: String) { self.name = name }

  package var description: String { "lease \(name) has been taken over by another instance" }
}
