/// What `/api/v1/openapi.json` answers (OpenAPI 3.1). A test holds it against the routes that there are.
enum OpenAPIDocument {
  static let json =
    "{\n" + head + ",\n\"paths\": " + object(monitorPaths, decisionPaths, servicePaths) + ",\n\"components\": {\n"
    + security
    + ",\n\"schemas\": " + object(monitorSchemas, resultSchemas, decisionSchemas) + "\n}\n}\n"

  private static func object(_ members: String...) -> String { "{\n" + members.joined(separator: ",\n") + "\n}" }

  /// Title, and what holds for all paths.
  private static let head = #"""
      "openapi": "3.1.0",
      "info": {
        "title": "Leeway", "version": "1",
        "description": "Drift and performance of models in production: what was found, and what was done about it. Times are RFC 3339 in UTC with milliseconds. Errors are problem documents (RFC 9457). Reading from the service's own machine needs no token."
      },
      "security": [{"token": []}]
    """#

  /// Tokens, and the answer that every path may give.
  private static let security = #"""
      "securitySchemes": {
        "token": {
          "type": "http", "scheme": "bearer",
          "description": "A token of http.tokens_file, of the role viewer, trainer or operator."
        },
        "callback": {"type": "http", "scheme": "bearer", "description": "The callback_token of the request for this retrain."}
      },
      "responses": {
        "Problem": {
          "description": "What is wrong, and the fix.",
          "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        }
      }
    """#
}
