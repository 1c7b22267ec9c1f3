import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct BaselineMomentsTests {
  private func text(_ baseline: Baseline) -> String {
    var baseline = baseline
    return String(decoding: baseline.encoded(), as: UTF8.self)
  }

  private func message(_ text: String) -> String {
    do {
      _ = try Baseline(decoding: Array(text.utf8))
      return "read"
    } catch { return error.description }
  }

  /// Edited by hand, digest and all: what follows from the counts is what it was.
  @Test func momentsThatTheCountsCannotHaveAreRefused() throws {
    let fitted = SampleMonitor.baseline(try SampleMonitor.monitor(.binary))
    #expect(message(text(fitted)) == "read")
    func refusal(_ edit: (inout Baseline) -> Void) -> String {
      var baseline = fitted
      edit(&baseline)
      return message(text(baseline))
    }
    func domain(_ edit: (inout NumericDomain) -> Void, _ i: Int = 0) -> String {
      refusal { baseline in
        guard case .numeric(var domain) = baseline.subjects[i].domain else { return }
        edit(&domain)
        baseline.subjects[i].domain = .numeric(domain)
      }
    }
    let knots = (0..<50).map(Double.init)
    for (found, place) in [
      (refusal { $0.subjects[0].mean = 50 }, "subjects[0].mean: is 50.0, and that of the sums is 23."),
      (
        refusal { $0.subjects[0].standardDeviation = 15 },
        "subjects[0].standard_deviation: is 15.0, and that of the sums is 14."
      ),
      (
        refusal { $0.subjects[0].standardDeviation = 0 },
        "subjects[0].exponent: is 28, and a standard deviation of 0.0 has 32"
      ),
      (refusal { $0.subjects[0].cells.squares = .zero }, "subjects[0].squares: add up to 0.0, and those of values in "),
      (
        refusal { $0.subjects[0].cells.sums[3] = 1 << 100 },
        "subjects[0].sums: of cell 6 is 1267650600228229401496703205376, which 0 values there cannot have"
      ),
      (
        refusal { $0.slices[0].subjects[0].squares = .zero },
        "slices[0].subjects[0].squares: add up to 0.0, and those of values in "
      ),
      (
        domain { $0.fixedPoint = FixedPoint(origin: $0.fixedPoint.origin, exponent: -31) },
        "subjects[0].squares: add up to "
      ),
      (
        domain { $0.fixedPoint = FixedPoint(origin: 60, exponent: $0.fixedPoint.exponent) },
        "subjects[0].origin: is 60.0, and the median of values from 0.0 to 49.0 is among them"
      ),
      (
        domain { $0.binning = NumericBinning(knots: knots, cuts: [0]) },
        "subjects[0].cuts: are [0.0], and the tenths of the counts are at ["
      ),
      (
        domain({ $0.binning = NumericBinning(knots: $0.binning.knots.dropLast() + [1.99], cuts: $0.binning.cuts) }, 2),
        "subjects[2].knots: has 1.99, and scores are 0 to 1"
      ),
    ] { #expect(found.hasPrefix(place), "\(found)") }
  }

  /// An estimate is of the labelled rows.
  /// Edited by hand, digest and all: what a fit always writes is not there, or is what no message can have.
  @Test func whatIsMissingAndWhatNoCategoryCanBeIsRefused() throws {
    let fitted = SampleMonitor.baseline(try SampleMonitor.monitor(.binary))
    func refusal(_ edit: (inout Baseline) -> Void) -> String {
      var baseline = fitted
      edit(&baseline)
      return message(text(baseline))
    }
    let present = fitted.subjects[0].cells.present
    let fix = "; fit it again with leeway baseline fit"
    #expect(
      refusal { $0.subjects[0].standardDeviation = nil }
        == "subjects[0].standard_deviation: is null, and \(present) values have one\(fix)")
    #expect(refusal { $0.subjects[0].mean = nil } == "subjects[0].mean: is null, and \(present) values have one\(fix)")
    #expect(
      refusal {
        $0.subjects[0].mean = nil
        $0.subjects[0].standardDeviation = nil
      } == "subjects[0].mean: is null, and \(present) values have one\(fix)")
    func category(_ edit: (inout CategoricalDomain) -> Void) throws -> String {
      let place = try #require(
        fitted.subjects.firstIndex { if case .categorical = $0.domain { true } else { false } })
      return refusal { baseline in
        guard case .categorical(var domain) = baseline.subjects[place].domain else { return }
        edit(&domain)
        baseline.subjects[place].domain = .categorical(domain)
      }.replacing("subjects[\(place)]", with: "subjects[n]")
    }
    #expect(
      try category { $0.categories[0] = "a\0b" }
        == #"subjects[n].categories[0]: is "a\u0000b" and holds a NUL, which no category has"# + fix)
    // The stream counts it as 12.
    #expect(
      try category { $0.categories[0] = "12.0" }
        == #"subjects[n].categories[0]: is "12.0", which is counted as "12""# + fix)
    var name = ""
    let both = try category {
      name = $0.categories[0]
      $0.otherHashes = [Digest64.hash(name)]
    }
    #expect(both == "subjects[n].categories[0]: is \"\(name)\", whose hash is among other_hashes too" + fix)
    #expect(
      refusal {
        $0.performance = PerformanceBaseline(labelled: 1 << 40, inSample: false, metrics: [:])
        $0.estimation = EstimationBaseline(
          rows: 1 << 40, inSample: true, basis: .scores(IsotonicMap(scores: [0], probabilities: [0])!))
      } == "estimation.rows: is \(Int64(1) << 40), in sample, and the baseline has \(fitted.rows) rows" + fix)
  }

  @Test func anEstimateHasNoMoreRowsThanThereAreLabels() throws {
    func message(rows: Int64, scores: [Double]) throws -> String {
      var baseline = SampleMonitor.baseline(try SampleMonitor.monitor(.binary))
      baseline.performance = PerformanceBaseline(labelled: 12, inSample: true, metrics: [:])
      let map = try #require(IsotonicMap(scores: scores, probabilities: scores.map { _ in 0.5 }))
      baseline.estimation = EstimationBaseline(rows: rows, inSample: true, basis: .scores(map))
      return self.message(text(baseline))
    }
    #expect(try message(rows: 12, scores: [0, 1]) == "read")
    #expect(
      try message(rows: 13, scores: [0, 1])
        == "estimation.rows: is 13, and 12 rows have a label; fit it again with leeway baseline fit")
    #expect(
      try message(rows: 12, scores: [0, 1.99])
        == "estimation.scores: must be 0 to 1; fit it again with leeway baseline fit")
  }
}
