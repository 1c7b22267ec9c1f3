/// What a reload did to the monitors, by name, each list in the order of the names.
package struct SetupChange: Sendable, Equatable {
  package var added: [String] = []
  package var removed: [String] = []
  /// Begin a new generation: their streams, features, panes or baseline are others.
  package var restarted: [String] = []
  /// Go on counting as before; their checks, windows or alerts are others.
  package var adjusted: [String] = []
  package var unchanged: [String] = []

  package init() {}
}
