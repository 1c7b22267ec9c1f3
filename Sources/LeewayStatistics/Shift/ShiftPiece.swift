/// What a null says of one stream, so that it can take the place of what another null of the same streams says: the rest stays.
package struct ShiftPiece: Sendable, Equatable {
  package let stream: Int
  /// What its levels are read from, whatever budget it has.
  struct Levels: Sendable, Equatable {
    var plan: ShiftPlan
    /// By view.
    var tails: [[ShiftTail]]
    /// Its highest peak by view; empty under a plan without a calibration, as the tails are.
    var own: [Double]
  }

  let levels: Levels
  /// 168.
  let profile: [Double]
  let rowVariance, variance, memory: Double
  /// P: of the predictors, in their order.
  let weights: [Double]
  let left: Double
  /// By view.
  let inflation: [Double]
  let cap, beyond, tolerance, typicalResponse, typicalGain: Double
}

extension ShiftNull {
  /// What this null says of one stream.
  package func piece(of stream: Int) -> ShiftPiece {
    let k = streams.count
    let kind = streams.all[stream].kind
    return ShiftPiece(
      stream: stream,
      levels: pieces[stream]
        ?? .init(
          plan: plan, tails: (calibration?.tails ?? []).map { $0[kind] ?? [] },
          own: calibration.map { [$0.own[stream], $0.own[k + stream]] } ?? []),
      profile: (0..<ShiftProfile.hours).map { fit.profile.values[$0 * k + stream] },
      rowVariance: fit.rowVariance[stream], variance: fit.variance[stream], memory: fit.memory[stream],
      weights: regression.predictors.indices.map { regression.weights[$0 * k + stream] }, left: regression.left[stream],
      inflation: [inflation[stream], inflation[k + stream]], cap: cap[stream], beyond: beyond[stream],
      tolerance: tolerance[stream], typicalResponse: typicalResponse[stream], typicalGain: typicalGain[stream])
  }

  /// The same null with other pieces in the place of its own. Levels stay as they are: `levelled` reads them from the pieces.
  ///
  /// - Parameter new: of nulls of the same streams; one for each stream at most.
  package func with(_ new: [ShiftPiece]) -> ShiftNull {
    guard !new.isEmpty else { return self }
    let k = streams.count
    var fit = fit
    var (rowVariance, memory, weights, left) = (fit.rowVariance, fit.memory, regression.weights, regression.left)
    var (inflation, cap, beyond, tolerance) = (inflation, cap, beyond, tolerance)
    var (typicalResponse, typicalGain) = (typicalResponse, typicalGain)
    var pieces = pieces
    for piece in new {
      let stream = piece.stream
      precondition(stream < k && piece.weights.count == regression.predictors.count, "a piece of other streams")
      pieces[stream] = piece.levels
      for (hour, expected) in piece.profile.enumerated() { fit.profile.values[hour * k + stream] = expected }
      (rowVariance[stream], fit.variance[stream], memory[stream]) = (piece.rowVariance, piece.variance, piece.memory)
      for (row, weight) in piece.weights.enumerated() { weights[row * k + stream] = weight }
      left[stream] = piece.left
      (inflation[stream], inflation[k + stream]) = (piece.inflation[0], piece.inflation[1])
      (cap[stream], beyond[stream], tolerance[stream]) = (piece.cap, piece.beyond, piece.tolerance)
      (typicalResponse[stream], typicalGain[stream]) = (piece.typicalResponse, piece.typicalGain)
    }
    return ShiftNull(
      configuration: configuration, plan: plan, streams: streams,
      fit: ShiftFit(profile: fit.profile, rowVariance: rowVariance, variance: fit.variance, memory: memory),
      regression: ShiftRegression(predictors: regression.predictors, weights: weights, left: left),
      inflation: inflation, cap: cap, beyond: beyond, tolerance: tolerance, levels: levels, calibration: calibration,
      typicalResponse: typicalResponse, typicalGain: typicalGain, pieces: pieces)
  }
}

extension ShiftNull {
  /// A null that knows nothing of any stream: each is judged once its piece has been put in.
  package static func unknown(_ streams: ShiftStreams, _ configuration: ShiftConfiguration) -> ShiftNull {
    let k = streams.count
    func all(_ number: Double, _ count: Int = 1) -> [Double] { [Double](repeating: number, count: count * k) }
    let predictors = streams.all.indices.filter { streams.all[$0].kind.isPredictor }
    return ShiftNull(
      configuration: configuration, plan: .iid, streams: streams,
      fit: ShiftFit(
        profile: ShiftProfile(streams: k, values: all(.infinity, ShiftProfile.hours)), rowVariance: all(0),
        variance: all(1), memory: all(0)),
      regression: ShiftRegression(predictors: predictors, weights: all(0, predictors.count), left: all(1)),
      inflation: all(1, 2), cap: all(.infinity), beyond: all(.infinity), tolerance: all(configuration.tolerance),
      levels: all(.infinity, configuration.tiers.count * 2), calibration: nil, typicalResponse: all(0),
      typicalGain: all(0))
  }

