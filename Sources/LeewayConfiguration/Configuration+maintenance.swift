import LeewayCore

extension Configuration {
  /// Names in `maintenance` that nothing has; none where a monitor could not be read, which may have them.
  static func unknownNames(
    _ files: [MonitorFile], _ service: ServiceConfigurationReading
  ) -> [ConfigurationProblem] {
    let monitors = files.compactMap(\.monitor)
    guard monitors.count == files.count else { return [] }
    return service.silenced.flatMap { window in
      SilencedNames.unknown(in: window.matchers, monitors).compactMap { unknown in
        guard
          let place = window.places.first(where: { $0.field == unknown.field && $0.pattern == unknown.pattern })
        else { return nil }
        return ConfigurationProblem(
          file: service.reading.file, line: place.place.line, column: place.place.column, severity: .warning,
          message:
            "\(place.path) is \(ConfigurationNode.shown(unknown.pattern.text)), which \(unknown.problem)")
      }
    }
  }
}
