import LeewayCore

extension JSONWriter {
  mutating func member(_ key: String, _ value: String?) {
    self.key(key)
    if let value { string(value) } else { null() }
  }

  mutating func member(_ key: String, _ value: Int64) {
    self.key(key)
    number(value)
  }

  mutating func member(_ key: String, _ value: Int) {
    self.key(key)
    number(value)
  }

  mutating func member(_ key: String, _ value: Double?) {
    self.key(key)
    number(value)
  }

  mutating func member(_ key: String, _ value: Bool) {
    self.key(key)
    bool(value)
  }

  /// The sentinels, which stand for no time, are null.
  mutating func member(_ key: String, _ value: EventTime?) {
    self.key(key)
    if let value, value >= .earliestWritable, value <= .latestWritable { time(value) } else { null() }
  }

  mutating func member(_ key: String, _ values: [String]) {
    self.key(key)
    beginArray()
    for value in values { string(value) }
    endArray()
  }

  /// Text that should be JSON already, as a ledger's row holds it; null if it is not.
  mutating func member(_ key: String, json text: String) {
    self.key(key)
    let bytes = Array(text.utf8)
    if (try? JSONValue(parsing: bytes)) != nil { raw(bytes) } else { null() }
  }

  mutating func members<Element>(
    _ key: String, _ elements: some Sequence<Element>, _ write: (inout JSONWriter, Element) -> Void
  ) {
    self.key(key)
    beginArray()
    for element in elements { write(&self, element) }
    endArray()
  }
}
