import ArgumentParser
import LeewayConfiguration
import LeewayCore
import LeewayService

struct SilencesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "silences", abstract: "See silences of a running service, add one, end one.",
    discussion: """
      A silence holds back messages about what it matches, and nothing else: checks go on, incidents open, models are retrained. When it
      ends, each receiver gets one message about each incident of which something was held back. Adding and ending take an operator's token.

      EXAMPLE
        leeway silences list --state active --server http://127.0.0.1:8080
      """,
    subcommands: [List.self, Add.self, Expire.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List silences, the newest first.",
      discussion: """
        EXAMPLE
          leeway silences list --state active
        """)

    @Option(help: "Only those in this state: \(List.states).") var state: String?
    @Option(help: "At most this many, up to 1000.") var limit = 100
    @OptionGroup var server: ServerOptions

    fileprivate static let states = SilenceState.allCases.map(\.rawValue).joined(separator: ", ")

    func validate() throws {
      guard let state, SilenceState(rawValue: state) == nil else { return }
      throw ValidationError("'\(state)' is no state of a silence; it is one of \(Self.states)")
    }

    func run() throws {
      try server.get("/api/v1/silences?limit=\(limit)" + (state.map { "&state=\($0)" } ?? ""), SilenceText.list)
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Hold back messages about what is matched, for a while.",
      discussion: """
        A name is exact, or has a * at its beginning or its end that stands for any text. An option that is given several times matches
        any of its names; of different options all must match.

        EXAMPLE
          leeway silences add --monitor fraud --subject 'amount*' --for 2h --reason 'the feed is being moved' --token-file token
        """)

    @Option(help: "Of this monitor.") var monitor: [String] = []
    @Option(help: "What this check finds.") var check: [String] = []
    @Option(help: "What is found in this subject.") var subject: [String] = []
    @Option(help: "What is found in this slice.") var slice: [String] = []
    @OptionGroup var time: SilenceTime
    @OptionGroup var server: ServerOptions

    func validate() throws {
      if [monitor, check, subject, slice].allSatisfy(\.isEmpty) {
        throw ValidationError("a silence needs at least one of --monitor, --check, --subject and --slice")
      }
      for name in monitor + check + subject + slice where NamePattern(name) == nil {
        throw ValidationError("a name \(SilenceMatchers.problem(name))")
      }
    }

    func run() throws {
      let names: [(SilenceMatchers.Field, [String])] = [
        (.monitor, monitor), (.check, check), (.subject, subject), (.slice, slice),
      ]
      let patterns = names.filter { !$0.1.isEmpty }.map { ($0.0, $0.1.compactMap(NamePattern.init)) }
      let matchers = SilenceMatchers(Dictionary(uniqueKeysWithValues: patterns))
      try server.post("/api/v1/silences", body: time.body(matchers), SilenceText.added)
    }
  }

  struct Expire: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End a silence before its time; what it holds back is told at once.",
      discussion: """
        EXAMPLE
          leeway silences expire 7 --token-file token
        """)

    @Argument(help: "The silence's number.") var silence: String
    @OptionGroup var server: ServerOptions

    func run() throws {
      try server.post(
        try ServerOptions.path("silences", silence, what: "a silence") + "/expire", [], SilenceText.expired)
    }
  }
}

/// How long a silence lasts, and why.
struct SilenceTime: ParsableArguments {
  @Option(name: .customLong("for"), help: "How long, such as 30m, 2h or 7d; 30d at most.") var span: String?
  @Option(help: "Until when, such as 2026-03-01T12:00:00Z, in place of --for.") var until: String?
  @Option(help: "From when on; now unless given.") var start: String?
  @Option(help: "Why, at most 1000 bytes.") var reason: String

  // Said here and not by the service, so that the usage is shown.
  func validate() throws {
    guard (span == nil) != (until == nil) else { throw ValidationError("give either --for or --until") }
    if let span {
      guard let length = try? TimeSpan(span), length > .zero else {
        throw ValidationError("--for is '\(span.prefix(40))'; it takes a duration such as 30m, 2h or 7d")
      }
      guard length <= SilenceActs.longest else {
        throw ValidationError(
          "--for is \(span); it takes \(SilenceActs.longest) at most, and for what recurs there is maintenance in leeway.yaml"
        )
      }
    }
    let now = WallClock.now()
    let starts = try Self.time("--start", start)
    if let starts, starts > now + SilenceActs.furthest {
      throw ValidationError("--start is more than \(SilenceActs.furthest) from now; ask for it later")
    }
    if let ends = try Self.time("--until", until) {
      guard ends > max(starts ?? now, now) else {
        throw ValidationError(
          "--until is \(ends), which is \(ends > now ? "not behind --start" : "over"); give a time behind \(max(starts ?? now, now))"
        )
      }
      guard ends <= (starts ?? now) + SilenceActs.longest else {
        throw ValidationError("--until is more than \(SilenceActs.longest) behind the start; give an earlier one")
      }
    }
    guard !reason.isEmpty else { throw ValidationError("--reason is empty; say why") }
    guard reason.utf8.count <= SilenceActs.maximumReason else {
      throw ValidationError(
        "--reason has \(reason.utf8.count) bytes; it takes \(SilenceActs.maximumReason) at most")
    }
  }

  private static func time(_ option: String, _ text: String?) throws -> EventTime? {
    guard let text else { return nil }
    guard let time = EventTime(rfc3339: text) else {
      throw ValidationError("\(option) is '\(text.prefix(40))'; it takes a time such as 2026-03-01T12:00:00Z")
    }
    return time
  }

  /// The body of the request.
  func body(_ matchers: SilenceMatchers) -> String {
    var w = JSONWriter()
    w.beginObject()
    w.key("matchers")
    matchers.write(to: &w)
    for case (let key, let text?) in [("reason", reason), ("start", start), ("end", until), ("for", span)] {
      w.key(key)
      w.string(text)
    }
    w.endObject()
    return w.text
  }
}

extension IncidentsCommand {
  struct Silence: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Hold back messages about what fires in an incident, for a while.",
      discussion: """
        Makes a silence of the incident's monitor, checks and subjects. It is about these, whichever incident they are in: what else fires is
        told, and then all of it.

        EXAMPLE
          leeway incidents silence fraud-9f2c41d0a7be --for 2h --reason 'the feed is being moved' --token-file token
        """)

    @Argument(help: "The incident's id.") var incident: String
    @OptionGroup var time: SilenceTime
    @OptionGroup var server: ServerOptions

    func run() throws {
      let found = try server.ask(try ServerOptions.path("incidents", incident, what: "an incident"))
      let (matchers, note) = try SilenceText.matchers(of: found)
      try server.post("/api/v1/silences", body: time.body(matchers)) { try SilenceText.added($0) + note }
    }
  }
}
