package import LeewayCore
import LeewayDelivery

/// Everything that configures a service: `leeway.yaml` and the monitors.
package struct Configuration: Sendable {
  /// Nil where only monitors were asked for.
  package var service: ServiceConfiguration?
  /// In the order of their files' names.
  package var monitors: [Monitor]
  /// The monitors with their baselines; empty where baselines are not required.
  package var plans: [MonitorPlan]

  private static let maximumFiles = 1000

  /// Reads `leeway.yaml` and every `*.yaml` in a folder, for `run` and `check`.
  ///
  /// - Parameters:
  ///   - configPath: of `leeway.yaml`; nil checks only the monitors.
  ///   - monitorsDirectory: the folder of monitor files, or one monitor file.
  ///   - baseline: whether each monitor's baseline has to be there.
  ///   - environment: what `${NAME}` expands to.
  ///   - now: wall time, which says whether a certificate is still good.
  ///   - looksAtLedger: whether a ledger that cannot be opened is a problem of the configuration, as for `check`; `run` finds
  ///     that out by opening it.
  /// - Returns: the configuration, nil if there is an error anywhere, and every problem of every file, sorted by position.
  package static func load(
    configPath: String?, monitorsDirectory: String, baseline: MonitorFile.BaselineNeed = .required,
    environment: [String: String], now: EventTime, looksAtLedger: Bool = false
  ) -> (Configuration?, [ConfigurationProblem]) {
    var problems: [ConfigurationProblem] = []
    var service: ServiceConfiguration?
    var serviceReading: ServiceConfigurationReading?
    if let configPath {
      let reading = ServiceConfigurationReading(path: configPath, environment: environment)
      service = reading.read()
      problems += reading.reading.problems
      serviceReading = reading
    }
    let (files, folderProblems) = monitorFiles(in: monitorsDirectory)
    problems += folderProblems
    let monitors = files.map { MonitorFile(path: $0, baseline: baseline, environment: environment) }
    for file in monitors { problems += file.problems }
    problems += repeatedNames(monitors)
    if let serviceReading {
      problems += unknownReceivers(monitors, serviceReading)
      problems += readDeadLetters(monitors, serviceReading)
      problems += missingRegistry(monitors, serviceReading)
      problems += unusableTokens(serviceReading)
      problems += missingApprovers(monitors, serviceReading)
      problems += unusableCertificate(serviceReading, now: now)
      // One monitor of several is what one works on: the others are not known.
      if !TextFile.isFile(monitorsDirectory) { problems += unknownNames(monitors, serviceReading) }
      if looksAtLedger, let service { problems += unusableLedger(service, serviceReading) }
    }
    if configPath == nil { problems += uncheckedRegistry(monitors) }
    let limit = service?.limits.waitingRows ?? ServiceConfiguration.Limits().waitingRows
    problems += WaitingPredictions.problems(monitors, limit: limit, in: configPath)
    problems.sort()
    guard !problems.hasErrors else { return (nil, problems) }
    let configuration = Configuration(
      service: service, monitors: monitors.compactMap(\.monitor), plans: monitors.compactMap(\.plan))
    return (configuration, problems)
  }

  private static func monitorFiles(in folder: String) -> (paths: [String], problems: [ConfigurationProblem]) {
    var problems: [ConfigurationProblem] = []
    func add(_ severity: ConfigurationProblem.Severity, _ file: String, _ message: String) {
      problems.append(.init(file: file, line: 0, column: 0, severity: severity, message: message))
    }
    if TextFile.isFile(folder) {
      // One monitor of several is what one works on.
      guard folder.hasSuffix(".yaml") else {
        add(
          .error, folder,
          "--monitors names a file that does not end in .yaml; name a folder of monitors, or one monitor file")
        return ([], problems)
      }
      return ([folder], [])
    }
    let entries: [String]
    do throws(TextFile.Failure) {
      entries = try TextFile.entries(ofFolder: folder)
    } catch {
      add(.error, folder, "the folder of monitors \(error.problem)")
      return ([], problems)
    }
    var paths = entries.filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }.map { TextFile.path($0, in: folder) }
    for name in entries where name.hasSuffix(".yml") && !name.hasPrefix(".") {
      add(.warning, TextFile.path(name, in: folder), "is not read, since monitor files end in .yaml; rename it")
    }
    if paths.isEmpty { add(.error, folder, "the folder has no monitors; add a file that ends in .yaml") }
    if paths.count > maximumFiles {
      add(.error, folder, "the folder has \(paths.count) monitors, more than \(maximumFiles); split it")
      paths.removeLast(paths.count - maximumFiles)
    }
    return (paths, problems)
  }

  private static func repeatedNames(_ files: [MonitorFile]) -> [ConfigurationProblem] {
    var first: [String: String] = [:]
    var problems: [ConfigurationProblem] = []
    for file in files {
      guard let name = file.name else { continue }
      if let other = first[name.name] {
        problems.append(
          file.error(name.place, "monitor is \(name.name), the name of the monitor in \(other) too; rename one"))
      } else {
        first[name.name] = file.path
      }
    }
    return problems
  }

  /// What a monitor rejects must not come back to a monitor.
  private static func readDeadLetters(
    _ files: [MonitorFile], _ service: ServiceConfigurationReading
  ) -> [ConfigurationProblem] {
    guard let (topic, place) = service.deadLetters else { return [] }
    return files.compactMap(\.monitor).filter { $0.predictions.topic == topic || $0.labels?.topic == topic }.map {
      .init(
        file: service.reading.file, line: place.line, column: place.column, severity: .error,
        message: "dead_letter_topic is \(topic), which monitor \($0.name) reads; give dead letters a topic of their own"
      )
    }
  }

  /// Messages in Avro or Protobuf for which there is neither a schema file nor a registry.
  private static func missingRegistry(
    _ files: [MonitorFile], _ service: ServiceConfigurationReading
  ) -> [ConfigurationProblem] {
    guard !service.hasSchemaRegistry else { return [] }
    return files.flatMap { file in
      file.registryUses.map {
        file.error(
          $0.place,
          "\($0.path) is \($0.format), and nothing says the writers' schemas; add schema_registry to \(service.reading.file), or "
            + MonitorReading.schemaExample($0.format))
      }
    }
  }

  /// The same where the file that would name the registry was not read.
  private static func uncheckedRegistry(_ files: [MonitorFile]) -> [ConfigurationProblem] {
    files.flatMap { file in
      file.registryUses.map {
        ConfigurationProblem(
          file: file.path, line: $0.place.line, column: $0.place.column, severity: .warning,
          message:
            "\($0.path) is \($0.format), and no leeway.yaml was read that could name a schema_registry; name one with --config, or "
            + MonitorReading.schemaExample($0.format))
      }
    }
  }

  private static func unusableTokens(_ service: ServiceConfigurationReading) -> [ConfigurationProblem] {
    guard let (path, place) = service.tokens else { return [] }
    do throws(AccessTokensFailure) {
      let tokens = try AccessTokens(reading: path)
      let warnings = tokens.warnings + (TextFile.othersMay(path).map { ["\(path): \($0)"] } ?? [])
      return warnings.map {
        .init(
          file: service.reading.file, line: place.line, column: place.column, severity: .warning,
          message: "http.tokens_file: \($0)")
      }
    } catch {
      return error.problems.map {
        .init(
          file: service.reading.file, line: place.line, column: place.column, severity: .error,
          message: "http.tokens_file: \($0)")
      }
    }
  }

  /// Models that wait for an approval that no one, or too few, can give.
  private static func missingApprovers(
    _ files: [MonitorFile], _ service: ServiceConfigurationReading
  ) -> [ConfigurationProblem] {
    let approvers: Int
    if let (path, _) = service.tokens {
      // A file that cannot be read is an error of its own.
      guard let tokens = try? AccessTokens(reading: path) else { return [] }
      approvers = tokens.approvers
    } else {
      approvers = 0
    }
    return files.compactMap { file in
      guard let approvals = file.approvals, approvers < approvals.people else { return nil }
      let needed = "retrain.approval is required by \(approvals.people) \(approvals.people == 1 ? "person" : "people")"
      let fix =
        service.tokens == nil
        ? "no one can approve without http.tokens_file in \(service.reading.file); set it to a file made by "
        : "\(approvers) of http.tokens_file in \(service.reading.file) can, who have the role approver and not trainer; add one by "
      return ConfigurationProblem(
        file: file.path, line: approvals.place.line, column: approvals.place.column, severity: .warning,
        message: "\(needed), and \(fix)leeway token new NAME approver")
    }
  }

  /// What would end the start, or what clients would refuse.
  private static func unusableCertificate(
    _ service: ServiceConfigurationReading, now: EventTime
  ) -> [ConfigurationProblem] {
    guard let (files, certificate, key) = service.tls else { return [] }
    func problem(_ name: String, _ severity: ConfigurationProblem.Severity, _ message: String) -> ConfigurationProblem {
      let place = name == "key" ? key : certificate
      return .init(
        file: service.reading.file, line: place.line, column: place.column, severity: severity, message: message)
    }
    do throws(TLSIdentity.Failure) {
      let identity = try TLSIdentity(reading: files)
      var problems: [ConfigurationProblem] = []
      if let warning = identity.warning(files.certificate, now: now) {
        problems.append(problem("certificate", .warning, "http.tls.certificate: \(warning)"))
      }
      if let mode = TextFile.othersMay(files.key) {
        problems.append(problem("key", .warning, "http.tls.key: \(files.key): \(mode)"))
      }
      return problems
    } catch {
      let unreadable = TLSIdentity.unreadable(files)
      return (unreadable.isEmpty ? [error] : unreadable).map { problem($0.name, .error, $0.description) }
    }
  }

  /// A file that SQLite could not open or make.
  private static func unusableLedger(
    _ service: ServiceConfiguration, _ reading: ServiceConfigurationReading
  ) -> [ConfigurationProblem] {
    guard case .sqlite(let path) = service.ledger else { return [] }
    let folder = TextFile.folder(of: path)
    let place = reading.ledgerPlace
    func problem(_ severity: ConfigurationProblem.Severity, _ message: String) -> [ConfigurationProblem] {
      [.init(file: reading.reading.file, line: place.line, column: place.column, severity: severity, message: message)]
    }
    if TextFile.isFolder(path) { return problem(.error, "ledger is the folder \(path); name a file in it") }
    if TextFile.isFolder(folder) { return [] }
    // What is checked here may be for another machine or a container.
    return problem(
      .warning, "ledger is \(path), and there is no folder \(folder) on this machine; make it where leeway runs")
  }

  /// What makes a receiver of this type of no use there; nil: nothing does.
  private static func mistake(_ use: MonitorFile.ReceiverUse, _ type: ReceiverType) -> String? {
    switch use.purpose {
    case .alert where !type.takesMessages && use.name != MonitorReading.retrainReceiver,
      .escalation where !type.takesMessages:
      "which takes no messages; name it under retrain.promote"
    case .model(let change) where !type.modelCalls.contains(change):
      (type.modelCalls.isEmpty ? "which only tells people" : "which only puts models in force")
        + "; it takes one of type "
        + ConfigurationValue.either(ReceiverType.all.filter { $0.modelCalls.contains(change) }.map(\.name))
    default: nil
    }
  }

  private static func unknownReceivers(
    _ files: [MonitorFile], _ service: ServiceConfigurationReading
  ) -> [ConfigurationProblem] {
    guard service.receivers != nil else { return [] }
    let config = service.reading.file
    var problems: [ConfigurationProblem] = []
    for file in files {
      for use in file.receiverUses {
        if !service.receiverNames.contains(use.name) {
          let names = service.receiverNames.joined(separator: ", ")
          let suggestion = Spelling.suggestion(for: use.name, among: service.receiverNames)
          problems.append(
            file.error(
              use.place,
              "\(use.path) is \(ConfigurationNode.shown(use.name)), which is no receiver in \(config); it has \(names).\(suggestion)"
            ))
        } else if let type = service.receivers?[use.name]?.type, let mistake = mistake(use, type) {
          problems.append(file.error(use.place, "\(use.path) is \(use.name), of type \(type.name), \(mistake)"))
        } else if use.name == MonitorReading.retrainReceiver, !service.hasPublicURL {
          problems.append(
            file.error(
              use.place,
              "\(use.path) is retrain, and the trainer can't answer without a public address; set http.public_url in \(config)"
            ))
        }
      }
    }
    return problems
  }
}

extension MonitorFile {
  fileprivate func error(_ place: ConfigurationNode.Place, _ message: String) -> ConfigurationProblem {
    .init(file: path, line: place.line, column: place.column, severity: .error, message: message)
  }
}
