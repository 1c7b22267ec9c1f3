import HTTPTypes
import Hummingbird
import LeewayConfiguration

/// One method on one path: who may, and what is answered.
struct Endpoint: Sendable {
  /// Who may ask.
  enum Access: Sendable {
    /// Everybody: probes, and the pages, which hold nothing of the service's own.
    case everybody
    /// Any token; none on this machine where reading is open.
    case reading
    /// A token that has this role, from wherever the request comes.
    case changing(Role)
    /// The endpoint looks at the token itself.
    case callback
  }

  var method: HTTPRequest.Method = .get
  /// As OpenAPI writes it, parameters in braces.
  var path: String
  var access: Access
  var respond: @Sendable (Request, ServiceContext) async throws -> Response
}

/// Lets a request pass, or says which token it needs.
struct AccessPolicy: Sendable {
  /// nil where no `tokens_file` is set: then nothing may be changed.
  var tokens: @Sendable () -> AccessTokens?
  /// Whether those on this machine may read without a token: only where nothing in the configuration says that others
  /// reach the service. An address cannot say that: behind a proxy or a forwarder everybody comes from this machine.
  var isOpen: @Sendable () -> Bool = { false }

  /// - Returns: whose token it was; nil where none was needed and none was sent.
  func admit(
    _ request: Request, _ context: ServiceContext, to access: Endpoint.Access
  ) throws(Problem) -> TokenHolder? {
    switch access {
    case .everybody, .callback: return nil
    case .changing(let role): return try admit(request, as: role)
    case .reading: break
    }
    let tokens = tokens()
    // Where there are no tokens none can be wrong: a client that sends one to every service reads here as without it.
    if let tokens, let token = request.bearerToken {
      if let holder = tokens.holder(of: token) { return holder }
      // A token that is wrong is an error even where none is needed: a client with a stale one should hear of it.
      throw Self.unauthorized("The bearer token is not one of http.tokens_file.")
    }
    guard isOpen(), tokens == nil else {
      throw Self.unauthorized(
        tokens == nil
          ? "Reading needs a token where http.listen or http.public_url lets others in, and http.tokens_file is not set."
          : "Reading needs a token.")
    }
    let origin = RequestOrigin(
      remote: context.remoteAddress, authority: request.head.authority,
      // A target with a host of its own is what a proxy is asked for.
      isForwarded: request.headers[.forwarded] != nil || request.headers[.xForwardedFor] != nil
        || request.head.path?.hasPrefix("/") == false)
    guard origin.isLoopback else {
      throw Self.unauthorized("Reading from another machine needs a token, and http.tokens_file is not set.")
    }
    return nil
  }

  private func admit(_ request: Request, as needed: Role) throws(Problem) -> TokenHolder {
    let fix =
      "Send Authorization: Bearer TOKEN with a token of the \(needed.rawValue) role from http.tokens_file."
    let ask: HTTPFields = [.wwwAuthenticate: "Bearer realm=\"leeway\""]
    guard let tokens = tokens() else {
      throw Problem(
        .unauthorized, "A change needs a token, and http.tokens_file is not set.",
        fix: "Set http.tokens_file, and make a line of it with leeway token new NAME \(needed.rawValue).", headers: ask)
    }
    guard let token = request.bearerToken else {
      throw Problem(.unauthorized, "A change needs a token.", fix: fix, headers: ask)
    }
    guard let holder = tokens.holder(of: token) else {
      throw Problem(.unauthorized, "The bearer token is not one of http.tokens_file.", fix: fix, headers: ask)
    }
    guard holder.may(needed) else {
      let roles = holder.roles.map(\.rawValue).sorted().joined(separator: " and ")
      func named(_ role: String) -> String { (role.first.map("aeiou".contains) == true ? "an " : "a ") + role }
      throw Problem(
        .forbidden, "The token is \(named(roles))'s, and this is for \(named(needed.rawValue)).", fix: fix)
    }
    return holder
  }

  static func unauthorized(_ detail: String) -> Problem {
    Problem(
      .unauthorized, detail, fix: "Send Authorization: Bearer TOKEN with a token from http.tokens_file.",
      headers: [.wwwAuthenticate: "Bearer realm=\"leeway\""])
  }
}

extension Router where Context == ServiceContext {
  /// Adds the endpoints, and to every path an answer for the methods it lacks.
  func add(_ endpoints: [Endpoint], policy: AccessPolicy) {
    for endpoint in endpoints {
      on(RouterPath(endpoint.path), method: endpoint.method) { request, context in
        var context = context
        context.holder = try policy.admit(request, context, to: endpoint.access)
        return try await endpoint.respond(request, context)
      }
    }
    let methods = Dictionary(grouping: endpoints, by: \.path).mapValues { $0.map(\.method) }
    for (path, known) in methods {
      let allowed = (known + (known.contains(.get) ? [.head] : [])).map(\.rawValue).sorted().joined(separator: ", ")
      for method in [HTTPRequest.Method.get, .head, .post, .put, .patch, .delete, .options] {
        guard !known.contains(method), !(method == .head && known.contains(.get)) else { continue }
        on(RouterPath(path), method: method) { _, _ -> Response in
          throw Problem(
            .methodNotAllowed, "\(method.rawValue) is not for this path.", fix: "Use \(allowed).",
            headers: [.allow: allowed])
        }
      }
    }
  }
}
