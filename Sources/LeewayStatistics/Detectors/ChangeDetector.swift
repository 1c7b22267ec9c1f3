/// Watches a stream of errors, one number a labelled prediction, for a change of their level: concept drift.
///
/// Feed it in one fixed order; the answer at every step depends on what came before. After a change it starts again with the
/// next value. Its state is bounded (about 6 kB for `adwin`, under 100 bytes for the others) and can be stored and read back
/// between any two values without changing what follows. All six follow the implementations of river, with river's defaults,
/// index by index.
public struct ChangeDetector: Sendable, Equatable {
  /// The methods, by their names in monitor files.
  public enum Method: String, Sendable, CaseIterable {
    /// Any real errors; the default.
    case adwin
    /// Any real errors, scaled so that 50 of them are a lot.
    case pageHinkley = "page_hinkley"
    /// Errors of 0 or 1, as are those of the next three.
    case ddm, eddm
    case hddmA = "hddm_a"
    case hddmW = "hddm_w"

    /// Whether it takes only 0 and 1: a wrong class, not the size of an error.
    public var isBinary: Bool { self != .adwin && self != .pageHinkley }
  }

  /// What one value made of the detector.
  public enum Signal: Sendable, Equatable {
    case none
    /// Perhaps; `adwin` and `page_hinkley` never say so.
    case warning
    case change
  }

  enum State: Sendable, Equatable {
    case adwin(AdaptiveWindow)
    case pageHinkley(PageHinkleySums)
    case ddm(ErrorRateMinimum)
    case eddm(ErrorDistances)
    case hddmA(HoeffdingAverages)
    case hddmW(McDiarmidAverages)
  }

  /// Values taken so far, over all restarts.
  public private(set) var count: Int64 = 0
  /// Changes found so far.
  public private(set) var changes: Int64 = 0
  private var state: State
  /// The last value was a change: the next begins a new life.
  private var isOver = false

  public init(_ method: Method) { state = Self.initial(method) }

  public var method: Method {
    switch state {
    case .adwin: .adwin
    case .pageHinkley: .pageHinkley
    case .ddm: .ddm
    case .eddm: .eddm
    case .hddmA: .hddmA
    case .hddmW: .hddmW
    }
  }

  private static func initial(_ method: Method) -> State {
    switch method {
    case .adwin: .adwin(AdaptiveWindow())
    case .pageHinkley: .pageHinkley(PageHinkleySums())
    case .ddm: .ddm(ErrorRateMinimum())
    case .eddm: .eddm(ErrorDistances())
    case .hddmA: .hddmA(HoeffdingAverages())
    case .hddmW: .hddmW(McDiarmidAverages())
    }
  }

  /// Takes the next error.
  ///
  /// - Parameter error: below 10¹⁰⁰ in size, so that no sum of squares overflows (anything else is ignored, and gives
  ///   `none`); 0 or 1 where the method is binary.
  public mutating func update(_ error: Double) -> Signal {
    guard abs(error) < 1e100 else { return .none }
    if isOver { state = Self.initial(method) }
    count &+= 1
    let signal: Signal
    switch state {
    case .adwin(var detector):
      // Taken out while it changes, so that its arrays are not copied.
      state = .ddm(ErrorRateMinimum())
      signal = detector.update(error)
      state = .adwin(detector)
    case .pageHinkley(var detector):
      signal = detector.update(error)
      state = .pageHinkley(detector)
    case .ddm(var detector):
      signal = detector.update(error)
      state = .ddm(detector)
    case .eddm(var detector):
      signal = detector.update(error)
      state = .eddm(detector)
    case .hddmA(var detector):
      signal = detector.update(error)
      state = .hddmA(detector)
    case .hddmW(var detector):
      signal = detector.update(error)
      state = .hddmW(detector)
    }
    isOver = signal == .change
    if isOver { changes &+= 1 }
    return signal
  }
}

// MARK: - Stored form

