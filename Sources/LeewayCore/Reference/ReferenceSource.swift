/// Where the drift panes of a generation have what references are summed from. It is kept in the ledger for the generation that
/// follows, whose panes have other places: so that this one's last panes, which had not closed when it ended, are taken too.
struct ReferenceSource: Sendable, Equatable {
  /// Where a subject's counts begin in a block; `sums` and `square` mean nothing for categories.
  struct Place: Sendable, Equatable {
    var counts: Int
    var sums: Int
    var square: Int
  }

  var generation: String
  var pane: TimeSpan
  var shape: CellBlock.Shape
  var cap: SliceCap
  /// By the hash of what is counted there.
  var places: [String: Place]

  init(_ plan: MonitorPlan) {
    generation = plan.generation
    pane = plan.monitor.pane
    shape = plan.drift.shape
    cap = SliceCap(plan: plan)
    places = [:]
    for subject in plan.references.subjects {
      guard case .drift(let i) = subject.counts else { continue }
      let at = plan.drift.subjects[i]
      for hash in plan.references.hashes(of: subject) {
        places[hash] = Place(counts: at.firstCount, sums: at.firstSum, square: at.square)
      }
    }
  }

  /// For a plan's panes; none where no check is measured from production.
  static func list(_ plan: MonitorPlan) -> [ReferenceSource] {
    let source = ReferenceSource(plan)
    return source.places.isEmpty ? [] : [source]
  }

  // MARK: The ledger

  /// Among more generations that no round has judged the oldest are forgotten.
  private static let limit = 16

  private static func setting(monitor: String) -> String { "reference-sources/\(monitor)" }

  /// For the current generation, and before it of those whose last panes it has not taken yet, the oldest first.
  static func stored(monitor: String, in reader: any LedgerReader) throws -> [ReferenceSource] {
    try reader.setting(setting(monitor: monitor)).map { try decoded($0) } ?? []
  }

  static func store(_ sources: [ReferenceSource], monitor: String, in tx: any LedgerWriter) throws {
    try tx.put(setting: setting(monitor: monitor), value: encoded(sources.suffix(limit)))
  }

  /// Says where a generation that begins has its panes, whether or not it will be judged before the next begins.
  static func add(_ plan: MonitorPlan, in tx: any LedgerWriter) throws {
    let added = list(plan)
    if !added.isEmpty {
      try store(stored(monitor: plan.monitor.name, in: tx) + added, monitor: plan.monitor.name, in: tx)
    }
  }

  // MARK: Stored form

  private static let formatVersion: UInt8 = 1

  /// A version byte, then of each source texts and numbers as varints; hashes ascend.
  static func encoded(_ sources: some Collection<ReferenceSource>) -> [UInt8] {
    var out = [formatVersion]
    Varint.append(UInt128(sources.count), to: &out)
    for source in sources { source.append(to: &out) }
    return out
  }

  private func append(to out: inout [UInt8]) {
    func append(_ texts: [String]) {
      Varint.append(UInt128(texts.count), to: &out)
      for text in texts { Varint.append(blob: text.utf8, to: &out) }
    }
    func append(_ numbers: Int...) {
      for number in numbers { Varint.append(UInt128(number), to: &out) }
    }
    append([generation])
    append(Int(clamping: pane.milliseconds), shape.counts, shape.sums, shape.squares, cap.limit)
    append(cap.segments)
    append(cap.reserved.map(\.name).sorted(by: utf8Order))
    append(places.count)
    for (hash, place) in places.sorted(by: { $0.key < $1.key }) {
      append([hash])
      append(place.counts, place.sums, place.square)
    }
  }

  /// - Throws: for anything but what `encoded` has written.
  static func decoded(_ bytes: [UInt8]) throws(CellBlockDamaged) -> [ReferenceSource] {
    var reader = Varint.Reader(bytes)
    var out: [ReferenceSource] = []
    if reader.byte() == formatVersion, let count = reader.integer() {
      while out.count < count, let source = Self(&reader) { out.append(source) }
      if out.count == count, reader.isAtEnd { return out }
    }
    throw CellBlockDamaged(reason: "the places of references are not as they were stored")
  }

  private init?(_ reader: inout Varint.Reader) {
    func texts(_ reader: inout Varint.Reader) -> [String]? {
      guard let count = reader.integer() else { return nil }
      var out: [String] = []
      for _ in 0..<count {
        guard let blob = reader.blob() else { return nil }
        out.append(String(decoding: blob, as: UTF8.self))
      }
      return out
    }
    guard let name = texts(&reader)?.first, let length = reader.integer(), length > 0, let counts = reader.integer(),
      let sums = reader.integer(),
      let squares = reader.integer(), let limit = reader.integer(), let segments = texts(&reader),
      let reserved = texts(&reader), let number = reader.integer()
    else { return nil }
    generation = name
    pane = .milliseconds(Int64(length))
    shape = CellBlock.Shape(counts: counts, sums: sums, squares: squares)
    cap = SliceCap(segments: segments, reserved: Set(reserved.map(NameKey.init)), limit: limit)
    places = [:]
    for _ in 0..<number {
      guard let hash = texts(&reader)?.first, let counts = reader.integer(), let sums = reader.integer(),
        let square = reader.integer()
      else { return nil }
      places[hash] = Place(counts: counts, sums: sums, square: square)
    }
  }
}
