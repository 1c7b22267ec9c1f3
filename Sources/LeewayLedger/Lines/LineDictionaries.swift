import LeewayCore
import LeewayLocks

/// Dictionaries that a ledger has used lately, for all its sessions. What a transaction makes comes in only with the next:
/// a number that was rolled back may be given again.
final class LineDictionaries: Sendable {
  /// Some 200 KB each.
  private static let most = 64
  private let known = Mutex<[Int64: LineDictionary]>([:])

  subscript(id: Int64) -> LineDictionary? { known.withLock { $0[id] } }

  func add(_ dictionary: LineDictionary) {
    known.withLock { known in
      if known.count >= Self.most { known.removeAll() }
      known[dictionary.id] = dictionary
    }
  }
}

/// One session's packing and unpacking of lines.
final class SessionLines {
  /// Lines of one kind share a dictionary.
  struct Kind: Hashable {
    var monitor: [UInt8]
    var generation: [UInt8]
    var type: ResultType

    init(monitor: String, generation: String, type: ResultType) {
      self.monitor = Array(monitor.utf8)
      self.generation = Array(generation.utf8)
      self.type = type
    }
  }

  private let shared: LineDictionaries
  private let packer = LinePacker()
  private var own: [Int64: LineDictionary] = [:]
  private var newest: [Kind: LineDictionary?] = [:]
  private var hasMade = false

  init(_ shared: LineDictionaries) { self.shared = shared }

  /// - Parameter load: reads a dictionary's bytes from the ledger; nil if there is none of that number.
  private func dictionary(_ id: Int64, load: (Int64) throws -> [UInt8]?) rethrows -> LineDictionary? {
    if let known = own[id] { return known }
    if !hasMade, let known = shared[id] {
      own[id] = known
      return known
    }
    guard let body = try load(id), let made = LineDictionary(id: id, body: body) else { return nil }
    own[id] = made
    if !hasMade { shared.add(made) }
    return made
  }

  /// The dictionary that new lines of a kind are packed with; nil: none yet.
  ///
  /// - Parameter find: reads the number of the newest.
  func newest(_ kind: Kind, find: () throws -> Int64?, load: (Int64) throws -> [UInt8]?) rethrows -> LineDictionary? {
    if let known = newest[kind] { return known }
    let found = try find().flatMap { try dictionary($0, load: load) }
    newest[kind] = .some(found)
    return found
  }

  /// A dictionary that this transaction has stored.
  func made(_ kind: Kind, id: Int64, body: [UInt8]) -> LineDictionary? {
    hasMade = true
    let dictionary = LineDictionary(id: id, body: body)
    own[id] = dictionary
    newest[kind] = .some(dictionary)
    return dictionary
  }

  func packed(_ line: String, with dictionary: LineDictionary) -> [UInt8]? { packer.packed(line, with: dictionary) }

  /// nil for what is damaged, or where its dictionary is missing.
  func line(_ packed: [UInt8], load: (Int64) throws -> [UInt8]?) rethrows -> String? {
    guard let id = LinePacker.dictionary(of: packed), let dictionary = try dictionary(id, load: load) else {
      return nil
    }
    return packer.line(packed, with: dictionary)
  }
}
