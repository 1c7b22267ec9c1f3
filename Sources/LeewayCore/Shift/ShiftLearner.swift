package import LeewayStatistics

extension ShiftDesign {
  /// One slice whose null is learned from production, since the baseline has no times: which streams there are follows from the
  /// baseline's counts, how they behave from hour to hour is seen.
  package struct Learner: Sendable {
    package let feed: ShiftFeed
    package let slice: String
    /// The same for a slice, whatever the generation and the subjects (rule G2).
    let hash: String
    /// What is learned of each subject goes on where these are the same.
    let names: ShiftSubjects
    package let streams: ShiftStreams
    let configuration: ShiftConfiguration
    let subjects: [Subject]
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
        outputName: outputName, uses: uses, names: names)
    }

    /// The same by what has been learned of some streams.
    func unit(_ pieces: [ShiftPiece]) -> Unit { unit(ShiftNull.unknown(streams, configuration).with(pieces)) }

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

extension ShiftDesign.Learner {
  /// A stored state, as it is of the subjects of now.
  struct Known {
    var normals: ShiftNormals
    var learning: ShiftLearning
    var standing: [UInt8]
    /// Where the standing is of other streams: these, and where those of now are among them.
    var before: (layout: ShiftLayout, origins: [Int?])?
  }

  /// - Returns: nil where a version of before wrote it.
  func stored(_ bytes: [UInt8]) throws -> Known? {
    let (normals, state) = try ShiftNormals.read(bytes, streams: nil)
    guard state.first != ShiftLearning.retiredVersion else { return nil }
    let stored = try ShiftLearning.read(state)
    guard normals.isOf(stored.names) else { throw ShiftDamaged(reason: "other streams") }
    guard stored.names != names else {
      return Known(normals: normals, learning: stored.learning, standing: stored.standing)
    }
    let origins = names.origins(in: stored.names)
    let learning = stored.learning.moved(
      origins, output: subjects.firstIndex { utf8Equal($0.name, outputName) })
    return Known(
      normals: normals.moved(origins), learning: learning,
      // Without a piece nothing is judged.
      standing: learning.pieces.isEmpty ? [] : stored.standing, before: (stored.names.layout, origins.streams))
  }
}
