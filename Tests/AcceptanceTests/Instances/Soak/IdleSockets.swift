import Glibc

/// Connections to a port of loopback that say nothing, or the half of a request, until they are closed.
final class IdleSockets {
  private var sockets: [Int32] = []

  init(port: UInt16, count: Int) {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let half = Array("GET /api/v1/results HTTP/1.1\r\nHost: loc".utf8)
    for i in 0..<count {
      // Nobody waits for one who is stopped to take it.
      let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
      let socket = socket(AF_INET, kind, 0)
      guard socket >= 0 else { return }
      sockets.append(socket)
      withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          _ = connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      if i % 2 == 1 { send(socket, half, half.count, Int32(MSG_NOSIGNAL)) }
    }
  }

  deinit { for socket in sockets { close(socket) } }
}
