import Foundation
import Testing

struct PurityTests {
  /// Arrays in, numbers out: no clock, randomness, file or locale can reach a statistic.
  @Test func importsTheMathematicsOfTheSystemAlone() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/LeewayStatistics").standardizedFileURL
    let files = try FileManager.default.contentsOfDirectory(at: sources, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "swift" }
    #expect(files.count > 10)
    for file in files {
      let imports = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        .filter { $0.contains("import ") && !$0.contains("//") }
      #expect(imports.allSatisfy { $0 == "import Glibc" }, "\(file.lastPathComponent): \(imports)")
    }
  }
}
