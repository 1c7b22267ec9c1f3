extension Metric {
  package static let rows = Metric(
    "rows", .traffic,
    "Messages in the window.",
    unit: .rows, worse: .below, range: 0...Double.greatestFiniteMagnitude,
    alsoCalled: ["count", "rowcount", "volume", "rowscount", "numberofrows", "requestcount"])
}
