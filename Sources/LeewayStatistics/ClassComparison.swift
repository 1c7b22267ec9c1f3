extension MulticlassConfusion {
  /// F1 of a class over how often it came as a label or a prediction; nil for a class that never came.
  fileprivate func f1(_ index: Int) -> (value: Double, rows: Double)? {
    let counts = oneAgainstRest(index)
    return counts.f1.map { ($0, Double(counts.positives + counts.predictedPositives)) }
  }

  /// What a row of a class, predicted as another, adds to `macroF1`: the derivative by its weight, apart in what the label,
  /// the prediction and their being the same add. Entries by class.
  fileprivate var macroF1Influence: (single: [Double], same: [Double]) {
    let scores = (0..<classCount).map(f1)
    let classes = Double(scores.count { $0 != nil })
    return (
      scores.map { $0.map { -$0.value / ($0.rows * classes) } ?? 0 },
      scores.map { $0.map { 2 / ($0.rows * classes) } ?? 0 }
    )
  }

  /// `macroF1` and its standard error: the root of the squared influences of all rows. nil without rows.
  public var macroF1Estimate: Estimate? {
    guard let macroF1 else { return nil }
    let (single, same) = macroF1Influence
    var variance = 0.0
    for label in 0..<classCount {
      for prediction in 0..<classCount where self[label, prediction] > 0 {
        let influence = single[label] + single[prediction] + (label == prediction ? same[label] : 0)
        variance += Double(self[label, prediction]) * influence * influence
      }
    }
    return Estimate(value: macroF1, standardError: variance.squareRoot())
  }

  /// Bounds of `macroF1` by the delta method; nil without rows.
  public func macroF1Bounds(confidence: Double = 0.99) -> OneSidedBounds? {
    macroF1Estimate.map {
      OneSidedBounds(estimate: $0.value, standardError: $0.standardError, confidence: confidence, range: 0...1)
    }
  }
}

/// Rows that both of two models put into one of k classes, by pairs of label and decisions: instead of k³ counts the five
/// k × k tables that accuracy, macro F1 and each class need.
public struct PairedClasses: Sendable, Equatable {
  public let classCount: Int
  /// Label · k + the champion's class.
  public let champion: MulticlassConfusion
  /// Label · k + the challenger's class.
  public let challenger: MulticlassConfusion
  /// The champion's class · k + the challenger's: of all rows, of those where the champion is right, and where the challenger
  /// is.
  public let decisions: [Int64]
  public let championRight: [Int64]
  public let challengerRight: [Int64]

  /// Tables of k · k counts.
  public static let tables = 5

  /// The entries of one row, one in each table that it is in, tables one behind the other in the order of the members.
  public static func indices(label: Int, champion: Int, challenger: Int, classCount k: Int) -> [Int] {
    let decisions = champion * k + challenger
    var out = [label * k + champion, k * k + label * k + challenger, 2 * k * k + decisions]
    if champion == label { out.append(3 * k * k + decisions) }
    if challenger == label { out.append(4 * k * k + decisions) }
    return out
  }

  /// - Precondition: five tables of k · k counts, none negative.
  public init(classCount k: Int, counts: [Int64]) {
    precondition(counts.count == Self.tables * k * k && counts.allSatisfy { $0 >= 0 }, "five tables, never negative")
    func table(_ i: Int) -> [Int64] { Array(counts[i * k * k..<(i + 1) * k * k]) }
    classCount = k
    champion = MulticlassConfusion(classCount: k, counts: table(0))
    challenger = MulticlassConfusion(classCount: k, counts: table(1))
    decisions = table(2)
    championRight = table(3)
    challengerRight = table(4)
  }

  public var total: Int64 { champion.total }

  /// One class against all others; nil where the tables contradict each other.
  public func oneAgainstRest(_ c: Int) -> PairedDecisions? {
    let k = classCount
    func sum(_ count: (Int) -> Int64) -> Int64 { (0..<k).reduce(0) { $0 &+ count($1) } }
    let labelled = sum { champion[c, $0] }
    let both = decisions[c * k + c]
    let byChampion = sum { decisions[c * k + $0] }
    let byChallenger = sum { decisions[$0 * k + c] }
    let right = championRight[c * k + c]
    let championAlone = champion[c, c] &- right
    let challengerAlone = challenger[c, c] &- right
    let neither = labelled &- right &- championAlone &- challengerAlone
    let falseBoth = both &- right
    let falseChampion = byChampion &- both &- championAlone
    let falseChallenger = byChallenger &- both &- challengerAlone
    let rest = total &- labelled &- falseBoth &- falseChampion &- falseChallenger
    var counts = [Int64](repeating: 0, count: PairedDecisions.count)
    for (a, b, positive, n) in [
      (true, true, true, right), (true, false, true, championAlone), (false, true, true, challengerAlone),
      (false, false, true, neither), (true, true, false, falseBoth), (true, false, false, falseChampion),
      (false, true, false, falseChallenger), (false, false, false, rest),
    ] { counts[PairedDecisions.index(champion: a, challenger: b, positive: positive)] = n }
    return counts.allSatisfy { $0 >= 0 } ? PairedDecisions(counts: counts) : nil
  }

  /// By who was right, for McNemar's test; nil where the tables contradict each other.
  public var accuracy: PairedAccuracy? {
    let k = classCount
    let both = (0..<k).reduce(Int64(0)) { $0 &+ championRight[$1 * k + $1] }
    let championAlone = championRight.reduce(0, &+) &- both
    let challengerAlone = challengerRight.reduce(0, &+) &- both
    let wrong = total &- both &- championAlone &- challengerAlone
    guard min(championAlone, challengerAlone, wrong) >= 0 else { return nil }
    return PairedAccuracy(
      bothRight: both, championAlone: championAlone, challengerAlone: challengerAlone, bothWrong: wrong)
  }

  /// `macroF1` of the challenger less the champion's on the same rows, by the squared differences of each row's influence
  /// on both. nil without rows.
  public func macroF1Difference(confidence: Double = 0.99) -> MetricDifference? {
    guard let a = champion.macroF1Estimate, let b = challenger.macroF1Estimate else { return nil }
    let k = classCount
    let mine = champion.macroF1Influence
    let theirs = challenger.macroF1Influence
    // Σ of the products: every row's label with both decisions, and the decisions with each other.
    var product = 0.0
    for label in 0..<k {
      for prediction in 0..<k {
        let same = label == prediction
        let byChallenger = Double(challenger[label, prediction])
        product += byChallenger * mine.single[label] * (theirs.single[prediction] + (same ? theirs.same[label] : 0))
        product += Double(champion[label, prediction]) * theirs.single[label] * mine.single[prediction]
        if same { product += Double(champion[label, label]) * mine.same[label] * theirs.single[label] }
        product += byChallenger * mine.single[label] * theirs.single[label]
      }
    }
    for one in 0..<k {
      for other in 0..<k {
        let i = one * k + other
        product += Double(decisions[i]) * mine.single[one] * theirs.single[other]
        product += Double(championRight[i]) * mine.same[one] * theirs.single[other]
        product += Double(challengerRight[i]) * mine.single[one] * theirs.same[other]
        if one == other { product += Double(championRight[i]) * mine.same[one] * theirs.same[one] }
      }
    }
    let variance =
      a.standardError * a.standardError + b.standardError * b.standardError - 2 * product
    return MetricDifference(
      estimate: b.value - a.value, standardError: max(0, variance).squareRoot(), confidence: confidence)
  }
}
