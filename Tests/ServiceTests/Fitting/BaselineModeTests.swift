import Foundation
import Glibc
import LeewayCore
import Testing

@testable import LeewayReplay
@testable import LeewayService

/// A baseline says how customers are distributed: it is for its owner alone, whatever the umask.
@Suite struct BaselineModeTests {
  private func mode(_ path: String) throws -> Int {
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    return try #require(mode)
  }

  @Test func aWrittenBaselineIsForItsOwnerAlone() throws {
    try TemporaryFolder.use { folder in
      var baseline = Baseline(monitor: "shop", task: .binary, rows: 0, subjects: [])
      let path = "\(folder.path)/baseline.json"
      try BaselineFile.write(&baseline, to: path)
      #expect(try mode(path) == 0o600)
      // What another run left behind, or somebody put there, has another mode.
      try FileManager.default.removeItem(atPath: path)
      folder.write("baseline.json.partial", "old")
      chmod("\(path).partial", 0o666)
      try BaselineFile.write(&baseline, to: path)
      #expect(try mode(path) == 0o600)
      #expect(!FileManager.default.fileExists(atPath: "\(path).partial"))
    }
  }
}
