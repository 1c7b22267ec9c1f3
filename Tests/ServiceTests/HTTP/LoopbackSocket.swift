import Dispatch
import Glibc

/// A client that sends what it is told to, whether or not it is HTTP, and reads when it is told to.
final class LoopbackSocket: Sendable {
  struct Failed: Error { let what: String }

  private static let reading = DispatchQueue(label: "loopback reading")

  private let socket: Int32

  /// - Parameter from: an address of the loopback network to come from.
  init(port: Int, from origin: String? = nil) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard socket >= 0 else { throw Failed(what: "socket") }
    if let origin {
      var local = sockaddr_in()
      local.sin_family = sa_family_t(AF_INET)
      inet_pton(AF_INET, origin, &local.sin_addr)
      let bound = withUnsafePointer(to: &local) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      guard bound == 0 else { throw Failed(what: "bind: errno \(errno)") }
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw Failed(what: "connect: errno \(errno)") }
  }

  deinit { _ = Glibc.close(socket) }

  func write(_ bytes: [UInt8]) throws {
    guard send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
      throw Failed(what: "send: errno \(errno)")
    }
  }

  /// Says that nothing more is coming.
  func endWriting() { _ = shutdown(socket, Int32(SHUT_WR)) }

  /// What has come, up to 64 KiB; waits for the first byte.
  func readSome() -> [UInt8] {
    var part = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(socket, &part, part.count, 0)
    return Array(part.prefix(max(0, count)))
  }

  /// Connects on a thread that may wait: a crowd fills the queue in front of a server, which needs this one to empty it.
  static func connected(port: Int, from origin: String) async throws -> LoopbackSocket {
    try await withCheckedThrowingContinuation { continuation in
      connecting.async { continuation.resume(with: Result { try LoopbackSocket(port: port, from: origin) }) }
    }
  }

  private static let connecting = DispatchQueue(label: "loopback-connect")

  /// Everything until the other side closes, on a thread that may wait. One at a time, so that waiting does not use up
  /// the threads that servers in the same process need.
  func readToEnd() async -> [UInt8] {
    await withCheckedContinuation { continuation in
      Self.reading.async { [socket] in
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
          let count = recv(socket, &part, part.count, 0)
          guard count > 0 else { break }
          all += part.prefix(count)
        }
        continuation.resume(returning: all)
      }
    }
  }
}
