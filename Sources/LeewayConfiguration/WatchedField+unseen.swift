package import LeewayCore

extension WatchedField {
  /// What the service's log and `replay` say of a field that no prediction has.
  package var unseen: String {
    "no prediction has \(path), the field of \(purpose); leeway check --sample FILE MONITOR.yaml shows the fields that there are"
  }
}
