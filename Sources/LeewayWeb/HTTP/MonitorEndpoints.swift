import HTTPTypes
import Hummingbird
import LeewayCore

/// The monitors, where they stand, and one subject's distribution.
struct MonitorEndpoints: Sendable {
  let view: ServiceView
  let threads: LedgerThreads
  let standings: MonitorStandings

  var all: [Endpoint] {
    [
      Endpoint(path: "/api/v1/monitors", access: .reading, respond: list),
      Endpoint(path: "/api/v1/monitors/{monitor}", access: .reading, respond: one),
      Endpoint(path: "/api/v1/monitors/{monitor}/histogram", access: .reading, respond: histogram),
      Endpoint(path: "/api/v1/monitors/{monitor}/tiers", access: .reading, respond: tiers),
    ]
  }

  @Sendable private func list(_ request: Request, _ context: ServiceContext) async throws -> Response {
    _ = try request.query()
    let monitors = view.monitors()
    let standings = standings
    let standing = try await threads.run { try monitors.map(standings.standing) }
    return JSONAnswer.response(request) { json in
      json.beginObject()
      json.members("monitors", zip(monitors, standing)) { json, pair in
        json.beginObject()
        json.write(pair.0)
        json.write(pair.1, of: pair.0)
        json.endObject()
      }
      json.endObject()
    }
  }

  @Sendable private func one(_ request: Request, _ context: ServiceContext) async throws -> Response {
    _ = try request.query()
    let monitor = try monitor(named: context.segment("monitor"))
    let standings = standings
    let (standing, newest) = try await threads.run { (try standings.standing(monitor), try standings.newest(monitor)) }
    let labels = monitor.monitor.labels.map { _ in view.metrics.labels(of: monitor.monitor.name) }
    return JSONAnswer.response(request) { json in
      json.beginObject()
      json.write(monitor)
      json.write(standing, of: monitor)
      json.write(labels: labels)
      json.write(LineMetric.all(of: monitor.monitor, estimates: monitor.estimates))
      json.members("partitions", monitor.partitions) { json, partition in json.write(partition) }
      json.members("drift", newest.drift) { json, record in json.raw(record.line.utf8) }
      json.members("performance", newest.performance) { json, record in json.raw(record.line.utf8) }
      json.members("comparison", newest.comparison) { json, record in json.raw(record.line.utf8) }
      json.member("truncated", newest.isTruncated)
      json.endObject()
    }
  }

  @Sendable private func histogram(_ request: Request, _ context: ServiceContext) async throws -> Response {
    let parameters = try request.query("window", "slice", "subject", "end")
    let monitor = try monitor(named: context.segment("monitor")).monitor
    let subject = try parameters.required("subject", example: monitor.outputName)
    let subjects = monitor.features.map(\.name) + [monitor.outputName]
    guard subjects.contains(subject) else {
      throw QueriedNames.unknown(
        "subject", subject, "The monitor \(monitor.name) has no subject", among: subjects)
    }
    let window = try parameters.text("window") ?? monitor.windows.first?.name ?? ""
    guard monitor.window(named: window) != nil else {
      throw QueriedNames.unknown(
        "window", window, "The monitor \(monitor.name) has no window", among: monitor.windows.map(\.name))
    }
    let slice = try parameters.text("slice") ?? "all"
    let end = try parameters.time("end")
    let view = view
    let found = try await threads.run {
      let found = try view.histogram(monitor.name, window, slice, subject, end)
      if found == nil { try QueriedNames(monitor: monitor.name, slice: slice).verify(in: view) }
      return found
    }
    guard let found else {
      throw Problem(
        .notFound, "No rows of \(subject) in window \(window), slice \(slice)\(end.map { ", ending \($0)" } ?? "").",
        fix: "Take window, slice and end from a drift line of /api/v1/results.")
    }
    return JSONAnswer.response(request) { $0.write(found) }
  }

  func monitor(named name: String) throws(Problem) -> MonitorView {
    let monitors = view.monitors()
    guard let monitor = monitors.first(where: { $0.monitor.name == name }) else {
      throw .notFound(
        "monitor", name,
        fix: monitors.isEmpty
          ? "No monitor is configured." : QueriedNames.fix(for: name, among: monitors.map(\.monitor.name)))
    }
    return monitor
  }
}
