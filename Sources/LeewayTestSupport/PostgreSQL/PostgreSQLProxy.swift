import Foundation
import Glibc
import LeewayLocks

import struct Synchronization.Atomic

/// Stands between a client and a server on loopback, passes everything on, and cuts a connection at a message that a test
/// has chosen.
package final class PostgreSQLProxy: Sendable {
  package enum Cut: Sendable, Equatable {
    /// The client has sent it; the server never sees it.
    case beforeServerSees(String)
    /// The server has answered it; the client never hears that.
    case beforeClientHears(String)
  }

  private struct State {
    var cut: Cut?
    var cuts = 0
    /// Kept until the end, so that no number of theirs is given to somebody else while it is still in use here.
    var links: [Link] = []
    var isStopped = false
  }

  package let port: Int
  private let listener: Int32
  private let server: Int
  private let state = Mutex(State())

  package init(to server: Int) throws {
    self.server = server
    listener = try loopbackSocket()
    port = try boundPort(listener)
    guard listen(listener, 64) == 0 else { throw TemporaryPostgreSQL.Failure(description: "cannot listen") }
    let listener = self.listener
    Thread.detachNewThread { [weak self] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0 else {
          close(listener)
          return
        }
        guard let self else {
          close(client)
          close(listener)
          return
        }
        self.serve(client)
      }
    }
  }

  /// Cuts the next connection that sends the given simple query, once.
  package func arm(_ cut: Cut) { state.withLock { $0.cut = cut } }

  /// How many connections have been cut.
  package var cuts: Int { state.withLock { $0.cuts } }

  deinit { stop() }

  package func stop() {
    let links = state.withLock { state in
      defer { state.links = [] }
      // Its thread closes it: no other thread can get its number before that has noticed.
      if !state.isStopped { shutdown(listener, Int32(SHUT_RDWR)) }
      state.isStopped = true
      return state.links
    }
    for link in links { link.cut() }
  }

  private func serve(_ client: Int32) {
    let upstream = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = loopbackAddress(port: server)
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(upstream, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    let link = Link(client: client, server: upstream)
    guard connected == 0,
      state.withLock({ state in
        state.links.append(link)
        return !state.isStopped
      })
    else { return link.cut() }
    Thread.detachNewThread { [weak self] in self?.forward(link) }
    Thread.detachNewThread { Self.backward(link) }
  }

  /// Client to server, message by message.
  private func forward(_ link: Link) {
    defer { link.cut() }
    var held: [UInt8] = []
    var isFirst = true
    while let bytes = link.read(link.client) {
      held += bytes
      while true {
        // The first message has no type, nor has the question before it whether to encrypt, which has 8 bytes; then
        // one byte of type, and a length that counts itself.
        let head = isFirst ? 0 : 1
        guard held.count >= head + 4 else { break }
        let length = held[head..<head + 4].reduce(0) { $0 << 8 | Int($1) }
        guard length >= 4, held.count >= head + length else { break }
        let message = Array(held.prefix(head + length))
        held.removeFirst(head + length)
        let query =
          !isFirst && message[0] == UInt8(ascii: "Q")
          ? String(decoding: message[5...].dropLast(), as: UTF8.self) : nil
        isFirst = isFirst && length == 8
        switch query.flatMap(take) {
        case .beforeServerSees: return
        case .beforeClientHears: link.deafen()
        case nil: break
        }
        guard link.write(message, to: link.server) else { return }
      }
    }
  }

  private func take(_ query: String) -> Cut? {
    state.withLock { state in
      guard state.cut == .beforeServerSees(query) || state.cut == .beforeClientHears(query) else { return nil }
      defer { state.cut = nil }
      state.cuts += 1
      return state.cut
    }
  }

  /// Server to client, as it comes.
  private static func backward(_ link: Link) {
    defer { link.cut() }
    while let bytes = link.read(link.server) {
      // The first bytes after the message are its answer: it has been done.
      guard !link.isDeaf, link.write(bytes, to: link.client) else { return }
    }
  }

  /// The two ends of one connection; the last of its two threads closes them.
  private final class Link: Sendable {
    let client: Int32
    let server: Int32
    private let deaf = Atomic<Bool>(false)

    init(client: Int32, server: Int32) {
      self.client = client
      self.server = server
    }

    deinit {
      close(client)
      close(server)
    }

    var isDeaf: Bool { deaf.load(ordering: .acquiring) }
    func deafen() { deaf.store(true, ordering: .releasing) }

    func cut() {
      shutdown(client, Int32(SHUT_RDWR))
      shutdown(server, Int32(SHUT_RDWR))
    }

    func read(_ socket: Int32) -> [UInt8]? {
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      let count = recv(socket, &buffer, buffer.count, 0)
      return count > 0 ? Array(buffer.prefix(count)) : nil
    }

    func write(_ bytes: [UInt8], to socket: Int32) -> Bool {
      var sent = 0
      while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count > 0 else { return false }
        sent += count
      }
      return true
    }
  }
}
