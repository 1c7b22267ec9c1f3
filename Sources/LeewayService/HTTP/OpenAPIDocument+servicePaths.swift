extension OpenAPIDocument {
  /// The instances, and this document.
  static let servicePaths = #"""
      "/api/v1/instances": {
        "get": {
          "operationId": "listInstances", "summary": "Who reads which partitions, and how far they are.",
          "responses": {
            "200": {
              "description": "What was asked for.",
              "content": {
                "application/json": {
                  "schema": {
                    "type": "object",
                    "properties": {
                      "instances": {"type": "array", "items": {"$ref": "#/components/schemas/Instance"}},
                      "unowned": {"type": "array", "items": {"$ref": "#/components/schemas/OwnedPartition"}}
                    },
                    "required": ["instances", "unowned"]
                  }
                }
              }
            },
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      },
      "/-/reload": {
        "post": {
          "operationId": "reload",
          "summary": "Loads the configuration and the monitors again, all of it or nothing. Needs an operator's token.",
          "security": [{"token": []}],
          "responses": {
            "200": {
              "description": "What runs from now on.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Reloaded"}}}
            },
            "422": {"$ref": "#/components/responses/Problem"},
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      },
      "/api/v1/openapi.json": {
        "get": {
          "operationId": "describe", "summary": "This document.", "security": [],
          "responses": {
            "200": {"description": "What was asked for.", "content": {"application/json": {"schema": {"type": "object"}}}},
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      }
    """#
}
