import Dispatch
import Glibc
import LeewayLedger
import LeewayLocks

/// Lets SIGINT, SIGTERM and SIGHUP end the process as they would without this, but a replay's scratch ledger goes first.
/// For a process that does nothing else.
final class Interruption: Sendable {
  private let ledger = Mutex<SQLiteLedger?>(nil)

  /// From here on signals are seen; those that whoever started the process has it ignore stay ignored.
  init() {
    let queue = DispatchQueue(label: "leeway-interruption")
    for number in [SIGINT, SIGTERM, SIGHUP] where !Self.isIgnored(number) {
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { [self] in end(by: number) }
      let seen = DispatchSemaphore(value: 0)
      source.setRegistrationHandler { seen.signal() }
      source.activate()
      seen.wait()
      // Never released: the signal would be lost from then on.
      _ = Unmanaged.passRetained(source as AnyObject)
    }
  }

  func remove(_ ledger: SQLiteLedger) { self.ledger.withLock { $0 = ledger } }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// A shell that runs several commands stops at one that a signal has ended, and not at an exit code.
  private func end(by number: Int32) {
    ledger.withLock { $0?.abandon() }
    signal(number, SIG_DFL)
    var mask = sigset_t()
    sigemptyset(&mask)
    sigaddset(&mask, number)
    pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    raise(number)
    _exit(128 + number)
  }
}
