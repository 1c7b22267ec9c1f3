import HTTPTypes
import Hummingbird
import LeewayCore

/// Result lines: a page of them, or all that match as JSON Lines.
struct ResultEndpoints: Sendable {
  static let defaultLimit = 1000
  static let maximumLimit = 10_000

  let view: ServiceView
  let threads: LedgerThreads
  let limits: HTTPLimits
  private let streams: Places

  init(view: ServiceView, threads: LedgerThreads, limits: HTTPLimits) {
    self.view = view
    self.threads = threads
    self.limits = limits
    streams = Places(limits.streams)
  }

  var all: [Endpoint] { [Endpoint(path: "/api/v1/results", access: .reading, respond: results)] }

  @Sendable private func results(_ request: Request, _ context: ServiceContext) async throws -> Response {
    let parameters = try request.query(
      "monitor", "type", "window", "slice", "subject", "stage", "from", "to", "open", "limit", "cursor")
    let from = try parameters.time("from")
    let to = try parameters.time("to")
    if let from, let to, from >= to {
      throw Problem(
        .badParameter, "The parameter to is \(to), which is not after from, \(from).", parameter: "to", value: "\(to)",
        fix: "Windows count whose end is at or after from and before to; give a later to.")
    }
    var after: ResultPosition?
    if let cursor = try parameters.text("cursor") {
      after = ResultCursor.position(of: cursor)
      if after == nil {
        throw Problem(
          .badParameter, "The parameter cursor is not one that this service gave.", parameter: "cursor", value: cursor,
          fix: "Pass on `next` of the page before, or leave it out to begin at the first.")
      }
    }
    let isStream = request.accepts("application/x-ndjson")
    let limit = try parameters.integer("limit", in: 1...Self.maximumLimit, default: Self.defaultLimit)
    let pager = ResultPager(
      view: view,
      query: ResultQuery(
        monitor: try parameters.text("monitor"), type: try parameters.choice("type", of: ResultType.self),
        window: try parameters.text("window"), slice: try parameters.text("slice"),
        subject: try parameters.text("subject"), stage: try parameters.choice("stage", of: Stage.self), from: from,
        to: to, after: after, limit: limit),
      includesOpen: try parameters.bool("open") ?? false)
    guard isStream else { return try await page(request, pager, limit: limit) }
    return try await stream(pager, atMost: try parameters.text("limit") == nil ? .max : limit)
  }

  private func page(_ request: Request, _ pager: ResultPager, limit: Int) async throws -> Response {
    let page = try await threads.run {
      var pager = pager
      let first = pager.query
      let page = try pager.page(limit: limit)
      if page.records.isEmpty { try first.names.verify(in: pager.view) }
      return page
    }
    return JSONAnswer.response(request) { json in
      json.beginObject()
      json.members("results", page.records) { json, record in json.raw(record.line.utf8) }
      // How often each line has changed: a line that is final may still be revised by labels that come too late.
      json.members("revisions", page.records) { json, record in json.number(record.revision) }
      json.member("next", page.next.map(ResultCursor.text))
      json.member("thinned_before", page.thinnedBefore)
      json.endObject()
    }
  }

  /// One page is in memory at a time, and the next is read when the client has taken it. A failure midway closes the
  /// connection before the last chunk, so that the client sees that the answer is incomplete.
  private func stream(_ first: ResultPager, atMost total: Int) async throws -> Response {
    guard let permit = streams.take() else {
      throw Problem(
        .busy, "\(limits.streams) streams are being read already.", fix: "Ask again when one has ended.",
        headers: [.retryAfter: "5"])
    }
    let threads = threads
    let size = limits.streamPage
    // Once the answer has begun there is no other way to say that a name is none.
    if !first.query.names.areConfigured(in: first.view) {
      try await threads.run {
        var peek = first
        if try peek.page(limit: 1).records.isEmpty { try first.query.names.verify(in: first.view) }
      }
    }
    return Response(
      status: .ok, headers: [.contentType: "application/x-ndjson", .cacheControl: "no-store"],
      body: ResponseBody { writer in
        defer { withExtendedLifetime(permit) {} }
        var pager = first
        var rest = total
        while rest > 0 {
          let (page, next) = try await threads.run { [pager, rest] in
            var pager = pager
            let page = try pager.page(limit: min(size, rest))
            return (page, pager)
          }
          pager = next
          rest -= page.records.count
          if !page.records.isEmpty { try await writer.write(Self.lines(page.records)) }
          if page.next == nil { break }
        }
        try await writer.finish(nil)
      })
  }

  private static func lines(_ records: [ResultRecord]) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.reserveCapacity(records.reduce(0) { $0 + $1.line.utf8.count + 1 })
    for record in records {
      buffer.writeString(record.line)
      buffer.writeInteger(UInt8(ascii: "\n"))
    }
    return buffer
  }
}

extension ResultQuery {
  fileprivate var names: QueriedNames {
    QueriedNames(monitor: monitor, window: window, slice: slice, subject: subject)
  }
}

extension Request {
  /// Whether the client names this media type, and not with `q=0`. Wildcards do not count.
  func accepts(_ mediaType: String) -> Bool {
    for range in headers[values: .accept].flatMap({ $0.split(separator: ",") }) {
      let parts = range.lowercased().split(separator: ";").map { part in part.filter { $0 != " " && $0 != "\t" } }
      guard parts.first == mediaType else { continue }
      return !parts.dropFirst().contains { $0.hasPrefix("q=") && Double($0.dropFirst(2)) == 0 }
    }
    return false
  }
}
