extension OpenAPIDocument {
  /// Every path but the pages.
  static let paths = #"""
    {
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
      },
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
          "description": "In the order in which it took part, by cause group. leeway replay --inputs reads it.",
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
      },
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
    }
    """#
}
