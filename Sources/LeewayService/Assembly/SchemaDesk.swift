import LeewayConfiguration
import LeewayCore
import LeewayDelivery
import LeewayLocks
import LeewayWeb
import Logging
import ServiceLifecycle

/// Asks the schema registry on a thread of its own, so that the intake goes on polling while the registry is away.
final class SchemaDesk: Service {
  private struct State {
    var questions: [SchemaID] = []
    var answers: [(id: SchemaID, answer: SchemaAnswer)] = []
  }

  let registry: ServiceConfiguration.SchemaRegistry
  private let metrics: ServiceMetrics
  private let logger: Logger
  private let state = Mutex(State())
  private let abort = AbortFlag()

  init(_ registry: ServiceConfiguration.SchemaRegistry, metrics: ServiceMetrics, logger: Logger) {
    self.registry = registry
    self.metrics = metrics
    self.logger = logger
  }

  /// Each question gets one answer.
  func ask(_ ids: [SchemaID]) { state.withLock { $0.questions += ids } }

  func takeAnswers() -> [(id: SchemaID, answer: SchemaAnswer)] {
    state.withLock { state in
      defer { state.answers = [] }
      return state.answers
    }
  }

  func run() async throws {
    try await withGracefulShutdownHandler {
      try await withDedicatedThread("leeway-registry") { [self] stop in
        let client: SchemaRegistryClient
        do throws(HTTPFailure) {
          client = try SchemaRegistryClient(registry.server, version: ServiceVersion.text, abort: abort)
        } catch { throw EnvironmentProblem("the schema registry cannot be asked: \(error.text)") }
        while !stop.isRaised {
          guard let id = state.withLock({ $0.questions.isEmpty ? nil : $0.questions.removeFirst() }) else {
            WallClock.pause(milliseconds: 50, unless: stop)
            continue
          }
          let answer = client.schema(id)
          metrics.count(schemaRequest: answer.outcome)
          if answer.outcome == "found" { logger.info("the schema registry has schema \(id)") }
          state.withLock { $0.answers.append((id, answer)) }
        }
      }
    } onGracefulShutdown: { [abort] in
      abort.raise()
    }
  }
}
