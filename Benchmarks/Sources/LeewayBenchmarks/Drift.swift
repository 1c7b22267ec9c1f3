import LeewayCore
import LeewayStatistics

extension Main {
  /// From messages to distances: the events are decoded and aggregated, and every subject compared with its baseline.
  static func drift(_ arguments: Arguments) throws {
    let traffic = try arguments.traffic()
    let events = traffic.events(try arguments.integer("events", 200_000))
    let plan = try traffic.plan()
    var best = Double.infinity
    var lines: [(name: String, present: Int64, ks: Double?, psi: Double, psiOfKnown: Double?)] = []
    for _ in 0..<3 {
      var bench = try BenchmarkIntake(plan: plan)
      let measured = try Measurement.of {
        bench.take(events)
        _ = try bench.intake.flush(to: bench.ledger)
        guard let all = try bench.merged().first(where: { $0.slice == Slice.all })?.block else { return }
        lines = plan.drift.subjects.enumerated().map { index, subject in
          let baseline = plan.baseline.subjects[index].cells
          let window = plan.drift.cells(of: subject, in: all)
          let bins = BinComparison(baseline: bins(baseline, subject.domain), window: bins(window, subject.domain))
          var ks: Double?
          var psiOfKnown: Double?
          switch subject.domain {
          case .numeric(let domain):
            ks =
              NumericComparison(
                binning: domain.binning, baseline: cells(baseline, domain), window: cells(window, domain),
                baselineStandardDeviation: 1
              ).ks
          case .categorical:
            let common = baseline.counts.indices.filter { baseline.counts[$0] >= 5 }
            psiOfKnown =
              BinComparison(
                baseline: common.map { baseline.counts[$0] }, window: common.map { window.counts[$0] }
              ).psi
          }
          return (subject.name, window.present, ks, bins.psi, psiOfKnown)
        }
      }
      best = min(best, measured.seconds)
    }
    var json = JSONWriter()
    json.beginObject()
    json.key("events_per_second")
    json.number((Double(events.count) / best).rounded())
    json.key("subjects")
    json.beginArray()
    for line in lines {
      json.beginObject()
      json.key("name")
      json.string(line.name)
      json.key("present")
      json.number(line.present)
      json.key("ks")
      json.number(line.ks)
      json.key("psi")
      json.number(line.psi)
      // Without what is new or hardly ever seen: what becomes of that is everybody's own custom.
      json.key("psi_of_known")
      json.number(line.psiOfKnown)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    print(json.text)
  }

  private static func bins(_ cells: SubjectCells, _ domain: SubjectDomain) -> [Int64] {
    switch domain {
    case .numeric(let numeric): numeric.binning.psiBins(cells.counts) + [cells.missing]
    case .categorical: cells.counts + [cells.missing]
    }
  }

  private static func cells(_ cells: SubjectCells, _ domain: NumericDomain) -> NumericCells {
    NumericCells(
      counts: cells.counts, offsetSums: cells.sums.map(domain.fixedPoint.unscaled), origin: domain.fixedPoint.origin)
  }
}
