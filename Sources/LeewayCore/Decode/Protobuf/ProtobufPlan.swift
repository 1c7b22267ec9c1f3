/// What is read of one type of message: a program that is made once, in which the fields that are wanted were found by name. Everything
/// else is passed over.
struct ProtobufPlan {
  /// What becomes of a value: it goes into slots, and of a message so do its fields.
  struct Target {
    /// `slotLists` of the value itself.
    var slots = 0..<0
    /// All slots at and under the value.
    var below = 0..<0
    /// Index into `messages`, −1 where no field of it is wanted.
    var message = -1
  }

  /// A field of which something is wanted, or that ends others of its oneof.
  struct Field {
    var number: UInt32
    /// Its place in the program's table.
    var place: Int
    /// Index into `targets`: of the field's one value, or of each row's element.
    var target: Int
    /// `slotLists` of an array or a map as a whole.
    var slots = 0..<0
    /// Indices into `picks`.
    var picks = 0..<0
    /// The number of its `each`, −1 for none.
    var each = -1
    /// Indices into `siblings`: places in `fields` of the others in its oneof.
    var siblings = 0..<0
    /// As the table has them.
    let type: ProtobufTable.Field
    /// The slot of a field with one value that is no message and in no oneof, where it is the only one; else −1.
    var onlySlot = -1
  }

  /// A member of a map, or an element of an array, that is wanted.
  struct Pick {
    var key: [UInt8] = []
    var index = 0
    var target: Int
  }

  /// Fields of a message, by ascending number.
  struct Message {
    var fields = 0..<0
    /// Indices into `fieldLists`: the fields that have a value before one is met, and those that are read when all have been met.
    var begun = 0..<0
    var ended = 0..<0
  }

  private(set) var messages: [Message] = []
  private(set) var fields: [Field] = []
  private(set) var targets: [Target] = []
  private(set) var slotLists: [Int] = []
  private(set) var picks: [Pick] = []
  private(set) var siblings: [Int] = []
  private(set) var fieldLists: [Int] = []
  /// Slots of rows.
  private(set) var rowSlots: [Int] = []
  let table: ProtobufTable
  private let schema: ProtobufSchema

  /// - Parameter message: the place of the type in the schema.
  init(_ schema: ProtobufSchema, message: Int, _ plan: ExtractionPlan) {
    self.schema = schema
    table = ProtobufTable(schema, from: message)
    let tree = WantedPaths.tree(plan) { Self.named($0, schema, message) }
    rowSlots = tree.rowSlots
    _ = make(message, tree.root)
  }

  /// The steps of a path with fields' own names, where it has their names in JSON.
  private static func named(
    _ steps: [FieldPath.Step], _ schema: ProtobufSchema, _ message: Int
  ) -> [FieldPath.Step] {
    var (at, inMap): (Int?, Bool) = (message, false)
    var field: ProtobufSchema.Field?
    return steps.map { step in
      guard case .key(let key) = step else {
        // An element of the array before.
        at = field.flatMap { $0.code.isMessage ? $0.node : nil }
        return step
      }
      if inMap {
        inMap = false
        field = at.flatMap { schema.messages[$0].fields.first { $0.number == 2 } }
        at = field.flatMap { $0.code.isMessage ? $0.node : nil }
        return step
      }
      field = at.flatMap { schema.field(key, of: $0) }
      guard let field else {
        at = nil
        return step
      }
      inMap = field.shape == .map
      at = field.code.isMessage && field.shape != .repeated ? field.node : nil
      return .key(field.name)
    }
  }

  private mutating func list(_ slots: [Int]) -> Range<Int> {
    slotLists += slots
    return slotLists.count - slots.count..<slotLists.count
  }

  private mutating func make(_ node: Int, _ wanted: WantedPaths) -> Int {
    let place = messages.count
    messages.append(Message())
    let all = schema.messages[node].fields
    let oneofs = Set(
      all.filter { field in field.oneof >= 0 && wanted.keys.contains { utf8Equal($0.key, field.name) } }.map(\.oneof))
    var made: [Field] = []
    for (i, field) in all.enumerated() {
      let inner = wanted.keys.first { utf8Equal($0.key, field.name) }?.wanted
      guard inner != nil || oneofs.contains(field.oneof) else { continue }
      made.append(self.field(field, table.place(of: i, in: node), inner ?? WantedPaths()))
    }
    let start = fields.count
    for (i, field) in made.enumerated() {
      let oneof = field.type.oneof
      guard oneof >= 0 else { continue }
      let others = made.indices.filter { $0 != i && made[$0].type.oneof == oneof }.map { start + $0 }
      made[i].siblings = siblings.count..<siblings.count + others.count
      siblings += others
    }
    for i in made.indices where made[i].type.shape == .single && !made[i].type.code.isMessage {
      let slots = targets[made[i].target].slots
      if made[i].siblings.isEmpty, slots.count == 1 { made[i].onlySlot = slotLists[slots.lowerBound] }
    }
    fields += made
    messages[place].fields = start..<fields.count
    func list(_ isWanted: (Field) -> Bool) -> Range<Int> {
      let before = fieldLists.count
      fieldLists += (start..<fields.count).filter { isWanted(fields[$0]) }
      return before..<fieldLists.count
    }
    messages[place].begun = list {
      $0.type.shape != .single || $0.type.code.isMessage || $0.type.initial.kind != FieldKind.absent.rawValue
    }
    messages[place].ended = list { $0.type.shape == .single ? $0.type.code.isMessage : !$0.picks.isEmpty }
    return place
  }

  private mutating func field(_ field: ProtobufSchema.Field, _ place: Int, _ wanted: WantedPaths) -> Field {
    guard field.shape != .single else {
      return Field(number: field.number, place: place, target: target(wanted, field), type: table.fields[place])
    }
    var result = Field(
      number: field.number, place: place, target: target(wanted.each ?? WantedPaths(), field), type: table.fields[place]
    )
    result.slots = list(wanted.slots)
    var made: [Pick] = []
    if field.shape == .map {
      if let value = schema.messages[field.node].fields.first(where: { $0.number == 2 }) {
        for (key, wanted) in wanted.keys {
          made.append(Pick(key: Array(key.utf8), target: target(wanted, value)))
        }
      }
    } else {
      result.each = wanted.eachNumber
      for (index, wanted) in wanted.items.sorted(by: { $0.index < $1.index }) {
        made.append(Pick(index: index, target: target(wanted, field)))
      }
    }
    result.picks = picks.count..<picks.count + made.count
    picks += made
    return result
  }

  private mutating func target(_ wanted: WantedPaths, _ field: ProtobufSchema.Field) -> Int {
    let place = targets.count
    targets.append(Target(slots: list(wanted.slots), below: list(wanted.allSlots)))
    if field.code == .message || field.code == .timestamp, field.shape != .map, !wanted.keys.isEmpty {
      targets[place].message = make(field.node, wanted)
    }
    return place
  }
}
