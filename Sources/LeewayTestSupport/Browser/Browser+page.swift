/// What every page must have, whatever is on it. Each answers with what is wrong.
extension Browser {
  /// Elements that reach beyond the window's right edge, save those in a box that scrolls; and whether the page as a whole
  /// can be moved sideways.
  public func overflows() async throws -> [String] {
    try await list(
      """
      (() => {
        const wide = [...document.body.querySelectorAll("*")].filter((one) => one.getClientRects().length > 0
          && !one.parentElement.closest(".scroll, svg") && one.getBoundingClientRect().right > innerWidth + 1)
          .map((one) => one.tagName + "." + one.className + ": " + one.textContent.slice(0, 60));
        return document.scrollingElement.scrollWidth > innerWidth ? ["the page", ...wide] : wide;
      })()
      """)
  }

  /// Letters of drawings that are cut off at the drawing's edge.
  public func cutLetters() async throws -> [String] {
    try await list(
      """
      [...document.querySelectorAll("svg text")].filter((text) => {
        const inner = text.getBoundingClientRect(), outer = text.ownerSVGElement.getBoundingClientRect();
        return inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.top < outer.top - 1
          || inner.bottom > outer.bottom + 1;
      }).map((text) => text.textContent)
      """)
  }

  /// Controls and pictures that say nothing to those who do not see them.
  public func nameless() async throws -> [String] {
    let spoken: Set = ["button", "combobox", "image", "img", "link", "searchbox", "slider", "table", "textbox"]
    return try await accessibleNames().filter { spoken.contains($0.role) && $0.name.isEmpty }.map(\.role)
  }

  /// Declarations of the page's style sheets that the browser does not understand.
  public func unknownStyles() async throws -> [String] {
    try await list(
      """
      Promise.all([...document.styleSheets].map(async (sheet) => {
        const text = (await (await fetch(sheet.href)).text()).replace(/\\/\\*[^]*?\\*\\//g, "");
        return [...text.matchAll(/^\\s*([-a-z]+):\\s*([^;{}]+);/gm)].filter(([, name, value]) => !name.startsWith("--")
          && !CSS.supports(name, value.replace("!important", ""))).map(([whole]) => sheet.href + " " + whole.trim());
      })).then((lists) => lists.flat())
      """)
  }

  /// Whether anything became an element that came as text: pictures and scripts beside the page's own.
  public func foreignElements() async throws -> [String] {
    try await list(
      """
      [...document.querySelectorAll("img:not([src='./icon.svg'], [src='../icon.svg']),"
        + "script:not([src='./app.js'], [src='../app.js']), iframe, object, embed, base")]
        .map((one) => one.outerHTML.slice(0, 200))
      """)
  }
}
