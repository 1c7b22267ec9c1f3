/// A change that a backtest makes in what it reads, where messages are decoded: everything behind is the pipeline as it is.
package struct Injection: Sendable, Equatable {
  package enum Change: Sendable, Equatable {
    /// So much is added to every number, in the feature's own unit.
    case add(Double)
    /// Every number's distance from a centre is multiplied.
    case spread(Double, around: Double)
    /// Every number is multiplied: another unit.
    case multiply(Double)
    /// A share of the rows, in (0, 1], has no value.
    case missing(Double)
    /// Two categories by their text: each is taken for the other.
    case swap(String, String)
    /// A share of the labels, in (0, 1], says the opposite, or of several classes the next one.
    case flip(Double)
  }

  /// As it was asked for: `amount:+0.5sd@2026-03-01`.
  package var text: String
  /// A feature's name, or the output's; of `flip` anything.
  package var subject: String
  package var change: Change
  /// From this time on, of the prediction, and of `flip` of the label.
  package var from: EventTime
  /// Growing from `from` until then, to hold from there on; nil: whole at once. Sizes grow; of a share of rows, a new unit and a swap the
  /// rows that have it do.
  package var until: EventTime?

  package init(text: String, subject: String, change: Change, from: EventTime, until: EventTime? = nil) {
    self.text = text
    self.subject = subject
    self.change = change
    self.from = from
    self.until = until
  }

  package var isOfLabels: Bool { if case .flip = change { true } else { false } }

  /// How much of it there is at a time, 0 to 1.
  func part(at time: EventTime) -> Double {
    guard time >= from else { return 0 }
    guard let until, time < until else { return 1 }
    return (time - from).seconds / (until - from).seconds
  }

  /// Whether a row is among a share of all, which only the row's own bytes decide: the same in every run.
  ///
  /// - Parameter row: a hash of what tells it from others.
  func takes(_ row: UInt64, share: Double) -> Bool {
    Double(Digest64.mix(row ^ Digest64.hash(text)) >> 11) * 0x1p-53 < share
  }
}

/// The changes of predictions, by the slots of one decoder. One thread's.
final class PredictionInjections {
  private struct Aim {
    var injection: Injection
    /// Numbers are changed where they are drift subjects, categories wherever the field is read.
    var slots: [Int]
    /// The texts of a swap, which the extractor's values point into.
    var texts: (UnsafeRawBufferPointer, UnsafeRawBufferPointer)?
    /// What a number may be; nil: anything.
    var range: ClosedRange<Double>?
  }

  private var aims: [Aim] = []

  /// - Parameters:
  ///   - fields: of the decoder, by slot.
  ///   - subjects: slots of the drift subjects, the output last.
  /// - Returns: nil where the monitor has no such change.
  init?(_ monitor: Monitor, fields: [FieldPath], subjects: Range<Int>) {
    let names = monitor.features.map(\.name) + [monitor.outputName]
    for injection in monitor.injections where !injection.isOfLabels {
      guard let place = names.firstIndex(where: { utf8Equal($0, injection.subject) }) else { continue }
      let slot = subjects.lowerBound + place
      let isScore = monitor.task == .binary && place == names.count - 1
      var aim = Aim(injection: injection, slots: [slot], texts: nil, range: isScore ? 0...1 : nil)
      if case .swap(let a, let b) = injection.change {
        aim.slots = fields.indices.filter { fields[$0] == fields[slot] }
        aim.texts = (Self.copy(a), Self.copy(b))
      }
      aims.append(aim)
    }
    if aims.isEmpty { return nil }
  }

  deinit {
    for aim in aims {
      aim.texts?.0.deallocate()
      aim.texts?.1.deallocate()
    }
  }

  private static func copy(_ text: String) -> UnsafeRawBufferPointer {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(text.utf8.count, 1), alignment: 1)
    bytes.copyBytes(from: text.utf8)
    return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[0..<text.utf8.count])
  }

  /// Changes the row that the extractor has come to.
  ///
  /// - Parameters:
  ///   - payload: the row's message.
  ///   - row: its index in the message.
  func apply(
    to extractor: some MessageExtractor, at time: EventTime, _ payload: UnsafeRawBufferPointer, row: Int, lenient: Bool
  ) {
    for aim in aims {
      let part = aim.injection.part(at: time)
      guard part > 0 else { continue }
      func isAmong(_ share: Double) -> Bool {
        share >= 1
          || aim.injection.takes(Digest64.hash(payload) &+ UInt64(truncatingIfNeeded: row), share: share)
      }
      func number(_ change: (Double) -> Double) {
        for slot in aim.slots {
          guard let x = extractor[slot].number(lenient: lenient) else { continue }
          let moved = change(x)
          let kept = aim.range.map { min(max(moved, $0.lowerBound), $0.upperBound) } ?? moved
          // Beyond the range of Double there is no number.
          extractor.put(kept.isFinite ? FieldValue(number: kept) : .unusable, slot)
        }
      }
      switch aim.injection.change {
      case .add(let size): number { $0 + part * size }
      case .spread(let factor, let centre): number { centre + ($0 - centre) * (1 + part * (factor - 1)) }
      case .multiply(let factor): if isAmong(part) { number { $0 * factor } }
      case .missing(let share): if isAmong(part * share) { for slot in aim.slots { extractor.put(.null, slot) } }
      case .swap:
        guard let texts = aim.texts, isAmong(part) else { continue }
        for slot in aim.slots {
          guard let category = extractor.category(of: extractor[slot]) else { continue }
          if category.elementsEqual(texts.0) {
            extractor.put(FieldValue(bytes: texts.1), slot)
          } else if category.elementsEqual(texts.1) {
            extractor.put(FieldValue(bytes: texts.0), slot)
          }
        }
      case .flip: break
      }
    }
  }
}

/// The changes of labels.
struct LabelInjections {
  private let injections: [Injection]
  /// The classes of a model of several, ascending.
  private let classes: [String]

  /// - Returns: nil where the monitor has no such change.
  init?(_ monitor: Monitor, classes: [String]) {
    injections = monitor.injections.filter(\.isOfLabels)
    self.classes = classes
    if injections.isEmpty { return nil }
  }

  /// The label of an id as it is read; what repeats a label repeats the change.
  func applied(to label: JoinedLabel, of id: [UInt8]) -> JoinedLabel {
    guard let value = label.value else { return label }
    var label = label
    for injection in injections {
      guard case .flip(let share) = injection.change,
        injection.takes(Digest64.hash(id), share: share * injection.part(at: label.time))
      else { continue }
      switch value {
      case .number(let y) where y == 0 || y == 1:
        label.value = .number(1 - y)
        label.canonical = CanonicalJSON.bytes(of: .number(1 - y))
      case .category(let name):
        guard let place = classes.firstIndex(where: { utf8Equal($0, name) }), classes.count > 1 else { continue }
        let next = classes[(place + 1) % classes.count]
        label.value = .category(next)
        label.canonical = CanonicalJSON.bytes(of: .string(next))
      case .number: continue
      }
    }
    return label
  }
}
