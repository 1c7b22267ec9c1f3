import Glibc
import Hummingbird
import HummingbirdCore
package import LeewayConfiguration
import LeewayCore
package import Logging
import NIOCore
import ServiceLifecycle

/// Serves the API, the metrics and the pages until shutdown, then lets answers in progress end within a time limit.
package struct HTTPService: Service {
  private let view: ServiceView
  private let host: String
  private let port: Int
  private let probes: Address?
  private let tls: (@Sendable () -> TLSIdentity?)?
  private let policy: AccessPolicy
  private let limits: HTTPLimits
  private let logger: Logger
  private let onRunning: @Sendable (_ port: Int) async -> Void
  private let onProbesRunning: @Sendable (_ port: Int) async -> Void

  /// Where to listen; port 0 lets the system choose.
  package struct Address: Sendable, Equatable {
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
      self.host = host
      self.port = port
    }
  }

  /// - Parameters:
  ///   - host: Name or address to listen on.
  ///   - port: 0 lets the system choose.
  ///   - tokens: Those of `http.tokens_file`, asked for at every request.
  ///   - isOpen: Whether this machine may read without a token, asked for at every request; see ``AccessPolicy``.
  ///   - probes: For the listener that serves health and metrics and nothing else, to everybody who reaches it; it has its
  ///     own connections, so that no crowd at the other one keeps probes out.
  ///   - tls: What `host` and `port` show, asked for at every connection; nil: they speak HTTP in the clear, as probes do.
  ///   - onRunning: Called once with the port.
  package init(
    view: ServiceView, host: String, port: Int, tokens: @escaping @Sendable () -> AccessTokens?,
    isOpen: @escaping @Sendable () -> Bool = { false },
    limits: HTTPLimits = HTTPLimits(), probes: Address? = nil, tls: (@Sendable () -> TLSIdentity?)? = nil,
    logger: Logger, onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in },
    onProbesRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) {
    self.view = view
    self.host = host
    self.port = port
    self.probes = probes
    self.tls = tls
    policy = AccessPolicy(tokens: tokens, isOpen: isOpen)
    self.limits = limits
    self.logger = logger
    self.onRunning = onRunning
    self.onProbesRunning = onProbesRunning
  }

  /// - Throws: `EnvironmentProblem` if the address cannot be listened on.
  package func run() async throws {
    let application = application()
    let patience = limits.shutdownTime
    try await withThrowingTaskGroup(of: Void.self) { group in
      let main = Address(host: host, port: port)
      let probing = probes.map { (application: probeApplication(at: $0), address: $0) }
      group.addTask {
        // Both, so that the end of one cuts off no answer of the other.
        try await withThrowingDiscardingTaskGroup { servers in
          servers.addTask { try await Self.run(application, "http.listen", main) }
          if let (application, address) = probing {
            servers.addTask { try await Self.run(application, "http.probes", address) }
          }
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

  private static func run(_ application: some ApplicationProtocol, _ key: String, _ address: Address) async throws {
    do { try await application.run() } catch let error as IOError {
      throw EnvironmentProblem("\(key) \(address.host):\(address.port): \(problem(error))")
    } catch is SocketAddressError.UnknownHost {
      throw EnvironmentProblem(
        "\(key) \(address.host):\(address.port): no address is known for this host; check its name")
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
    application(router(), at: Address(host: host, port: port), connections: limits.connections, tls: tls, onRunning)
  }

  private func probeApplication(at address: Address) -> some ApplicationProtocol {
    let router = Router(context: ServiceContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: RequestGate(limits: limits, metrics: view.metrics))
    // Whoever configures this listener says by its address who reaches it.
    let endpoints = HealthEndpoints(view: view).all.map { endpoint in
      var endpoint = endpoint
      endpoint.access = .everybody
      return endpoint
    }
    router.add(endpoints, policy: policy)
    return application(router, at: address, connections: Self.probeConnections, tls: nil, onProbesRunning)
  }

  private static let probeConnections = 32

  private func application(
    _ router: Router<ServiceContext>, at address: Address, connections: Int, tls: (@Sendable () -> TLSIdentity?)?,
    _ onRunning: @escaping @Sendable (_ port: Int) async -> Void
  ) -> some ApplicationProtocol {
    let limits = limits
    // A connection that is cut off at shutdown is an error to the server and none to an operator.
    var quiet = logger
    quiet.logLevel = .critical
    let metrics = view.metrics
    let register = ConnectionRegister(
      connections: connections, ofPeer: min(limits.connectionsOfPeer, connections), onCut: { metrics.count(cut: $0) })
    let channel = HTTP1Channel.Configuration(
      additionalChannelHandlers: [
        SlowPeerLimit(
          headTime: .init(limits.headTime), requestTime: .init(limits.requestTime),
          stalledWriteTime: .init(limits.stalledWriteTime), register: register)
      ],
      idleTimeout: .init(limits.idleTime),
      httpDecoderConfiguration: .init(
        maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
        maxHeaderFieldCount: limits.headerFields))
    return Application(
      router: router,
      server: HTTPServerBuilder { responder in
        ListenerChannel(http: HTTP1Channel(responder: responder, configuration: channel), tls: tls)
      },
      configuration: ApplicationConfiguration(address: .hostname(address.host, port: address.port)),
      onServerRunning: { await onRunning($0.localAddress?.port ?? 0) },
      logger: quiet)
  }

  func router() -> Router<ServiceContext> {
    let router = Router(context: ServiceContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: RequestGate(limits: limits, metrics: view.metrics))
    router.add(Self.endpoints(view: view, limits: limits), policy: policy)
    return router
  }

  /// Everything there is, in the order of `openapi.json`.
  static func endpoints(view: ServiceView, limits: HTTPLimits) -> [Endpoint] {
    let threads = LedgerThreads()
    let standings = MonitorStandings(ledger: view.ledger)
    return HealthEndpoints(view: view).all
      + FleetEndpoint(view: view, threads: threads, standings: standings).all
      + MonitorEndpoints(view: view, threads: threads, standings: standings).all
      + ResultEndpoints(view: view, threads: threads, limits: limits).all
      + DecisionEndpoints(view: view, threads: threads).all
      + RetrainEndpoints(view: view, threads: threads, limits: limits).all
      + PersonEndpoints(view: view, threads: threads, limits: limits).all
      + DeliveryEndpoints(view: view, threads: threads).all
      + SilenceEndpoints(view: view, threads: threads, limits: limits).all
      + RetrainCallback(view: view, threads: threads, limits: limits).all
      + TokenEndpoint().all
      + InstanceEndpoint(view: view, threads: threads).all
      + ReloadEndpoint(view: view, threads: threads).all
      + PageEndpoints().all
  }
}
