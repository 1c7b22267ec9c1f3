import Glibc
import LeewayCore
import LeewayLedger
import LeewayTestSupport

extension Main {
  /// Writes a year of one monitor's results, day by day, packs and thins them as the service does, and says what room they
  /// take. With --postgres own in a server of its own.
  static func year(_ arguments: Arguments) throws {
    let days = Int64(try arguments.integer("days", 365))
    let template = try DayOfResults()
    let plan = template.plan
    var server: TemporaryPostgreSQL?
    let ledger: any Ledger
    if arguments.text("postgres") != nil {
      let made = try TemporaryPostgreSQL(settings: ["shared_buffers = 256MB", "max_wal_size = 2GB"])
      server = made
      ledger = try PostgreSQLLedger(address: made.address())
    } else {
      ledger = try SQLiteLedger(
        path: try arguments.path("sqlite"), options: SQLiteLedger.Options(durability: .process))
    }
    let epoch = try ledger.write { tx in
      try tx.put(
        generation: GenerationRecord(
          monitor: plan.monitor.name, generation: plan.generation, startsAt: .distantPast,
          baseline: plan.baseline.identity, pairs: plan.pairs))
      return try tx.acquire(lease: "evaluation", holder: "bench", lasting: .days(9999))
    }
    guard let epoch else { throw BenchmarkFailure("the lease is held") }
    let lease = EvaluationLease(name: "evaluation", epoch: epoch)
    let reclaim = Reclaim(plan: plan, results: .days(400), wholeResults: .days(35), deliveries: .days(90))
    let started = Measurement.processorSeconds()
    for day in 8..<8 + days {
      let records = template.records(day)
      for from in stride(from: 0, to: records.count, by: 5000) {
        try ledger.write { try $0.put(results: Array(records[from..<min(records.count, from + 5000)])) }
      }
      let now = DayOfResults.time(day + 1)
      try ledger.write { tx in
        for generation in Set([plan.generation, plan.pairs]) {
          try tx.put(
            progress: EvaluationProgress(
              closedThrough: now, finalThrough: now, maturedThrough: now - .days(30), firstPane: DayOfResults.time(8)),
            monitor: plan.monitor.name, generation: generation)
        }
      }
      while try !reclaim.step(ledger, lease: lease, now: now).isComplete {}
    }
    let seconds = Measurement.processorSeconds() - started
    let last = DayOfResults.time(8 + days)
    let first = DayOfResults.time(8)
    let newest = try read(ledger, from: last - .hours(6))
    let oldest = try read(ledger, from: first, to: first + .hours(72))
    var json = JSONWriter()
    json.beginObject()
    json.key("days")
    json.number(Int(days))
    json.key("lines_a_day")
    json.number(template.count)
    json.key("lines_kept")
    json.number(try count(ledger))
    json.key("processor_seconds_per_million")
    json.number(seconds * 1e6 / Double(Int(days) * template.count))
    json.key("newest_lines_per_second")
    json.number(newest)
    json.key("oldest_lines_per_second")
    json.number(oldest)
    if let server {
      _ = try server.execute("VACUUM")
      let bytes = try server.execute("SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r'")
      json.key("gigabytes")
      json.number((bytes.first?.first ?? nil).flatMap { Double($0) }.map { $0 / 1e9 } ?? .nan)
    } else if let ledger = ledger as? SQLiteLedger {
      ledger.close()
      json.key("gigabytes")
      json.number(try TextFile.size(try arguments.path("sqlite")) / 1e9)
    }
    json.endObject()
    print(json.text)
  }

  /// Reads the same lines packed and plain, in turns; each from a file of its own, whose pages are in memory.
  static func lines(_ arguments: Arguments) throws {
    let folder = try arguments.path("folder")
    let template = try DayOfResults()
    let packed = try SQLiteLedger(path: "\(folder)/packed.db")
    let plain = try SQLiteLedger(path: "\(folder)/plain.db")
    let records = template.records(8)
    try packed.write { try $0.put(results: records) }
    while try packed.write({
      try $0.packResults(monitor: template.plan.monitor.name, generation: template.plan.generation, limit: 5000)
        + $0.packResults(monitor: template.plan.monitor.name, generation: template.plan.pairs, limit: 5000)
    }) > 0 {}
    // Of so few of a monitor nothing is learnt, and they stay as they came.
    try plain.write { tx in
      for (index, record) in records.enumerated() {
        var record = record
        record.monitor = "m\(index / 100)"
        try tx.put(results: [record])
      }
    }
    var rates: (packed: [Double], plain: [Double]) = ([], [])
    for _ in 0..<5 {
      rates.packed.append(try read(packed))
      rates.plain.append(try read(plain))
    }
    packed.close()
    plain.close()
    var json = JSONWriter()
    json.beginObject()
    json.key("lines")
    json.number(records.count)
    json.key("packed_lines_per_second")
    json.number(rates.packed.max() ?? 0)
    json.key("plain_lines_per_second")
    json.number(rates.plain.max() ?? 0)
    json.key("packed_megabytes")
    json.number(try TextFile.size("\(folder)/packed.db") / 1e6)
    json.key("plain_megabytes")
    json.number(try TextFile.size("\(folder)/plain.db") / 1e6)
    json.endObject()
    print(json.text)
  }

  /// Lines a second of the processor, read in pages of 1,000 as the API does.
  private static func read(_ ledger: any Ledger, from: EventTime? = nil, to: EventTime? = nil) throws -> Double {
    var query = ResultQuery(from: from, to: to, limit: 1000)
    var lines = 0
    var bytes = 0
    let started = Measurement.processorSeconds()
    while true {
      let page = try ledger.read { try $0.results(query) }
      lines += page.count
      bytes += page.reduce(0) { $0 + $1.line.utf8.count }
      guard let last = page.last else { break }
      query.after = last.position
    }
    guard bytes > lines else { throw BenchmarkFailure("nothing was read") }
    return Double(lines) / (Measurement.processorSeconds() - started)
  }

  private static func count(_ ledger: any Ledger) throws -> Int {
    var query = ResultQuery(limit: 10_000)
    var lines = 0
    while case let page = try ledger.read({ try $0.results(query) }), let last = page.last {
      lines += page.count
      query.after = last.position
    }
    return lines
  }
}
