/// Where a plan is in memory, and how far the message is read: addresses that no reference is counted for. A ``ProtobufProgram`` has them.
struct ProtobufPlaces {
  /// The parts of a message that were met, to be read when the message around it has been passed through: several of them are one
  /// message, as if their bytes were behind each other.
  struct Parts {
    var start: UnsafeRawPointer?
    var length = 0
    var count = 0
  }

  /// How many elements of an array came, and the next that is wanted.
  struct Elements {
    var index = 0
    var pick = 0
  }

  /// A member of a map, or an element of an array, that is wanted.
  struct Pick {
    let key: UnsafeRawBufferPointer
    let index: Int
    let target: Int
  }

  /// Fields with a smaller number are found without a search.
  static let direct = 64

  let types: ProtobufTable.Types
  let messages: UnsafeMutablePointer<ProtobufPlan.Message>
  let fields: UnsafeMutablePointer<ProtobufPlan.Field>
  let targets: UnsafeMutablePointer<ProtobufPlan.Target>
  let slotLists: UnsafeMutablePointer<Int>
  let siblings: UnsafeMutablePointer<Int>
  let fieldLists: UnsafeMutablePointer<Int>
  let picks: UnsafeMutablePointer<Pick>
  /// By target.
  let parts: UnsafeMutablePointer<Parts>
  /// By field.
  let elements: UnsafeMutablePointer<Elements>
  /// Places in `fields` by number, `direct` of them for each message; −1 for none.
  let numbers: UnsafeMutablePointer<Int32>

  /// The field of a number in a message's plan; −1 where nothing of it is wanted.
  @inline(__always) func field(_ number: UInt32, in message: Int) -> Int {
    if number < Self.direct { return Int(numbers[message * Self.direct + Int(number)]) }
    var (low, high) = (messages[message].fields.lowerBound, messages[message].fields.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if fields[middle].number == number { return middle }
      if fields[middle].number < number { low = middle + 1 } else { high = middle }
    }
    return -1
  }
}

/// A plan in memory that is read without a check of each access.
final class ProtobufProgram {
  let table: ProtobufTable
  /// Slots of rows.
  let rowSlots: [Int]
  let places: ProtobufPlaces
  private let keys: UnsafeMutableRawPointer

  init(_ plan: ProtobufPlan) {
    table = plan.table
    rowSlots = plan.rowSlots
    var numbers = Array(repeating: Int32(-1), count: plan.messages.count * ProtobufPlaces.direct)
    for (i, message) in plan.messages.enumerated() {
      for field in message.fields where plan.fields[field].number < ProtobufPlaces.direct {
        numbers[i * ProtobufPlaces.direct + Int(plan.fields[field].number)] = Int32(field)
      }
    }
    keys = .allocate(byteCount: plan.picks.reduce(1) { $0 + $1.key.count }, alignment: 1)
    var (end, picks) = (keys, [ProtobufPlaces.Pick]())
    for pick in plan.picks {
      pick.key.withUnsafeBytes { bytes in
        if let from = bytes.baseAddress { end.copyMemory(from: from, byteCount: bytes.count) }
      }
      let key = UnsafeRawBufferPointer(start: end, count: pick.key.count)
      picks.append(.init(key: key, index: pick.index, target: pick.target))
      end += pick.key.count
    }
    places = ProtobufPlaces(
      types: plan.table.types, messages: .copy(of: plan.messages), fields: .copy(of: plan.fields),
      targets: .copy(of: plan.targets), slotLists: .copy(of: plan.slotLists), siblings: .copy(of: plan.siblings),
      fieldLists: .copy(of: plan.fieldLists), picks: .copy(of: picks),
      parts: .copy(of: plan.targets.map { _ in .init() }), elements: .copy(of: plan.fields.map { _ in .init() }),
      numbers: .copy(of: numbers))
  }

  // Numbers and addresses have nothing to end.
  deinit {
    places.messages.deallocate()
    places.fields.deallocate()
    places.targets.deallocate()
    places.slotLists.deallocate()
    places.siblings.deallocate()
    places.fieldLists.deallocate()
    places.picks.deallocate()
    places.parts.deallocate()
    places.elements.deallocate()
    places.numbers.deallocate()
    keys.deallocate()
  }
}

/// Memory for messages that came in several parts, kept for the next message.
final class ProtobufJoins {
  private var buffers: [UnsafeMutableRawBufferPointer] = []
  private var used = 0

  deinit { for buffer in buffers { buffer.deallocate() } }

  func removeAll() { used = 0 }

  /// Bytes that stay where they are until `removeAll`.
  func take(_ count: Int) -> UnsafeMutableRawBufferPointer {
    if used == buffers.count {
      buffers.append(.allocate(byteCount: max(count, 256), alignment: 1))
    } else if buffers[used].count < count {
      buffers[used].deallocate()
      buffers[used] = .allocate(byteCount: count, alignment: 1)
    }
    defer { used += 1 }
    return UnsafeMutableRawBufferPointer(rebasing: buffers[used][..<count])
  }
}
