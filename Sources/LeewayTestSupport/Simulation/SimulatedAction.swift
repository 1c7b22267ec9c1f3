package import LeewayCore

/// One thing that happens in a simulated world. Numbers are taken modulo what there is, so that any list of actions can be
/// performed and a failing one can be shortened.
package indirect enum SimulatedAction: Sendable {
  /// nil: the instance that the group has assigned; else one that may have lost it and not know.
  case read(instance: Int?, partition: Int, count: Int)
  case flush(instance: Int, Mishap?)
  /// The group gives a partition to another instance; the one before knows of it, or sleeps and does not.
  case move(partition: Int, to: Int, graceful: Bool)
  /// Claims what the group has assigned and the instance does not read.
  case claim(instance: Int, Mishap?)
  case crash(instance: Int)
  case beat(instance: Int)
  case clock(TimeSpan)
  case idle(instance: Int, partition: Int)
  case evaluate(instance: Int, windows: Int, Mishap?)
  case fold(instance: Int, rows: Int, Mishap?)
  case reclaim(instance: Int, Mishap?)
  case send(instance: Int, succeeds: Bool, Mishap?)
  /// The trainer answers the newest retrain that has no answer.
  case answer(instance: Int, succeeded: Bool, Mishap?)
  /// Somebody asks for something about an incident, as over HTTP; an evaluator folds it when it comes to it.
  case person(instance: Int, choice: Int, Mishap?)
  /// Somebody adds a silence or ends one.
  case silence(instance: Int, choice: Int, Mishap?)
  /// The next phase's messages are written, and its partitions made.
  case produce
  /// The instance gets the monitor's next version.
  case reload(instance: Int)

  /// What goes wrong at the ledger's `call`-th call within an action.
  package enum Mishap: Sendable {
    case fault(FaultyLedger.Fault, call: Int)
    /// Others act before the call.
    case meanwhile(call: Int, [SimulatedAction])
  }

  /// The history of one seed.
  package static func plan(for world: SimulatedWorld) -> [SimulatedAction] {
    var random = SeededGenerator(seed: world.seed ^ 0xA5A5_5A5A_1234_4321)
    let count = Int.random(in: 30...90, using: &random)
    let mishaps = [0, 15, 30, 50][Int.random(in: 0..<4, using: &random)]
    // Drawn for themselves, so that the rest of a history is as it is without people.
    var people = SeededGenerator(seed: world.seed ^ 0x50E0_917E_0000_0001)
    var quiet = SeededGenerator(seed: world.seed ^ 0x51E0_CE00_0000_0001)
    func act() -> [SimulatedAction] {
      var acts: [SimulatedAction] = []
      if world.hasSilences, Int.random(in: 0..<100, using: &quiet) < 12 {
        acts.append(
          .silence(
            instance: Int.random(in: 0..<world.instances, using: &quiet),
            choice: Int.random(in: 0..<10_000, using: &quiet), mishap(world, mishaps, calls: 2, during: 0, &quiet)))
      }
      guard world.hasPeople, Int.random(in: 0..<100, using: &people) < 15 else { return acts }
      return acts + [
        .person(
          instance: Int.random(in: 0..<world.instances, using: &people),
          choice: Int.random(in: 0..<10_000, using: &people),
          mishap(world, mishaps, calls: 2, during: 0, &people))
      ]
    }
    var actions: [SimulatedAction] = (0..<world.instances).map { .claim(instance: $0, nil) }
    for step in 0..<count {
      actions.append(one(world, mishaps, nested: false, &random))
      actions += act()
      if (step + 1) % (count / world.phases + 1) == 0 {
        actions.append(.produce)
        if world.plans.count > 1 { actions.append(.reload(instance: Int.random(in: 0..<4, using: &random))) }
      }
    }
    // Towards the end much is read, judged and sent at once.
    for step in 0..<30 {
      let instance = Int.random(in: 0..<world.instances, using: &random)
      let partition = Int.random(in: 0..<world.partitions.count, using: &random)
      switch step % 6 {
      case 0, 3:
        actions.append(.read(instance: nil, partition: partition, count: Int.random(in: 5...50, using: &random)))
      case 1: actions.append(.flush(instance: instance, nil))
      case 2:
        actions.append(
          .evaluate(instance: instance, windows: 512, mishap(world, mishaps, calls: 4, during: partition, &random)))
      case 4: actions.append(.claim(instance: instance, nil))
      default:
        actions.append(
          .send(
            instance: instance, succeeds: Bool.random(using: &random),
            mishap(world, mishaps, calls: 3, during: partition, &random)))
      }
      actions += act()
      // By what is drawn already, so that other histories stay as they are.
      if step % 9 == 8 { actions.append(.answer(instance: instance, succeeded: partition % 2 == 0, nil)) }
      if step % 4 == 0 { actions.append(one(world, mishaps, nested: false, &random)) }
    }
    return actions
  }

  private static func mishap(
    _ world: SimulatedWorld, _ percent: Int, calls: Int, during partition: Int, _ random: inout SeededGenerator
  ) -> Mishap? {
    guard Int.random(in: 0..<100, using: &random) < percent else { return nil }
    // The last call is the commit of what the others have read.
    let call = Bool.random(using: &random) ? calls - 1 : Int.random(in: 0..<calls, using: &random)
    let other = Int.random(in: 0..<world.instances, using: &random)
    switch Int.random(in: 0..<3, using: &random) {
    case 0:
      let faults = FaultyLedger.Fault.allCases
      return .fault(faults[Int.random(in: 0..<faults.count, using: &random)], call: call)
    case 1:
      return .meanwhile(
        call: call,
        world.partitions.indices.map { .read(instance: nil, partition: $0, count: 4) }
          + (0..<world.instances).map { .flush(instance: $0, nil) })
    default:
      // It sleeps for so long that others take over what it is at.
      return .meanwhile(
        call: call,
        [
          .clock(.seconds(45)), .move(partition: partition, to: other, graceful: false),
          .claim(instance: other, nil), .read(instance: nil, partition: partition, count: 5),
          .flush(instance: other, nil), .evaluate(instance: other, windows: 512, nil),
          .send(instance: other, succeeds: true, nil),
        ])
    }
  }

  private static func one(
    _ world: SimulatedWorld, _ mishaps: Int, nested: Bool, _ random: inout SeededGenerator
  ) -> SimulatedAction {
    let instance = Int.random(in: 0..<world.instances, using: &random)
    let partition = Int.random(in: 0..<world.partitions.count, using: &random)
    func mishap(_ calls: Int) -> Mishap? {
      guard !nested else { return nil }
      if Bool.random(using: &random) {
        return self.mishap(world, mishaps, calls: calls, during: partition, &random)
      }
      guard Int.random(in: 0..<100, using: &random) < mishaps else { return nil }
      return .meanwhile(
        call: Int.random(in: 0..<calls, using: &random),
        (0..<Int.random(in: 1...4, using: &random)).map { _ in one(world, 0, nested: true, &random) })
    }
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<33:
      return .read(
        instance: Int.random(in: 0..<4, using: &random) == 0 ? instance : nil, partition: partition,
        count: Int.random(in: 1...12, using: &random))
    case 33..<45: return .flush(instance: instance, mishap(2))
    case 45..<54: return .claim(instance: instance, mishap(1))
    case 54..<60: return .move(partition: partition, to: instance, graceful: Bool.random(using: &random))
    case 60..<62: return .crash(instance: instance)
    case 62..<64: return .beat(instance: instance)
    case 64..<69:
      let span = TimeSpan.seconds([1, 5, 20, 45, 90, -30][Int.random(in: 0..<6, using: &random)])
      // Now and then somebody sets it, by what is drawn already.
      guard instance == 1, partition == 0 else { return .clock(span) }
      return .clock(span == .seconds(90) ? .days(2) : span == .seconds(-30) ? .days(-1) : span)
    case 69..<73: return .idle(instance: instance, partition: partition)
    case 73..<87:
      return .evaluate(instance: instance, windows: [1, 3, 512][Int.random(in: 0..<3, using: &random)], mishap(4))
    case 87..<92: return .fold(instance: instance, rows: [1, 3, 100][Int.random(in: 0..<3, using: &random)], mishap(6))
    case 92..<94: return .reclaim(instance: instance, mishap(4))
    case 98: return .answer(instance: instance, succeeded: Bool.random(using: &random), mishap(2))
    case 94..<98: return .send(instance: instance, succeeds: Int.random(in: 0..<3, using: &random) > 0, mishap(3))
    default: return .reload(instance: instance)
    }
  }

  /// The same without what goes wrong; nil where nothing does.
  package var withoutMishap: SimulatedAction? {
    switch self {
    case .flush(let instance, _?): .flush(instance: instance, nil)
    case .claim(let instance, _?): .claim(instance: instance, nil)
    case .evaluate(let instance, let windows, _?): .evaluate(instance: instance, windows: windows, nil)
    case .fold(let instance, let rows, _?): .fold(instance: instance, rows: rows, nil)
    case .reclaim(let instance, _?): .reclaim(instance: instance, nil)
    case .send(let instance, let succeeds, _?): .send(instance: instance, succeeds: succeeds, nil)
    case .person(let instance, let choice, _?): .person(instance: instance, choice: choice, nil)
    case .silence(let instance, let choice, _?): .silence(instance: instance, choice: choice, nil)
    case .answer(let instance, let succeeded, _?): .answer(instance: instance, succeeded: succeeded, nil)
    default: nil
    }
  }
}
