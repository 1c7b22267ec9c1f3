extension OpenAPIDocument {
  /// Answers about the service and its monitors.
  static let monitorSchemas = #"""
      "Problem": {
        "type": "object",
        "properties": {
          "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
          "detail": {"type": "string"}, "instance": {"type": "string"}, "parameter": {"type": "string"},
          "value": {"type": "string"}, "fix": {"type": "string"},
          "errors": {"type": "array", "items": {"type": "string"}, "description": "Of files: FILE:LINE:COLUMN: what is wrong."}
        },
        "required": ["type", "title", "status", "detail", "instance"]
      },
      "Readiness": {
        "type": "object",
        "properties": {
          "ready": {"type": "boolean"},
          "conditions": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {"name": {"type": "string"}, "holds": {"type": "boolean"}, "detail": {"type": "string"}},
              "required": ["name", "holds", "detail"]
            }
          }
        },
        "required": ["ready", "conditions"]
      },
      "OwnedPartition": {
        "type": "object",
        "properties": {
          "monitor": {"type": "string"}, "topic": {"type": "string"}, "partition": {"type": "integer"},
          "role": {"enum": ["predictions", "labels"]},
          "position": {"type": "integer", "description": "First offset that is not in the ledger yet."},
          "end": {"type": ["integer", "null"], "description": "The log's end as its owner saw it last."},
          "lag": {"type": ["integer", "null"]}, "watermark": {"type": ["string", "null"], "format": "date-time"},
          "idle": {"type": "boolean", "description": "At its end and silent, so that it holds no window back."}
        },
        "required": ["monitor", "topic", "partition", "role", "position", "end", "lag", "watermark", "idle"]
      },
      "Instance": {
        "type": "object",
        "properties": {
          "instance": {"type": "string"}, "host": {"type": "string"}, "process": {"type": "integer"},
          "answering": {"type": "boolean", "description": "The instance that gives this answer."},
          "since": {"type": "string", "format": "date-time"}, "last_seen": {"type": "string", "format": "date-time"},
          "last_flush": {"type": ["string", "null"], "format": "date-time"}, "flushes": {"type": "integer"},
          "evaluates": {"type": "array", "items": {"type": "string"}, "description": "Monitors that it judges."},
          "partitions": {"type": "array", "items": {"$ref": "#/components/schemas/OwnedPartition"}}
        },
        "required": [
          "instance", "host", "process", "answering", "since", "last_seen", "last_flush", "flushes", "evaluates",
          "partitions"
        ]
      },
      "Reloaded": {
        "type": "object", "description": "Names of monitors.",
        "properties": {
          "added": {"type": "array", "items": {"type": "string"}},
          "removed": {"type": "array", "items": {"type": "string"}},
          "restarted": {
            "type": "array", "items": {"type": "string"}, "description": "Begin a new generation with clean panes."
          },
          "adjusted": {
            "type": "array", "items": {"type": "string"}, "description": "Go on counting with other checks or alerts."
          },
          "unchanged": {"type": "array", "items": {"type": "string"}}
        },
        "required": ["added", "removed", "restarted", "adjusted", "unchanged"]
      },
      "Tier": {"enum": ["insufficient_data", "ok", "info", "warning", "critical"]},
      "Monitor": {
        "type": "object",
        "properties": {
          "monitor": {"type": "string"}, "task": {"enum": ["binary", "multiclass", "regression"]},
          "output": {"type": "string", "description": "Subject of the model's output."},
          "threshold": {"type": ["number", "null"]}, "generation": {"type": ["string", "null"]},
          "starts_at": {"type": ["string", "null"], "format": "date-time"}, "baseline": {"type": "string"},
          "baseline_rows": {"type": "integer"}, "has_labels": {"type": "boolean"},
          "watermark": {
            "type": ["string", "null"], "format": "date-time",
            "description": "Event time up to which predictions have been read."
          },
          "label_watermark": {"type": ["string", "null"], "format": "date-time"},
          "closed_through": {
            "type": ["string", "null"], "format": "date-time",
            "description": "Windows that end then or earlier are closed."
          },
          "matured_through": {
            "type": ["string", "null"], "format": "date-time",
            "description": "Windows that end then or earlier have their performance verdicts."
          },
          "early_matured_through": {
            "type": ["string", "null"], "format": "date-time",
            "description": "Windows that end then or earlier have their early performance verdicts; null without labels.early."
          },
          "versions": {"type": "array", "items": {"type": "string"}},
          "definitions": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "window": {"type": "string"}, "size": {"type": "string"}, "every": {"type": "string"},
                "every_ms": {"type": "integer"}
              },
              "required": ["window", "size", "every", "every_ms"]
            }
          },
          "subjects": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {"name": {"type": "string"}, "kind": {"enum": ["numeric", "categorical"]}},
              "required": ["name", "kind"]
            }
          },
          "segments": {"type": "array", "items": {"type": "string"}},
          "checks": {"type": "array", "items": {"$ref": "#/components/schemas/Check"}},
          "open_incidents": {"type": "integer"},
          "windows": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "window": {"type": "string"}, "end": {"type": "string", "format": "date-time"},
                "rows": {"type": "integer"},
                "performance": {"anyOf": [{"$ref": "#/components/schemas/PerformanceLine"}, {"type": "null"}]},
                "final_performance": {"anyOf": [{"$ref": "#/components/schemas/PerformanceLine"}, {"type": "null"}]}
              },
              "required": ["window", "end", "rows", "performance", "final_performance"]
            }
          }
        },
        "required": [
          "monitor", "task", "output", "threshold", "generation", "starts_at", "baseline", "baseline_rows",
          "has_labels", "watermark", "label_watermark", "closed_through", "matured_through",
          "early_matured_through", "versions",
          "definitions", "subjects", "segments", "checks", "open_incidents", "windows"
        ]
      },
      "Check": {
        "type": "object",
        "properties": {
          "check": {"type": "string"}, "on": {"type": "string"}, "metric": {"type": "string"},
          "window": {"type": "string"}, "group": {"$ref": "#/components/schemas/CauseGroup"},
          "limits": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "tier": {"$ref": "#/components/schemas/Tier"},
                "side": {"enum": ["above", "below", "beyond", "max_drop", "max_rise"]}, "value": {"type": "number"},
                "share": {"type": "number", "description": "Of a reference, instead of a value."}
              },
              "required": ["tier", "side"]
            }
          },
          "name": {"type": "string", "description": "The metric as lines name it, with its place."},
          "tier": {
            "anyOf": [{"$ref": "#/components/schemas/Tier"}, {"type": "null"}],
            "description": "Worst over subjects and slices of the newest end of each stage. insufficient_data where newer windows of one stage could not be judged and older ones of the other are ok. null before the first verdict."
          },
          "judged_to": {"type": ["string", "null"], "format": "date-time", "description": "End of the window of that tier."},
          "why": {"$ref": "#/components/schemas/Why"}, "why_numbers": {"$ref": "#/components/schemas/WhyNumbers"},
          "stages": {
            "type": "array", "description": "The newest verdicts of each stage, early before final.",
            "items": {
              "type": "object",
              "properties": {
                "stage": {"enum": ["early", "final"]}, "judged_to": {"type": "string", "format": "date-time"},
                "tier": {"$ref": "#/components/schemas/Tier"}, "verdicts": {"type": "integer"},
                "unjudged": {"type": "integer", "description": "Of the verdicts, those with insufficient data."},
                "why": {"$ref": "#/components/schemas/Why"}, "why_numbers": {"$ref": "#/components/schemas/WhyNumbers"},
                "subject": {"type": ["string", "null"], "description": "Of the first of these."},
                "slice": {"type": ["string", "null"]}
              },
              "required": [
                "stage", "judged_to", "tier", "verdicts", "unjudged", "why", "why_numbers", "subject", "slice"
              ]
            }
          }
        },
        "required": [
          "check", "on", "metric", "name", "window", "group", "limits", "tier", "judged_to", "why", "why_numbers", "stages"
        ]
      },
      "Why": {
        "enum": [
          "rows", "labels_due", "coverage", "biased_labels", "generation", "reference", "noise", "no_baseline", "outlying",
          "learning", "undefined", null
        ],
        "description": "Why a window could not be judged."
      },
      "WhyNumbers": {
        "type": ["object", "null"], "additionalProperties": {"type": ["number", "string", "null"]},
        "description": "The numbers of why: rows and needed, coverage and needed, days and needed, due …"
      },
      "Metric": {
        "type": "object",
        "properties": {
          "name": {"type": "string"}, "line": {"enum": ["drift", "performance"]},
          "path": {
            "type": "array", "items": {"type": "string"}, "description": "Members from the line down to the number."
          },
          "subjects": {
            "enum": ["any", "numeric", "output", "performance", "slices"],
            "description": "Which drift lines have it: of any subject, numeric ones or the output; performance: every slice, or those that a check on errors or fairness names."
          },
          "family": {
            "enum": [
              "distance", "ratio", "level", "traffic", "performance", "estimate", "detector", "fairness"
            ]
          },
          "unit": {
            "enum": [
              "number", "ratio", "subject", "output", "deviations", "nats", "rows", "changes", "seconds"
            ]
          },
          "direction": {"enum": ["above", "below", "either"], "description": "The side on which it is worse."},
          "description": {"type": "string"}
        },
        "required": ["name", "line", "path", "subjects", "family", "unit", "direction", "description"]
      },
      "Partition": {
        "type": "object",
        "properties": {
          "topic": {"type": "string"}, "partition": {"type": "integer"}, "role": {"enum": ["predictions", "labels"]},
          "next_offset": {"type": "integer"}, "watermark": {"type": ["string", "null"], "format": "date-time"},
          "idle_until": {"type": ["string", "null"], "format": "date-time"}, "owner": {"type": ["string", "null"]}
        },
        "required": ["topic", "partition", "role", "next_offset", "watermark", "idle_until", "owner"]
      },
      "Histogram": {
        "type": "object",
        "properties": {
          "monitor": {"type": "string"}, "window": {"type": "string"}, "slice": {"type": "string"},
          "subject": {"type": "string"}, "start": {"type": "string", "format": "date-time"},
          "end": {"type": "string", "format": "date-time"}, "against": {"$ref": "#/components/schemas/Against"},
          "baseline_rows": {"type": "integer"}, "window_rows": {"type": "integer"},
          "bins": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "label": {"type": "string"}, "lower": {"type": ["number", "null"]},
                "upper": {"type": ["number", "null"]},
                "baseline": {"type": "number", "description": "Share in [0, 1]."},
                "window": {"type": "number", "description": "Share in [0, 1]."}
              },
              "required": ["label", "lower", "upper", "baseline", "window"]
            }
          }
        },
        "required": [
          "monitor", "window", "slice", "subject", "start", "end", "against", "baseline_rows", "window_rows", "bins"
        ]
      }
    """#
}
