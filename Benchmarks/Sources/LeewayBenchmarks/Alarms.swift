import Foundation
import LeewayStatistics
import LeewayTestSupport

extension Main {
  /// What the shift detector says of made-up model-quarters, with and without changes: 8 weeks of baseline, 13 of production. JSON
  /// Lines, a run and then its alarms, appended quarter by quarter; a quarter that the file has is not played again, so that a
  /// long measurement may stop and go on.
  static func alarms(_ arguments: Arguments) throws {
    var world = TrafficWorld()
    world.rows = Double(try arguments.integer("rows", 1000))
    switch arguments.text("traffic") ?? "smooth" {
    case "smooth": break
    // Innovations of Student's t with 5 degrees of freedom, and a holiday every eight weeks.
    case "harsh": (world.freedom, world.holidays) = (5, 1)
    case let other: throw BenchmarkFailure("--traffic \(other) is none of smooth, harsh")
    }
    let seed = UInt64(try arguments.integer("seed", 1))
    let path = try arguments.path("out")
    let names = arguments.text("changes").map { $0.split(separator: ",").map(String.init) } ?? AlarmRun.changes
    let first = try arguments.integer("first", 0)
    let done = try AlarmRun.quarters(in: path)
    for quarter in first..<first + (try arguments.integer("quarters", 1)) where !done.contains(quarter) {
      let run = AlarmRun(world: world, seed: seed, quarter: UInt64(quarter))
      try run.append(run.lines(changes: names), to: path)
    }
  }
}

/// One model-quarter.
struct AlarmRun {
  /// Of one feature each; see `TrafficChange`.
  static let changes = [
    "mean:0.1", "mean:0.25", "mean:0.5", "mean:1", "scale:1.2247", "missing:0.05", "swap", "unit", "category:0.5",
    "gradual:0.25/7d", "gradual:0.5/7d", "gradual:1/7d",
  ]
  /// Hours after a change in which it has to be found.
  private static let patience = 504

  var world: TrafficWorld
  var seed: UInt64
  var quarter: UInt64
  let configuration = ShiftConfiguration.shipped

  init(world: TrafficWorld, seed: UInt64, quarter: UInt64) {
    self.world = world
    self.seed = seed
    self.quarter = quarter
  }

  /// The drift-free quarter, and each change from the state that the detector had at its onset.
  func lines(changes names: [String]) throws -> [String] {
    let paths = TrafficPaths(world, seed: seed, quarter: quarter)
    let history = world.history(seed: seed, quarter: quarter)
    let baseline = ShiftHistory(first: world.epoch, hours: Array(history.hours[..<world.baseline]))
    guard let null = ShiftNull(baseline, subjects: world.subjects, configuration) else {
      throw BenchmarkFailure("a baseline of \(world.baseline) hours has no null")
    }
    let changes = planned(paths).filter { names.contains($0.name) }
    var fold = ShiftFold(null, next: world.epoch + world.baseline)
    var standing: [Int: ShiftFold] = [:]
    var lines = [header(nil)]
    for hour in world.baseline..<world.hours {
      if changes.contains(where: { $0.onset == hour }) { standing[hour] = fold }
      for alarm in fold.take(history.hours[hour], null).alarms { lines.append(line(alarm, hour, null, nil)) }
    }
    for change in changes {
      guard var fold = standing[change.onset] else { continue }
      let changed = world.counts(change.feature, paths, seed: seed, quarter: quarter, change: change)
      lines.append(header(change))
      var tiers: Set<Int> = []
      for hour in change.onset..<min(change.onset + Self.patience, world.hours) where tiers.count < 2 {
        var counts = history.hours[hour]
        counts[change.feature] = changed[hour]
        for alarm in fold.take(counts, null).alarms
        where null.streams.all[alarm.stream].subject == change.feature {
          lines.append(line(alarm, hour, null, change))
          tiers.insert(alarm.tier)
        }
      }
    }
    return lines
  }

  /// One of each name at one moment of the third week, features in turn; values go missing of a feature that misses none otherwise.
  private func planned(_ paths: TrafficPaths) -> [TrafficChange] {
    var random = NumPyRandom([seed, quarter, 4])
    let onset = world.baseline + 336 + random.integer(24)
    let whole = (0..<world.features).filter { feature in
      (0..<world.hours).contains { paths.missing[$0 * world.features + feature] == 0 }
    }
    let turn = Int(quarter)
    return Self.changes.compactMap { name in
      var feature = turn % world.numeric
      if name == "swap" || name.hasPrefix("category") { feature = world.numeric + turn % world.categories.count }
      if name.hasPrefix("missing"), !whole.isEmpty { feature = whole[turn % whole.count] }
      return TrafficChange(name, feature: feature, onset: onset, sign: random.integer(2) == 0 ? -1 : 1)
    }
  }

  // MARK: Records

  private func header(_ change: TrafficChange?) -> String {
    let of = change.map {
      #","change":"\#($0.name)","feature":\#($0.feature),"onset":\#($0.onset),"sign":\#(Int($0.sign))"#
    }
    return #"{"run":true,"quarter":\#(quarter)\#(of ?? #","change":null"#)}"#
  }

  private func line(_ alarm: ShiftAlarm, _ hour: Int, _ null: ShiftNull, _ change: TrafficChange?) -> String {
    let stream = null.streams.all[alarm.stream]
    return #"{"quarter":\#(quarter),"change":\#(change.map { "\"\($0.name)\"" } ?? "null"),"hour":\#(hour),"#
      + #""subject":\#(stream.subject),"tier":"\#(configuration.tiers[alarm.tier].name)","kind":"\#(stream.kind)","#
      + #""view":\#(alarm.view)}"#
  }

  /// Quarters that were written as a whole: a line says so after the last of each.
  static func quarters(in path: String) throws -> Set<Int> {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
    let ends = text.split(separator: "\n").filter { $0.hasPrefix(#"{"end":"#) && $0.hasSuffix("}") }
    return Set(ends.compactMap { Int($0.dropFirst(7).dropLast()) })
  }

  func append(_ lines: [String], to path: String) throws {
    if !FileManager.default.fileExists(atPath: path) {
      guard FileManager.default.createFile(atPath: path, contents: nil) else {
        throw BenchmarkFailure("\(path) cannot be written")
      }
    }
    guard let file = FileHandle(forWritingAtPath: path) else { throw BenchmarkFailure("\(path) cannot be written") }
    defer { try? file.close() }
    try file.seekToEnd()
    try file.write(contentsOf: Data((lines + [#"{"end":\#(quarter)}"#, ""]).joined(separator: "\n").utf8))
  }
}
