import LeewayCore
import Testing

@testable import LeewayLedger

/// Lines of before there were stages are final ones, and are replaced where they are.
@Suite("SQLite ledger: results of version 4")
struct OlderResultTests {
  @Test func linesOfVersion4AreFinalAndANewLineTakesThePlaceOfTheOld() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    try OlderFile.make(
      path, version: 4,
      rows: """
        INSERT INTO result_series VALUES
          (7, 'm', 'g', 'verdict', 'auc', '7d', 604800000, 'all', 'performance', 'auc', 10, 20);
        INSERT INTO results VALUES (1, 7, 10, 0, 0, '{"n":1}', 2, 0.7), (2, 7, 20, 0, 3, '{"n":2}', NULL, NULL);
        INSERT INTO scopes VALUES (1, 'm', 'g');
        INSERT INTO evaluations VALUES (1, 30, 20, 5, 30);
        """)
    let ledger = try SQLiteLedger(path: path)
    func line(_ end: Int64, _ text: String, _ stage: Stage = .final, revision: Int64 = 0) -> ResultRecord {
      ResultRecord(
        monitor: "m", generation: "g", type: .verdict, window: "7d", size: 604_800_000, end: .at(end), slice: "all",
        subject: "performance", check: "auc", metric: "auc", stage: stage, line: text,
        rawTier: end == 10 ? .warning : nil, value: end == 10 ? 0.7 : nil, revision: revision)
    }
    func stored() throws -> [ResultRecord] { try ledger.read { try $0.results(ResultQuery(limit: 9)) } }
    #expect(try stored() == [line(10, #"{"n":1}"#), line(20, #"{"n":2}"#, revision: 3)])
    let early = line(20, #"{"n":3}"#, .early)
    try ledger.write { try $0.put(results: [line(20, #"{"n":4}"#), early]) }
    #expect(try stored() == [line(10, #"{"n":1}"#), early, line(20, #"{"n":4}"#, revision: 4)])
    #expect(
      try ledger.read { try $0.progress(monitor: "m", generation: "g") }
        == EvaluationProgress(
          closedThrough: .at(30), finalThrough: .at(30), maturedThrough: .at(20), firstPane: .at(5)))
    ledger.close()
  }

  /// Opening changes no line: they are packed bit by bit later, and read the same before and after.
  @Test func linesOfVersion9ArePackedAfterTheOpeningInSteps() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/ledger.db"
    try OlderFile.make(
      path, version: 9,
      rows: """
        INSERT INTO result_series VALUES
          (7, 'm', 'g', 'drift', '', '1h', 3600000, 'all', 'x', '', 'final', 1, 200);
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
        INSERT INTO results SELECT i, 7, i, 0, i % 3, '{"type":"drift","monitor":"m","rows":' || i || '}', NULL, NULL
        FROM n;
        """)
    let ledger = try SQLiteLedger(path: path)
    let wanted = (1...200 as ClosedRange<Int64>).map { i in
      ResultRecord(
        monitor: "m", generation: "g", type: .drift, window: "1h", size: 3_600_000, end: .at(i), slice: "all",
        subject: "x", line: #"{"type":"drift","monitor":"m","rows":\#(i)}"#, revision: i % 3)
    }
    func stored() throws -> [ResultRecord] { try ledger.read { try $0.results(ResultQuery(limit: 999)) } }
    #expect(try stored() == wanted)
    for count in [90, 90, 20, 0] {
      let packed = try ledger.write { try $0.packResults(monitor: "m", generation: "g", limit: 90) }
      #expect(packed == count)
      #expect(try stored() == wanted)
    }
    ledger.close()
  }
}
