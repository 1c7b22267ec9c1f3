extension OpenAPIDocument {
  /// Result lines.
  static let resultSchemas = #"""
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
      "Metrics": {"type": "object", "description": "By name; what is undefined is null.", "additionalProperties": true}
    """#
}
