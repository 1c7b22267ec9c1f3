import LeewayStatistics

/// A new normal of a subject's values, or of its feed, that a person has accepted.
struct ShiftNormal: Sendable, Equatable {
  /// In which it was accepted.
  var incident: String
  /// Who did.
  var by: String
  /// The first hour that is normal now.
  var since: Int
  /// The first hour that was judged by it.
  var from: Int
  /// How far what is expected has moved: by the mean of the hours from `since` to `from`.
  var moves: [ShiftAcceptance] = []
  /// What a full fit found 28 days after `since`; empty until then.
  var pieces: [ShiftPiece] = []

  /// Hours after which a full fit takes the place of the moves.
  static let fitHours = 672

  func move(of stream: Int) -> Double { moves.first { $0.stream == stream }?.move ?? 0 }
}

/// What a person has decided about the normal of one slice.
struct ShiftNormalAct: Sendable, Equatable {
  struct Part: Sendable, Equatable {
    var subject: String
    var isOfFeed: Bool
    var since: Int
  }

  var incident: String
  var by: String
  /// The first hour that is judged by it.
  var from: Int
  /// What is accepted; nil: what was accepted in the incident is so no more.
  var parts: [Part]?
}

/// What people have accepted of one slice's null, in the order of their acts, and what they have decided that no hour has been judged by
/// yet (rule H4). The null that was fitted stays as it is beneath, so that every act can be undone.
struct ShiftNormals: Sendable, Equatable {
  struct Layer: Sendable, Equatable {
    var part: ShiftLearning.Part
    var normal: ShiftNormal
  }

  var layers: [Layer] = []
  /// Ascending by their first hours.
  var pending: [ShiftNormalAct] = []

  var isEmpty: Bool { layers.isEmpty && pending.isEmpty }

  /// Whether an incident has a normal here that was accepted in it, or will have.
  func holds(_ incident: String) -> Bool {
    let last = pending.last { $0.incident == incident }
    return last.map { $0.parts != nil } ?? layers.contains { $0.normal.incident == incident }
  }

  /// The null in force over the one that was fitted.
  func unit(over fitted: ShiftDesign.Unit) -> ShiftDesign.Unit {
    guard !layers.isEmpty else { return fitted }
    var unit = fitted
    for layer in layers {
      if layer.normal.pieces.isEmpty {
        unit.null.apply(layer.normal.moves)
      } else {
        unit.null = unit.null.with(layer.normal.pieces)
      }
      var shown = layer.normal
      let before = unit.accepted[layer.part]
      // From the baseline's: one on top of another has moved by both.
      for i in shown.moves.indices { shown.moves[i].move += before?.move(of: shown.moves[i].stream) ?? 0 }
      unit.accepted[layer.part] = shown
    }
    unit.null = unit.null.levelled(unit.uses)
    return unit
  }

  /// Whether an hour that alarmed was accepted afterwards.
  func isAccepted(hour: Int, _ stream: ShiftStream) -> Bool {
    layers.contains { layer in
      layer.part == ShiftLearning.Part(subject: stream.subject, isOfFeed: stream.kind.isShare)
        && (layer.normal.since..<layer.normal.from).contains(hour)
    }
  }

  /// Hours since a new normal, as they would have been without it.
  func movedBack(_ values: ShiftValues) -> ShiftValues {
    guard !layers.isEmpty else { return values }
    var y = values.y
    for layer in layers {
      for row in 0..<values.hours where values.first + row >= layer.normal.since {
        for move in layer.normal.moves { y[row * values.streams + move.stream] -= move.move }
      }
    }
    return ShiftValues(first: values.first, streams: values.streams, y: y, n: values.n, w: values.w)
  }

  /// Takes back what was accepted in an incident, and what rests on it.
  ///
  /// - Returns: the parts that are what they were.
  mutating func undo(_ incident: String) -> Set<ShiftLearning.Part> {
    var undone: Set<ShiftLearning.Part> = []
    layers.removeAll { layer in
      guard layer.normal.incident == incident || undone.contains(layer.part) else { return false }
      undone.insert(layer.part)
      return true
    }
    return undone
  }

  /// The newest normals of their parts that a full fit can take the place of when `hour` comes next, by their first hours.
  func due(at hour: Int, isExcluded: (Int) -> Bool) -> [(since: Int, layers: [Int])] {
    let newest = layers.indices.filter { place in
      layers[place].normal.pieces.isEmpty && !layers[(place + 1)...].contains { $0.part == layers[place].part }
    }
    let bySince = Dictionary(grouping: newest) { layers[$0].normal.since }
    return bySince.keys.sorted().compactMap { since in
      guard hour - since >= ShiftNormal.fitHours, let places = bySince[since] else { return nil }
      let counted = hour - since - (since..<hour).count(where: isExcluded)
      return counted >= ShiftNormal.fitHours ? (since, places) : nil
    }
  }
}

extension ShiftNormals {
  /// Whether everything in it is of these streams.
  func isOf(_ subjects: ShiftSubjects) -> Bool {
    let (k, predictors) = (subjects.streams, subjects.all.reduce(0) { $0 + $1.predictors })
    return layers.allSatisfy { layer in
      layer.part.subject < subjects.all.count && layer.normal.moves.allSatisfy { $0.stream < k }
        && layer.normal.pieces.allSatisfy { $0.stream < k && $0.predictors == predictors }
    }
  }

