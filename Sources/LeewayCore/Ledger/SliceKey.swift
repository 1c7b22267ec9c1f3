/// Which record of a slice that outlives generations: what was counted or learnt, and in which slice.
package struct SliceKey: Sendable, Hashable {
  /// The hash of what it means: of a reference its field, type, bins and length, as `ReferencePlan` makes it; of a detector of shifts
  /// its null, as `ShiftDesign` makes it. The same in every generation that means the same.
  package let hash: String
  private let name: NameKey

  package var slice: String { name.name }

  package init(hash: String, slice: String) {
    self.hash = hash
    name = NameKey(slice)
  }

  /// By hash, then the slice's bytes.
  package static func precedes(_ a: SliceKey, _ b: SliceKey) -> Bool {
    a.hash != b.hash ? a.hash < b.hash : utf8Order(a.slice, b.slice)
  }
}
