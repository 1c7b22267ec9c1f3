/// What is within records, maps and arrays that a slot holds: read again from the message where it is asked for.
extension AvroExtractor {
  package func forEachMember<Failure: Error>(
    of object: FieldValue, _ body: (UnsafeRawBufferPointer, FieldValue) throws(Failure) -> Void
  ) throws(Failure) {
    guard object.kind == .object, object.value.length == 1 else { return }
    let step = current.steps[Int(object.value.extent.end)]
    var at = cursor
    at.position = Int(object.value.extent.first)
    if step.code == .record {
      for (name, child) in zip(current.names[step.node] ?? [], step.children) {
        // It was read before, so it can be read.
        guard let value = try? value(current.children[child], &at, depth: limits.depth) else { return }
        try body(name, FieldValue(value))
      }
      return
    }
    let inner = current.children[step.children.lowerBound]
    while let count = try? at.block(), count > 0 {
      for _ in 0..<count {
        guard let key = try? at.bytes(), let value = try? value(inner, &at, depth: limits.depth) else { return }
        try body(key, FieldValue(value))
      }
    }
  }

  package func forEachElement<Failure: Error>(
    of array: FieldValue, _ body: (FieldValue) throws(Failure) -> Void
  ) throws(Failure) {
    guard array.kind == .array, array.value.length == 1 else { return }
    let inner = current.children[current.steps[Int(array.value.extent.end)].children.lowerBound]
    var at = cursor
    at.position = Int(array.value.extent.first)
    while let count = try? at.block(), count > 0 {
      for _ in 0..<count {
        guard let value = try? value(inner, &at, depth: limits.depth) else { return }
        try body(FieldValue(value))
      }
    }
  }

  package func tree(of view: FieldValue) -> JSONValue? {
    tree(of: view) {
      var members: [JSONValue.Member] = []
      var isWhole = true
      forEachMember(of: view) { key, value in
        guard let value = tree(of: value) else { return isWhole = false }
        members.append(.init(String(decoding: key, as: UTF8.self), value))
      }
      return isWhole ? .object(members) : nil
    }
  }
}
