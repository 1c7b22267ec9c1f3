import Foundation
import LeewayCore

/// One of the threads that read a file of predictions together, with an intake of its own.
///
/// Unchecked Sendable: one thread makes it, hands it to the one that runs it, and reads the reports after that has ended.
final class RunReader: @unchecked Sendable {
  private let intake: Intake
  private let slot: Intake.Slot
  private let asOf: EventTime?
  private let ledger: any Ledger
  private let log: SharedLog
  /// nil: lines are messages.
  private let envelope: RecordEnvelope?
  private(set) var reports: [FlushReport] = []

  init(
    intake: Intake, slot: Intake.Slot, asOf: EventTime?, ledger: any Ledger, log: SharedLog,
    envelope: RecordEnvelope?
  ) {
    self.intake = intake
    self.slot = slot
    self.asOf = asOf
    self.ledger = ledger
    self.log = log
    self.envelope = envelope
  }

  /// Runs all of them to the end of the file, the first on the calling thread. A failure is the log's.
  static func runAll(_ readers: [RunReader]) {
    let others = DispatchGroup()
    for reader in readers.dropFirst() {
      others.enter()
      let thread = Thread {
        Thread.current.name = "leeway-replay"
        reader.run()
        others.leave()
      }
      thread.stackSize = 4 << 20
      thread.start()
    }
    readers.first?.run()
    others.wait()
  }

  private func run() {
    do {
      var run = LineRun()
      while let number = try log.next(intake.runLength, into: &run) {
        intake.beginRun()
        try run.forEach { text, line in
          intake.take(try MessageLines.message(text, line, envelope, log.file, asOf), from: slot)
        }
        guard log.settle(number, { intake.settleRun(after: $0) }) else { return }
        intake.addRun()
        if intake.isFull { reports.append(try intake.flush(to: ledger)) }
      }
    } catch {
      log.fail(error)
    }
  }
}
