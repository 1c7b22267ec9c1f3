extension OpenAPIDocument {
  /// Incidents, retrains, deliveries, inputs and the quarantine.
  static let decisionPaths = #"""
      "/api/v1/incidents": {
        "get": {
          "operationId": "listIncidents", "summary": "Incidents, the newest first.",
          "parameters": [
            {"name": "monitor", "in": "query", "description": "Only of this monitor.", "schema": {"type": "string"}},
            {
              "name": "open", "in": "query", "description": "true: not resolved; false: resolved.",
              "schema": {"type": "boolean"}
            },
            {
              "name": "limit", "in": "query", "description": "At most this many.",
              "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
            }
          ],
          "responses": {
            "200": {
              "description": "What was asked for.",
              "content": {
                "application/json": {
                  "schema": {
                    "type": "object",
                    "properties": {"incidents": {"type": "array", "items": {"$ref": "#/components/schemas/Incident"}}},
                    "required": ["incidents"]
                  }
                }
              }
            },
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      },
      "/api/v1/incidents/{incident}": {
        "get": {
          "operationId": "getIncident", "summary": "One incident with its transitions, deliveries and retrains.",
          "parameters": [
            {
              "name": "incident", "in": "path", "description": "The incident's id.", "schema": {"type": "string"},
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
                      {"$ref": "#/components/schemas/Incident"},
                      {
                        "type": "object",
                        "properties": {
                          "transitions": {"type": "array", "items": {"$ref": "#/components/schemas/IncidentLine"}},
                          "deliveries": {"type": "array", "items": {"$ref": "#/components/schemas/Delivery"}},
                          "retrains": {"type": "array", "items": {"$ref": "#/components/schemas/Retrain"}}
                        },
                        "required": ["transitions", "deliveries", "retrains"]
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
      "/api/v1/retrains": {
        "get": {
          "operationId": "listRetrains", "summary": "Retrains, the newest first.",
          "parameters": [
            {"name": "monitor", "in": "query", "description": "Only of this monitor.", "schema": {"type": "string"}},
            {
              "name": "limit", "in": "query", "description": "At most this many.",
              "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
            }
          ],
          "responses": {
            "200": {
              "description": "What was asked for.",
              "content": {
                "application/json": {
                  "schema": {
                    "type": "object",
                    "properties": {"retrains": {"type": "array", "items": {"$ref": "#/components/schemas/Retrain"}}},
                    "required": ["retrains"]
                  }
                }
              }
            },
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      },
      "/api/v1/retrains/{retrain}": {
        "get": {
          "operationId": "getRetrain", "summary": "One retrain.",
          "parameters": [
            {
              "name": "retrain", "in": "path", "description": "The retrain's id.", "schema": {"type": "string"},
              "required": true
            }
          ],
          "responses": {
            "200": {
              "description": "What was asked for.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Retrain"}}}
            },
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      },
      "/api/v1/retrains/{retrain}/result": {
        "post": {
          "operationId": "answerRetrain",
          "summary": "The trainer's answer. The same answer again changes nothing; another one is refused.",
          "parameters": [
            {
              "name": "retrain", "in": "path", "description": "The retrain's id.", "schema": {"type": "string"},
              "required": true
            }
          ],
          "requestBody": {
            "required": true,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RetrainAnswer"}}}
          },
          "security": [{"callback": []}],
          "responses": {
            "200": {
              "description": "The retrain as it stands now.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Retrain"}}}
            },
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      },
      "/api/v1/deliveries": {
        "get": {
          "operationId": "listDeliveries",
          "summary": "Messages to receivers: those that were given up, or of another state; the newest first.",
          "parameters": [
            {
              "name": "state", "in": "query", "description": "Which ones.",
              "schema": {"enum": ["owed", "delivered", "dead"], "default": "dead"}
            },
            {
              "name": "limit", "in": "query", "description": "At most this many.",
              "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
            }
          ],
          "responses": {
            "200": {
              "description": "What was asked for.",
              "content": {
                "application/json": {
                  "schema": {
                    "type": "object",
                    "properties": {"deliveries": {"type": "array", "items": {"$ref": "#/components/schemas/Delivery"}}},
                    "required": ["deliveries"]
                  }
                }
              }
            },
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      },
      "/api/v1/deliveries/{delivery}/resend": {
        "post": {
          "operationId": "resendDelivery",
          "summary": "Sends a message again that was given up. Needs an operator's token; not for calls to retrain.",
          "security": [{"token": []}],
          "parameters": [
            {
              "name": "delivery", "in": "path", "description": "The delivery's id.", "schema": {"type": "string"},
              "required": true
            }
          ],
          "responses": {
            "202": {
              "description": "The delivery, which is owed once more.",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Delivery"}}}
            },
            "409": {"$ref": "#/components/responses/Problem"},
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      },
      "/api/v1/inputs": {
        "get": {
          "operationId": "listInputs",
          "summary": "What came from outside the verdicts and shaped a monitor's incidents, one a line.",
          "description": "In the order in which it took part, by cause group, all of them. leeway replay --inputs reads it.",
          "parameters": [
            {"name": "monitor", "in": "query", "required": true, "schema": {"type": "string"}}
          ],
          "responses": {
            "200": {
              "description": "What was asked for.",
              "content": {"application/x-ndjson": {"schema": {"type": "string"}}}
            },
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      },
      "/api/v1/quarantine": {
        "get": {
          "operationId": "listQuarantine", "summary": "Messages that could not be counted, the newest first.",
          "parameters": [
            {"name": "monitor", "in": "query", "description": "Only of this monitor.", "schema": {"type": "string"}},
            {
              "name": "limit", "in": "query", "description": "At most this many.",
              "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
            }
          ],
          "responses": {
            "200": {
              "description": "What was asked for.",
              "content": {
                "application/json": {
                  "schema": {
                    "type": "object",
                    "properties": {"quarantine": {"type": "array", "items": {"$ref": "#/components/schemas/Quarantined"}}},
                    "required": ["quarantine"]
                  }
                }
              }
            },
            "default": {"$ref": "#/components/responses/Problem"}
          }
        }
      }
    """#
}
