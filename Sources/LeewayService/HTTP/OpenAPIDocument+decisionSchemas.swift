extension OpenAPIDocument {
  /// Incidents, deliveries, retrains, and what was put aside.
  static let decisionSchemas = #"""
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
              "state": {"enum": ["held", "requested", "verifying", "succeeded", "failed"]},
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
    """#
}
