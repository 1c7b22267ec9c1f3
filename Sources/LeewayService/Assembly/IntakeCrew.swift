import Foundation
import LeewayCore

/// Threads that take what one consumer polls, each into a lane of the intake. The thread that polls is one of them, and
/// waits for the others: between two batches all is its own again.
///
/// Unchecked Sendable: the polling thread makes it and calls `add`, `run` and `end`. A worker touches its lane, and the
/// intake's part of it, between the start of a round and its end, both of which are told under `rounds`.
final class IntakeCrew: @unchecked Sendable {
  private struct Lane {
    var runs: [(slot: Intake.Slot, messages: Range<Int>)] = []
    var messages: [SourceMessage] = []
    let busy = Stopwatch(now: IntakeProfile.nanoseconds)
  }

  /// For fewer messages no thread is woken.
  private static let fewest = 64

  private let lanes: UnsafeMutableBufferPointer<Lane>
  private let rounds = NSCondition()
  private var intake: Intake?
  private var round = 0
  private var working = 0
  private var isEnding = false

  /// - Parameter lanes: as many as the intake has, at least 2.
  init(lanes count: Int) {
    precondition(count > 1)
    lanes = .allocate(capacity: count)
    for lane in 0..<count { lanes.initializeElement(at: lane, to: Lane()) }
    for lane in 1..<count {
      let thread = Thread { [self] in
        Thread.current.name = "leeway-lane-\(lane)"
        work(lane)
      }
      thread.stackSize = 4 << 20
      thread.start()
    }
  }

  deinit {
    lanes.deinitialize()
    lanes.deallocate()
  }

  /// Time that all lanes have spent together.
  var busyNanoseconds: UInt64 { lanes.reduce(0) { $0 &+ $1.busy.nanoseconds } }

  /// Keeps messages of a partition for `run`; their bytes must stay until it has returned.
  func add(_ slot: Intake.Slot, _ fill: (inout [SourceMessage]) -> Void) {
    let start = lanes[slot.lane].messages.count
    fill(&lanes[slot.lane].messages)
    lanes[slot.lane].runs.append((slot, start..<lanes[slot.lane].messages.count))
  }

  /// Takes all that was added.
  func run(into intake: Intake) {
    let others = lanes.dropFirst()
    guard others.contains(where: { !$0.runs.isEmpty }) else { return take(0, into: intake) }
    guard lanes.reduce(0, { $0 + $1.messages.count }) >= Self.fewest else {
      for lane in lanes.indices { take(lane, into: intake) }
      return
    }
    rounds.lock()
    self.intake = intake
    working = others.count
    round += 1
    rounds.broadcast()
    rounds.unlock()
    take(0, into: intake)
    rounds.lock()
    while working > 0 { rounds.wait() }
    self.intake = nil
    rounds.unlock()
  }

  /// Ends the threads; nothing may be added any more.
  func end() {
    rounds.lock()
    isEnding = true
    rounds.broadcast()
    rounds.unlock()
  }

  private func work(_ lane: Int) {
    var seen = 0
    while true {
      rounds.lock()
      while round == seen, !isEnding { rounds.wait() }
      guard !isEnding, let intake else { return rounds.unlock() }
      seen = round
      rounds.unlock()
      take(lane, into: intake)
      rounds.lock()
      working -= 1
      if working == 0 { rounds.broadcast() }
      rounds.unlock()
    }
  }

  private func take(_ lane: Int, into intake: Intake) {
    guard !lanes[lane].runs.isEmpty else { return }
    let start = lanes[lane].busy.now()
    for run in lanes[lane].runs { intake.take(lanes[lane].messages[run.messages], from: run.slot) }
    lanes[lane].runs.removeAll(keepingCapacity: true)
    lanes[lane].messages.removeAll(keepingCapacity: true)
    lanes[lane].busy.lap(since: start)
  }
}
