/// What is read of every message of a stream.
package struct ExtractionPlan: Sendable {
  /// Each the slot of its index. The same field may fill several slots.
  package var fields: [FieldPath]
  /// The array that has an element for each row; nil: a message is one row.
  package var rows: FieldPath?
  /// Slots that the elements fill of a row that is an array and no object, in order. Other slots of the same fields get the same
  /// values.
  package var order: [Int]
  /// What the writers' schemas are; nil where messages are JSON.
  package var schemas: MessageSchemas?

  package init(fields: [FieldPath], rows: FieldPath? = nil, order: [Int] = [], schemas: MessageSchemas? = nil) {
    self.fields = fields
    self.rows = rows
    self.order = order
    self.schemas = schemas
  }

  /// What is read of a monitor's predictions: rows that are arrays have the features that are of rows in their order, unless some
  /// feature's path says where in a row it is.
  ///
  /// - Parameter features: the slots of all features, in the monitor's order.
  package init(_ fields: [FieldPath], of monitor: Monitor, features: Range<Int>) {
    let stream = monitor.predictions
    precondition(features.count == monitor.features.count)
    let isOrdered = stream.rows != nil && !monitor.hasPlacesInRows
    let order = features.filter { fields[$0].root == .row }
    self.init(fields: fields, rows: stream.rows, order: isOrdered ? order : [], schemas: stream.schemas)
  }
}

extension Monitor {
  /// Whether some feature is an element of a row by its index, so that rows are arrays.
  package var hasPlacesInRows: Bool { predictions.rows != nil && features.contains(where: \.field.isPlaceInRow) }
}
