internal import Glibc

/// How long something may take that has to happen: far longer than on a machine with much else to do. Only a test that fails waits so
/// long.
package let patience = Duration.seconds(600)

/// Asks until the answer is there or the time is up: bounded waiting on a condition, not on a duration. Holds its thread.
///
/// - Parameters:
///   - limit: how long to ask.
///   - pause: between two questions; `.zero` where the question itself waits.
/// - Returns: nil where the time is up.
package func eventually<T>(
  within limit: Duration = patience, every pause: Duration = .milliseconds(100), _ body: () throws -> T?
) throws -> T? {
  let end = ContinuousClock.now + limit
  while true {
    if let value = try body() { return value }
    guard ContinuousClock.now < end else { return nil }
    if pause > .zero { usleep(UInt32(pause / .microseconds(1))) }
  }
}

/// As ``eventually(within:every:_:)``; meanwhile its thread is free for others.
package func awaited<T>(
  within limit: Duration = patience, every pause: Duration = .milliseconds(100),
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> T?
) async throws -> T? {
  let end = ContinuousClock.now + limit
  while true {
    if let value = try await body() { return value }
    guard ContinuousClock.now < end else { return nil }
    try await Task.sleep(for: pause)
  }
}
