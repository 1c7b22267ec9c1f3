import Foundation
import LeewayConfiguration

/// A TCP port of 127.0.0.1 that is kept for a server until it listens: bound, never listening, so that a server that
/// reuses addresses may bind it too and no other program is given it by chance.
///
/// Sendable: the descriptor never changes and is closed once, when the last reference goes.
final class PortReservation: Sendable {
  let port: Int
  private let descriptor: Int32

  /// - Parameter wanted: 0 lets the system choose.
  /// - Throws: `EnvironmentProblem` if somebody listens there or it may not be used.
  init(_ wanted: Int) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else {
      throw EnvironmentProblem("no socket on 127.0.0.1: \(String(cString: strerror(errno)))")
    }
    var reuse: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(truncatingIfNeeded: wanted).bigEndian
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, size) == 0 && getsockname(descriptor, address, &size) == 0 ? 0 : errno
      }
    }
    guard code == 0 else {
      close(descriptor)
      guard code == EADDRINUSE else {
        throw EnvironmentProblem(
          "port \(wanted) of 127.0.0.1 cannot be used: \(String(cString: strerror(code))); choose another with --port N, or --port 0 for any"
        )
      }
      throw EnvironmentProblem(
        "port \(wanted) of 127.0.0.1 is taken; choose another with --port N, or --port 0 for any that is free")
    }
    self.descriptor = descriptor
    port = Int(UInt16(bigEndian: address.sin_port))
  }

  deinit { close(descriptor) }
}
