/// What a stream measures, with the unit of its values.
package enum ShiftKind: String, Sendable, CaseIterable {
  /// Mean normal score of the values: in standard deviations of the baseline's score.
  case location
  /// ln of the variance of the score.
  case spread
  /// Share of one category; this and the other shares as 2 arcsin √share, in radians.
  case category
  case missing, invalid, unseen, outside
  /// A number an hour that was made elsewhere, in its own unit.
  case level

  /// Missing, invalid, unseen and outside: what says more of the feed than of the population.
  package var isShare: Bool {
    switch self {
    case .missing, .invalid, .unseen, .outside: true
    case .location, .spread, .category, .level: false
    }
  }

  /// Whether other subjects' streams are explained by it.
  package var isPredictor: Bool { self == .location || self == .category }
}

/// One number an hour.
package struct ShiftStream: Sendable, Hashable {
  /// Index of the subject.
  package var subject: Int
  package var kind: ShiftKind
  /// For a category, else −1.
  package var cell: Int

  package init(subject: Int, kind: ShiftKind, cell: Int = -1) {
    self.subject = subject
    self.kind = kind
    self.cell = cell
  }
}

/// The K streams of a model: what is made of an hour's counts.
package struct ShiftStreams: Sendable, Equatable {
  package let subjects: [ShiftSubject]
  /// As many.
  package let tables: [ShiftTable]
  /// By subject: location, spread | categories by size, then its shares; or its level.
  package let all: [ShiftStream]
  /// An hour with fewer rows has no spread value.
  let spreadRows: Int64

  package var count: Int { all.count }

  package init(subjects: [ShiftSubject], tables: [ShiftTable], _ configuration: ShiftConfiguration) {
    precondition(subjects.count == tables.count, "one table for each subject")
    self.subjects = subjects
    self.tables = tables
    spreadRows = configuration.spreadRows
    var all: [ShiftStream] = []
    for (subject, table) in tables.enumerated() {
      let absent: ShiftKind
      switch subjects[subject].form {
      case .level:
        all.append(ShiftStream(subject: subject, kind: .level))
        continue
      case .numeric:
        all += [ShiftStream(subject: subject, kind: .location), ShiftStream(subject: subject, kind: .spread)]
        absent = .unseen
      case .category:
        all += table.largest.map { ShiftStream(subject: subject, kind: .category, cell: $0) }
        absent = .outside
      }
      all += configuration.shares.filter { $0 != absent }.map { ShiftStream(subject: subject, kind: $0) }
    }
    self.all = all
  }

  /// The streams of the baseline with these counts by subject and cell.
  package init(subjects: [ShiftSubject], totals: [[Int64]], _ configuration: ShiftConfiguration) {
    let tables = zip(subjects, totals).map { ShiftTable($0, total: $1, largest: configuration.largest) }
    self.init(subjects: subjects, tables: tables, configuration)
  }

  /// Indices of the streams of each kind that has any.
  var byKind: [(kind: ShiftKind, streams: [Int])] {
    ShiftKind.allCases.compactMap { kind in
      let streams = all.indices.filter { all[$0].kind == kind }
      return streams.isEmpty ? nil : (kind, streams)
    }
  }

  /// By stream what its kind gives.
  func spread(_ perKind: ([Int]) -> Double) -> [Double] {
    var out = [Double](repeating: 0, count: count)
    for (_, streams) in byKind {
      let value = perKind(streams)
      for k in streams { out[k] = value }
    }
    return out
  }
}
