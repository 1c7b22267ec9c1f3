import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayConfiguration
@testable import LeewayService

@Suite struct MemoryEstimateTests {
  private static func estimate(_ plans: [MonitorPlan], _ lines: String = "") throws -> MemoryEstimate {
    let text = "kafka: {bootstrap: \"localhost:1\", group: g\(lines)"
    let (service, problems) = try TemporaryFolder.use {
      ServiceConfiguration.load($0.write("leeway.yaml", text), environment: [:])
    }
    #expect(problems.isEmpty, "\(problems)")
    let read: ServiceConfiguration = try #require(service)
    return MemoryEstimate(service: read, plans: plans)
  }

  private static let standard = "}\nledger: sqlite:leeway.db\nhttp: {listen: \"127.0.0.1:0\"}\n"

  private static func plans(_ names: [String], windows: Int = 2) throws -> [MonitorPlan] {
    try names.map { name in
      var monitor = try SampleMonitor.monitor(.binary, name: name)
      monitor.windows = (1...windows).map {
        WindowDefinition(name: "\($0)h", size: .hours(Int64($0)), every: .hours(1))
      }
      return try SampleMonitor.plan(monitor)
    }
  }

  @Test func saysWhatEachMonitorAndTheRestTake() throws {
    let plans = try Self.plans(["a", "b"])
    let found = try Self.estimate(plans, Self.standard)
    #expect(found.monitors.map(\.name) == ["a", "b"] && found.monitors[0].bytes == found.monitors[1].bytes)
    let shared = found.shared.reduce(0) { $0 + $1.bytes }
    #expect(found.total == 2 * found.monitors[0].bytes + shared)
    let lines = found.text.split(separator: "\n")
    #expect(lines.count == 1 + found.monitors.count + found.shared.count)
    #expect(lines[0] == "memory: about \(Int((Double(found.total) / 1e6).rounded())) MB at most")
    #expect(lines[1].hasPrefix("  monitor a: ") && lines[1].hasSuffix(" MB"))
  }

  @Test func everyWindowAndSliceCounts() throws {
    let memory = try [1, 2].map { MonitorMemory(try Self.plans(["a"], windows: $0)[0]) }
    #expect(memory[1].windows == 2 * memory[0].windows)
    // `all`, two versions, the two channels of the baseline, and as many shops as are kept at most.
    let block = CellBlock(try Self.plans(["a"])[0].drift.shape).residentBytes
    #expect(memory[0].windows == 8 * block && memory[0].judged > 8 * block)
  }

  /// Beyond what is kept from round to round windows take no more.
  @Test func windowsTakeNoMoreThanTheirLimit() throws {
    let many = try Self.plans(["a"], windows: 400)[0]
    let memory = MonitorMemory(many)
    let found = try Self.estimate(Array(repeating: many, count: 400), Self.standard)
    let own = 400 * (memory.baseline + memory.batch * ServiceConfiguration.Kafka.standardThreads)
    #expect(400 * memory.windows > WindowMerges.standardLimitBytes)
    let windows = found.monitors.reduce(0) { $0 + $1.bytes } - own
    #expect(windows <= WindowMerges.standardLimitBytes && windows > WindowMerges.standardLimitBytes * 99 / 100)
  }

  @Test func settingsOfTheServiceCount() throws {
    let plans = try Self.plans(["a"])
    let usual = try Self.estimate(plans, Self.standard).total
    let queue = ", properties: {queued.max.messages.kbytes: \"31072\"}"
    #expect(try Self.estimate(plans, queue + Self.standard).total < usual)
    #expect(try Self.estimate(plans, Self.standard + "limits: {flush_bytes: 164MiB}\n").total == usual + 100 << 20)
    #expect(try Self.estimate(plans, Self.standard.replacing("sqlite:leeway.db", with: "postgres://h/d")).total < usual)
    #expect(MemoryEstimate(service: nil, plans: plans).total == usual)
  }
}