  /// The same of other subjects.
  func moved(_ origins: ShiftSubjects.Origins) -> ShiftNormals {
    var moved = self
    moved.layers = layers.compactMap { layer in
      guard let part = origins.moved(layer.part) else { return nil }
      var normal = layer.normal
      normal.moves = normal.moves.compactMap { move in
        origins.streams.firstIndex(of: move.stream).map { stream in
          var moved = move
          moved.stream = stream
          return moved
        }
      }
      normal.pieces = normal.pieces.compactMap(origins.moved)
      return Layer(part: part, normal: normal)
    }
    return moved
  }
}

// MARK: The stored form

/// A version byte, a JSON object, the pieces of each layer, and the state that it belongs to, each with its length. A state to which
/// nothing was accepted is stored as it is.
extension ShiftNormals {
  static let formatVersion: UInt8 = 4

  /// - Parameter state: a `ShiftStanding` or a `ShiftLearning`, encoded.
  func encoded(around state: [UInt8]) -> [UInt8] {
    guard !isEmpty else { return state }
    var w = JSONWriter()
    w.beginObject()
    w.key("layers")
    w.list(layers) { w, layer in
      w.beginObject()
      Self.texts([("incident", layer.normal.incident), ("by", layer.normal.by)], to: &w)
      for (name, number) in [
        ("subject", layer.part.subject), ("since", layer.normal.since), ("from", layer.normal.from),
      ] {
        w.key(name)
        w.number(number)
      }
      w.key("feed")
      w.bool(layer.part.isOfFeed)
      w.key("moves")
      w.list(layer.normal.moves) { w, move in
        w.beginArray()
        for number in [Double(move.stream), Double(move.hours), move.move, move.widening, move.restlessness] {
          w.number(number)
        }
        w.endArray()
      }
      w.endObject()
    }
    w.key("pending")
    w.list(pending) { w, act in
      w.beginObject()
      Self.texts([("incident", act.incident), ("by", act.by)], to: &w)
      w.key("from")
      w.number(act.from)
      if let parts = act.parts {
        w.key("parts")
        w.list(parts) { w, part in
          w.beginObject()
          Self.texts([("subject", part.subject)], to: &w)
          w.key("feed")
          w.bool(part.isOfFeed)
          w.key("since")
          w.number(part.since)
          w.endObject()
        }
      }
      w.endObject()
    }
    w.endObject()
    var out: [UInt8] = [Self.formatVersion]
    Varint.append(blob: w.bytes, to: &out)
    for layer in layers { Varint.append(blob: ShiftPiece.encoded(layer.normal.pieces), to: &out) }
    Varint.append(blob: state, to: &out)
    return out
  }

  private static func texts(_ texts: [(String, String)], to w: inout JSONWriter) {
    for (name, text) in texts {
      w.key(name)
      w.string(text)
    }
  }

  /// Reads what `encoded` wrote, or a state to which nothing was accepted.
  ///
  /// - Parameter streams: of the null that the state is of; nil where they are not known.
  static func read(_ bytes: [UInt8], streams: ShiftStreams?) throws -> (normals: ShiftNormals, state: [UInt8]) {
    guard bytes.first == formatVersion else { return (ShiftNormals(), bytes) }
    var reader = Varint.Reader(bytes)
    _ = reader.byte()
    guard let text = reader.blob() else { throw ShiftDamaged(reason: "cut off") }
    let r = JSONReader(try JSONValue(parsing: text))
    let anyHour = ShiftFold.range.lowerBound...ShiftFold.range.upperBound
    let k = streams?.count ?? 1 << 20
    let predictors = streams.map { $0.all.count { $0.kind.isPredictor } }
    var normals = ShiftNormals()
    for element in try r.member("layers").list({ (e) throws(JSONFailure) in e }) {
      let moves = try element.member("moves").list { (e) throws(JSONFailure) in
        let numbers = try e.doubles()
        guard numbers.count == 5, let stream = Int(exactly: numbers[0]), let hours = Int(exactly: numbers[1]),
          (0..<k).contains(stream)
        else { throw e.failure("expected a stream, hours and three numbers") }
        return ShiftAcceptance(
          stream: stream, hours: hours, move: numbers[2], widening: numbers[3], restlessness: numbers[4])
      }
      guard let pieces = reader.blob() else { throw ShiftDamaged(reason: "cut off") }
      normals.layers.append(
        Layer(
          part: ShiftLearning.Part(
            subject: try element.member("subject").integer(in: 0...1 << 20),
            isOfFeed: try element.member("feed").bool()),
          normal: ShiftNormal(
            incident: try element.member("incident").string(), by: try element.member("by").string(),
            since: try element.member("since").integer(in: anyHour),
            from: try element.member("from").integer(in: anyHour), moves: moves,
            pieces: try ShiftPiece.read(pieces, streams: streams?.count, predictors: predictors))))
    }
    normals.pending = try r.member("pending").list { (e) throws(JSONFailure) in
      ShiftNormalAct(
        incident: try e.member("incident").string(), by: try e.member("by").string(),
        from: try e.member("from").integer(in: anyHour),
        parts: try e.member("parts").optional { (parts) throws(JSONFailure) in
          try parts.list { (p) throws(JSONFailure) in
            ShiftNormalAct.Part(
              subject: try p.member("subject").string(), isOfFeed: try p.member("feed").bool(),
              since: try p.member("since").integer(in: anyHour))
          }
        })
    }
    guard let state = reader.blob(), reader.isAtEnd else { throw ShiftDamaged(reason: "cut off") }
    return (normals, state)
  }
}
