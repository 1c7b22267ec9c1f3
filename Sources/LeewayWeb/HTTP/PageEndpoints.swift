import HTTPTypes
import Hummingbird

/// The pages, and the description of the API. They hold nothing of the service's own, so everybody may have them; what
/// they show is read from the API with the reader's token.
struct PageEndpoints {
  var all: [Endpoint] {
    PageFile.all.map { asset($0.path, $0.mediaType, $0.bytes) }
      + [asset("/api/v1/openapi.json", "application/json", Array(OpenAPIDocument.json.utf8))]
  }

  /// Nothing from elsewhere, nothing inline, and no text made into HTML or script, whichever function is called: browsers
  /// that know trusted types throw.
  private static let policy = """
    default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'
    """

  private func asset(_ path: String, _ mediaType: String, _ bytes: [UInt8]) -> Endpoint {
    Endpoint(path: path, access: .everybody) { request, _ in
      _ = try request.query()
      var response = JSONAnswer.entity(request, bytes: bytes, mediaType: mediaType, caching: "no-cache")
      response.headers[.contentSecurityPolicy] = Self.policy
      response.headers[.referrerPolicy] = "no-referrer"
      return response
    }
  }
}

extension HTTPField.Name {
  static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
}
