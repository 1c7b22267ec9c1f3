extension OpenAPIDocument {
  /// What is sent and answered.
  static let schemas = #"""
    {
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
            "description": "Worst over subjects and slices of the newest end of each stage; null before the first verdict."
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
      },
      "Against": {
        "enum": ["slice", "all"], "description": "Compared with the slice's own part of the baseline, or with the whole."
      },
      "ResultLine": {
        "oneOf": [
          {"$ref": "#/components/schemas/DriftLine"}, {"$ref": "#/components/schemas/PerformanceLine"},
          {"$ref": "#/components/schemas/ComparisonLine"}, {"$ref": "#/components/schemas/VerdictLine"},
          {"$ref": "#/components/schemas/IncidentLine"}
        ],
        "discriminator": {
          "propertyName": "type",
          "mapping": {
            "drift": "#/components/schemas/DriftLine", "performance": "#/components/schemas/PerformanceLine",
            "comparison": "#/components/schemas/ComparisonLine",
            "verdict": "#/components/schemas/VerdictLine", "incident": "#/components/schemas/IncidentLine"
          }
        }
      },
      "DriftLine": {
        "type": "object",
        "properties": {
          "type": {"const": "drift"}, "monitor": {"type": "string"}, "window": {"type": "string"},
          "start": {"type": "string", "format": "date-time"}, "end": {"type": "string", "format": "date-time"},
          "slice": {"type": "string"}, "subject": {"type": "string"},
          "against": {"$ref": "#/components/schemas/Against"}, "baseline": {"type": "string"},
          "rows": {"type": "integer"}, "missing": {"type": "integer"}, "invalid": {"type": "integer"},
          "unseen": {"type": ["integer", "null"]}, "complete": {"type": "boolean"}, "final": {"type": "boolean"},
          "metrics": {"$ref": "#/components/schemas/Metrics"},
          "references": {
            "type": "object", "additionalProperties": {"$ref": "#/components/schemas/Metrics"},
            "description": "Distances from the first days of production, by the reference that a check names, as first 30d; once these days are over."
          },
          "estimated": {"$ref": "#/components/schemas/Estimated"}
        },
        "required": [
          "type", "monitor", "window", "start", "end", "slice", "subject", "baseline", "rows", "missing", "invalid",
          "unseen", "complete", "final", "metrics"
        ]
      },
      "Stage": {
        "enum": ["early", "final"],
        "description": "By the labels that came while predictions were at most labels.early old, or by all within the horizon."
      },
      "PerformanceLine": {
        "type": "object",
        "properties": {
          "type": {"const": "performance"}, "monitor": {"type": "string"}, "window": {"type": "string"},
          "start": {"type": "string", "format": "date-time"}, "end": {"type": "string", "format": "date-time"},
          "slice": {"type": "string"}, "predictions": {"type": "integer"}, "labelled": {"type": "integer"},
          "outlying": {
            "type": "integer",
            "description": "Regression: labelled rows beyond 10⁹ standard deviations of the predictions, which no metric counts."
          },
          "coverage": {"type": ["number", "null"]}, "stage": {"$ref": "#/components/schemas/Stage"},
          "final": {"type": "boolean"}, "metrics": {"$ref": "#/components/schemas/Metrics"},
          "reliability": {
            "type": "array",
            "items": {"type": "array", "items": {"type": "number"}, "description": "Count, mean score, positive share."}
          },
          "estimated": {"$ref": "#/components/schemas/Estimated"},
          "detectors": {
            "type": "object", "description": "What the detectors of concept drift made of the errors, by method.",
            "additionalProperties": {
              "type": "object",
              "properties": {
                "errors": {"type": "integer"}, "warnings": {"type": "integer"}, "changes": {"type": "integer"},
                "last_change": {"type": ["string", "null"], "format": "date-time"}
              },
              "required": ["errors", "warnings", "changes", "last_change"]
            }
          },
          "fairness": {
            "type": "array",
            "description": "Of a group that checks compare: each measure as [estimate, lower, upper] at 99 %, or null.",
            "items": {
              "type": "object",
              "properties": {"reference": {"type": "string"}, "favourable": {"enum": [0, 1]}},
              "required": ["reference", "favourable"], "additionalProperties": true
            }
          },
          "per_class": {"type": "object", "description": "Multiclass, by class.", "additionalProperties": true},
          "classes": {"type": "array", "items": {"type": "string"}, "description": "Order of confusion."},
          "confusion": {
            "type": "array", "items": {"type": "array", "items": {"type": "integer"}},
            "description": "Rows by label, columns by prediction."
          }
        },
        "required": [
          "type", "monitor", "window", "start", "end", "slice", "predictions", "labelled", "coverage", "stage", "final",
          "metrics"
        ]
      },
      "VersionDifferences": {
        "type": "object", "description": "By metric.",
        "additionalProperties": {
          "type": "object",
          "properties": {
            "champion": {"type": "number"}, "challenger": {"type": "number"},
            "difference": {"type": "number", "description": "Challenger less champion."},
            "lower": {"type": "number", "description": "Of the 99 % interval."}, "upper": {"type": "number"},
            "p_value": {"type": "number"}, "method": {"enum": ["paired", "paired_binned", "unpaired"]}
          },
          "required": ["champion", "challenger", "difference", "lower", "upper", "p_value", "method"]
        }
      },
      "ComparisonLine": {
        "type": "object",
        "properties": {
          "type": {"const": "comparison"}, "monitor": {"type": "string"}, "window": {"type": "string"},
          "start": {"type": "string", "format": "date-time"}, "end": {"type": "string", "format": "date-time"},
          "slice": {"type": "string"}, "champion": {"type": "string"}, "challenger": {"type": "string"},
          "subject": {"type": "string", "description": "The output's name, or performance."},
          "rows": {
            "type": "object", "description": "Of the output: messages.",
            "properties": {"champion": {"type": "integer"}, "challenger": {"type": "integer"}},
            "required": ["champion", "challenger"]
          },
          "predictions": {"$ref": "#/components/schemas/VersionCounts"},
          "labelled": {"$ref": "#/components/schemas/VersionCounts"},
          "paired": {"type": "boolean", "description": "Whether pairs are enough to be compared on."},
          "complete": {"type": "boolean"}, "final": {"type": "boolean"},
          "metrics": {"$ref": "#/components/schemas/Metrics"},
          "differences": {"$ref": "#/components/schemas/VersionDifferences"},
          "per_class": {
            "type": "object", "description": "Of multiclass performance: each class against all others.",
            "additionalProperties": {"$ref": "#/components/schemas/VersionDifferences"}
          }
        },
        "required": [
          "type", "monitor", "window", "start", "end", "slice", "subject", "champion", "challenger", "final"
        ]
      },
      "VersionCounts": {
        "type": "object",
        "properties": {
          "champion": {"type": "integer"}, "challenger": {"type": "integer"},
          "pairs": {"type": "integer", "description": "Ids that both versions scored."}
        },
        "required": ["champion", "challenger", "pairs"]
      },
      "Labels": {
        "type": "object",
        "properties": {
          "matched": {"type": "integer"}, "early": {"type": "integer"}, "repeated": {"type": "integer"},
          "corrected": {"type": "integer"}, "retracted": {"type": "integer"},
          "orphaned": {"type": "integer", "description": "Early, and given up: the prediction never came."},
          "expired": {"type": "integer", "description": "Past the horizon of every prediction known by then."},
          "implausible": {
            "type": "integer",
            "description": "Earlier than the prediction by more than lateness + skew, or than labels.label_before."
          },
          "over_limit": {"type": "integer", "description": "More labels or versions for one id than are kept."},
          "passed_over": {"type": "integer", "description": "Of another model in the topic, or not in the sample."},
          "delay_p50_seconds": {"type": ["number", "null"]}, "delay_p90_seconds": {"type": ["number", "null"]},
          "delay_p99_seconds": {"type": ["number", "null"]}
        },
        "required": [
          "matched", "early", "repeated", "corrected", "retracted", "orphaned", "expired", "implausible", "over_limit", "passed_over",
          "delay_p50_seconds", "delay_p90_seconds", "delay_p99_seconds"
        ]
      },
      "VerdictLine": {
        "type": "object",
        "properties": {
          "type": {"const": "verdict"}, "monitor": {"type": "string"}, "check": {"type": "string"},
          "window": {"type": "string"}, "end": {"type": "string", "format": "date-time"}, "slice": {"type": "string"},
          "subject": {"type": "string"}, "metric": {"type": "string"},
          "stage": {"$ref": "#/components/schemas/Stage"}, "value": {"type": ["number", "null"]},
          "in_sample": {
            "type": "boolean", "description": "Where the limit is relative to the baseline: whether to training rows."
          },
          "changed_at": {
            "type": ["string", "null"], "format": "date-time", "description": "Detectors: the last change in the window."
          },
          "experimental": {"type": "boolean", "description": "Detectors: one that never calls for a retrain."},
          "reference": {
            "type": ["string", "null"],
            "description": "What value or limit is measured from where that is not the baseline, as first 30d. Fairness: the slice that this one is beside."
          },
          "lower": {"type": ["number", "null"]}, "upper": {"type": ["number", "null"]},
          "against": {"anyOf": [{"$ref": "#/components/schemas/Against"}, {"type": "null"}]},
          "why": {"$ref": "#/components/schemas/Why"}, "why_numbers": {"$ref": "#/components/schemas/WhyNumbers"},
          "worst_slice": {
            "type": ["object", "null"],
            "description": "On slice all: where the metric is significantly worse than in the rest; null: alike in all slices.",
            "properties": {"slice": {"type": "string"}, "value": {"type": "number"}, "rows": {"type": "integer"}},
            "required": ["slice", "value", "rows"]
          },
          "tier": {"$ref": "#/components/schemas/Tier"}
        },
        "required": ["type", "monitor", "check", "window", "end", "slice", "metric", "stage", "tier"]
      },
      "IncidentLine": {
        "type": "object",
        "properties": {
          "type": {"const": "incident"}, "monitor": {"type": "string"}, "incident": {"type": "string"},
          "at": {"type": "string", "format": "date-time"}, "transition": {"type": "string"},
          "advice": {"type": "string", "description": "What to do where that is not to retrain."},
          "tier": {"$ref": "#/components/schemas/Tier"}, "checks": {"type": "array", "items": {"type": "string"}},
          "subjects": {"type": "array", "items": {"type": "string"}}
        },
        "required": ["type", "monitor", "incident", "at", "transition"]
      },
      "Estimated": {
        "type": "object", "description": "Expected from the baseline's labelled rows, before labels come.",
        "properties": {
          "rows": {"type": "integer"}, "in_sample": {"type": "boolean"}, "blind_to": {"const": "concept drift"},
          "metrics": {"$ref": "#/components/schemas/Metrics"}
        },
        "required": ["rows", "in_sample", "blind_to", "metrics"]
      },
      "Metrics": {"type": "object", "description": "By name; what is undefined is null.", "additionalProperties": true},
      "Incident": {
        "type": "object",
        "properties": {
          "incident": {"type": "string"}, "monitor": {"type": "string"},
          "group": {"$ref": "#/components/schemas/CauseGroup"},
          "state": {"enum": ["open", "acknowledged", "retraining", "verifying", "resolved"]},
          "tier": {"$ref": "#/components/schemas/Tier"}, "opened_at": {"type": "string", "format": "date-time"},
          "changed_at": {"type": "string", "format": "date-time"},
          "resolved_at": {"type": ["string", "null"], "format": "date-time"},
          "checks": {"type": "array", "items": {"type": "string"}},
          "subjects": {"type": "array", "items": {"type": "string"}},
          "slices": {"type": "array", "items": {"type": "string"}},
          "retrain": {
            "type": ["object", "null"], "description": "What has become of a retrain; null where none was due.",
            "properties": {
              "state": {"enum": ["held", "requested", "verifying", "failed"]},
              "retrain": {"type": "string"},
              "at": {"type": "string", "format": "date-time", "description": "Event time: the end that asked."},
              "held": {"type": "string", "description": "What holds it back, or did."},
              "since": {"type": "string", "format": "date-time", "description": "The end at which it was first held back."},
              "released": {
                "type": ["string", "null"], "format": "date-time", "description": "The end at which it was let go."
              }
            }
          },
          "twin": {
            "type": ["object", "null"], "description": "How it stands to the incident of the other stage.",
            "properties": {
              "early": {"type": "string", "description": "The early incident that was open when this one opened."},
              "final": {
                "enum": ["confirmed", "withdrawn"], "description": "What final verdicts said of this early incident."
              }
            }
          },
          "evidence": {"type": ["array", "null"]}
        },
        "required": [
          "incident", "monitor", "group", "state", "tier", "opened_at", "changed_at", "resolved_at", "checks",
          "subjects", "slices", "retrain", "twin", "evidence"
        ]
      },
      "CauseGroup": {"enum": ["data", "drift", "concept", "performance/early", "performance/final"]},
      "Delivery": {
        "type": "object",
        "properties": {
          "id": {"type": "string", "description": "Names it in paths."},
          "key": {"type": "string", "description": "The Idempotency-Key of its requests."},
          "incident": {"type": "string"},
          "message": {"type": "string", "description": "Which message of its incident it is, as 0-opened."},
          "receiver": {"type": "string"}, "sequence": {"type": "integer"},
          "state": {"enum": ["owed", "delivered", "dead"]}, "attempts": {"type": "integer"},
          "created_at": {"type": "string", "format": "date-time"},
          "first_attempt_at": {"type": ["string", "null"], "format": "date-time"},
          "next_attempt_at": {"type": ["string", "null"], "format": "date-time"},
          "last_error": {"type": ["string", "null"]}
        },
        "required": [
          "id", "key", "incident", "message", "receiver", "sequence", "state", "attempts", "created_at", "first_attempt_at", "next_attempt_at",
          "last_error"
        ]
      },
      "Retrain": {
        "type": "object",
        "properties": {
          "retrain": {"type": "string"}, "monitor": {"type": "string"}, "incident": {"type": "string"},
          "state": {"enum": ["requested", "succeeded", "failed", "approved", "rejected", "expired"]},
          "requested_at": {"type": "string", "format": "date-time", "description": "Event time: the end of the window that asked."},
          "requested_wall": {"type": "string", "format": "date-time"},
          "deadline": {"type": "string", "format": "date-time"},
          "completed_wall": {"type": ["string", "null"], "format": "date-time"},
          "answer": {"anyOf": [{"$ref": "#/components/schemas/RetrainAnswer"}, {"type": "null"}]}
        },
        "required": [
          "retrain", "monitor", "incident", "state", "requested_at", "requested_wall", "deadline", "completed_wall",
          "answer"
        ]
      },
      "RetrainAnswer": {
        "type": "object",
        "properties": {
          "status": {"enum": ["succeeded", "failed"]}, "model_version": {"type": "string", "maxLength": 1000},
          "metrics": {"type": "object", "additionalProperties": {"type": "number"}, "maxProperties": 100},
          "reason": {"type": "string", "maxLength": 1000}
        },
        "required": ["status"]
      },
      "Quarantined": {
        "type": "object",
        "properties": {
          "monitor": {"type": "string"}, "topic": {"type": "string"}, "partition": {"type": "integer"},
          "offset": {"type": "integer"}, "code": {"type": "string"}, "reason": {"type": "string"},
          "sample": {"type": "string", "description": "The first bytes of the payload; what is not UTF-8 is replaced."}
        },
        "required": ["monitor", "topic", "partition", "offset", "code", "reason", "sample"]
      }
    }
    """#
}
