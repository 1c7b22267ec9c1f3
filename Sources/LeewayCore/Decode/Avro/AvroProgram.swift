/// A plan in memory that is read without a check of each access.
final class AvroProgram {
  let plan: AvroPlan
  let steps: UnsafeMutablePointer<AvroPlan.Step>
  let children: UnsafeMutablePointer<Int>
  let slotLists: UnsafeMutablePointer<Int>
  /// The fields' names of each record, by its place in the schema.
  let names: [Int: [UnsafeRawBufferPointer]]
  private let nameBytes: UnsafeMutableRawBufferPointer

  init(_ plan: AvroPlan) {
    self.plan = plan
    steps = Self.copy(plan.steps)
    children = Self.copy(plan.children)
    slotLists = Self.copy(plan.slotLists)
    var records: [(node: Int, names: [String])] = []
    for (node, type) in plan.schema.nodes.enumerated() {
      if case .record(let fields) = type { records.append((node, fields.map(\.name))) }
    }
    let size = records.reduce(0) { $0 + $1.names.reduce(0) { $0 + $1.utf8.count } }
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(size, 1), alignment: 1)
    var (end, names) = (0, [Int: [UnsafeRawBufferPointer]]())
    for record in records {
      names[record.node] = record.names.map { name in
        let start = end
        for byte in name.utf8 {
          bytes[end] = byte
          end += 1
        }
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[start..<end])
      }
    }
    nameBytes = bytes
    self.names = names
  }

  private static func copy<T>(_ list: [T]) -> UnsafeMutablePointer<T> {
    let copy = UnsafeMutablePointer<T>.allocate(capacity: max(list.count, 1))
    copy.initialize(from: list, count: list.count)
    return copy
  }

  // Steps and numbers have nothing to end.
  deinit {
    steps.deallocate()
    children.deallocate()
    slotLists.deallocate()
    nameBytes.deallocate()
  }
}

/// Texts that are made for one message, in memory that is kept for the next.
final class TextArena {
  private static let chunkBytes = 16 << 10
  private var chunks: [UnsafeMutableRawPointer] = []
  private var chunk = 0
  private var used = 0

  deinit { for chunk in chunks { chunk.deallocate() } }

  func removeAll() { (chunk, used) = (0, 0) }

  /// A copy that stays where it is until `removeAll`; of at most 16 KiB.
  func keep(_ text: [UInt8]) -> UnsafeRawBufferPointer {
    precondition(text.count <= Self.chunkBytes)
    if used + text.count > Self.chunkBytes { (chunk, used) = (chunk + 1, 0) }
    if chunk >= chunks.count { chunks.append(.allocate(byteCount: Self.chunkBytes, alignment: 1)) }
    let start = chunks[chunk] + used
    text.withUnsafeBytes { if let from = $0.baseAddress { start.copyMemory(from: from, byteCount: text.count) } }
    used += text.count
    return UnsafeRawBufferPointer(start: start, count: text.count)
  }
}
