import HTTPTypes
import Hummingbird
import LeewayConfiguration
import LeewayCore

/// What people asked not to be told of for a while: who, why, until when; and asking for it.
struct SilenceEndpoints: Sendable {
  let view: ServiceView
  let threads: LedgerThreads
  let limits: HTTPLimits

  var all: [Endpoint] {
    [
      Endpoint(path: "/api/v1/silences", access: .reading, respond: list),
      Endpoint(method: .post, path: "/api/v1/silences", access: .changing(.operator), respond: add),
      Endpoint(
        method: .post, path: "/api/v1/silences/{silence}/expire", access: .changing(.operator), respond: expire),
    ]
  }

  @Sendable private func list(_ request: Request, _ context: ServiceContext) async throws -> Response {
    let parameters = try request.query("state", "limit")
    let states = try parameters.choice("state", of: SilenceState.self).map { [$0] } ?? Set(SilenceState.allCases)
    let limit = try parameters.integer(
      "limit", in: 1...DecisionEndpoints.maximumLimit, default: DecisionEndpoints.defaultLimit)
    let ledger = view.ledger
    let (found, now) = try await threads.run {
      try ledger.read { (try $0.silences(states, limit: limit), try $0.wallTime()) }
    }
    return JSONAnswer.response(request) { json in
      json.beginObject()
      json.members("silences", found) { json, silence in json.write(silence, at: now) }
      json.endObject()
    }
  }

  // MARK: Asking for one

  private struct Asked: Sendable {
    var matchers: SilenceMatchers
    var reason: String
    var start: EventTime?
    var end: SilenceActs.End
  }

  @Sendable private func add(_ request: Request, _ context: ServiceContext) async throws -> Response {
    _ = try request.query()
    let body = try await request.object(limit: limits.bodyBytes)
    let asked: Asked
    do throws(JSONFailure) { asked = try Self.asked(body) } catch {
      throw Problem(
        .badBody, "In the body, \(error).", parameter: error.path == "document" ? nil : error.path, fix: Self.example)
    }
    let author = context.holder?.name ?? ""
    var line = view.audit.line("silence", "accepted", request, context, detail: Self.detail(asked))
    // Where it is about one monitor, the log of that monitor has it.
    if let monitors = asked.matchers.patterns[.monitor], monitors.count == 1, !monitors[0].text.contains("*") {
      line.monitor = String(monitors[0].text.prefix(63))
    }
    let view = view
    do {
      let (silence, now, written) = try await threads.run { [line] in
        try view.ledger.write { tx in
          let silence = try SilenceActs.add(
            asked.matchers, by: author, reason: asked.reason, start: asked.start, end: asked.end, in: tx)
          var line = line
          line.detail = Self.detail(silence)
          try tx.record(audit: line)
          return (silence, try tx.wallTime(), line)
        }
      }
      view.audit.log(written)
      let remarks = SilencedNames.remarks(on: asked.matchers, view.monitors().map(\.monitor))
      return JSONAnswer.response(request, status: .created) { $0.write(silence, at: now, remarks) }
    } catch let refusal as SilenceActs.Refusal {
      let problem = Self.problem(refusal, "")
      await view.audit.refuse(line, because: problem.detail, view.ledger, threads)
      throw problem
    }
  }

  private static let example =
    #"Send {"matchers":{"monitor":"fraud","subject":"amount"},"reason":"the feed is being moved","for":"2h"}."#

  private static func asked(_ body: JSONReader) throws(JSONFailure) -> Asked {
    try body.allowOnly(["matchers", "reason", "start", "end", "for"])
    let matchers = try SilenceMatchers(body.member("matchers"))
    guard let reason = try PersonEndpoints.text(body, "reason", SilenceActs.maximumReason) else {
      throw try body.member("reason").failure("is needed")
    }
    let span = try body.member("for")
    switch (try time(body, "end"), span.isNull) {
    case (let end?, true):
      return Asked(matchers: matchers, reason: reason, start: try time(body, "start"), end: .at(end))
    case (nil, false):
      let text = try span.string()
      guard let length = try? TimeSpan(text), length > .zero else {
        throw span.failure("is \"\(text.prefix(40))\", and takes a duration such as 30m, 2h or 7d")
      }
      return Asked(matchers: matchers, reason: reason, start: try time(body, "start"), end: .after(length))
    default: throw body.failure("needs either end or for")
    }
  }

