import Glibc
import Hummingbird
import HummingbirdCore
import LeewayCore
package import Logging
import NIOCore
import ServiceLifecycle

/// Serves the API, the metrics and the pages until shutdown, then lets answers in progress end within a time limit.
package struct HTTPService: Service {
  private let view: ServiceView
  private let host: String
  private let port: Int
  private let tokens: @Sendable () -> AccessTokens?
  private let limits: HTTPLimits
  private let logger: Logger
  private let onRunning: @Sendable (_ port: Int) async -> Void

  /// - Parameters:
  ///   - host: Name or address to listen on.
  ///   - port: 0 lets the system choose.
  ///   - tokens: Of `http.tokens_file`, asked for at every request. Without them reading is for this machine alone.
  ///   - onRunning: Called once with the port.
  package init(
    view: ServiceView, host: String, port: Int, tokens: @escaping @Sendable () -> AccessTokens?,
    limits: HTTPLimits = HTTPLimits(),
    logger: Logger, onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) {
    self.view = view
    self.host = host
    self.port = port
    self.tokens = tokens
    self.limits = limits
    self.logger = logger
    self.onRunning = onRunning
  }

  /// - Throws: `EnvironmentProblem` if the address cannot be listened on.
  package func run() async throws {
    let application = application()
    let patience = limits.shutdownTime
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do { try await application.run() } catch let error as IOError {
          throw EnvironmentProblem("http.listen \(host):\(port): \(Self.problem(error))")
        } catch is SocketAddressError.UnknownHost {
          throw EnvironmentProblem("http.listen \(host):\(port): no address is known for this host; check its name")
        }
      }
      group.addTask {
        try await gracefulShutdown()
        try await Task.sleep(for: patience)
      }
      // Either the server has ended, or it has had its time.
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private static func problem(_ error: IOError) -> String {
    switch error.errnoCode {
    case EADDRINUSE: "another process listens there; stop it or choose another port"
    case EACCES: "this user may not listen there; choose a port above 1023"
    case EADDRNOTAVAIL: "this machine has no such address; listen on one of its own"
    default: "cannot be listened on: \(String(cString: strerror(error.errnoCode)))"
    }
  }

  /// The server as Hummingbird runs it.
  func application() -> some ApplicationProtocol {
    let limits = limits
    let onRunning = onRunning
    // A connection that is cut off at shutdown is an error to the server and none to an operator.
    var quiet = logger
    quiet.logLevel = .critical
    let channel = HTTP1Channel.Configuration(
      additionalChannelHandlers: [
        SlowPeerLimit(requestTime: .init(limits.requestTime), stalledWriteTime: .init(limits.stalledWriteTime))
      ],
      idleTimeout: .init(limits.idleTime),
      httpDecoderConfiguration: .init(
        maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
        maxHeaderFieldCount: limits.headerFields))
    return Application(
      router: router(),
      server: .http1(configuration: channel),
      configuration: ApplicationConfiguration(
        address: .hostname(host, port: port),
        availableConnectionsDelegate: MaximumAvailableConnections(limits.connections, logger: quiet)),
      onServerRunning: { await onRunning($0.localAddress?.port ?? 0) },
      logger: quiet)
  }

  func router() -> Router<ServiceContext> {
    let router = Router(context: ServiceContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: RequestGate(limits: limits, metrics: view.metrics))
    router.add(Self.endpoints(view: view, limits: limits), policy: AccessPolicy(tokens: tokens))
    return router
  }

  /// Everything there is, in the order of `openapi.json`.
  static func endpoints(view: ServiceView, limits: HTTPLimits) -> [Endpoint] {
    let threads = LedgerThreads()
    return HealthEndpoints(view: view).all
      + MonitorEndpoints(view: view, threads: threads).all
      + ResultEndpoints(view: view, threads: threads, limits: limits).all
      + DecisionEndpoints(view: view, threads: threads).all
      + DeliveryEndpoints(view: view, threads: threads).all
      + RetrainCallback(view: view, threads: threads, limits: limits).all
      + InstanceEndpoint(view: view, threads: threads).all
      + ReloadEndpoint(view: view).all
      + PageEndpoints().all
  }
}
