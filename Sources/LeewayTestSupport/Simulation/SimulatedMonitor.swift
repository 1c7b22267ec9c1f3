package import LeewayCore

/// The monitors of simulated worlds: one feature, versions beyond the cap, checks of every family that fire easily. Made
/// once, since baselines cost more than a run.
package enum SimulatedMonitor {
  /// What a world's monitor is at first and becomes.
  package struct Plans: Sendable {
    package var first: MonitorPlan
    /// With other pairs: of another baseline, or, where checks are measured from the first minutes, of another threshold or of
    /// a baseline with the same cells and other estimates.
    package var other: MonitorPlan
    /// With a narrower range of its feature, and no stage early: what comes of it has the same pairs.
    package var less: MonitorPlan
  }

  private struct Kind: Hashable {
    var task: ModelTask
    var compares: Bool
    var isStaged: Bool
    var refers: Bool
    /// Whether a message has many predictions.
    var packs = false
    /// Whether incidents reopen, flap and are told of again, and some checks clear later than they would.
    var recurs = false
    /// A null that outlives its generation has what that one had judged by then, which is no rule: these have none.
    var shifts: Bool { !refers }
    /// Whether the baseline has no times, so that its nulls are learned.
    var learns: Bool { packs }
  }

  private enum Variant: Hashable {
    case first, otherBaseline, otherThreshold, otherExpectation, less
  }

  private static let all: [Kind: Plans] = {
    var all: [Kind: Plans] = [:]
    for (task, compares) in [(ModelTask.binary, false), (.binary, true), (.regression, true)] {
      for (isStaged, refers, packs) in [
        (false, false, false), (false, true, false), (true, false, false), (true, true, false), (false, false, true),
      ] {
        var kind = Kind(task: task, compares: compares, isStaged: isStaged, refers: refers, packs: packs)
        // With the cells as before, what has been learnt goes on.
        let other: Variant = refers ? isStaged ? .otherExpectation : .otherThreshold : .otherBaseline
        do {
          let plans = Plans(
            first: try plan(kind, .first), other: try plan(kind, other), less: try plan(kind, .less))
          all[kind] = plans
          kind.recurs = true
          all[kind] = Plans(
            first: try recurring(plans.first), other: try recurring(plans.other),
            less: try recurring(plans.less, isLess: true))
        } catch { preconditionFailure("\(error)") }
      }
    }
    return all
  }()

  /// - Parameters:
  ///   - compares: whether a binary monitor compares its first two versions; one of regression does.
  ///   - isStaged: whether performance is judged early, too. In regression predictions without a label are 0 then.
  ///   - refers: whether some checks are measured from the first minutes of production.
  ///   - packs: whether a message has many predictions; only without the two before.
  ///   - recurs: whether incidents reopen, flap and are told of again, and some checks clear later than they would.
  package static func plans(
    _ task: ModelTask, compares: Bool, isStaged: Bool, refers: Bool, packs: Bool = false, recurs: Bool = false
  ) -> Plans {
    let kind = Kind(
      task: task, compares: task == .regression || compares, isStaged: isStaged, refers: refers, packs: packs,
      recurs: recurs)
    guard let plans = all[kind] else { preconditionFailure("there is no monitor of \(kind)") }
    return plans
  }

  /// The same whose incidents reopen, flap and are told of again. Where it is less, they do so only in the plan that follows.
  private static func recurring(_ plan: MonitorPlan, isLess: Bool = false) throws -> MonitorPlan {
    var monitor = plan.monitor
    monitor.reminder = .seconds(40)
    if !isLess {
      monitor.incidents = IncidentPolicy(
        reopen: .minutes(20), flapping: IncidentPolicy.Flapping(moreThan: 1, within: .minutes(60)))
      for i in monitor.checks.indices {
        switch monitor.checks[i].name {
        case "level": monitor.checks[i].clears = [.above(.absolute(0.5))]
        case "quality", "slices": monitor.checks[i].clearWindows = 2
        // In the others what is missing comes and goes more often.
        case "missing" where monitor.predictions.rows != nil || monitor.labels?.early != nil:
          monitor.checks[i].clearWindows = 2
        default: break
        }
      }
    }
    return try MonitorPlan(monitor: monitor, baseline: plan.baseline, source: "recurring \(plan.source)")
  }

  /// What `shift` takes for an hour.
  package static let shiftHour = TimeSpan.minutes(10)

  /// Dated rows: four weeks of such hours, in each of which a few of the training rows come, more by day.
  private static func hours(_ monitor: Monitor, _ baseline: Baseline, _ rows: [SampleMonitor.Row]) -> BaselineHours {
    var random = SeededGenerator(seed: 11)
    var gathering = ShiftGathering(
      monitor, baseline, ranges: [monitor.features[0].range, nil, monitor.task == .binary ? 0...1 : nil], .shipped)
    let span = 0...671
    for hour in span {
      for _ in 0..<(hour % 24 < 12 ? 9 : 6) {
        let row = rows[Int.random(in: rows.indices, using: &random)]
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<8: gathering.setMissing(0)
        case 8..<12: gathering.setInvalid(0)
        default: gathering.setNumber(0, row.amount)
        }
        // Behind the country, which the baseline has and the monitor has not.
        gathering.setNumber(2, row.number)
        gathering.commitRow(hour: hour, slices: row.version.map { [(Slice.version, $0)] } ?? [])
      }
    }
    return gathering.finish(span, field: "time", zone: "UTC", leftOut: [], minimumRows: 1).hours
  }

  package static let receivers: Set<String> = ["chat", "pager", "retrain", "rules", "boss"]

  private static func plan(_ kind: Kind, _ variant: Variant) throws -> MonitorPlan {
    let (task, compares, isStaged) = (kind.task, kind.compares, kind.isStaged)
    func above(_ tier: Tier, _ x: Double) -> TierLimit { TierLimit(tier, .above(.absolute(x))) }
    var monitor = try SampleMonitor.monitor(
      task,
      checks: [
        Check(
          name: "drift", on: .features(except: []), metric: .psi, window: "20m",
          limits: [above(.info, 0.5), above(.warning, 1.5), above(.critical, 4)], consecutive: 2, slices: .each,
          significance: nil, minimumRows: 3),
        Check(
          name: "slices", on: .output, metric: .psi, window: "10m", limits: [above(.info, 1), above(.warning, 6)],
          slices: .each, significance: nil, minimumRows: 2, partial: true),
        Check(
          name: "level", on: .output, metric: .mean, window: "10m", limits: [above(.warning, 0.6)], slices: .each,
          minimumRows: 2, partial: true),
        Check(
          name: "missing", on: .features(except: []), metric: .missingRatio, window: "10m",
          limits: [above(.info, 0.1), TierLimit(.warning, .maximumRise(.absolute(0.2)))], slices: .each,
          significance: nil),
        Check(
          name: "traffic", on: .traffic, metric: .rows, window: "20m",
          limits: [TierLimit(.warning, .below(.relative(0.5)))]),
        Check(
          name: "quality", on: .performance, metric: task == .regression ? .mae : .accuracy, window: "10m",
          limits: [TierLimit(.critical, task == .regression ? .above(.absolute(1.5)) : .below(.absolute(0.6)))],
          minimumRows: 2, certain: false, minimumPositives: 1, minimumNegatives: 1),
        Check(
          name: "concept", on: .errors, metric: .adwin, window: "20m", limits: [above(.critical, 1)], minimumRows: 2),
        // Alarms after a few errors already.
        Check(
          name: "concept-of-v1", on: .errors, metric: task == .regression ? .pageHinkley : .hddmW, window: "10m",
          limits: [above(.warning, 1)], slices: .listed(["version=v1", "all"]), minimumRows: 1, partial: true),
      ])
    if compares {
      let isError = task == .regression
      monitor.comparison = VersionComparison(champion: "v1", challenger: "v2")
      monitor.checks += [
        Check(
          name: "versions", on: .comparison, metric: isError ? .mae : .accuracy, window: "20m",
          limits: [
            TierLimit(.warning, isError ? .maximumRise(.absolute(0.2)) : .maximumDrop(.absolute(0.1)))
          ], minimumRows: 2, certain: false, minimumPositives: 0, minimumNegatives: 0),
        Check(
          name: "apart", on: .comparison, metric: .psi, window: "10m", limits: [above(.info, 6)], significance: nil,
          minimumRows: 2),
      ]
    }
    if kind.refers {
      monitor.checks += [
        Check(
          name: "away", on: .features(except: []), metric: .psi, window: "10m",
          limits: [above(.info, 3), above(.warning, 8)], slices: .each, significance: nil, minimumRows: 2,
          partial: true,
          reference: .first(.minutes(20))),
        Check(
          name: "far", on: .output, metric: .ks, window: "20m", limits: [above(.info, 0.3), above(.warning, 0.9)],
          consecutive: 2, significance: nil, minimumRows: 2, partial: true, reference: .first(.minutes(30))),
        Check(
          name: "gaps", on: .features(except: []), metric: .missingRatio, window: "10m",
          limits: [TierLimit(.info, .maximumRise(.relative(0.5))), TierLimit(.warning, .maximumRise(.absolute(0.1)))],
          slices: .each, significance: nil, minimumRows: 2, partial: true, reference: .first(.minutes(20))),
      ]
    }
    if kind.shifts {
      monitor.shiftHour = shiftHour
      monitor.checks += [
        Check(
          name: "moved", on: .features(except: []),
          budgets: [ShiftBudget(.warning, 12, per: .day), ShiftBudget(.critical, 2, per: .day)], slices: .each),
        Check(name: "output-moved", on: .output, budgets: [ShiftBudget(.info, 24, per: .day)]),
      ]
    }
    monitor.threshold = variant == .otherThreshold ? 0.6 : 0.5
    monitor.features.removeLast()
    monitor.segments = []
    monitor.maximumSegments = 1
    if kind.packs { try SampleMonitor.takeRows("rows", &monitor) }
    monitor.lateness = SimulatedWorld.lateness
    monitor.labels?.horizon = SimulatedWorld.horizon
    if isStaged {
      monitor.labels?.early = SimulatedWorld.early
      monitor.labels?.minimumCoverage = 0.2
      if task == .regression { monitor.labels?.absent = .number(0) }
      monitor.checks += [
        // Each stage has its own first minutes to fall from, and its own windows before.
        Check(
          name: "fall", on: .performance, metric: task == .regression ? .mae : .accuracy, window: "10m",
          limits: [
            TierLimit(.warning, task == .regression ? .maximumRise(.absolute(0.2)) : .maximumDrop(.absolute(0.05)))
          ], consecutive: 2, minimumRows: 2, certain: false, minimumPositives: 0, minimumNegatives: 0,
          reference: .first(.minutes(20))),
        Check(
          name: "in-the-end", on: .performance, metric: .coverage, window: "20m",
          limits: [TierLimit(.info, .below(.absolute(0.7)))], slices: .each, minimumRows: 1, partial: true,
          stages: [.final]),
      ]
    }
    monitor.windows = [
      WindowDefinition(name: "10m", size: .minutes(10), every: .minutes(10)),
      WindowDefinition(name: "20m", size: .minutes(20), every: .minutes(10)),
    ]
    monitor.alerts = [.info: ["chat"], .warning: ["chat"], .critical: ["chat", "pager", "retrain"]]
    monitor.escalations = [
      EscalationStep(after: .minutes(1), receivers: ["boss"]),
      EscalationStep(after: .minutes(3), receivers: ["boss", "pager"], tier: .critical),
    ]
    monitor.retrain = RetrainPolicy(
      cooldown: .minutes(20), maximumPerWeek: 4, deadline: .minutes(30), approvals: kind.refers || kind.packs ? 1 : 0,
      promote: "rules", fallBack: "rules")
    // For the second baseline one version has a part of its own, whose amounts are smaller.
    let isSliced = variant == .otherBaseline
    // Where hours are learned, nothing is the same: how far a round had come when the monitor changed would go on.
    let seed: UInt64 = isSliced ? 2 : variant == .less && kind.learns ? 3 : 1
    let rows = SampleMonitor.trainingRows(isSliced ? 1500 : 300, seed: seed).enumerated().map { i, row in
      var row = row
      row.amount = (row.amount / 5).rounded(.down)
      row.number = (row.number * 10).rounded(.up) / 10
      if isSliced, i % 5 > 0 {
        row.version = "v1"
        row.amount = (row.amount / 2).rounded(.down)
      }
      return row
    }
    var baseline = SampleMonitor.baseline(monitor, rows: rows)
    if variant == .otherExpectation {
      baseline.performance = PerformanceBaseline(labelled: 300, inSample: true, metrics: ["coverage": 1])
      // Writing it gives it the identity of what it is now.
      _ = baseline.encoded()
    }
    if variant == .less {
      monitor.labels?.early = nil
      monitor.features[0].range = monitor.features[0].range.map { $0.lowerBound + 1...$0.upperBound - 1 }
    }
    if kind.shifts, !kind.learns { baseline.add(hours: hours(monitor, baseline, rows)) }
    return try MonitorPlan(monitor: monitor, baseline: baseline, source: "plan \(variant)")
  }
}
