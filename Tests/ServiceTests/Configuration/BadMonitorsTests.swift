import Foundation
import Testing

@testable import LeewayConfiguration
@testable import LeewayService

/// One file for every mistake. Its first lines say what must be reported: `# expect: LINE:COLUMN: message`.
@Suite struct BadMonitorsTests {
  static let folder = Bundle.module.bundlePath + "/Fixtures/BadMonitors"
  static let names = (try? TextFile.entries(ofFolder: folder)) ?? []

  @Test func fixturesAreThere() { #expect(Self.names.count > 100) }

  @Test(arguments: names) func reportsExactlyWhatIsExpected(name: String) throws {
    let path = "\(Self.folder)/\(name)"
    let content = String(decoding: try TextFile.bytes(at: path, limit: 1 << 20), as: UTF8.self)
    let expected = content.split(separator: "\n").prefix { $0.hasPrefix("# expect: ") }.map { String($0.dropFirst(10)) }
    try #require(!expected.isEmpty)

    let (monitor, problems) = MonitorFile.load(path, environment: [:])

    #expect(problems.map { String($0.description.dropFirst(path.count + 1)) } == expected)
    #expect((monitor == nil) == problems.hasErrors)
  }

  @Test func twelveMistakesAreTwelveErrors() {
    let (_, problems) = MonitorFile.load("\(Self.folder)/twelve-mistakes.yaml", environment: [:])
    #expect(problems.count { $0.severity == .error } == 12)
  }
}
