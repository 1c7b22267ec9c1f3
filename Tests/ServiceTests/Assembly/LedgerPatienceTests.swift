import LeewayCore
import LeewayLedger
import Testing

@testable import LeewayService

@Suite struct LedgerPatienceTests {
  @Test func aLedgerThatIsAwayAtTheStartIsNamedWithWhatIsDone() {
    let waiting = PostgreSQLLedger.Waiting(
      error: LedgerError("connecting to the ledger d at db: refused"), pause: 50, left: 29)
    #expect(
      LedgerPatience.sentence(waiting)
        == "the service starts: the ledger is not there; it is tried again in 50 ms, and then at least every second, for 29 s "
        + "more before the service gives up: connecting to the ledger d at db: refused")
  }
}
