import Foundation
import LeewayCore
import LeewayDelivery
import Synchronization

/// Who is told: a small HTTP server on loopback that prints every request, one connection at a time, and that plays the
/// trainer: a few seconds after a call to retrain it answers on the callback's address.
final class DemoReceiver: Sendable {
  let port: Int
  private let socket: Int32
  private let stop = StopFlag()
  private let story: DemoStory
  private let secret: String
  /// Called on the receiver's thread with the body of a call to retrain.
  private let onRetrain: @Sendable (JSONReader) -> Void

  init(story: DemoStory, secret: String, onRetrain: @escaping @Sendable (JSONReader) -> Void) throws {
    self.story = story
    self.secret = secret
    self.onRetrain = onRetrain
    let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard descriptor >= 0, bound else {
      throw EnvironmentProblem("demo: no free port on loopback for the receiver: \(String(cString: strerror(errno)))")
    }
    socket = descriptor
    port = Int(UInt16(bigEndian: address.sin_port))
    let thread = Thread { [self] in serve() }
    thread.name = "demo-receiver"
    thread.start()
  }

  func close() {
    stop.raise()
    shutdown(socket, Int32(SHUT_RDWR))
    Glibc.close(socket)
  }

  private func serve() {
    while !stop.isRaised {
      let connection = accept(socket, nil, nil)
      guard connection >= 0 else { continue }
      var limit = timeval(tv_sec: 5, tv_usec: 0)
      setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
      if let request = Request(reading: connection) {
        show(request)
        let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".utf8)
        _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
      }
      Glibc.close(connection)
    }
  }

  private func show(_ request: Request) {
    let oneLine = String(decoding: request.body, as: UTF8.self).replacingOccurrences(of: "\n", with: " ")
    let root = (try? JSONValue(parsing: request.body)).map(JSONReader.init)
    let event = (try? root?.member("event").string()) ?? "message"
    let tier = (try? root?.member("tier").string()).map { " \($0.uppercased())" } ?? ""
    var signed = ""
    if let timestamp = request.headers["x-leeway-timestamp"], let given = request.headers["x-leeway-signature"] {
      let expected = WebhookSignature(of: request.body, secret: secret, now: (Int64(timestamp) ?? 0) * 1000)
      signed = expected.headers.contains { $0.value == given } ? " signature=good" : " signature=WRONG"
    }
    story.tell("\(request.path)\(tier) \(event) idempotency-key=\(request.headers["idempotency-key"] ?? "none")\(signed)")
    story.tell(oneLine)
    if event == "retrain.requested", let root { onRetrain(root) }
  }

  /// One request with a body of known length, at most 1 MiB.
  private struct Request {
    var path: String
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    init?(reading connection: Int32) {
      var bytes: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 16_384)
      func more() -> Bool {
        let count = recv(connection, &buffer, buffer.count, 0)
        guard count > 0, bytes.count < 1 << 20 else { return false }
        bytes.append(contentsOf: buffer[..<count])
        return true
      }
      let blank = Array("\r\n\r\n".utf8)
      var head: Int?
      while head == nil {
        guard more() else { return nil }
        head = bytes.indices.first { bytes[$0...].starts(with: blank) }
      }
      let lines = String(decoding: bytes[..<head!], as: UTF8.self).components(separatedBy: "\r\n")
      let words = lines[0].split(separator: " ")
      guard words.count == 3 else { return nil }
      path = String(words[1])
      for line in lines.dropFirst() {
        guard let colon = line.firstIndex(of: ":") else { continue }
        headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      }
      let start = head! + 4
      let length = Int(headers["content-length"] ?? "0") ?? 0
      while bytes.count - start < length { guard more() else { return nil } }
      body = Array(bytes[start..<min(bytes.count, start + max(0, length))])
    }
  }
}
