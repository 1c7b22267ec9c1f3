import Foundation
import Testing

/// Fault 4: a broker that is away for a while, leaders and coordinators that move, requests that fail: nothing is lost,
/// nothing is read twice, and memory stays what it was.
@Suite(.serialized) struct BrokerFaultTests {
  @Test func outagesAndMovesLoseNothing() throws {
    let folder = try TemporaryFolder()
    let broker = try BrokerProcess(brokers: 3)
    try broker.order("topic \(Shop.predictions) 4")
    try broker.order("topic \(Shop.labels) 1")
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    let service = try RunningService(in: folder.url)
    defer { service.killIfRunning() }
    var sent = 0
    func send(_ count: Int) throws {
      for partition in 0..<4 {
        let first = partition * 10_000 + sent
        try Message.predictions(first..<first + count, partition: Int32(partition)).produce(to: broker.bootstrap)
      }
      sent += count
    }
    func awaitAll() throws { try service.awaitPartitions([0: sent, 1: sent, 2: sent, 3: sent]) }
    try send(500)
    try awaitAll()
    let memory = try #require(ProcessStatus.kilobytes("VmRSS", of: service.process.identifier))

    for _ in 0..<2 {
      try broker.order("down")
      #expect(try service.awaitUnready("partitions").contains("_ALL_BROKERS_DOWN"))
      try broker.order("up")
      try send(200)
      try awaitAll()
      try service.awaitReady()
    }
    for id in [2, 3, 1] {
      try broker.order("leader \(Shop.predictions) \(id % 4) \(id)")
      try broker.order("coordinator shop \(id)")
      try send(100)
      try awaitAll()
    }
    // Fetches from who is no longer the leader, and heartbeats to who is no longer the coordinator.
    try broker.order("fail 1 6 6 6 -195 -195")
    try broker.order("fail 12 16 27 16")
    try send(100)
    try awaitAll()
    try service.awaitReady()

    try service.expectCounts("leeway_events_total", ["accepted": 4 * sent])
    let after = try #require(ProcessStatus.kilobytes("VmRSS", of: service.process.identifier))
    #expect(after < memory + (64 << 10), "\(memory) KiB before, \(after) KiB after")
    service.stop()
  }
}

/// What the kernel says of a process.
enum ProcessStatus {
  /// - Parameter field: of `/proc/PID/status`, in KiB: `VmRSS` is resident now, `VmHWM` the most there ever was.
  static func kilobytes(_ field: String, of process: Int32) -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix("\(field):") {
      return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    }
    return nil
  }
}
