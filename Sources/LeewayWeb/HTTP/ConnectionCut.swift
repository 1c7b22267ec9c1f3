/// Why the listener closed a connection that its client had not ended.
enum ConnectionCut: String, Sendable, CaseIterable {
  /// The first request's headers took too long.
  case slowHeaders = "slow_headers"
  /// A request's body took too long.
  case slowRequest = "slow_request"
  /// The client stopped reading its answer.
  case slowReader = "slow_reader"
  /// A new client took the place of the connection that had been idle longest.
  case displaced
  /// No place for the new client: every connection that it could displace is busy.
  case full
}
