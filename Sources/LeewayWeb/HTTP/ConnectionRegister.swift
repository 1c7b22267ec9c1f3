import LeewayLocks
import NIOCore

/// The connections of a listener, so that those who hold them without asking for anything keep no other client out.
///
/// There are at most ``HTTPLimits/connections`` of them, and ``HTTPLimits/connectionsOfPeer`` from one address. Who comes
/// when there are so many takes the place of the connection that has been idle longest; where none is idle, the new one is
/// closed.
final class ConnectionRegister: Sendable {
  private struct Entry {
    var peer: String?
    /// Grows with every change: the idle connection with the smallest has been idle longest.
    var turn: UInt64
    var isBusy = false
    var close: @Sendable () -> Void
  }

  private struct State {
    var entries: [ObjectIdentifier: Entry] = [:]
    var turn: UInt64 = 0
  }

  private let most: Int
  private let mostOfPeer: Int
  private let state = Mutex(State())
  private let onCut: @Sendable (ConnectionCut) -> Void

  /// - Parameter onCut: counts a connection that was closed; called from whatever thread, must not wait.
  init(connections: Int, ofPeer: Int, onCut: @escaping @Sendable (ConnectionCut) -> Void = { _ in }) {
    most = max(1, connections)
    mostOfPeer = max(1, ofPeer)
    self.onCut = onCut
  }

  var count: Int { state.withLock { $0.entries.count } }

  /// - Parameters:
  ///   - peer: the address, without its port; nil is no address, and has no limit of its own.
  ///   - close: closes the connection, from whatever thread; must not wait.
  /// - Returns: whether it may stay.
  func add(_ id: ObjectIdentifier, peer: String?, close: @escaping @Sendable () -> Void) -> Bool {
    let (mayStay, victim) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
      let ofPeer = peer.map { peer in state.entries.count { $0.value.peer == peer } } ?? 0
      var victim: (@Sendable () -> Void)?
      if ofPeer >= mostOfPeer || state.entries.count >= most {
        let idle = state.entries.filter { !$0.value.isBusy && (ofPeer < mostOfPeer || $0.value.peer == peer) }
        guard let oldest = idle.min(by: { $0.value.turn < $1.value.turn }) else { return (false, nil) }
        state.entries[oldest.key] = nil
        victim = oldest.value.close
      }
      state.turn += 1
      state.entries[id] = Entry(peer: peer, turn: state.turn, close: close)
      return (true, victim)
    }
    if let victim {
      victim()
      onCut(.displaced)
    } else if !mayStay {
      onCut(.full)
    }
    return mayStay
  }

  /// For whoever closes a connection on its own.
  func count(_ cut: ConnectionCut) { onCut(cut) }

  /// - Parameter isBusy: from a request's last header to the end of its answer.
  func set(_ id: ObjectIdentifier, isBusy: Bool) {
    state.withLock { state in
      state.turn += 1
      state.entries[id]?.isBusy = isBusy
      state.entries[id]?.turn = state.turn
    }
  }

  func remove(_ id: ObjectIdentifier) { state.withLock { $0.entries[id] = nil } }
}
