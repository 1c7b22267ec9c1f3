import LeewayCore
import LeewayDelivery

/// `receivers`: names, and for each its type with the keys of that type.
extension ServiceConfigurationReading {
  /// Those of every type, then those that only some types have.
  static let receiverKeys: [ConfigurationKey] =
    [
      .init("type", .choice(ReceiverType.all.map(\.name), nil), required: true, "how it is spoken to"),
      .init("fallback", .other("name of a receiver", nil), "who is told when a message is given up"),
      .init(
        "group_interval", .span(.seconds(1) ... .days(1), nil), without: "`5m`",
        "least time between two messages about the spread of one incident"),
    ] + keysOfTypes

  private static var keysOfTypes: [ConfigurationKey] {
    var names: [String] = []
    for key in ReceiverType.all.flatMap(\.keys) where !names.contains(key.name) { names.append(key.name) }
    return names.map { name in
      let all = ReceiverType.all.compactMap { type in
        type.keys.first { $0.name == name }.map { (type: type.name, key: $0) }
      }
      // Types that mean the same by it are named together.
      var helps: [(types: [String], help: String)] = []
      for (type, key) in all {
        if let known = helps.firstIndex(where: { $0.help == key.help }) {
          helps[known].types.append(type)
        } else {
          helps.append(([type], key.help))
        }
      }
      let requiring = all.filter(\.key.isRequired).map(\.type)
      let standards = all.compactMap { type, key in
        key.standard.map { all.count == 1 ? "`\($0)`" : "\(type): `\($0)`" }
      }
      let some = requiring.isEmpty ? [] : ["required by \(requiring.joined(separator: ", "))"]
      let without = requiring.count == all.count ? "required" : (some + standards).joined(separator: "; ")
      return ConfigurationKey(
        name, .other(all.contains { $0.key.isMap } ? "map of names to texts" : "text", nil),
        without: without.isEmpty ? nil : without,
        helps.map { "\($0.types.joined(separator: ", ")): \($0.help)" }
          .joined(separator: "; "))
    }
  }

  private static let maximumReceivers = 100

  func readReceivers(_ top: ConfigurationMap) -> [String: Receiver]? {
    var result: [String: Receiver] = [:]
    // It takes no key that could be wrong.
    if let log = try? Receiver(name: "log", type: .log) { result["log"] = log }
    guard let value = top.value("receivers") else {
      receivers = top.contains("receivers") ? nil : result
      return receivers
    }
    guard let map = value.map("a map of names to receivers") else { return nil }
    let all = map.all()
    if all.count > Self.maximumReceivers {
      value.complain("has \(all.count) entries; it takes at most \(Self.maximumReceivers)")
    }
    var fallbacks: [Fallback] = []
    for (name, place, value) in all.prefix(Self.maximumReceivers) {
      receiverNames.append(name)
      guard NameRule.isName(name) else {
        reading.error(place, "\(value.path) is no name for a receiver; it takes \(NameRule.text)")
        continue
      }
      if let receiver = readReceiver(name, value, &fallbacks) { result[name] = receiver }
    }
    for fallback in fallbacks { check(fallback, among: result) }
    receivers = result
    return result
  }

  private struct Fallback {
    var receiver: String
    var name: String
    var value: ConfigurationValue
  }

  private func readReceiver(
    _ name: String, _ value: ConfigurationValue, _ fallbacks: inout [Fallback]
  ) -> Receiver? {
    guard let map = value.map("a map with type and url", .receiver) else { return nil }
    let types = ReceiverType.all
    let typeValue = map.required("type", add: "type: \(ConfigurationValue.either(types.map(\.name)))")
    let typeName = typeValue?.choice(among: types.map(\.name))
    guard let type = types.first(where: { $0.name == typeName }) else {
      // The keys of a type that is not known are not known either.
      _ = map.all()
      return nil
    }
    var values: [String: String] = [:]
    var isWhole = true
    for key in type.keys {
      guard let value = key.isRequired ? map.required(key.name, add: key.example) : map.value(key.name) else {
        isWhole = isWhole && !key.isRequired && !map.contains(key.name)
        continue
      }
      if key.isMap {
        values[key.name] = lines(of: value)
        isWhole = isWhole && values[key.name] != nil
        continue
      }
      let read = value.secret()
      values[key.name] = read?.value.revealed
      if key.isSecret, read?.hadPlaceholder == false {
        value.warn("is a secret in the file itself; write ${NAME} for a variable, or ${file:/path/to/it}")
      }
      isWhole = isWhole && values[key.name] != nil
    }
    let fallback = map.value("fallback").flatMap { value in
      value.text(limit: 63).map { Fallback(receiver: name, name: $0, value: value) }
    }
    if let fallback { fallbacks.append(fallback) }
    let interval = map.span("group_interval")
    map.finish()
    if name == MonitorReading.retrainReceiver, !type.callsTrainers, let typeValue {
      let callers = types.filter(\.callsTrainers).map(\.name)
      typeValue.refuse("the receiver retrain asks a trainer, which takes type: \(ConfigurationValue.either(callers))")
    }
    if name != MonitorReading.retrainReceiver, !type.takesMessages, type.modelCalls.isEmpty, let typeValue {
      typeValue.refuse("it starts trainings and takes no messages; call the receiver retrain")
    }
    guard isWhole else { return nil }
    do throws(Receiver.Invalid) {
      return try Receiver(
        name: name, type: type, values: values, groupInterval: interval, fallback: fallback?.name)
    } catch {
      map.value(error.key)?.complain(error.problem)
      return nil
    }
  }

  /// A map of texts as lines `NAME: TEXT`; nil after a mistake has been reported.
  private func lines(of value: ConfigurationValue) -> String? {
    guard let map = value.map("a map of names to texts") else { return nil }
    var lines: [String]? = []
    for (name, _, value) in map.all() {
      guard let text = value.secret()?.value.revealed else {
        lines = nil
        continue
      }
      guard !(name + text).utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) else {
        value.complain("has a line break; write it on one line")
        lines = nil
        continue
      }
      lines?.append("\(name): \(text)")
    }
    return lines?.joined(separator: "\n")
  }

  /// Once all names are known.
  private func check(_ fallback: Fallback, among result: [String: Receiver]) {
    if fallback.name == fallback.receiver {
      fallback.value.refuse("a receiver cannot stand in for itself; name another one")
    } else if fallback.name == MonitorReading.retrainReceiver {
      fallback.value.refuse("the receiver retrain takes calls to retrain and no messages; name another one")
    } else if !receiverNames.contains(fallback.name) {
      fallback.value.refuse(
        "it names no receiver here; there are \(receiverNames.joined(separator: ", "))."
          + Spelling.suggestion(for: fallback.name, among: receiverNames))
    } else if let type = result[fallback.name]?.type, !type.takesMessages {
      fallback.value.refuse("the receiver \(fallback.name), of type \(type.name), takes no messages; name another one")
    }
  }
}