  /// What a stream is judged by: that of its piece where it is of another null.
  package func plan(of stream: Int) -> ShiftPlan { pieces[stream]?.plan ?? plan }
}

extension ShiftPiece {
  /// Streams that it is explained by.
  package var predictors: Int { weights.count }

  /// What its stream is judged by.
  package var plan: ShiftPlan { levels.plan }

  /// The same stream among others.
  ///
  /// - Parameter predictors: for each predictor there its place among those of before; nil: it is new, and has explained nothing.
  package func moved(to stream: Int, predictors: [Int?]) -> ShiftPiece {
    ShiftPiece(
      stream: stream, levels: levels, profile: profile, rowVariance: rowVariance, variance: variance, memory: memory,
      weights: predictors.map { $0.map { weights[$0] } ?? 0 }, left: left, inflation: inflation, cap: cap,
      beyond: beyond, tolerance: tolerance, typicalResponse: typicalResponse, typicalGain: typicalGain)
  }
}

/// The stored form: a version byte, then the numbers of each piece.
extension ShiftPiece {
  static let formatVersion: UInt8 = 1

  package static func encoded(_ pieces: [ShiftPiece]) -> [UInt8] {
    var out = ShiftWriter(version: formatVersion, capacity: 16 + pieces.count * 8 * (ShiftProfile.hours + 64))
    out.whole(pieces.count)
    for piece in pieces {
      out.whole(piece.stream)
      out.whole(ShiftPlan.allCases.firstIndex(of: piece.levels.plan) ?? 0)
      out.whole(piece.weights.count)
      out.whole(piece.levels.tails.first?.count ?? 0)
      out.numbers(piece.profile)
      out.numbers([
        piece.rowVariance, piece.variance, piece.memory, piece.left, piece.inflation[0], piece.inflation[1], piece.cap,
        piece.beyond, piece.tolerance, piece.typicalResponse, piece.typicalGain,
      ])
      out.numbers(piece.weights)
      for tail in piece.levels.tails.joined() { out.numbers([tail.threshold, tail.rate, tail.shape, tail.scale]) }
      out.numbers(piece.levels.own)
    }
    return out.bytes
  }

  /// Reads what `encoded` wrote.
  ///
  /// - Parameters:
  ///   - streams: K of the null that they are for; nil where that is not known.
  ///   - predictors: P of it.
  package static func read(_ bytes: [UInt8], streams: Int?, predictors: Int?) throws(ShiftDamaged) -> [ShiftPiece] {
    var reader = try ShiftReader(bytes, version: formatVersion)
    let most = streams ?? 1 << 20
    var pieces: [ShiftPiece] = []
    for _ in 0..<(try reader.whole(in: 0...most)) {
      let stream = try reader.whole(in: 0...most - 1)
      let plan = ShiftPlan.allCases[try reader.whole(in: 0...ShiftPlan.allCases.count - 1)]
      let weights = try reader.whole(in: 0...most)
      guard predictors.map({ $0 == weights }) ?? true else { throw ShiftDamaged(reason: "other streams") }
      let tails = try reader.whole(in: 0...16)
      let profile = try reader.numbers(ShiftProfile.hours, in: -Double.greatestFiniteMagnitude...Double.infinity)
      let rowVariance = try reader.numbers(1, in: .notNegative)[0]
      let variance = try reader.numbers(1, in: .positive)[0]
      let memory = try reader.numbers(1, in: 0...(1 - Double.ulpOfOne))[0]
      let scales = try reader.numbers(3, in: .positive)
      let rest = try reader.numbers(5, in: .notNegative)
      let row = try reader.numbers(weights)
      var found: [[ShiftTail]] = []
      for _ in 0..<(tails > 0 ? 2 : 0) {
        var view: [ShiftTail] = []
        for _ in 0..<tails {
          let numbers = try reader.numbers(4, in: 0...Double.greatestFiniteMagnitude)
          view.append(ShiftTail(threshold: numbers[0], rate: numbers[1], shape: numbers[2], scale: numbers[3]))
        }
        found.append(view)
      }
      pieces.append(
        ShiftPiece(
          stream: stream,
          levels: Levels(plan: plan, tails: found, own: try reader.numbers(tails > 0 ? 2 : 0, in: .notNegative)),
          profile: profile, rowVariance: rowVariance, variance: variance, memory: memory, weights: row, left: scales[0],
          inflation: [scales[1], scales[2]], cap: rest[0], beyond: rest[1], tolerance: rest[2],
          typicalResponse: rest[3], typicalGain: rest[4]))
    }
    try reader.end()
    guard Set(pieces.map(\.stream)).count == pieces.count else { throw ShiftDamaged(reason: "a stream twice") }
    return pieces
  }
}
