extension Metric {
  package static let missingRatio = Metric(
    "missing_ratio", .ratio(RatioFormula(part: { $0.missing }) { ($0.missing, $0.rows) }),
    "Share of rows whose value is missing, null or NaN.",
    unit: .ratio,
    alsoCalled: [
      "nullratio", "nullrate", "nulls", "missing", "missingrate", "missingvalues", "nanratio", "missingvaluesrate",
      "shareofmissingvalues", "missingcount", "missingvaluecount", "nullcount",
    ])

  package static let invalidRatio = Metric(
    "invalid_ratio", .ratio(RatioFormula(part: { $0.invalid }) { ($0.invalid, $0.rows) }),
    "Share of rows whose value has a wrong type or is outside the declared range.",
    unit: .ratio,
    alsoCalled: ["invalidrate", "invalidvalues"])

  package static let unseenRatio = Metric(
    "unseen_ratio", .ratio(RatioFormula(.categorical) { c in c.unseen.map { ($0, c.present) } }),
    "Share of present values whose category the baseline never had.",
    unit: .ratio,
    alsoCalled: ["unseenrate", "newcategories", "unseencategories", "newvalues", "unseenvaluesrate", "newvaluesshare"])

  package static let outsideRatio = Metric(
    "outside_ratio", .ratio(RatioFormula(.numeric) { c in c.outside.map { ($0, c.present) } }),
    "Share of present values below the smallest or above the greatest value of the baseline.",
    unit: .ratio,
    alsoCalled: ["outofrange", "outofrangerate", "outofrangevalues", "shareofoutofrangevalues"])
}
