import LeewayStatistics

/// Whose streams a stored state is of, subject by subject: what has been learned of a subject goes on under another monitor where its field,
/// type, bins and slice are the same (rule G2).
struct ShiftSubjects: Sendable, Equatable {
  struct Subject: Sendable, Hashable {
    /// What its name, field, type and bins come to.
    var hash: String
    /// A letter for each stream: `p` explains others, `f` is of the feed, `s` is neither.
    var form: String
  }

  var all: [Subject]

  init(_ all: [Subject]) { self.all = all }

  /// - Parameter hashes: by subject.
  init(_ streams: ShiftStreams, hashes: [String]) {
    all = hashes.enumerated().map { subject, hash in
      Subject(
        hash: hash,
        form: String(
          streams.all.filter { $0.subject == subject }.map { stream -> Character in
            stream.kind.isPredictor ? "p" : stream.kind.isShare ? "f" : "s"
          }))
    }
  }

  /// K.
  var streams: Int { all.reduce(0) { $0 + $1.form.utf8.count } }

  /// By stream: its subject, and whether it is of the feed.
  var layout: ShiftLayout {
    let letters = all.enumerated().flatMap { place, subject in
      subject.form.utf8.map { (place, $0 == UInt8(ascii: "f")) }
    }
    return ShiftLayout(subjects: letters.map(\.0), isShare: letters.map(\.1))
  }

  /// For each of these subjects its place among others; nil: it is not there.
  func origins(in others: ShiftSubjects) -> Origins {
    let places = Dictionary(others.all.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var firsts: [Int] = []
    var (next, predictor) = (0, 0)
    var firstPredictors: [Int] = []
    for subject in others.all {
      firsts.append(next)
      firstPredictors.append(predictor)
      next += subject.form.utf8.count
      predictor += subject.predictors
    }
    var out = Origins(subjects: all.map { places[$0] }, streams: [], predictors: [])
    for (subject, origin) in zip(all, out.subjects) {
      out.streams += (0..<subject.form.utf8.count).map { offset in origin.map { firsts[$0] + offset } }
      out.predictors += (0..<subject.predictors).map { offset in origin.map { firstPredictors[$0] + offset } }
    }
    return out
  }

  /// Where something is found among the subjects, streams and predictors of before.
  struct Origins: Sendable, Equatable {
    var subjects: [Int?]
    var streams: [Int?]
    var predictors: [Int?]

    /// Where a piece of before belongs now; nil: nowhere.
    func moved(_ piece: ShiftPiece) -> ShiftPiece? {
      streams.firstIndex(of: piece.stream).map { piece.moved(to: $0, predictors: predictors) }
    }

    func moved(_ part: ShiftLearning.Part) -> ShiftLearning.Part? {
      subjects.firstIndex(of: part.subject).map { ShiftLearning.Part(subject: $0, isOfFeed: part.isOfFeed) }
    }
  }
}

extension ShiftSubjects.Subject {
  var predictors: Int { form.utf8.count { $0 == UInt8(ascii: "p") } }
}

extension ShiftSubjects {
  func write(to w: inout JSONWriter) {
    w.key("subjects")
    w.list(all) { w, subject in
      w.beginArray()
      w.string(subject.hash)
      w.string(subject.form)
      w.endArray()
    }
  }

  init(_ r: JSONReader) throws(JSONFailure) {
    all = try r.member("subjects").list { (e) throws(JSONFailure) in
      let texts = try e.texts()
      guard texts.count == 2, texts[1].utf8.allSatisfy({ "psf".utf8.contains($0) }) else {
        throw e.failure("expected a hash and the forms of streams")
      }
      return Subject(hash: texts[0], form: texts[1])
    }
  }
}
