extension OpenAPIDocument {
  /// Health, monitors and their results.
  static let monitorPaths = #"""
      "/healthz": {
        "get": {
          "operationId": "health", "summary": "Whether the process lives.", "security": [],
          "responses": {
            "200": {
              "description": "What was asked for.",
              "content": {
                "application/json": {
                  "schema": {
                    "type": "object", "properties": {"status": {"const": "alive"}, "version": {"type": "string"}},
                    "required": ["status", "version"]
                  }
                }
              }
            },
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      },
      "/readyz": {
        "get": {
          "operationId": "readiness", "summary": "Whether the service is ready, and why not.", "security": [],
          "responses": {
            "200": {
              "description": "Every condition holds.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Readiness"}}}
            },
            "503": {
              "description": "A condition does not hold.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Readiness"}}}
            },
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      },
      "/metrics": {
        "get": {
          "operationId": "metrics", "summary": "Metrics for Prometheus, text format 0.0.4.",
          "responses": {
            "200": {"description": "Samples.", "content": {"text/plain": {"schema": {"type": "string"}}}},
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      },
      "/api/v1/monitors": {
        "get": {
          "operationId": "listMonitors", "summary": "The monitors and where they stand.",
          "responses": {
            "200": {
              "description": "What was asked for.",
              "content": {
                "application/json": {
                  "schema": {
                    "type": "object",
                    "properties": {"monitors": {"type": "array", "items": {"$ref": "#/components/schemas/Monitor"}}},
                    "required": ["monitors"]
                  }
                }
              }
            },
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      },
      "/api/v1/monitors/{monitor}": {
        "get": {
          "operationId": "getMonitor", "summary": "One monitor with its partitions and newest lines.",
          "parameters": [
            {
              "name": "monitor", "in": "path", "description": "The monitor's name.", "schema": {"type": "string"},
              "required": true
            }
          ],
          "responses": {
            "200": {
              "description": "What was asked for.",
              "content": {
                "application/json": {
                  "schema": {
                    "allOf": [
                      {"$ref": "#/components/schemas/Monitor"},
                      {
                        "type": "object",
                        "properties": {
                          "partitions": {"type": "array", "items": {"$ref": "#/components/schemas/Partition"}},
                          "drift": {"type": "array", "items": {"$ref": "#/components/schemas/DriftLine"}},
                          "performance": {"type": "array", "items": {"$ref": "#/components/schemas/PerformanceLine"}},
                          "comparison": {"type": "array", "items": {"$ref": "#/components/schemas/ComparisonLine"}},
                          "labels": {
                            "anyOf": [{"$ref": "#/components/schemas/Labels"}, {"type": "null"}],
                            "description": "What this instance has seen since it started; null without labels."
                          },
                          "metrics": {
                            "type": "array", "items": {"$ref": "#/components/schemas/Metric"},
                            "description": "Every number that the monitor's drift and performance lines have."
                          },
                          "truncated": {"type": "boolean"}
                        },
                        "required": ["partitions", "drift", "performance", "comparison", "labels", "metrics", "truncated"]
                      }
                    ]
                  }
                }
              }
            },
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      },
      "/api/v1/monitors/{monitor}/histogram": {
        "get": {
          "operationId": "getHistogram", "summary": "One subject's distribution in the baseline and in a window.",
          "parameters": [
            {
              "name": "monitor", "in": "path", "description": "The monitor's name.", "schema": {"type": "string"},
              "required": true
            },
            {
              "name": "subject", "in": "query", "description": "A feature, or the model's output.",
              "schema": {"type": "string"}, "required": true
            },
            {
              "name": "window", "in": "query",
              "description": "A window's name; the first of the monitor if left out.", "schema": {"type": "string"}
            },
            {"name": "slice", "in": "query", "description": "A slice; all if left out.", "schema": {"type": "string"}},
            {
              "name": "end", "in": "query", "description": "The window's end; the newest closed one if left out.",
              "schema": {"type": "string", "format": "date-time"}
            }
          ],
          "responses": {
            "200": {
              "description": "What was asked for.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Histogram"}}}
            },
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      },
      "/api/v1/results": {
        "get": {
          "operationId": "listResults",
          "summary": "Result lines in the order (end, size, slice, type, subject, check, metric, sequence).",
          "parameters": [
            {"name": "monitor", "in": "query", "description": "Only of this monitor.", "schema": {"type": "string"}},
            {
              "name": "type", "in": "query", "description": "Only lines of this type.",
              "schema": {"enum": ["drift", "performance", "comparison", "verdict", "incident"]}
            },
            {
              "name": "window", "in": "query", "description": "Only of the window of this name.",
              "schema": {"type": "string"}
            },
            {"name": "slice", "in": "query", "description": "Only of this slice.", "schema": {"type": "string"}},
            {"name": "subject", "in": "query", "description": "Only of this subject.", "schema": {"type": "string"}},
            {
              "name": "stage", "in": "query",
              "description": "Only what was judged at this stage: early performance and its verdicts, or all else.",
              "schema": {"type": "string", "enum": ["early", "final"]}
            },
            {
              "name": "from", "in": "query", "description": "Only windows that end then or later.",
              "schema": {"type": "string", "format": "date-time"}
            },
            {
              "name": "to", "in": "query", "description": "Only windows that end before.",
              "schema": {"type": "string", "format": "date-time"}
            },
            {
              "name": "open", "in": "query", "description": "Whether windows that are still open are shown too.",
              "schema": {"type": "boolean", "default": false}
            },
            {
              "name": "limit", "in": "query", "description": "Lines of a page; of a stream, all unless given.",
              "schema": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 1000}
            },
            {
              "name": "cursor", "in": "query", "description": "`next` of the page before.",
              "schema": {"type": "string"}
            }
          ],
          "responses": {
            "200": {
              "description": "A page of lines; with Accept: application/x-ndjson, all that match, one a line.",
              "content": {
                "application/json": {
                  "schema": {
                    "type": "object",
                    "properties": {
                      "results": {"type": "array", "items": {"$ref": "#/components/schemas/ResultLine"}},
                      "revisions": {
                        "type": "array", "items": {"type": "integer"},
                        "description": "Of each line, how often it has changed since it was first stored."
                      },
                      "next": {"type": ["string", "null"], "description": "The cursor of the next page."},
                      "thinned_before": {
                        "type": ["string", "null"], "format": "date-time",
                        "description": "Lines of windows that end before it may be missing, for they are old."
                      }
                    },
                    "required": ["results", "revisions", "next", "thinned_before"]
                  }
                },
                "application/x-ndjson": {"schema": {"type": "string"}}
              }
            },
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      }
    """#
}
