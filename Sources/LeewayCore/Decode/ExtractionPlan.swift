/// What is read of every message of a stream.
package struct ExtractionPlan: Sendable {
  /// Each the slot of its index. The same field may fill several slots.
  package var fields: [FieldPath]
  /// The array that has an element for each row; nil: a message is one row.
  package var rows: FieldPath?
  /// Slots that the elements fill of a row that is an array and no object, in order.
  package var order: Range<Int>

  package init(fields: [FieldPath], rows: FieldPath? = nil, order: Range<Int> = 0..<0) {
    self.fields = fields
    self.rows = rows
    self.order = order
  }
}