/// A stored detector is damaged or of a newer version.
public struct ChangeDetectorDamaged: Error, Sendable, Equatable, CustomStringConvertible {
  public var reason: String
  public var description: String { "stored detector is damaged: \(reason)" }
}

extension ChangeDetector {
  static let formatVersion: UInt8 = 1

  /// A version byte, the method's number, 1 after a change, then numbers as IEEE 754 doubles, least byte first: values
  /// taken, changes, and the method's own.
  public func encoded() -> [UInt8] {
    var out: [UInt8] = [Self.formatVersion, UInt8(Method.allCases.firstIndex(of: method) ?? 0), isOver ? 1 : 0]
    let numbers: [Double] =
      switch state {
      case .adwin(let detector): detector.numbers
      case .pageHinkley(let detector): detector.numbers
      case .ddm(let detector): detector.numbers
      case .eddm(let detector): detector.numbers
      case .hddmA(let detector): detector.numbers
      case .hddmW(let detector): detector.numbers
      }
    for number in [Double(count), Double(changes)] + numbers {
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        out.append(UInt8(truncatingIfNeeded: number.bitPattern >> shift))
      }
    }
    return out
  }

  /// Reads what `encoded` wrote.
  public init(encoded bytes: [UInt8]) throws(ChangeDetectorDamaged) {
    func damaged(_ reason: String) -> ChangeDetectorDamaged { ChangeDetectorDamaged(reason: reason) }
    guard bytes.count >= 3, bytes[0] == Self.formatVersion else { throw damaged("unknown format version") }
    guard Int(bytes[1]) < Method.allCases.count else { throw damaged("unknown method") }
    guard bytes[2] <= 1, (bytes.count - 3) % 8 == 0, bytes.count < 1 << 16 else { throw damaged("wrong length") }
    var numbers: [Double] = []
    for start in stride(from: 3, to: bytes.count, by: 8) {
      var bits: UInt64 = 0
      for i in (0..<8).reversed() { bits = bits << 8 | UInt64(bytes[start + i]) }
      numbers.append(Double(bitPattern: bits))
    }
    var reader = StoredNumbers(numbers)
    guard let count = reader.count(), let changes = reader.count() else { throw damaged("bad count") }
    let state: State? =
      switch Method.allCases[Int(bytes[1])] {
      case .adwin: AdaptiveWindow(&reader).map(State.adwin)
      case .pageHinkley: PageHinkleySums(&reader).map(State.pageHinkley)
      case .ddm: ErrorRateMinimum(&reader).map(State.ddm)
      case .eddm: ErrorDistances(&reader).map(State.eddm)
      case .hddmA: HoeffdingAverages(&reader).map(State.hddmA)
      case .hddmW: McDiarmidAverages(&reader).map(State.hddmW)
      }
    guard let state, reader.isAtEnd else { throw damaged("numbers out of range") }
    self.state = state
    self.count = Int64(count)
    self.changes = Int64(changes)
    isOver = bytes[2] == 1
  }
}

/// Numbers of a stored detector, one after the other; nil for what cannot have been written.
struct StoredNumbers {
  private let numbers: [Double]
  private var position = 0

  init(_ numbers: [Double]) { self.numbers = numbers }

  var isAtEnd: Bool { position == numbers.count }

  /// Any number but NaN; a limit that was never reached is stored as ±∞.
  mutating func number() -> Double? {
    guard position < numbers.count, !numbers[position].isNaN else { return nil }
    defer { position += 1 }
    return numbers[position]
  }

  mutating func finite() -> Double? { number().flatMap { $0.isFinite ? $0 : nil } }

  /// A whole number from 0 to 2⁵³.
  mutating func count() -> Double? { number().flatMap { $0 >= 0 && $0 <= 0x1p53 && $0 == $0.rounded() ? $0 : nil } }
}

/// A mean that is updated one value at a time.
struct RunningMean: Sendable, Equatable {
  var count = 0.0
  var value = 0.0

  mutating func add(_ x: Double) {
    count += 1
    value += (x - value) / count
  }
}
