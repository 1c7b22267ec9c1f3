public import Foundation

/// A real browser, for tests of pages: Chromium without a window, with one tab. It reaches 127.0.0.1 and nothing else.
///
///     try await Browser.run(width: 1280, height: 900) { browser in
///       try await browser.open("http://127.0.0.1:\(port)/")
///       try await browser.wait(for: "document.querySelectorAll('.card').length === 2")
///       try await browser.screenshot("overview")
///       #expect(browser.faults == [])
///     }
public final class Browser: Sendable {
  public struct Failure: Error, CustomStringConvertible { public let description: String }

  private let pipe: DebuggingPipe
  private let session: String
  private let record: BrowserRecord

  /// Whether Debian's chromium is there; deploy/setup.sh test installs it.
  public static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium") }

  /// Starts a browser, and ends it when the test has returned or thrown.
  ///
  /// - Parameters:
  ///   - width: of the window in CSS pixels, as the height.
  ///   - isDark: whether the reader prefers dark colours.
  public static func run(
    width: Int = 1280, height: Int = 900, isDark: Bool = false, _ test: (Browser) async throws -> Void
  ) async throws {
    let browser = try await Browser(width: width, height: height, isDark: isDark)
    do {
      try await test(browser)
    } catch {
      await browser.pipe.close()
      throw error
    }
    await browser.pipe.close()
  }

  private init(width: Int, height: Int, isDark: Bool) async throws {
    let record = BrowserRecord()
    self.record = record
    pipe = try DebuggingPipe { record.note($0, $1) }
    do {
      let target = try await pipe.call("Target.createTarget", ["url": "about:blank"])
      let attached = try await pipe.call(
        "Target.attachToTarget", ["targetId": target["targetId"] ?? "", "flatten": true])
      session = attached["sessionId"] as? String ?? ""
      for domain in ["Page", "Runtime", "Log", "Network"] { try await call("\(domain).enable") }
      try await resize(width: width, height: height)
      try await call(
        "Emulation.setEmulatedMedia",
        ["features": [["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]]])
    } catch {
      await pipe.close()
      throw error
    }
  }

  /// Exceptions, errors on the console, breaches of the Content-Security-Policy, and dialogs that a script opened. What
  /// the server refused is no fault: the page may ask for what there is not.
  public var faults: [String] { record.faults }

  /// The addresses of all that was asked for, in that order.
  public var requests: [String] { record.requests }

  public func resize(width: Int, height: Int) async throws {
    try await call(
      "Emulation.setDeviceMetricsOverride",
      ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": false])
  }

  /// Opens a page, and returns when it and its scripts are loaded.
  public func open(_ address: String) async throws {
    let answer = try await pipe.call("Page.navigate", ["url": address], session: session)
    if let error = answer["errorText"] { throw Failure(description: "\(address): \(error)") }
    try await wait(for: "document.readyState === 'complete'")
  }

  /// The value of an expression, which may be a promise, as text: strings as they are, else JSON.
  @discardableResult public func evaluate(_ expression: String) async throws -> String {
    let code =
      "(async () => { const it = await (\(expression)); return typeof it === 'string' ? it : JSON.stringify(it); })()"
    let answer = try await pipe.call(
      "Runtime.evaluate",
      [
        "expression": code, "awaitPromise": true, "returnByValue": true, "allowUnsafeEvalBlockedByCSP": false,
      ], session: session)
    if let details = answer["exceptionDetails"] as? [String: Any] {
      let exception = details["exception"] as? [String: Any]
      throw Failure(description: "\(expression): \(exception?["description"] ?? details)")
    }
    return (answer["result"] as? [String: Any])?["value"] as? String ?? "undefined"
  }

  /// The texts of an expression that is an array of them, or a promise of one.
  public func list(_ expression: String) async throws -> [String] {
    let text = try await evaluate(expression)
    guard let list = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String] else {
      throw Failure(description: "\(expression) is \(text)")
    }
    return list
  }

  /// The roles and names of what a screen reader finds, in the page's order.
  public func accessibleNames() async throws -> [(role: String, name: String)] {
    let tree = try await pipe.call("Accessibility.getFullAXTree", session: session)
    return (tree["nodes"] as? [[String: Any]] ?? []).filter { $0["ignored"] as? Bool != true }.map { node in
      func text(_ member: String) -> String { (node[member] as? [String: Any])?["value"] as? String ?? "" }
      return (text("role"), text("name"))
    }
  }

  /// Returns when a condition holds.
  /// - Throws: where it does not within a minute; the message has the page's text.
  public func wait(for condition: String, seconds: Double = 60) async throws {
    let holds = try await awaited(within: .seconds(seconds), every: .milliseconds(50)) {
      try await evaluate("Boolean(\(condition))") == "true" ? true : nil
    }
    guard holds == nil else { return }
    let text = try await evaluate("document.body.innerText.slice(0, 2000)")
    throw Failure(description: "still not \(condition); faults \(faults); the page says: \(text)")
  }

  /// Presses a key that has no text, as `Tab` or `ArrowLeft`, or `Enter`.
  public func press(_ key: String) async throws {
    let codes = [
      "Tab": 9, "Enter": 13, "Escape": 27, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39,
      "ArrowDown": 40,
    ]
    var event: [String: Any] = ["key": key, "code": key, "windowsVirtualKeyCode": codes[key] ?? 0]
    if key == "Enter" { event["text"] = "\r" }
    try await call("Input.dispatchKeyEvent", event.merging(["type": "keyDown"]) { $1 })
    try await call("Input.dispatchKeyEvent", event.merging(["type": "keyUp"]) { $1 })
  }

  /// Takes a picture of the page, below the window's edge too, or of one element.
  ///
  /// - Parameters:
  ///   - selector: which element; nil: everything.
  ///   - height: at most this many pixels of it, from the top: a very long picture takes a minute.
  /// - Returns: `NAME.png` in `LEEWAY_SCREENSHOTS`, or in `.build/screenshots` where that is not set.
  @discardableResult
  public func screenshot(_ name: String, of selector: String = "html", height: Int = 3000) async throws -> URL {
    let box = try await evaluate(
      """
      (() => { const box = document.querySelector(\(Self.quoted(selector))).getBoundingClientRect();
        return { x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: Math.min(box.height, \(height)),
          scale: 1 }; })()
      """)
    let clip = try JSONSerialization.jsonObject(with: Data(box.utf8))
    let answer = try await pipe.call(
      "Page.captureScreenshot", ["format": "png", "captureBeyondViewport": true, "clip": clip], session: session)
    guard let image = (answer["data"] as? String).flatMap({ Data(base64Encoded: $0) }) else {
      throw Failure(description: "no screenshot")
    }
    let folder = URL(
      filePath: ProcessInfo.processInfo.environment["LEEWAY_SCREENSHOTS"] ?? ".build/screenshots")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appending(path: "\(name).png")
    try image.write(to: file)
    return file
  }

  /// A text as JavaScript writes it.
  public static func quoted(_ text: String) -> String {
    let data = try? JSONSerialization.data(withJSONObject: text, options: .fragmentsAllowed)
    return data.map { String(decoding: $0, as: UTF8.self) } ?? "''"
  }

  private func call(_ method: String, _ parameters: [String: Any] = [:]) async throws {
    _ = try await pipe.call(method, parameters, session: session)
  }
}
