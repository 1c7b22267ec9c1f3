/// The expected value of every stream in every hour of the week.
package struct ShiftProfile: Sendable, Equatable {
  package static let hours = 168

  /// K.
  package let streams: Int
  /// 168 × K in units of the streams; ∞ where the baseline never had that hour of the day: such hours are not judged.
  package internal(set) var values: [Double]

  init(streams: Int, values: [Double]) {
    self.streams = streams
    self.values = values
  }

  package func expected(_ weekHour: Int, _ stream: Int) -> Double { values[weekHour * streams + stream] }

  /// Fits the profile to T hours.
  ///
  /// m = mean per (hour of day, weekday | weekend); an empty cell takes the hour's mean over all days. d = mean of y − m per
  /// hour of the week. λ = clip(1 − W / Q, 0, 1) with W = mean over the cells of (variance within the cell, ddof 1) / (hours in
  /// it) and Q = mean of d². P = m + λ d: 168 free means cost more noise than most features' week is worth, and λ keeps of d
  /// what is not noise. Cells with fewer than 2 hours keep m and stay out of W and Q; under 336 hours λ = 0.
  ///
  /// - Parameter week: false: only by the hour of day.
  init(_ values: ShiftValues, _ calendar: ShiftCalendar, week: Bool) {
    let k = values.streams
    let weekHours = (0..<values.hours).map { calendar.weekHour(values.first + $0) }
    let has = values.n.map { $0 > 0 }
    let day = GroupMeans(values.y, has, weekHours.map { $0 % 24 }, groups: 24, streams: k)
    guard week else {
      self.init(streams: k, values: (0..<Self.hours).flatMap { hour in day.row(hour % 24, or: .infinity) })
      return
    }
    func part(_ weekHour: Int) -> Int { weekHour % 24 + (weekHour >= 120 ? 24 : 0) }
    let parts = GroupMeans(values.y, has, weekHours.map(part), groups: 48, streams: k)
    var base: [Double] = []
    base.reserveCapacity(Self.hours * k)
    for hour in 0..<Self.hours {
      for stream in 0..<k {
        base.append(parts.mean(part(hour), stream) ?? day.mean(hour % 24, stream) ?? .infinity)
      }
    }
    guard values.hours >= 336 else {
      self.init(streams: k, values: base)
      return
    }
    var rest = values.y
    for t in 0..<values.hours {
      for stream in 0..<k { rest[t * k + stream] -= base[weekHours[t] * k + stream] }
    }
    let cells = GroupMeans(rest, has, weekHours, groups: Self.hours, streams: k)
    for t in 0..<values.hours {
      for stream in 0..<k {
        let difference = rest[t * k + stream] - (cells.mean(weekHours[t], stream) ?? 0)
        rest[t * k + stream] = difference * difference
      }
    }
    let squares = GroupMeans(rest, has, weekHours, groups: Self.hours, streams: k)
    for stream in 0..<k {
      var (used, within, between) = (0.0, 0.0, 0.0)
      for hour in 0..<Self.hours where cells.count(hour, stream) >= 2 {
        let d = cells.mean(hour, stream) ?? 0
        used += 1
        within += (squares.mean(hour, stream) ?? 0) / (cells.count(hour, stream) - 1)
        between += d * d
      }
      let kept = min(max(1 - within / max(used, 1) / max(between / max(used, 1), 1e-12), 0), 1)
      for hour in 0..<Self.hours where cells.count(hour, stream) >= 2 {
        base[hour * k + stream] += kept * (cells.mean(hour, stream) ?? 0)
      }
    }
    self.init(streams: k, values: base)
  }
}

/// Means of K streams over groups of hours.
private struct GroupMeans {
  private let streams: Int
  private var totals: [Double]
  private var counts: [Double]

  /// - Parameters:
  ///   - values, has: T × K; only hours with `has` count.
  ///   - group: of each of the T hours, in 0..<`groups`.
  init(_ values: [Double], _ has: [Bool], _ group: [Int], groups: Int, streams: Int) {
    self.streams = streams
    totals = [Double](repeating: 0, count: groups * streams)
    counts = totals
    for (t, group) in group.enumerated() {
      for stream in 0..<streams where has[t * streams + stream] {
        totals[group * streams + stream] += values[t * streams + stream]
        counts[group * streams + stream] += 1
      }
    }
  }

  func count(_ group: Int, _ stream: Int) -> Double { counts[group * streams + stream] }

  /// nil for a group without hours.
  func mean(_ group: Int, _ stream: Int) -> Double? {
    let count = counts[group * streams + stream]
    return count > 0 ? totals[group * streams + stream] / count : nil
  }

  func row(_ group: Int, or empty: Double) -> [Double] { (0..<streams).map { mean(group, $0) ?? empty } }
}
