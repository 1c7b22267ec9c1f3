import LeewayCore
import Logging

/// Fields that no message has: a wrong path in a monitor shows in nothing but missing values.
extension KafkaIntakeLoop {
  /// So many predictions without a field are no chance.
  static let rowsBeforeUnseen: Int64 = 1000
  /// For one monitor, to be logged.
  private static let maximumLines = 10

  /// Logs each field once, and keeps the metric of it.
  func watchFields() {
    for monitor in Set(topics.map(\.monitor)).sorted() {
      guard let sightings = intake.sightings(of: monitor), sightings.rows >= Self.rowsBeforeUnseen else { continue }
      let unseen = sightings.unseen
      let before = unseenFields[monitor] ?? []
      guard unseen != before else { continue }
      unseenFields[monitor] = unseen
      service.metrics.set(unseenFields: unseen, seen: before.filter { !unseen.contains($0) }, monitor: monitor)
      let new = unseen.filter { !before.contains($0) }
      for field in new.prefix(Self.maximumLines) {
        logger.warning(
          "monitor \(monitor): \(field.unseen)",
          metadata: ["monitor": "\(monitor)", "predictions": "\(sightings.rows)"])
      }
      if new.count > Self.maximumLines {
        logger.warning(
          "monitor \(monitor): no prediction has \(new.count - Self.maximumLines) other fields either",
          metadata: .of(monitor: monitor))
      }
    }
  }
}
