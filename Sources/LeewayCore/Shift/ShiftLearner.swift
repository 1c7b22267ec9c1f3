package import LeewayStatistics

extension ShiftDesign {
  /// One slice whose null is learned from production, since the baseline has no times: which streams there are follows from the
  /// baseline's counts, how they behave from hour to hour is seen.
  package struct Learner: Sendable {
    package let slice: String
    /// What is learned of: the same where the fields, types, bins and slice are the same, whatever the generation (rule G2).
    let hash: String
    package let streams: ShiftStreams
    let configuration: ShiftConfiguration
    let subjects: [Subject]
    /// What a stored null is read with.
    let baseline: (subjects: [ShiftSubject], totals: [[Int64]])
    let uses: [ShiftTierUse]
    let checks: [Check]
    let outputName: String

    var key: SliceKey { SliceKey(hash: hash, slice: slice) }

    /// Where the hours of a day are kept.
    func key(ofDay day: Int) -> SliceKey { ShiftHours.key(hash, slice, day: day) }

    /// The detector that judges by a null which was learned.
    func unit(_ null: ShiftNull) -> Unit {
      let null = null.levelled(uses)
      return Unit(
        slice: slice, hash: hash, null: null, subjects: subjects, watches: ShiftDesign.watches(checks, null),
        outputName: outputName, uses: uses)
    }

    /// - Throws: where the bytes are no null of these streams.
    func unit(encoded null: [UInt8]) throws(ShiftDamaged) -> Unit {
      unit(try ShiftNull(encoded: null, baseline: baseline))
    }

    /// What checks watch: the uses of a check that has them, and the streams of a subject's values, or of its feed.
    var watches: [Watch] {
      var out: [Watch] = []
      var first = 0
      for check in checks {
        let own = Array(first..<first + check.budgets.count)
        first += check.budgets.count
        guard let use = own.first else { continue }
        for subject in streams.subjects.indices {
          for isOfFeed in [false, true] {
            let watched = streams.all.indices.filter {
              streams.all[$0].subject == subject && streams.all[$0].kind.isShare == isOfFeed && uses[use].isWatched[$0]
            }
            guard !watched.isEmpty else { continue }
            out.append(Watch(check: check.name, subject: subject, isOfFeed: isOfFeed, uses: own, streams: watched))
          }
        }
      }
      return out
    }

    /// About what its state takes: the hours of one day, as they are read and written every hour.
    package var stateBytes: Int { 24 * 24 * streams.count + 4096 }
  }
}
