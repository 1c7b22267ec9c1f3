import HTTPTypes
import Hummingbird
import LeewayCore

/// Whether the process lives, whether it is ready, and its metrics.
struct HealthEndpoints {
  let view: ServiceView

  var all: [Endpoint] {
    [
      Endpoint(path: "/healthz", access: .everybody, respond: health),
      Endpoint(path: "/readyz", access: .everybody, respond: readiness),
      Endpoint(path: "/metrics", access: .reading, respond: metrics),
    ]
  }

  @Sendable private func health(_ request: Request, _ context: ServiceContext) throws -> Response {
    _ = try request.query()
    return JSONAnswer.response(request) { json in
      json.beginObject()
      json.member("status", "alive")
      json.member("version", view.version)
      json.endObject()
    }
  }

  @Sendable private func readiness(_ request: Request, _ context: ServiceContext) throws -> Response {
    _ = try request.query()
    let conditions = view.readiness()
    let isReady = conditions.allSatisfy(\.holds)
    return JSONAnswer.response(request, status: isReady ? .ok : .serviceUnavailable) { json in
      json.beginObject()
      json.member("ready", isReady)
      json.members("conditions", conditions) { json, condition in
        json.beginObject()
        json.member("name", condition.name)
        json.member("holds", condition.holds)
        json.member("detail", condition.detail)
        json.endObject()
      }
      json.endObject()
    }
  }

  @Sendable private func metrics(_ request: Request, _ context: ServiceContext) throws -> Response {
    _ = try request.query()
    view.metrics.set(ready: view.readiness().allSatisfy(\.holds))
    view.metrics.set(stalled: view.stalledParts())
    return Response(
      status: .ok,
      headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: view.metrics.render())))
  }
}
