/// What is read of the records of one writer's schema: a program that is made once, in which the fields that are wanted were found by
/// name. Everything else is passed over, and checked on the way.
struct AvroPlan {
  /// What to do with a value.
  struct Step {
    enum Code: UInt8 {
      case null, boolean, int, long, float, double, bytes, string, fixed, symbols, record, array, map, union, decimal,
        uuid
    }

    var code: Code
    /// `slotLists` of the value itself.
    var slots = 0..<0
    /// Indices into `children`: a record's fields, a union's branches; of an array or map the one step of all elements.
    var children = 0..<0
    /// A fixed's or a decimal's bytes, −1 for any number; an array: the number of its `each`, −1 for none.
    var size = -1
    var scale = 0
    /// Index into `symbols`.
    var symbols = 0..<0
    /// Indices into `keys` or `items`: members or elements with a step of their own.
    var picked = 0..<0
    /// All slots at and under the value.
    var below = 0..<0
    /// Its place in the schema.
    var node = 0
  }

  /// A member of a map, or an element of an array, that is wanted.
  struct Pick {
    var key: [UInt8] = []
    var index = 0
    var step: Int
  }

  private(set) var steps: [Step] = []
  private(set) var children: [Int] = []
  private(set) var slotLists: [Int] = []
  private(set) var picks: [Pick] = []
  /// Enumerations' texts, in memory that stays where it is.
  let symbols: AvroSymbols
  /// Arrays with an element for each row, the rows themselves first.
  let eachCount: Int
  /// Slots of rows.
  private(set) var rowSlots: [Int] = []
  let order: [Int]
  /// For slots outside the order, of the path of an element in it.
  private(set) var orderCopies: [(element: Int, slot: Int)] = []
  let schema: AvroSchema
  /// Whether it has met its limit, and is no plan then.
  private(set) var isTooLarge = false
  private let limit: Int
  private var depth = 0

  /// What a plan for a schema that anybody may register takes at most: of as many types as a schema may have the parts are fewer,
  /// unless types repeat within each other.
  static let registeredLimit = 100_000
  private static let maximumDepth = 1000

  /// How much of memory it takes.
  var size: Int { steps.count + children.count + slotLists.count + picks.count }

  /// - Parameter limit: of its size.
  init(_ schema: AvroSchema, _ plan: ExtractionPlan, limit: Int = .max) {
    self.schema = schema
    self.limit = limit
    order = plan.order
    let tree = WantedPaths.tree(plan)
    for slot in plan.fields.indices where !plan.order.contains(slot) {
      let field = plan.fields[slot]
      guard field.root == .row else { continue }
      if let element = plan.order.firstIndex(where: { plan.fields[$0] == field }) {
        orderCopies.append((element, slot))
      }
    }
    (rowSlots, eachCount) = (tree.rowSlots, tree.eachCount)
    symbols = AvroSymbols(schema)
    var passed: [Int: Int] = [:]
    _ = make(0, tree.root, &passed)
  }

  /// Makes the step of a type; of one of which nothing is wanted there is one step, however often it comes.
  private mutating func make(_ node: Int, _ wanted: WantedPaths?, _ passed: inout [Int: Int]) -> Int {
    if wanted == nil, let known = passed[node] { return known }
    guard !isTooLarge, size < limit, depth < Self.maximumDepth else {
      isTooLarge = true
      return 0
    }
    depth += 1
    defer { depth -= 1 }
    let place = steps.count
    if wanted == nil { passed[node] = place }
    steps.append(Step(code: .null, node: node))
    var step = steps[place]
    func list(_ slots: [Int]) -> Range<Int> {
      let start = slotLists.count
      slotLists += slots
      return start..<slotLists.count
    }
    step.slots = list(wanted?.slots ?? [])
    step.below = list(wanted?.allSlots ?? [])
    func add(_ made: [Int]) -> Range<Int> {
      let start = children.count
      children += made
      return start..<children.count
    }
    switch schema.nodes[node] {
    case .null: step.code = .null
    case .boolean: step.code = .boolean
    case .int: step.code = .int
    case .long: step.code = .long
    case .float: step.code = .float
    case .double: step.code = .double
    case .bytes: step.code = .bytes
    case .string: step.code = .string
    case .uuid: step.code = .uuid
    case .fixed(let size): (step.code, step.size) = (.fixed, size)
    case .decimal(let scale, let size):
      (step.code, step.scale, step.size) = (.decimal, scale, size ?? -1)
    case .symbols: (step.code, step.symbols) = (.symbols, symbols.range(of: node))
    case .record(let fields):
      step.code = .record
      let made = fields.map { field in
        make(field.node, wanted?.keys.first { utf8Equal($0.key, field.name) }?.wanted, &passed)
      }
      step.children = add(made)
    case .union(let branches):
      step.code = .union
      // A branch stands for the union itself.
      step.children = add(branches.map { make($0, wanted, &passed) })
      step.slots = 0..<0
    case .array(let element):
      step.code = .array
      if let each = wanted?.each, let number = wanted?.eachNumber {
        let made = make(element, each, &passed)
        step.size = number
        step.children = add([made])
      } else {
        step.children = add([make(element, nil, &passed)])
        var made: [Pick] = []
        for (index, wanted) in (wanted?.items ?? []).sorted(by: { $0.index < $1.index }) {
          made.append(Pick(index: index, step: make(element, wanted, &passed)))
        }
        step.picked = picks.count..<picks.count + made.count
        picks += made
      }
    case .map(let value):
      step.code = .map
      step.children = add([make(value, nil, &passed)])
      var made: [Pick] = []
      for (key, wanted) in wanted?.keys ?? [] {
        made.append(Pick(key: Array(key.utf8), step: make(value, wanted, &passed)))
      }
      step.picked = picks.count..<picks.count + made.count
      picks += made
    }
    steps[place] = step
    return place
  }
}

/// The texts of all enumerations of a schema, one after another, for as long as this lives.
final class AvroSymbols {
  private let bytes: UnsafeMutableRawBufferPointer
  private(set) var texts: [UnsafeRawBufferPointer] = []
  private var ranges: [Int: Range<Int>] = [:]

  init(_ schema: AvroSchema) {
    var all: [(node: Int, names: [String])] = []
    for (node, type) in schema.nodes.enumerated() { if case .symbols(let names) = type { all.append((node, names)) } }
    bytes = .allocate(byteCount: max(1, all.reduce(0) { $0 + $1.names.reduce(0) { $0 + $1.utf8.count } }), alignment: 1)
    var end = 0
    for (node, names) in all {
      let first = texts.count
      for name in names {
        let start = end
        for byte in name.utf8 {
          bytes[end] = byte
          end += 1
        }
        texts.append(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[start..<end]))
      }
      ranges[node] = first..<texts.count
    }
  }

  deinit { bytes.deallocate() }

  /// Those of `texts` of one enumeration.
  func range(of node: Int) -> Range<Int> { ranges[node] ?? 0..<0 }
}
