import Dispatch
import Glibc
import LeewayLedger

/// Ends the process on SIGINT and SIGTERM, as it would end without this, but takes the replay's scratch ledger with it.
/// For a process that does nothing else.
final class Interruption {
  private let sources: [any DispatchSourceSignal]

  init(removing ledger: SQLiteLedger) {
    let queue = DispatchQueue(label: "leeway-interruption")
    sources = [SIGINT, SIGTERM].map { number in
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        ledger.abandon()
        _exit(128 + number)
      }
      source.activate()
      return source
    }
  }
}
