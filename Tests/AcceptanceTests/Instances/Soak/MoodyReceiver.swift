import Foundation
import LeewayTestSupport

/// A receiver of alerts that behaves badly for a while when it is told to.
final class MoodyReceiver {
  /// `@unchecked Sendable`: `lock` guards `behaviour`.
  private final class Mood: @unchecked Sendable {
    private let lock = NSLock()
    private var behaviour: LoopbackReceiver.Behaviour?

    func set(_ behaviour: LoopbackReceiver.Behaviour?) { lock.withLock { self.behaviour = behaviour } }
    var current: LoopbackReceiver.Behaviour { lock.withLock { behaviour ?? .answer(status: 200) } }
  }

  static let badMoods: [(name: String, behaviour: LoopbackReceiver.Behaviour)] = [
    ("answers 500", .answer(status: 500)), ("hangs", .hang), ("resets", .reset), ("breaks off", .breakOff),
  ]

  let loopback: LoopbackReceiver
  private let mood: Mood

  init() throws {
    let mood = Mood()
    self.mood = mood
    loopback = try LoopbackReceiver { _, _ in mood.current }
  }

  /// Nil is well.
  func behave(_ behaviour: LoopbackReceiver.Behaviour?) { mood.set(behaviour) }
}
