import HTTPTypes
import Hummingbird

/// The pages, and the description of the API. They hold nothing of the service's own, so everybody may have them; what
/// they show is read from the API with the reader's token.
struct PageEndpoints {
  /// Where the pages are; `app.js` has the same list and shows what an address names.
  static let routes = [
    "/", "/monitors/{monitor}", "/compare/{monitor}", "/incidents", "/incidents/{incident}", "/decisions", "/silences",
    "/audit", "/service",
  ]

  var all: [Endpoint] {
    Self.routes.map(page) + PageFile.assets.map { asset($0.path, $0.mediaType, $0.bytes) }
      + [asset("/api/v1/openapi.json", "application/json", Array(OpenAPIDocument.json.utf8))]
  }

  /// Nothing from elsewhere, nothing inline, and no text made into HTML or script, whichever function is called: browsers
  /// that know trusted types throw.
  private static let policy = """
    default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'
    """

  /// Every page is the same shell: its scripts read the address, whose query is theirs too. An address may have been
  /// lengthened on its way through other people's mail, so what it has beside is no mistake.
  private func page(_ route: String) -> Endpoint {
    let bytes = PageFile.shell(depth: route.split(separator: "/").count)
    return Endpoint(path: route, access: .everybody) { request, _ in
      Self.response(request, "text/html; charset=utf-8", bytes)
    }
  }

  private func asset(_ path: String, _ mediaType: String, _ bytes: [UInt8]) -> Endpoint {
    Endpoint(path: path, access: .everybody) { request, _ in
      _ = try request.query()
      return Self.response(request, mediaType, bytes)
    }
  }

  private static func response(_ request: Request, _ mediaType: String, _ bytes: [UInt8]) -> Response {
    var response = JSONAnswer.entity(request, bytes: bytes, mediaType: mediaType, caching: "no-cache")
    response.headers[.contentSecurityPolicy] = policy
    response.headers[.referrerPolicy] = "no-referrer"
    return response
  }
}

extension HTTPField.Name {
  static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
}
