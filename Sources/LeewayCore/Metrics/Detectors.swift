import LeewayStatistics

extension Metric {
  package static let adwin = Metric(
    "adwin", .detector(.adwin),
    "Changes of the errors' level that ADWIN found in the window.",
    unit: .changes, range: 1...1000000)

  package static let pageHinkley = Metric(
    "page_hinkley", .detector(.pageHinkley),
    "Changes of the errors' level that the Page–Hinkley test found in the window (experimental).",
    unit: .changes, range: 1...1000000,
    alsoCalled: ["ph", "pagehinkleytest"])

  package static let ddm = Metric(
    "ddm", .detector(.ddm),
    "Changes of the error rate that DDM found in the window (experimental).",
    unit: .changes, range: 1...1000000, tasks: [.binary, .multiclass])

  package static let eddm = Metric(
    "eddm", .detector(.eddm),
    "Changes of the distance between errors that EDDM found in the window (experimental).",
    unit: .changes, range: 1...1000000, tasks: [.binary, .multiclass])

  package static let hddmA = Metric(
    "hddm_a", .detector(.hddmA),
    "Changes of the error rate that HDDM-A found in the window (experimental).",
    unit: .changes, range: 1...1000000, tasks: [.binary, .multiclass])

  package static let hddmW = Metric(
    "hddm_w", .detector(.hddmW),
    "Changes of the error rate that HDDM-W found in the window (experimental).",
    unit: .changes, range: 1...1000000, tasks: [.binary, .multiclass])
}
