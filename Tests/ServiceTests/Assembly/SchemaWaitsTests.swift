import LeewayCore
import LeewayDelivery
import LeewayTestSupport
import Testing

@testable import LeewayService
@testable import LeewayWeb

/// When a registry is asked, on a clock that the test moves.
@Suite struct SchemaWaitsTests {
  private let clock = ManualSteadyClock()

  @Test func anUnknownNumberIsAskedForAgainUntilItsTimeIsOver() {
    var waits = SchemaWaits(unknownAfter: .minutes(10))
    waits.want(17, isHeld: true, now: clock.now)
    var questions = 0
    var settled: SchemaRecord.Content?
    for second in 0...700 where settled == nil {
      if waits.due(clock.now) == [17] {
        waits.asked(17)
        #expect(waits.due(clock.now) == [])
        questions += 1
        settled = waits.take(.unknown, of: 17, now: clock.now)
        #expect((settled == .unknown) == (second == 600), "second \(second)")
        #expect(
          waits.reason(17) == "the schema registry does not have it; it is asked for 10m" || settled != nil)
      }
      clock.advance(.seconds(1))
    }
    // Every ten seconds, the last time when the ten minutes are over.
    #expect(questions == 61)
    #expect(settled == .unknown)
  }

  @Test func aRegistryThatIsAwayIsAskedSeldomerAndForEver() {
    var waits = SchemaWaits(unknownAfter: .seconds(1))
    waits.want(17, isHeld: true, now: clock.now)
    var pauses: [Int64] = []
    for _ in 0..<10 {
      #expect(waits.due(clock.now) == [17])
      waits.asked(17)
      #expect(waits.take(.away("no one there"), of: 17, now: clock.now) == nil)
      #expect(waits.reason(17) == "no one there")
      var pause: Int64 = 0
      while waits.due(clock.now).isEmpty {
        clock.advance(.milliseconds(100))
        pause += 100
      }
      pauses.append(pause)
    }
    #expect(pauses == [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000])
    waits.asked(17)
    #expect(waits.take(.found(.avro([1])), of: 17, now: clock.now) == .avro([1]))
  }

  /// Its answers count from the first that says so, also where it is away in between.
  @Test func theTimeOfAnUnknownNumberBeginsWithTheFirstAnswer() {
    var waits = SchemaWaits(unknownAfter: .seconds(30))
    waits.want(1, isHeld: true, now: clock.now)
    clock.advance(.minutes(60))
    waits.asked(1)
    #expect(waits.take(.unknown, of: 1, now: clock.now) == nil)
    clock.advance(.seconds(29))
    waits.asked(1)
    #expect(waits.take(.away("x"), of: 1, now: clock.now) == nil)
    waits.asked(1)
    #expect(waits.take(.unknown, of: 1, now: clock.now) == nil)
    clock.advance(.seconds(1))
    #expect(waits.due(clock.now) == [1])
    waits.asked(1)
    #expect(waits.take(.unknown, of: 1, now: clock.now) == .unknown)
  }

  /// Bytes that only look like a header must not fill memory, nor keep what is needed from being asked for.
  @Test func whatComesBehindAHoldIsAskedForUpToALimit() {
    var waits = SchemaWaits(unknownAfter: .minutes(10))
    for id in 0..<1000 as Range<UInt32> { waits.want(.number(id), isHeld: false, now: clock.now) }
    #expect(waits.due(clock.now).count == SchemaWaits.most)
    waits.want(5000, isHeld: true, now: clock.now)
    #expect(waits.due(clock.now).count == SchemaWaits.most + 1)
    #expect(waits.due(clock.now).last == 5000)
    // What nobody waits for any more is forgotten, but for what an answer is on the way for.
    waits.asked(3)
    waits.keep([5000])
    #expect(waits.due(clock.now) == [5000])
    #expect(waits.take(.unknown, of: 3, now: clock.now) == nil)
    waits.keep([5000])
    clock.advance(.minutes(1))
    #expect(waits.due(clock.now) == [5000])
    waits.forget(5000)
    #expect(waits.isEmpty)
  }

  @Test func whatWaitsLongMakesTheServiceUnready() {
    let state = ServiceState(plans: [], patience: .minutes(2), now: clock.now)
    func condition() -> ReadinessCondition? { state.readiness(now: clock.now).first { $0.name == "schemas_known" } }
    #expect(condition() == nil)
    state.set(schemaHolds: [])
    #expect(
      condition() == ReadinessCondition(name: "schemas_known", holds: true, detail: "no partition waits for a schema"))
    state.set(schemaHolds: [("a", clock.now), ("b", clock.now), ("c", clock.now)])
    #expect(condition() == ReadinessCondition(name: "schemas_known", holds: true, detail: "a; and 2 more"))
    clock.advance(.seconds(121))
    #expect(condition() == ReadinessCondition(name: "schemas_known", holds: false, detail: "a; and 2 more"))
    state.leftGroup()
    #expect(condition()?.holds == true)
  }
}

