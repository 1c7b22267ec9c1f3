import LeewayTestSupport

@testable import LeewayCore

/// A rule that a wrong batch leaves out: what the service stores must differ from it.
enum BatchRule: String, CaseIterable, CustomStringConvertible {
  /// Verdicts of a stage follow verdicts of that stage.
  case historyOfAStage
  /// With more labels than may count none does; here the first in the log do.
  case labelsBeyondTheCap
  /// What a prediction without a label is, is known at the horizon; here also early.
  case absentAtTheHorizon
  /// A label counts for whatever prediction waits for it; here only for those of the generation in which it was read.
  case labelsAcrossGenerations
  /// Where pairs go on in a new generation they miss no prediction; here those that are read after it began and are from before it.
  case pairsBetweenGenerations
  /// Predictions from before the monitor had a stage early have none; here they do.
  case earlyFromItsBeginning
  /// What is measured from the first days stays as it was when they were over; here it goes on to learn.
  case frozenReferences
  /// What has been learnt outlives its generation where the bins stay the same; here it begins again.
  case referencesAcrossGenerations
  /// So has performance, where other pairs are counted in the same cells.
  case performanceAcrossGenerations
  /// A slice's first days begin with its own first rows; here with everybody's.
  case firstDaysOfASlice
  /// A slice is compared with its own part of the baseline where there is one; here with the whole.
  case ownPartOfASlice
  /// `shift` takes every hour once; here those with rows twice.
  case hoursOnce
  /// What a person has accepted is normal from the next hour on; here nothing is accepted.
  case acceptedNormals
  /// And it is normal as it was since the stated moment; here as in the last hour.
  case normalSinceItsMoment
  /// Rows that come too late are in no hour; here they are.
  case hoursWithoutLateRows
  /// Rows of one message are judged against the watermark before it; here against that of the rows before them, too.
  case rowsAgainstTheirMessage

  /// What has fired clears beyond `clear`; here at its limit.
  case clear
  /// And after `clear_for` windows; here after one less.
  case clearWindows
  /// An incident reopens within a time; here within twice that.
  case grace
  /// One that comes and goes too often stays open; here one time later.
  case flapping

  /// Whether a world can show it.
  func matters(in world: SimulatedWorld) -> Bool {
    switch self {
    case .historyOfAStage, .labelsBeyondTheCap, .absentAtTheHorizon: world.isStaged
    case .labelsAcrossGenerations, .pairsBetweenGenerations, .earlyFromItsBeginning: world.plans.count > 1
    case .frozenReferences, .firstDaysOfASlice: world.refers
    case .hoursOnce, .hoursWithoutLateRows, .acceptedNormals, .normalSinceItsMoment: world.shifts
    case .rowsAgainstTheirMessage: world.packs
    case .ownPartOfASlice: world.plans.contains { !$0.baseline.slices.isEmpty }
    case .referencesAcrossGenerations: world.refers && world.plans.count > 1
    case .performanceAcrossGenerations: world.refers && world.isStaged && world.plans.count > 1
    case .clear, .clearWindows, .grace, .flapping: world.recurs
    }
  }

  /// What incidents are decided by without the rule.
  func without(_ plan: MonitorPlan, _ verdicts: [Verdict]) throws -> (plan: MonitorPlan, verdicts: [Verdict]) {
    var (monitor, verdicts) = (plan.monitor, verdicts)
    switch self {
    case .clear: for i in verdicts.indices { verdicts[i].isShortOfClear = false }
    case .clearWindows:
      for i in monitor.checks.indices { monitor.checks[i].clearWindows = max(1, monitor.checks[i].clearWindows - 1) }
    case .grace: monitor.incidents.reopen = monitor.incidents.reopen * 2
    case .flapping: monitor.incidents.flapping?.moreThan += 1
    default: break
    }
    guard monitor != plan.monitor else { return (plan, verdicts) }
    let made = try MonitorPlan(monitor: monitor, baseline: plan.baseline, source: plan.source)
    return (MonitorPlan(made, standing: plan.standing), verdicts)
  }

  var description: String { rawValue }
}
