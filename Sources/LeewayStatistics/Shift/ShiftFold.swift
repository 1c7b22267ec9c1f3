/// The shift detector of one model or slice: a fold over hours.
///
/// Hours come in order, each once, when it can no longer change; what follows depends only on the null, the state and the hour's
/// values. The state may be stored after any hour and read back: the results stay the same to the last bit.
package struct ShiftFold: Sendable, Equatable {
  /// What is kept of a stream besides its evidence.
  struct Memory: Sendable, Equatable {
    var filter: ShiftFilter
    /// The last 24 r, by hour modulo 24, 0 where there was no value, and a bit for each that had one.
    var recent = [Double](repeating: 0, count: 24)
    var had: UInt32 = 0

    mutating func note(_ r: Double?, at hour: Int) {
      let slot = ((hour % 24) + 24) % 24
      recent[slot] = r ?? 0
      had = r == nil ? had & ~(1 << slot) : had | 1 << slot
    }
  }

  /// Hours that can be told apart; no event's time is outside.
  package static let range = -(1 << 30)..<(1 << 30)

  /// The hour that comes next.
  package internal(set) var next: Int
  /// Hours in a row without any value, counted to `resetAfter` at most; 0 where that is never.
  package internal(set) var emptyHours = 0
  /// Subjects that have shifted, in the order of their opening.
  package internal(set) var incidents: [ShiftIncident] = []
  var memories: [Memory]
  /// By tier, view, stream and hypothesis: a tier is a detector of its own on the same surprises.
  var bank: [ShiftHypothesis]

  /// Before hour `next`: filters at rest, no evidence.
  package init(_ null: ShiftNull, next: Int) {
    precondition(Self.range.contains(next), "hours beyond any time")
    self.next = next
    memories = Self.rest(null)
    bank = Self.emptyBank(null)
  }

  private static func rest(_ null: ShiftNull) -> [Memory] {
    null.fit.variance.map { Memory(filter: ShiftFilter(restingAt: $0)) }
  }

  private static func emptyBank(_ null: ShiftNull) -> [ShiftHypothesis] {
    let configuration = null.configuration
    return [ShiftHypothesis](
      repeating: ShiftHypothesis(),
      count: configuration.tiers.count * 2 * null.streams.count * configuration.sizes.count * 2)
  }

  /// Takes in the counts of hour `next`, one for each subject.
  package mutating func take(_ counts: [ShiftCounts], _ null: ShiftNull) -> ShiftOutcome {
    var values = ShiftValues(first: next, streams: null.streams.count)
    values.append(counts, null.streams)
    return take(values, row: 0, null)
  }

  /// Takes in the sums of hour `next`, one for each subject.
  package mutating func take(_ sums: [ShiftSums], _ null: ShiftNull) -> ShiftOutcome {
    var values = ShiftValues(first: next, streams: null.streams.count)
    values.append(sums, null.streams)
    return take(values, row: 0, null)
  }

  /// Takes in hour `next`, a row of what the streams say.
  ///
  /// Views: x₀ = u / √f₀ with response i / √f₀; x₁ = v = (u − M clip(u, ±6)) / √(s f₁) with response i / √(s f₁), f the null's
  /// `inflation` and s its regression's `left`. An alarm: `held` ≥ the level. It resets all hypotheses of that tier, view and stream.
  package mutating func take(_ values: ShiftValues, row: Int, _ null: ShiftNull) -> ShiftOutcome {
    let k = null.streams.count
    precondition(values.first + row == next, "hours come in order, without gaps")
    precondition(values.streams == k && memories.count == k, "the null of other streams")
    let cells = row * k..<(row + 1) * k
    let isEmpty = values.n[cells].allSatisfy { !($0 > 0) }
    if countEmpty(isEmpty, null) {
      next += 1
      var outcome = ShiftOutcome(evidence: .none(at: next - 1, null), alarms: [])
      // What they rested on is forgotten.
      outcome.closed = incidents
      incidents = []
      return outcome
    }
    let weekRow = null.configuration.calendar.weekHour(next) * k
    var r = [Double](repeating: 0, count: k)
    var has = [Bool](repeating: false, count: k)
    var u = r
    var response = r
    var gain = r
    for stream in 0..<k {
      let rows = values.n[cells.lowerBound + stream]
      let expected = null.fit.profile.values[weekRow + stream]
      if rows > 0, expected.isFinite {
        r[stream] = values.y[cells.lowerBound + stream] - expected
        has[stream] = true
      }
      let adjusted = has[stream] ? r[stream] : nil
      let hour = memories[stream].filter.take(
        adjusted, noise: null.fit.rowVariance[stream] / max(rows, 1), memory: null.fit.memory[stream],
        variance: null.fit.variance[stream])
      memories[stream].note(adjusted, at: next)
      u[stream] = hour.u
      response[stream] = hour.response
      gain[stream] = hour.gain
    }
    var v = null.regression.residuals(u)
    let scales = (0..<k).map { stream in
      (
        null.inflation[stream].squareRoot(),
        (null.regression.left[stream] * null.inflation[k + stream]).squareRoot()
      )
    }
    for stream in 0..<k { v[stream] /= scales[stream].1 }
    var evidence = ShiftEvidence(
      hour: next, has: has, r: r, u: u, response: response, gain: gain, v: v, free: [], held: [])
    let alarms = weigh(&evidence, scales, null)
    next += 1
    var outcome = ShiftOutcome(evidence: evidence, alarms: alarms)
    followIncidents(&outcome, null)
    return outcome
  }

  /// Counts hours without values; true where the state has been reset and the hour changes nothing (rule H3).
  private mutating func countEmpty(_ isEmpty: Bool, _ null: ShiftNull) -> Bool {
    guard isEmpty, let limit = null.configuration.resetAfter else {
      emptyHours = 0
      return false
    }
    if emptyHours < limit {
      emptyHours += 1
      if emptyHours < limit { return false }
      memories = Self.rest(null)
      bank = Self.emptyBank(null)
    }
    return true
  }

  /// Takes in hours without rows up to `hour`, as if one by one, but in one step from the reset on.
  ///
  /// - Returns: what the hours came to that closed an incident.
  package mutating func skip(to hour: Int, _ null: ShiftNull) -> [ShiftOutcome] {
    precondition(Self.range.contains(hour), "hours beyond any time")
    var closing: [ShiftOutcome] = []
    let k = null.streams.count
    let nothing = [Double](repeating: 0, count: k)
    while next < hour {
      if let limit = null.configuration.resetAfter, emptyHours >= limit {
        next = hour
        break
      }
      let values = ShiftValues(first: next, streams: k, y: nothing, n: nothing, w: nothing)
      let outcome = take(values, row: 0, null)
      if !outcome.closed.isEmpty { closing.append(outcome) }
    }
    return closing
  }

  /// Adds the hour to the evidence of every tier and view.
  private mutating func weigh(
    _ evidence: inout ShiftEvidence, _ scales: [(Double, Double)], _ null: ShiftNull
  ) -> [ShiftAlarm] {
    let k = null.streams.count
    let steps = ShiftBank(null.configuration)
    let tiers = null.configuration.tiers.count
    var alarms: [ShiftAlarm] = []
    var free = [Double](repeating: 0, count: tiers * 2 * k)
    var held = free
    bank.withUnsafeMutableBufferPointer { bank in
      for tier in 0..<tiers {
        for stream in 0..<k {
          let rules = null.rules(stream)
          for view in 0..<2 {
            let index = (tier * 2 + view) * k + stream
            // A tier without a level for a stream does not watch it.
            guard null.levels[index] < .infinity else { continue }
            let scale = view == 0 ? scales[stream].0 : scales[stream].1
            let surprise = ShiftSurprise(
              x: view == 0 ? evidence.u[stream] / scale : evidence.v[stream],
              response: evidence.response[stream] / scale, r: evidence.r[stream], gain: evidence.gain[stream],
              has: evidence.has[stream])
            let own = UnsafeMutableBufferPointer(rebasing: bank[index * steps.count..<(index + 1) * steps.count])
            let peak = steps.take(surprise, at: Int32(truncatingIfNeeded: evidence.hour), rules, own)
            free[index] = peak.free
            held[index] = peak.held
            let level = null.levels[index]
            guard peak.held >= level, peak.held > 0 else { continue }
            let found = own[peak.which]
            alarms.append(
              ShiftAlarm(
                hour: evidence.hour, tier: tier, stream: stream, view: view, evidence: peak.held, level: level,
                step: steps.delta(peak.which), size: found.total / Double(found.rows), start: Int(found.start)))
            for hypothesis in own.indices { own[hypothesis] = ShiftHypothesis() }
          }
        }
      }
    }
    evidence.free = free
    evidence.held = held
    return alarms
  }

  /// The first alarm of a subject opens, later ones feed it. It closes when 24 hours have passed without an alarm and the mean of the
  /// last 24 r of the stream that opened it is back under half the step: sign(δ) mean < |δ| / 2.
  private mutating func followIncidents(_ outcome: inout ShiftOutcome, _ null: ShiftNull) {
    let hour = outcome.evidence.hour
    for alarm in outcome.alarms {
      let subject = null.streams.all[alarm.stream].subject
      let open = incidents.firstIndex { incident in
        incident.tier == alarm.tier && incident.subject == subject
          && (!null.configuration.separatesShares
            || null.streams.all[incident.stream].kind.isShare == null.streams.all[alarm.stream].kind.isShare)
      }
      if let open {
        incidents[open].last = hour
      } else {
        let incident = ShiftIncident(
          tier: alarm.tier, subject: subject, stream: alarm.stream, step: alarm.step, opened: hour, last: hour)
        incidents.append(incident)
        outcome.opened.append(incident)
      }
    }
    let memories = memories
    incidents.removeAll { incident in
      let memory = memories[incident.stream]
      let hours = memory.had.nonzeroBitCount
      let mean = memory.recent.reduce(0, +) / Double(max(hours, 1))
      guard hour - incident.last >= 24, (incident.step < 0 ? -mean : mean) < abs(incident.step) / 2 else {
        return false
      }
      guard hours >= null.configuration.leastHoursToClose else {
        outcome.lackingRows.append(incident)
        return false
      }
      outcome.closed.append(incident)
      return true
    }
  }
}

extension ShiftEvidence {
  /// For an hour in which nothing is judged.
  static func none(at hour: Int, _ null: ShiftNull) -> ShiftEvidence {
    let zeros = [Double](repeating: 0, count: null.streams.count)
    let bank = [Double](repeating: 0, count: null.configuration.tiers.count * 2 * null.streams.count)
    return ShiftEvidence(
      hour: hour, has: zeros.map { _ in false }, r: zeros, u: zeros, response: zeros, gain: zeros, v: zeros, free: bank,
      held: bank)
  }
}
