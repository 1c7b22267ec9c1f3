import Glibc

/// One connection of a `LoopbackReceiver`, used by the one thread that serves it.
struct LoopbackConnection {
  let socket: Int32

  /// Bodies over this end the connection: a test that sends more has gone wrong.
  private static let longestRequest = 16 << 20

  /// Nil when the other side is done or does not speak HTTP/1.1.
  func readRequest() -> LoopbackReceiver.Request? {
    let end = Array("\r\n\r\n".utf8)
    var bytes: [UInt8] = []
    // A byte at a time up to the end of the headers, so that nothing of the body or the next request is taken.
    while !bytes.suffix(4).elementsEqual(end) {
      guard bytes.count < 65_536, let byte = read(1)?.first else { return nil }
      // Every method begins with a letter; TLS does not, and would be waited for in vain.
      guard !bytes.isEmpty || (0x41...0x5A).contains(byte) else { return nil }
      bytes.append(byte)
    }
    // Split as bytes: in a String, "\r\n" is one character.
    let lines = bytes.dropLast(4).split(separator: UInt8(ascii: "\n")).map { line in
      String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
    }
    let words = lines.first?.split(separator: " ").map(String.init) ?? []
    guard words.count == 3 else { return nil }
    let headers = lines.dropFirst().map { line in
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      return (name: String(line[..<colon]), value: String(line[colon...].drop { $0 == ":" || $0 == " " }))
    }
    var request = LoopbackReceiver.Request(method: words[0], path: words[1], headers: headers, body: [])
    let length = request.header("Content-Length").flatMap { Int($0) } ?? 0
    guard (0...Self.longestRequest).contains(length), let body = read(length) else { return nil }
    request.body = body
    return request
  }

  /// Returns whether the connection can carry another request.
  func perform(_ behaviour: LoopbackReceiver.Behaviour) -> Bool {
    switch behaviour {
    case .answer(let status, let headers, let body):
      var head = "HTTP/1.1 \(status) Scripted\r\nContent-Length: \(body.utf8.count)\r\n"
      for (name, value) in headers.sorted(by: { $0.key < $1.key }) { head += "\(name): \(value)\r\n" }
      return send(head + "\r\n" + body)
    case .redirect(let target):
      return send("HTTP/1.1 302 Scripted\r\nLocation: \(target)\r\nContent-Length: 0\r\n\r\n")
    case .hang:
      waitUntilHungUp()
    case .drip:
      guard send("HTTP/1.1 200 Scripted\r\nContent-Length: 1000000\r\n\r\n") else { return false }
      while !isHungUp(within: 1_000) { guard send(".") else { return false } }
    case .reset:
      // Closing with a linger time of zero sends a reset instead of an orderly end.
      var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
      setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    case .breakOff:
      _ = send("HTTP/1.1 200 Scripted\r\nContent-Length: 100\r\n\r\nhalf")
    case .endless(let contentLength):
      let length = contentLength.map { "Content-Length: \($0)\r\n" } ?? ""
      guard send("HTTP/1.1 200 Scripted\r\n\(length)\r\n") else { return false }
      let piece = String(repeating: "x", count: 16_384)
      var left = contentLength ?? Int64.max
      while left >= Int64(piece.utf8.count) {
        guard send(piece) else { return false }
        left -= Int64(piece.utf8.count)
      }
      _ = send(String(piece.prefix(Int(left))))
    case .raw(let bytes):
      _ = send(bytes)
    }
    return false
  }

  private func read(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = bytes.withUnsafeMutableBytes { recv(socket, $0.baseAddress.map { $0 + filled }, count - filled, 0) }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { return nil }
      filled += got
    }
    return bytes
  }

  private func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  private func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  private func waitUntilHungUp() { while !isHungUp(within: -1) {} }

  /// Waits for the end of the connection for so many milliseconds, without an end where negative.
  private func isHungUp(within milliseconds: Int32) -> Bool {
    var state = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    guard poll(&state, 1, milliseconds) > 0 else { return false }
    var byte: UInt8 = 0
    return recv(socket, &byte, 1, 0) <= 0
  }
}
