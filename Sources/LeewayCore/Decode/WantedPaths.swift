/// The paths that a plan wants of messages with schemas, as a tree: what is under a key, at an index, or in each element.
final class WantedPaths {
  var slots: [Int] = []
  var keys: [(key: String, wanted: WantedPaths)] = []
  var items: [(index: Int, wanted: WantedPaths)] = []
  var each: WantedPaths?
  /// The arrays with an element for each row are numbered, the rows themselves first.
  var eachNumber = -1

  func key(_ key: String) -> WantedPaths {
    if let known = keys.first(where: { utf8Equal($0.key, key) }) { return known.wanted }
    keys.append((key, WantedPaths()))
    return keys[keys.count - 1].wanted
  }

  func item(_ index: Int) -> WantedPaths {
    if let known = items.first(where: { $0.index == index }) { return known.wanted }
    items.append((index, WantedPaths()))
    return items[items.count - 1].wanted
  }

  /// Those of everything below too.
  var allSlots: [Int] {
    slots + keys.flatMap { $0.wanted.allSlots } + items.flatMap { $0.wanted.allSlots } + (each?.allSlots ?? [])
  }
}

extension WantedPaths {
  /// All that a plan wants.
  ///
  /// - Parameter named: a path with the names that the schema has for its steps.
  /// - Returns: the tree, the slots of what comes once for each row, and how many arrays have an element for each row.
  static func tree(
    _ plan: ExtractionPlan, named: ([FieldPath.Step]) -> [FieldPath.Step] = { $0 }
  ) -> (root: WantedPaths, rowSlots: [Int], eachCount: Int) {
    let root = WantedPaths()
    var count = 0
    func walk(_ steps: [FieldPath.Step]) -> WantedPaths {
      var at = root
      for step in named(steps) {
        switch step {
        case .key(let key): at = at.key(key)
        case .index(let index): at = at.item(index)
        case .each:
          if at.each == nil {
            at.each = WantedPaths()
            at.eachNumber = count
            count += 1
          }
          at = at.each ?? at
        }
      }
      return at
    }
    let rowsPath = plan.rows.map { $0.steps + [.each] }
    var eachTrees = rowsPath.map { [walk($0)] } ?? []
    for (slot, field) in plan.fields.enumerated() {
      switch field.root {
      case .record: continue
      case .row: walk((rowsPath ?? []) + field.steps).slots.append(slot)
      case .whole, .message:
        let before = count
        walk(field.steps).slots.append(slot)
        if count > before, let each = field.steps.firstIndex(of: .each) {
          eachTrees.append(walk(Array(field.steps[...each])))
        }
      }
    }
    return (root, eachTrees.flatMap(\.allSlots), count)
  }
}
