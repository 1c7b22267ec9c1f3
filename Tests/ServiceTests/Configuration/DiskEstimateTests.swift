import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayConfiguration
@testable import LeewayService

@Suite struct DiskEstimateTests {
  /// Two subjects more or less change the lines; the sums are by hand.
  @Test func linesOfADayAreThoseOfEveryWindowSliceAndSubject() throws {
    var monitor = try SampleMonitor.monitor(.binary, name: "a")
    monitor.windows = [
      WindowDefinition(name: "1h", size: .hours(1), every: .minutes(5)),
      WindowDefinition(name: "7d", size: .days(7), every: .hours(1)),
    ]
    monitor.checks = []
    let plan = try SampleMonitor.plan(monitor)
    let slices = Double(MonitorMemory.slices(plan))
    let subjects = Double(plan.drift.subjects.count)
    let found = DiskEstimate(limits: nil, plans: [plan]).monitors[0]
    #expect(found.lines == (288 + 24) * slices * (subjects + 1))
    let line = subjects * Double(DiskEstimate.driftBytes) + Double(DiskEstimate.performanceBytes)
    #expect(abs(found.day - 312 * slices * line) < 1)
    let horizon = try #require(plan.monitor.labels?.horizon).seconds / 86_400
    let whole = 35 + horizon
    #expect(abs(found.year - slices * line * (whole * 312 + (365 - whole) * 48)) < 1)
    let text = DiskEstimate(limits: nil, plans: [plan]).text.split(separator: "\n")
    #expect(text.count == 2 && text[0].hasPrefix("disk: about ") && text[1].hasPrefix("  monitor a: "))
  }

  /// 20 features, the output, 10 slices, windows of an hour every 5 minutes and of 7 days every hour: under 3 GB.
  @Test func aYearOfTwentyFeaturesAndTenSlicesTakesLessThanThreeGigabytes() {
    let line = 21 * DiskEstimate.driftBytes + DiskEstimate.performanceBytes
    let verdicts = (24 * 20 + 288 * 2 + 24) * DiskEstimate.verdictBytes
    let whole = 65 * (312 * 10 * line + verdicts)
    let thinned = 300 * (48 * 10 * line + verdicts / 2)
    #expect(whole + thinned < 3_000_000_000)
  }

  @Test func whatIsRemovedEarlierTakesNothing() throws {
    let plan = try SampleMonitor.plan(SampleMonitor.monitor(.binary, name: "a"))
    var limits = ServiceConfiguration.Limits()
    limits.resultsKept = .days(10)
    let found = DiskEstimate(limits: limits, plans: [plan]).monitors[0]
    #expect(abs(found.year - 10 * found.day) < 1)
  }
}
