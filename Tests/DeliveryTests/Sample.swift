/// Notifications as the outbox stores them.
enum Sample {
  static let retrain = #"""
    {"version":1,"event":"retrain.requested","incident":"fraud-9f2c","monitor":"fraud","tier":"critical","opened_at":"2026-01-01T00:00:00.000Z","model_version":"v2","reason":"drift","evidence":[{"check":"input-drift","subject":"amount","metric":"psi","value":0.31,"threshold":0.3,"q_value":3e-12,"window":"7d","end":"2026-01-01T00:00:00.000Z","rows":50321}],"window":{"start":"2025-12-25T00:00:00.000Z","end":"2026-01-01T00:00:00.000Z"},"baseline":"sha256:abcd","retrain":"rt-7f3a","callback_url":"https://leeway.example.com/api/v1/retrains/rt-7f3a/result","callback_token":"t-secret","deadline":"2026-01-01T06:00:00.000Z"}
    """#

  static let opened = #"""
    {"version":1,"event":"incident.opened","incident":"fraud-9f2c","monitor":"fraud","tier":"warning","at":"2026-01-01T00:00:00.000Z","opened_at":"2026-01-01T00:00:00.000Z","model_version":null,"reason":"drift","evidence":[{"check":"input-drift","subject":"amount","metric":"psi","value":0.31234567,"threshold":0.3,"q_value":3e-12,"window":"7d","end":"2026-01-01T00:00:00.000Z","rows":50321},{"check":"traffic","slice":"channel=web","subject":"traffic","metric":"rows","value":1234567,"threshold":2000000.4,"q_value":null,"window":"1h","end":"2026-01-01T00:00:00.000Z","rows":1234567}],"window":{"start":"2025-12-25T00:00:00.000Z","end":"2026-01-01T00:00:00.000Z"},"baseline":"sha256:abcd","url":"https://leeway.example.com/incidents/fraud-9f2c?a=1&b=2"}
    """#
}
