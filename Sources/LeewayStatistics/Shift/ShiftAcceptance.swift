/// How a person's acceptance of a new normal moved one stream's null (rule H4).
package struct ShiftAcceptance: Sendable, Equatable {
  package var stream: Int
  /// Hours with a value since the stated moment.
  package var hours: Int
  /// What the profile moved by, in units of the stream: the mean of r over those hours.
  package var move: Double
  /// What the tolerance widened by: 2 standard errors of that mean.
  package var widening: Double
  /// What the variance of the hours was raised by, 0 where the new regime is no more restless than the old one.
  package var restlessness: Double

  package init(stream: Int, hours: Int, move: Double, widening: Double, restlessness: Double) {
    self.stream = stream
    self.hours = hours
    self.move = move
    self.widening = widening
    self.restlessness = restlessness
  }
}

extension ShiftNull {
  /// What streams said since a stated moment, as their new normal until a full fit can replace it: see `apply`.
  ///
  /// Every hour of the profile moves by the mean of r; the tolerance widens by 2 √(variance (1 + φ) / ((1 − φ) hours)), for that mean is
  /// known no better. Where the hours vary more about their new mean than the null allows (the spread of a feature that now lies in the
  /// tail of its cells does), the variance rises to theirs: mean (r − move)² − mean sampling noise. A stream without a value in those
  /// hours stays as it is.
  ///
  /// - Parameter values: the hours since the moment, of all streams.
  /// - Returns: what is to be done, by stream in the order given.
  package func acceptances(_ streams: [Int], _ values: ShiftValues) -> [ShiftAcceptance] {
    precondition(values.streams == self.streams.count, "values of other streams")
    let k = values.streams
    let adjusted = ShiftAdjusted(values, fit.profile, configuration.calendar)
    return streams.compactMap { stream in
      let cells = stride(from: stream, to: adjusted.r.count, by: k).filter { adjusted.has[$0] }
      guard !cells.isEmpty else { return nil }
      let hours = Double(cells.count)
      let move = cells.reduce(0) { $0 + adjusted.r[$1] } / hours
      let noise = cells.reduce(0) { $0 + fit.rowVariance[stream] / max(values.n[$1], 1) } / hours
      let square = cells.reduce(0) { $0 + (adjusted.r[$1] - move) * (adjusted.r[$1] - move) } / hours
      return ShiftAcceptance(
        stream: stream, hours: cells.count, move: move, widening: 2 * Self.meanError(fit, stream, hours: hours),
        restlessness: max(square - noise - fit.variance[stream], 0))
    }
  }

  /// Moves what is expected of streams. To undo it, take the null from before.
  package mutating func apply(_ acceptances: [ShiftAcceptance]) {
    let k = streams.count
    for acceptance in acceptances {
      let stream = acceptance.stream
      for hour in 0..<ShiftProfile.hours { fit.profile.values[hour * k + stream] += acceptance.move }
      tolerance[stream] += acceptance.widening
      fit.variance[stream] += acceptance.restlessness
    }
  }

  /// Takes what streams said since a stated moment as their new normal, until a full fit can replace it.
  ///
  /// - Returns: what was done.
  package mutating func accept(_ streams: [Int], _ values: ShiftValues) -> [ShiftAcceptance] {
    let done = acceptances(streams, values)
    apply(done)
    return done
  }
}

extension ShiftFold {
  /// Forgets what was seen of streams whose null has changed: filter at rest, no evidence, nothing of the last 24 hours. Open incidents
  /// of their subjects that rest on them end.
  ///
  /// - Returns: those incidents.
  package mutating func restart(_ streams: [Int], _ null: ShiftNull) -> [ShiftIncident] {
    begin(streams, null)
    let ended = incidents.filter { streams.contains($0.stream) }
    incidents.removeAll { streams.contains($0.stream) }
    return ended
  }

  /// Begins again with streams whose null was fitted again: what is open stays open until its own stream is back.
  package mutating func begin(_ streams: [Int], _ null: ShiftNull) {
    let fresh = ShiftFold(null, next: next)
    let (k, d) = (null.streams.count, null.configuration.sizes.count * 2)
    precondition(memories.count == k && bank.count == fresh.bank.count, "the null of other streams")
    for stream in streams {
      memories[stream] = fresh.memories[stream]
      for view in 0..<null.configuration.tiers.count * 2 {
        for cell in (view * k + stream) * d..<(view * k + stream + 1) * d { bank[cell] = ShiftHypothesis() }
      }
    }
  }
}
