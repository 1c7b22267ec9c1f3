import HTTPTypes
import Hummingbird
import LeewayCore

/// Loads the configuration again.
struct ReloadEndpoint: Sendable {
  let view: ServiceView
  let threads: LedgerThreads

  var all: [Endpoint] {
    [Endpoint(method: .post, path: "/-/reload", access: .changing(.operator), respond: reload)]
  }

  @Sendable private func reload(_ request: Request, _ context: ServiceContext) async throws -> Response {
    _ = try request.query()
    let result = await view.reload("POST /-/reload")
    switch result {
    case .success(let change):
      await view.audit.keep(view.audit.line("reload", "succeeded", request, context), view.ledger, threads)
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
      await view.audit.refuse(
        view.audit.line("reload", "refused", request, context), because: refusal.description, view.ledger, threads)
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
