import LeewayCore

extension MonitorReading {
  static let windowKeys: [ConfigurationKey] = [
    .init(
      "size", .span(.seconds(1) ... .days(366), nil), required: true, "how long a window is; a multiple of `panes`"),
    .init("every", .span(.seconds(1) ... .days(366), nil), required: true, "how often one ends; a multiple of `panes`"),
    .init("name", .other("text without spaces", nil), without: "the size", "what checks and results call it"),
  ]

  private static let maximumWindows = 32
  /// More panes than this make one evaluation slower than its budget.
  private static let maximumPanes: Int64 = 50_000

  func readWindows() {
    pane = top.span("panes")
    let example = "windows: [{size: 1h, every: 5m}]"
    guard
      let values = top.required("windows", add: example)?.list(of: "windows", atMost: Self.maximumWindows)
    else { return }
    if values.isEmpty, let value = top.value("windows") { value.complain("is empty; add one, as in \(example)") }
    var result: [WindowDefinition] = []
    var paths: [String: String] = [:]
    for value in values {
      guard let map = value.map("a map with size and every", .window) else { continue }
      let sizeValue = map.required("size", add: "size: 1h")
      let size = map.span("size")
      let everyValue = map.required("every", add: "every: 5m")
      let every = map.span("every")
      let nameValue = map.value("name")
      let name = nameValue.map { readWindowName($0) } ?? sizeValue.flatMap { size == nil ? nil : $0.text() }
      map.finish()
      if let sizeValue, let size { checkPanes(sizeValue, size) }
      if let everyValue, let every { checkPanes(everyValue, every) }
      if let size, let every, every > size {
        everyValue?.warn("is \(every), longer than the size \(size); what lies between two windows is never looked at")
      }
      guard let name else { continue }
      if let other = paths[name] {
        (nameValue ?? value).complain("is named \(name), as is \(other); give it a name of its own, as name: \(name)-2")
        continue
      }
      paths[name] = value.path
      windowNames.append(name)
      if let size, let every { result.append(WindowDefinition(name: name, size: size, every: every)) }
    }
    windows = result
  }

  private func readWindowName(_ value: ConfigurationValue) -> String? {
    guard let name = value.text() else { return nil }
    guard name.utf8.count <= 63, !name.unicodeScalars.contains(where: { $0.value <= 0x20 }) else {
      value.refuse("it takes at most 63 bytes without spaces")
      return nil
    }
    return name
  }

  private func checkPanes(_ value: ConfigurationValue, _ span: TimeSpan) {
    guard let pane else { return }
    if span < pane {
      value.refuse("it is shorter than a pane; make it \(pane) or more, or make panes shorter")
    } else if !span.isMultiple(of: pane) {
      let below = TimeSpan(milliseconds: span.milliseconds / pane.milliseconds * pane.milliseconds)
      value.refuse("it must be a multiple of panes, \(pane). Did you mean \(below) or \(below + pane)?")
    } else if span.milliseconds / pane.milliseconds > Self.maximumPanes {
      value.refuse("that is more than \(Self.maximumPanes) panes of \(pane); make panes longer")
    }
  }

  func warn(lateness: TimeSpan) {
    guard let value = top.value("lateness"), let smallest = windows?.min(by: { $0.size < $1.size }),
      lateness > smallest.size
    else { return }
    value.warn("is \(lateness), longer than the smallest window, \(smallest.name); its results come that much later")
  }
}
