import Glibc
import LeewayCore
import Testing

@testable import LeewayLedger

/// What an operator reads when the disk under the file fails: the place, the cause and what to do.
@Suite("SQLite ledger: a disk that fails")
struct DiskMessageTests {
  /// SQLITE_IOERR_WRITE, which SQLite gives for a file system that the kernel has made read-only after an error.
  private static let writeFailed: CInt = 778

  @Test(arguments: [
    (EROFS, "the file system has become read-only"), (EIO, "the disk does not read or write"),
    (0, "the disk does not read or write"),
  ])
  func anErrorOfTheDiskSaysWhatItMayBeAndWhereToLook(_ number: CInt, _ cause: String) {
    let error = LedgerError.sqlite(
      "writing", path: "/data/leeway.db", code: Self.writeFailed, message: "disk I/O error", errno: number)
    #expect(
      error.description
        == "writing in the ledger /data/leeway.db: \(cause) (SQLite 778: disk I/O error); see the kernel's log (dmesg), "
        + "repair the disk or its file system, and start again")
    #expect(!error.storageFull && !error.mayPass && !error.isDamage)
  }

  @Test func aDiskWithoutRoomIsNoBrokenOne() {
    let error = LedgerError.sqlite(
      "writing", path: "/data/leeway.db", code: Self.writeFailed, message: "disk I/O error", errno: ENOSPC)
    #expect(error.storageFull && error.description.contains("is full"))
  }
}