  private static func time(_ body: JSONReader, _ name: String) throws(JSONFailure) -> EventTime? {
    let member = try body.member(name)
    guard let text = try member.text() else { return nil }
    guard let time = EventTime(rfc3339: text) else {
      throw member.failure("is \"\(text.prefix(40))\", and takes a time such as 2026-03-01T12:00:00Z")
    }
    return time
  }

  private static func detail(_ asked: Asked) -> String {
    var json = JSONWriter()
    json.beginObject()
    json.key("matchers")
    asked.matchers.write(to: &json)
    json.member("reason", asked.reason)
    json.member("starts", asked.start)
    switch asked.end {
    case .after(let span): json.member("for", span.description)
    case .at(let time): json.member("ends", time)
    }
    json.endObject()
    return json.text
  }

  private static func detail(_ silence: SilenceRecord) -> String {
    var json = JSONWriter()
    json.beginObject()
    json.member("silence", silence.number)
    json.key("matchers")
    silence.matchers.write(to: &json)
    json.member("reason", silence.reason)
    json.member("starts", silence.starts)
    json.member("ends", silence.ends)
    json.endObject()
    return json.text
  }

  // MARK: Ending one

  @Sendable private func expire(_ request: Request, _ context: ServiceContext) async throws -> Response {
    _ = try request.query()
    let id = context.segment("silence")
    let name = context.holder?.name ?? ""
    var detail = JSONWriter()
    detail.beginObject()
    detail.member("silence", String(id.prefix(40)))
    detail.endObject()
    let line = view.audit.line("expire_silence", "accepted", request, context, detail: detail.text)
    let view = view
    do {
      let (silence, now, written) = try await threads.run {
        try view.ledger.write { tx in
          guard let number = Int64(id) else { throw SilenceActs.Refusal.unknown }
          let silence = try SilenceActs.expire(number, by: name, in: tx)
          var line = line
          line.detail = Self.detail(silence)
          try tx.record(audit: line)
          return (silence, try tx.wallTime(), line)
        }
      }
      view.audit.log(written)
      return JSONAnswer.response(request) { $0.write(silence, at: now) }
    } catch let refusal as SilenceActs.Refusal {
      let problem = Self.problem(refusal, id)
      await view.audit.refuse(line, because: problem.detail, view.ledger, threads)
      throw problem
    }
  }

  private static func problem(_ refusal: SilenceActs.Refusal, _ id: String) -> Problem {
    switch refusal {
    case .unknown: .notFound("silence", id, fix: "See /api/v1/silences for those there are.")
    case .expired(let at, let name):
      Problem(
        .conflict, name.map { "\($0) has ended the silence already." } ?? "The silence has ended at \(at).", value: id,
        fix: "See /api/v1/silences?state=active for those that hold messages back.")
    case .tooMany:
      Problem(
        .conflict, "\(SilenceActs.mostAtOnce) silences are active or pending, and there is room for no more.",
        fix: "Expire one, or name several things in one silence: a matcher takes a list, and * for any text.")
    case .over:
      Problem(
        .badBody, "The silence would end before it begins, or has ended by now.", parameter: "end",
        fix: "Give an end behind its start and behind now.")
    case .tooLong:
      Problem(
        .badBody, "The silence would last longer than \(SilenceActs.longest).", parameter: "end",
        fix: "Ask for \(SilenceActs.longest) at most; for what recurs there is maintenance in leeway.yaml.")
    case .tooFar:
      Problem(
        .badBody, "The silence would begin more than \(SilenceActs.furthest) from now.", parameter: "start",
        fix: "Ask for it later.")
    }
  }
}

extension JSONWriter {
  /// - Parameter remarks: on what was asked for; left out where there are none.
  mutating func write(_ silence: SilenceRecord, at now: EventTime, _ remarks: [String] = []) {
    beginObject()
    member("silence", silence.number)
    member("state", silence.state(at: now).rawValue)
    key("matchers")
    silence.matchers.write(to: &self)
    member("author", silence.author)
    member("reason", silence.reason)
    member("created_at", silence.createdAt)
    member("starts", silence.starts)
    member("ends", silence.ends)
    member("expired_by", silence.expiredBy)
    if !remarks.isEmpty { member("remarks", remarks) }
    endObject()
  }
}
