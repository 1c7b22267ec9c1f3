import HTTPTypes
import Hummingbird

/// The pages, and the description of the API. They hold nothing of the service's own, so everybody may have them; what
/// they show is read from the API with the reader's token.
struct PageEndpoints {
  var all: [Endpoint] {
    [
      asset("/", "text/html; charset=utf-8", IndexPage.html),
      asset("/style.css", "text/css; charset=utf-8", StyleSheet.css),
      asset("/app.js", "text/javascript; charset=utf-8", Script.javaScript),
      asset("/icon.svg", "image/svg+xml", IndexPage.icon),
      asset("/api/v1/openapi.json", "application/json", OpenAPIDocument.json),
    ]
  }

  private func asset(_ path: String, _ mediaType: String, _ text: String) -> Endpoint {
    let bytes = Array(text.utf8)
    return Endpoint(path: path, access: .everybody) { request, _ in
      _ = try request.query()
      var response = JSONAnswer.entity(request, bytes: bytes, mediaType: mediaType, caching: "no-cache")
      response.headers[.contentSecurityPolicy] =
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
      response.headers[.referrerPolicy] = "no-referrer"
      return response
    }
  }
}

extension HTTPField.Name {
  static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
}
