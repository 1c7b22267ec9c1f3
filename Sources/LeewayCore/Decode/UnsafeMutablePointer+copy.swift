extension UnsafeMutablePointer {
  /// Memory of its own with the elements of a list, for what is read for every message: an array would be counted as a reference with every
  /// use. There is room for one where the list is empty. Whoever holds it gives it back.
  static func copy(of list: [Pointee]) -> UnsafeMutablePointer<Pointee> {
    let copy = allocate(capacity: Swift.max(list.count, 1))
    copy.initialize(from: list, count: list.count)
    return copy
  }
}
