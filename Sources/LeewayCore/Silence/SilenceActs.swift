/// What people do about silences.
package enum SilenceActs {
  /// That are active or pending at a time, of all monitors.
  package static let mostAtOnce = 1000
  /// From its start to its end.
  package static let longest = TimeSpan.days(30)
  /// From now to its start.
  package static let furthest = TimeSpan.days(30)
  /// Bytes of a reason.
  package static let maximumReason = 1000

  package enum Refusal: Error, Equatable {
    case unknown
    case expired(at: EventTime, by: String?)
    case tooMany
    /// Its end is not behind its start, or not behind now.
    case over
    case tooLong
    case tooFar
  }

  /// How long a silence is asked for.
  package enum End: Sendable, Equatable {
    case after(TimeSpan)
    case at(EventTime)
  }

  /// - Parameters:
  ///   - start: nil: now.
  /// - Throws: ``Refusal``.
  package static func add(
    _ matchers: SilenceMatchers, by author: String, reason: String, start: EventTime?, end: End, in tx: any LedgerWriter
  ) throws -> SilenceRecord {
    let now = try tx.wallTime()
    let starts = start ?? now
    guard starts <= now + furthest else { throw Refusal.tooFar }
    let ends: EventTime
    switch end {
    case .after(let span):
      guard span <= longest else { throw Refusal.tooLong }
      ends = starts + span
    case .at(let time): ends = time
    }
    guard ends > starts, ends > now else { throw Refusal.over }
    guard ends <= starts + longest else { throw Refusal.tooLong }
    var silence = SilenceRecord(
      matchers: matchers, author: author, reason: reason, createdAt: now, starts: starts, ends: ends)
    // Written before it is counted: in PostgreSQL that waits for whoever else is adding one.
    silence.number = try tx.add(silence: silence)
    let known = try tx.silences([.active, .pending], limit: mostAtOnce + 1)
    guard known.count <= mostAtOnce else { throw Refusal.tooMany }
    return silence
  }

  /// Ends a silence before its time; what it holds is due at once.
  ///
  /// - Throws: ``Refusal``.
  package static func expire(_ number: Int64, by name: String, in tx: any LedgerWriter) throws -> SilenceRecord {
    guard var silence = try tx.silence(number) else { throw Refusal.unknown }
    let now = try tx.wallTime()
    guard silence.ends > now, try tx.expire(silence: number, by: name, at: now) else {
      let ended = try tx.silence(number) ?? silence
      throw Refusal.expired(at: ended.ends, by: ended.expiredBy)
    }
    try tx.wakeSilenced(at: tx.now())
    (silence.ends, silence.expiredBy) = (now, name)
    return silence
  }
}