/// What is let through to the intake.
@Suite struct SchemaGateTests {
  private let gate = SchemaGate(messageBytes: 100)
  private let place = TopicPartition("t", 0)
  private let other = TopicPartition("t", 1)

  private func lets(_ bytes: [UInt8]?, _ offset: Int64, _ place: TopicPartition) -> Bool {
    gate.enter(place)
    guard let bytes else { return gate.lets(SourceMessage(offset: offset, recordTime: nil, key: nil, value: nil)) }
    return bytes.withUnsafeBytes {
      gate.lets(SourceMessage(offset: offset, recordTime: nil, key: nil, value: $0))
    }
  }

  @Test func aPartitionIsHeldFromTheFirstMessageOfAnUnknownSchemaOn() {
    gate.learn(.refused(.unregisteredSchema(1)), of: 1)
    #expect(lets([0, 0, 0, 0, 1, 9], 5, place))
    #expect(!lets([0, 0, 0, 0, 2, 9], 6, place))
    #expect(gate.holds[place]?.id == 2 && gate.holds[place]?.offset == 6)
    // Nothing passes it, and what will be missing next is asked for too.
    #expect(!lets([0, 0, 0, 0, 1, 9], 7, place))
    #expect(!lets([0, 0, 0, 0, 3, 9], 8, place))
    #expect(!lets(nil, 9, place))
    #expect(gate.wanted == [2, 3])
    // The other partition goes on.
    #expect(lets([0, 0, 0, 0, 1, 9], 0, other))
    #expect(gate.released == [])
    gate.learn(.refused(.unregisteredSchema(2)), of: 2)
    #expect(gate.released == [place])
    gate.forget([place])
    gate.resettling = [place]
    gate.enter(other)
    #expect(gate.resettling == [place])
    gate.enter(place)
    #expect(gate.resettling == [])
    #expect(gate.wanted == [])
    #expect(lets([0, 0, 0, 0, 2, 9], 6, place))
    #expect(lets([0, 0, 0, 0, 1, 9], 7, place))
    #expect(!lets([0, 0, 0, 0, 3, 9], 8, place))
  }

  @Test func whatIsRejectedForAnotherReasonWaitsForNothing() {
    #expect(lets(nil, 0, place))
    #expect(lets([], 1, place))
    #expect(lets([0, 0, 0, 2], 2, place))
    #expect(lets([1, 0, 0, 0, 2], 3, place))
    #expect(lets(Array("{\"a\":1}".utf8), 4, place))
    #expect(lets([0, 0, 0, 0, 2] + Array(repeating: 7, count: 96), 5, place))
    #expect(!lets([0, 0, 0, 0, 2] + Array(repeating: 7, count: 95), 6, place))
  }

  @Test func whatComesBehindAHoldIsLimited() {
    #expect(!lets([0, 0, 0, 0, 1], 0, place))
    for i in 0..<1000 { _ = lets([0, 0, 1, UInt8(i / 256), UInt8(i % 256)], Int64(i), place) }
    #expect(gate.ahead.count == SchemaWaits.most)
  }
}
