/// A plan in memory that is read without a check of each access, and how far the message is read.
final class ProtobufProgram {
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

  /// Fields with a smaller number are found without a search.
  private static let direct = 64

  let plan: ProtobufPlan
  let table: ProtobufTable
  let messages: UnsafeMutablePointer<ProtobufPlan.Message>
  let fields: UnsafeMutablePointer<ProtobufPlan.Field>
  let targets: UnsafeMutablePointer<ProtobufPlan.Target>
  let slotLists: UnsafeMutablePointer<Int>
  let siblings: UnsafeMutablePointer<Int>
  /// By target.
  let parts: UnsafeMutablePointer<Parts>
  /// By field.
  let elements: UnsafeMutablePointer<Elements>
  /// Places in `fields` by number, `direct` of them for each message; −1 for none.
  private let places: UnsafeMutablePointer<Int32>

  init(_ plan: ProtobufPlan) {
    self.plan = plan
    table = plan.table
    messages = Self.copy(plan.messages)
    fields = Self.copy(plan.fields)
    targets = Self.copy(plan.targets)
    slotLists = Self.copy(plan.slotLists)
    siblings = Self.copy(plan.siblings)
    parts = Self.copy(plan.targets.map { _ in Parts() })
    elements = Self.copy(plan.fields.map { _ in Elements() })
    var places = Array(repeating: Int32(-1), count: plan.messages.count * Self.direct)
    for (i, message) in plan.messages.enumerated() {
      for field in message.fields where plan.fields[field].number < Self.direct {
        places[i * Self.direct + Int(plan.fields[field].number)] = Int32(field)
      }
    }
    self.places = Self.copy(places)
  }

  private static func copy<T>(_ list: [T]) -> UnsafeMutablePointer<T> {
    let copy = UnsafeMutablePointer<T>.allocate(capacity: max(list.count, 1))
    copy.initialize(from: list, count: list.count)
    return copy
  }

  // Numbers and addresses have nothing to end.
  deinit {
    messages.deallocate()
    fields.deallocate()
    targets.deallocate()
    slotLists.deallocate()
    siblings.deallocate()
    parts.deallocate()
    elements.deallocate()
    places.deallocate()
  }

  /// The field of a number in a message's plan; −1 where nothing of it is wanted.
  @inline(__always) func field(_ number: UInt32, in message: Int) -> Int {
    if number < Self.direct { return Int(places[message * Self.direct + Int(number)]) }
    var (low, high) = (messages[message].fields.lowerBound, messages[message].fields.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if fields[middle].number == number { return middle }
      if fields[middle].number < number { low = middle + 1 } else { high = middle }
    }
    return -1
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
