/// A table with one row for each (monitor, `SliceKey`) that holds a blob and grows old.
struct SliceTable {
  let name: String
  let blob: String
  /// The event time that it is reclaimed by.
  let age: String
  let reading: StaticString
  let reclaiming: StaticString

  static let references = SliceTable(
    name: "frozen_references", blob: "block", age: "used_at", reading: "reading references",
    reclaiming: "reclaiming references")
  static let shifts = SliceTable(
    name: "shift_states", blob: "state", age: "through", reading: "reading shifts", reclaiming: "reclaiming shifts")
}
