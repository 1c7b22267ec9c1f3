import Hummingbird
import LeewayConfiguration
import LeewayCore
import NIOCore

/// What is known of a request beside its bytes.
struct ServiceContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The connection's other end; nil where there is no socket.
  let remoteAddress: SocketAddress?
  /// Whose token the request has; nil where it needs none.
  var holder: TokenHolder?

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    remoteAddress = source.channel.remoteAddress
  }

  /// The part of the path that a route names, as sent.
  func segment(_ name: String) -> String { parameters.get(name) ?? "" }
}

extension Request {
  /// The token of `Authorization: Bearer TOKEN`.
  var bearerToken: String? {
    guard let header = headers[.authorization] else { return nil }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return String(parts[1])
  }

  /// The parameters after the `?`, of which only `known` may occur.
  func query(_ known: String...) throws(Problem) -> QueryParameters {
    try QueryParameters(uri.query, known: known)
  }

  /// The body as a JSON object.
  ///
  /// - Parameter orNothing: an empty body is an object without members.
  func object(limit: Int, orNothing: Bool = false) async throws -> JSONReader {
    let body: ByteBuffer
    do {
      body = try await self.body.collect(upTo: limit)
    } catch is NIOTooManyBytesError {
      throw Problem(.bodyTooLarge, "The body is larger than \(limit) bytes.", fix: "Send less.")
    } catch {
      // What the client sends is no body: its chunks are broken, or it ended before.
      throw Problem(
        .badBody, "The body cannot be read to its end.", fix: "Send it whole, with its length or in good chunks.")
    }
    do {
      let root = JSONReader(
        try JSONValue(
          parsing: orNothing && body.readableBytes == 0 ? Array("{}".utf8) : Array(body.readableBytesView),
          maximumBytes: limit, maximumDepth: 16,
          refusingDuplicates: true))
      _ = try root.members()
      return root
    } catch {
      throw Problem(.badBody, "In the body, \(error).", fix: "Send one JSON object.")
    }
  }
}
