import LeewayCore
import Testing

@testable import LeewayReplay

/// What `--inject` takes, and what is said of everything else.
@Suite struct InjectionSpecTests {
  private let scene: BacktestScene

  init() throws { scene = try BacktestScene.shared.get() }

  private func read(_ text: String) throws -> Injection {
    try InjectionSpec.read(text, scene.monitor, scene.baseline)
  }

  @Test func everyKindIsRead() throws {
    let amount = try #require(scene.baseline.subject(named: "amount"))
    let (mean, deviation) = (try #require(amount.mean), try #require(amount.standardDeviation))
    let monday = EventTime(milliseconds: BacktestScene.monday)
    let wanted: [(String, String, Injection.Change)] = [
      ("amount:+0.5sd@2026-03-02", "amount", .add(0.5 * deviation)),
      ("amount:-2sd@2026-03-02T00:00:00Z", "amount", .add(-2 * deviation)),
      ("amount:sdx1.5@2026-03-02", "amount", .spread(1.5, around: mean)),
      ("amount:x1000@2026-03-02T01:00:00+01:00", "amount", .multiply(1000)),
      ("country:missing=30%@2026-03-02", "country", .missing(0.3)),
      ("country:DE<->FR@2026-03-02", "country", .swap("DE", "FR")),
      ("score:+1sd@2026-03-02", "score", .add(try #require(scene.baseline.subject(named: "score")?.standardDeviation))),
      ("label:flip=20%@2026-03-02", "label", .flip(0.2)),
    ]
    for (text, subject, change) in wanted {
      #expect(try read(text) == Injection(text: text, subject: subject, change: change, from: monday), "\(text)")
    }
    let gradual = try read("amount:+1sd@2026-03-02..2026-03-09")
    #expect(gradual.from == monday && gradual.until == monday + .days(7))
  }

  @Test func whatIsWrong() {
    let wanted = [
      "amount": "column 1: amount has no colon; write SUBJECT:CHANGE@TIME, such as amount:+0.5sd@2026-03-01",
      "amuont:+1sd@2026-03-01":
        "column 1: amuont is no feature of monitor shop, nor score or label. Did you mean amount?",
      "amount:+1sd": "column 8: +1sd has no time; add @ and a day or a time, such as @2026-03-01",
      "amount:+1sd@March": "column 13: March is no day or time; write 2026-03-01, or 2026-03-01T12:00:00Z",
      "amount:+1sd@2026-03-05..2026-03-01":
        "column 13: 2026-03-05..2026-03-01 ends before it begins; write the earlier time first",
      "amount:+1sd@2026-03-05..x": "column 25: x is no day or time; write 2026-03-01, or 2026-03-01T12:00:00Z",
      "amount:0.5sd@2026-03-01":
        "column 8: 0.5sd is no change; write one of +0.5sd, sdx1.5, x1000, missing=30%, A<->B, or for label flip=20%",
      "amount:+0sd@2026-03-01": "column 8: +0sd is nothing; write 0.01 to 1000 standard deviations",
      "amount:sdx1@2026-03-01": "column 8: sdx1 is nothing; write sdx and a number from 0 to 1000000 other than 1",
      "amount:x1@2026-03-01": "column 8: x1 is nothing; write x and a number other than 1",
      "amount:missing=0%@2026-03-01":
        "column 8: missing=0% takes a share above 0 % and up to 100 %, such as missing=30%",
      "amount:missing=0.3@2026-03-01":
        "column 8: missing=0.3 takes a share above 0 % and up to 100 %, such as missing=30%",
      "amount:DE<->FR@2026-03-01":
        "column 8: DE<->FR swaps categories, and amount has numbers; write +0.5sd, sdx1.5 or x1000",
      "country:+1sd@2026-03-01":
        "column 9: +1sd is a change of numbers, and country has categories; write A<->B or missing=30%",
      "country:DE<->FRA@2026-03-01":
        "column 9: DE<->FRA names FRA, which is no category of country in the baseline. Did you mean FR?",
      "country:DE<->DE@2026-03-01": "column 9: DE<->DE swaps a category with itself; name two",
      "amount:flip=20%@2026-03-01": "column 8: flip=20% is a change of labels; write label:flip=20%",
      "label:+1sd@2026-03-01": "column 7: +1sd is no change of labels; write flip=20%",
    ]
    for (text, problem) in wanted {
      let error = #expect(throws: InjectionSpec.Wrong.self) { try read(text) }
      #expect(error?.description == "--inject \(text), \(problem)")
    }
  }
}
