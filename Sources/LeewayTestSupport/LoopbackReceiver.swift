import Foundation
import Glibc

/// A real HTTP server on 127.0.0.1 for tests: it records every request and behaves as told, well or badly.
///
/// One thread accepts and one serves each connection, so a hanging request delays no other. Stops when released.
public final class LoopbackReceiver: Sendable {
  /// A request as it arrived.
  public struct Request: Sendable, Equatable {
    public var method: String
    /// With the query.
    public var path: String
    /// In the order of arrival, names as sent.
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]

    /// The first header of this name, in whatever case.
    public func header(_ name: String) -> String? {
      headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    public var text: String { String(decoding: body, as: UTF8.self) }

    public static func == (left: Request, right: Request) -> Bool {
      left.method == right.method && left.path == right.path && left.body == right.body
        && left.headers.elementsEqual(right.headers, by: ==)
    }
  }

  /// What is done with one request.
  public enum Behaviour: Sendable {
    case answer(status: Int, headers: [String: String] = [:], body: String = "")
    /// Keep the connection and say nothing, until the other side or the test gives up.
    case hang
    /// Headers of a good answer, then one byte of the body a second.
    case drip
    /// End the connection with a TCP reset.
    case reset
    /// End the connection in the middle of the answer.
    case breakOff
    /// 302 to this URL or path.
    case redirect(to: String)
    /// A good status and a body of `contentLength` bytes (nil: without an end), sent until the other side hangs up.
    case endless(contentLength: Int64? = nil)
    /// These very bytes, then the end of the connection.
    case raw([UInt8])
  }

  private let state: State

  /// Answers each request as `behaviour` says; the number is 0 for the first request of all.
  /// - Throws: `POSIXError` where no port on loopback can be had.
  public init(behaviour: @escaping @Sendable (Request, Int) -> Behaviour) throws {
    state = try State(behaviour: behaviour)
    let state = state
    Thread.detachNewThread { state.acceptConnections() }
  }

  /// Goes through the script, one entry a request, then keeps to `otherwise`.
  public convenience init(
    script: [Behaviour] = [], otherwise: Behaviour = .answer(status: 200)
  ) throws {
    try self.init { _, number in script.indices.contains(number) ? script[number] : otherwise }
  }

  deinit { stop() }

  public var port: UInt16 { state.port }

  /// `http://127.0.0.1:PORT` and the path.
  public func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

  /// All requests that arrived whole, in the order of arrival.
  public var requests: [Request] { state.requests }

  /// The requests, as soon as there are `count` of them or `seconds` have passed: count what it returns.
  public func requests(atLeast count: Int, within seconds: Double = 300) async -> [Request] {
    let state = state
    return await withCheckedContinuation { continuation in
      // A thread of its own, because waiting would hold one of the few that run tests.
      Thread.detachNewThread { continuation.resume(returning: state.waitForRequests(count, seconds: seconds)) }
    }
  }

  /// Ends every connection and frees the port; returns when all threads have ended. May be called again.
  public func stop() { state.stop() }
}

// MARK: - Sockets and threads

extension LoopbackReceiver {
  /// Shared by the accepting thread, the connections' threads and the test.
  /// `@unchecked Sendable`: `condition` guards every `var`; the listening socket is written once, in `init`.
  fileprivate final class State: @unchecked Sendable {
    let port: UInt16
    private let listener: Int32
    private let behaviour: @Sendable (Request, Int) -> Behaviour
    private let condition = NSCondition()
    private var received: [Request] = []
    private var open: Set<Int32> = []
    private var threads = 1
    private var stopping = false

    init(behaviour: @escaping @Sendable (Request, Int) -> Behaviour) throws {
      self.behaviour = behaviour
      listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      guard listener >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let listener = listener
      let listens = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
          bind(listener, address, length) == 0 && listen(listener, 128) == 0
            && getsockname(listener, address, &length) == 0
        }
      }
      guard listens else {
        let code = errno
        close(listener)
        throw POSIXError(.init(rawValue: code) ?? .EIO)
      }
      port = UInt16(bigEndian: address.sin_port)
    }

    var requests: [Request] { condition.withLock { received } }

    func waitForRequests(_ count: Int, seconds: Double) -> [Request] {
      let deadline = Date(timeIntervalSinceNow: seconds)
      return condition.withLock {
        while received.count < count, !stopping, condition.wait(until: deadline) {}
        return received
      }
    }

    func acceptConnections() {
      while true {
        let socket = accept(listener, nil, nil)
        guard socket >= 0 else {
          if errno == EINTR || errno == ECONNABORTED { continue }
          break
        }
        let isWelcome = condition.withLock {
          if stopping { return false }
          open.insert(socket)
          threads += 1
          return true
        }
        guard isWelcome else {
          close(socket)
          break
        }
        Thread.detachNewThread { self.serve(socket) }
      }
      close(listener)
      threadEnded()
    }

    private func serve(_ socket: Int32) {
      let connection = LoopbackConnection(socket: socket)
      while let request = connection.readRequest() {
        let number = condition.withLock {
          received.append(request)
          condition.broadcast()
          return received.count - 1
        }
        guard connection.perform(behaviour(request, number)) else { break }
      }
      // Out of the set before it is closed: `stop` must not shut a socket down whose number serves somebody else.
      condition.withLock { _ = open.remove(socket) }
      close(socket)
      threadEnded()
    }

    private func threadEnded() {
      condition.withLock {
        threads -= 1
        condition.broadcast()
      }
    }

    func stop() {
      condition.withLock {
        if !stopping {
          stopping = true
          // Wakes every thread that waits for bytes or connections; each closes its own socket.
          shutdown(listener, Int32(SHUT_RDWR))
          for socket in open { shutdown(socket, Int32(SHUT_RDWR)) }
        }
        condition.broadcast()
        while threads > 0 { condition.wait() }
      }
    }
  }
}
