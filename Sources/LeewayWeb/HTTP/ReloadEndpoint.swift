import HTTPTypes
import Hummingbird
import LeewayCore

/// Loads the configuration again.
struct ReloadEndpoint: Sendable {
  let view: ServiceView

  var all: [Endpoint] {
    [Endpoint(method: .post, path: "/-/reload", access: .changing(.operator), respond: reload)]
  }

  @Sendable private func reload(_ request: Request, _ context: ServiceContext) async throws -> Response {
    _ = try request.query()
    let result = await view.reload("POST /-/reload")
    switch result {
    case .success(let change):
      view.audit.record("reload", "succeeded", request, context)
      return JSONAnswer.response(request) { json in
        json.beginObject()
        json.member("added", change.added)
        json.member("removed", change.removed)
        json.member("restarted", change.restarted)
        json.member("adjusted", change.adjusted)
        json.member("unchanged", change.unchanged)
        json.endObject()
      }
    case .failure(let refusal):
      view.audit.record("reload", "refused", request, context)
      guard !refusal.isTransient else {
        throw Problem(
          .notNow, "The configuration was not loaded: \(refusal).", fix: "Ask again.", headers: [.retryAfter: "5"])
      }
      let count = refusal.problems.count == 1 ? "1 mistake" : "\(refusal.problems.count) mistakes"
      throw Problem(
        .badConfiguration, "The configuration has \(count), and the one from before runs on.",
        fix: "Fix the files, check them with leeway check, then ask again.", errors: refusal.problems)
    }
  }
}
