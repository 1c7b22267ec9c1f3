import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayLedger

@Suite("PostgreSQL ledger: schema", PostgreSQLTests.condition)
struct SchemaTests {
  private func schema(of address: String) throws -> String { String(try #require(address.split(separator: "D").last)) }

  @Test func instancesThatStartAtOnceMakeTheTablesOnce() throws {
    let server = try PostgreSQLTests.server()
    let address = try server.addressOfNewSchema()
    let work = (0..<4).map { i in
      Work {
        let ledger = try PostgreSQLLedger(address: address)
        try ledger.write { try $0.put(setting: "\(i)", value: [1]) }
      }
    }
    for work in work { try work.finish() }
    #expect(
      try server.execute("SELECT version FROM \(try schema(of: address)).leeway_schema") == [
        ["\(PostgreSQLSchema.version)"]
      ])
    #expect(try server.execute("SELECT count(*) FROM \(try schema(of: address)).settings") == [["4"]])
  }

  @Test func aNewerProgramsTablesAreRefused() throws {
    let server = try PostgreSQLTests.server()
    let address = try server.addressOfNewSchema()
    try PostgreSQLLedger(address: address).close()
    try server.execute("UPDATE \(try schema(of: address)).leeway_schema SET version = 99")
    #expect(
      PostgreSQLTests.refusal(address)
        == "opening the ledger postgres at 127.0.0.1:\(server.port): it was written by a newer leeway (schema 99; this "
        + "one knows \(PostgreSQLSchema.version)); start the newer one, or name another database")
  }

  @Test func anotherProgramsTablesAreLeftAsTheyAre() throws {
    let server = try PostgreSQLTests.server()
    let address = try server.addressOfNewSchema()
    let schema = try schema(of: address)
    try server.execute("CREATE TABLE \(schema).settings (theme text)")
    #expect(
      PostgreSQLTests.refusal(address)
        == "opening the ledger postgres at 127.0.0.1:\(server.port): the schema \(schema) has another program's table "
        + "settings; name a database of its own")
    #expect(
      try server.execute("SELECT count(*) FROM pg_tables WHERE schemaname = '\(schema)'") == [["1"]])
  }

  /// What version 1 of the tables is, for good: a step that has been released never changes.
  @Test func theTablesOfVersion1AreWhatTheyWere() throws {
    let server = try PostgreSQLTests.server()
    let address = try server.addressOfNewSchema()
    let schema = try schema(of: address)
    let connection = try PostgreSQLConnection(try PostgreSQLAddress(address), patience: 60)
    try connection.run(PostgreSQLSchema.steps[0])
    let columns = try server.execute(
      """
      SELECT table_name || ' ' || string_agg(column_name || ' ' || udt_name
        || CASE is_nullable WHEN 'YES' THEN '?' ELSE '' END || coalesce(' ' || collation_name, ''), ', '
        ORDER BY ordinal_position)
      FROM information_schema.columns WHERE table_schema = '\(schema)' GROUP BY table_name ORDER BY table_name COLLATE "C"
      """)
    let indexes = try server.execute(
      """
      SELECT replace(replace(indexdef, ' USING btree', ''), '\(schema).', '') FROM pg_indexes
      WHERE schemaname = '\(schema)' ORDER BY indexname COLLATE "C"
      """)
    #expect((columns + indexes).compactMap { $0[0] }.joined(separator: "\n") == Self.version1)
  }

  @Test func rowsOfVersion1AreRead() throws {
    let server = try PostgreSQLTests.server()
    let address = try server.addressOfNewSchema()
    let schema = try schema(of: address)
    let connection = try PostgreSQLConnection(try PostgreSQLAddress(address), patience: 60)
    try connection.run(PostgreSQLSchema.steps[0])
    try server.execute(
      """
      SET search_path = \(schema);
      INSERT INTO leeway_schema VALUES (1);
      INSERT INTO scopes (monitor, generation) VALUES ('m', 'g');
      INSERT INTO waiting VALUES (1, '\\x6964', 9, '\\x0102'),
        (1, ('\\x' || repeat('61', 224))::bytea || sha256(('\\x' || repeat('61', 300))::bytea), 9, '\\x03');
      INSERT INTO drift_panes VALUES (1, 300, '\\x610062', 'w', U&'a\\0001\\0001b', '\\x07');
      INSERT INTO settings VALUES ('key', '\\xff');
      RESET search_path
      """)
    let ledger = try PostgreSQLLedger(address: address)
    try ledger.read { (reader: any LedgerReader) throws in
      #expect(
        try reader.waiting(
          monitor: "m", generation: "g", ids: [Array("id".utf8), Array(repeating: 0x61, count: 300), [1]])
          == [[1, 2], [3], nil])
      var panes: [String] = []
      try reader.panes(.drift, monitor: "m", generation: "g", in: .at(0)..<EventTime.at(301)) {
        panes.append("\($0.milliseconds) \($1) \($2)")
      }
      #expect(panes == ["300 a\u{0}b [7]"])
      #expect(
        try reader.ownPanes(
          .drift, monitor: "m", generation: "g", writer: "w", keys: [PaneKey(pane: .at(300), slice: "a\u{0}b")])
          == [[7]])
      #expect(try reader.setting("key") == [255])
    }
  }

  /// Lines of before there were stages are final ones, and are replaced where they are.
  @Test func linesOfVersion2AreFinalAndANewLineTakesThePlaceOfTheOld() throws {
    let server = try PostgreSQLTests.server()
    let address = try server.addressOfNewSchema()
    let connection = try PostgreSQLConnection(try PostgreSQLAddress(address), patience: 60)
    for step in PostgreSQLSchema.steps[..<2] { try connection.run(step) }
    let key = PostgreSQLKey.digest(["m", "g", "verdict", "auc", "7d", "604800000", "all", "performance", "auc"])
    try server.execute(
      """
      SET search_path = \(try schema(of: address));
      INSERT INTO leeway_schema VALUES (2);
      INSERT INTO result_series (series_key, monitor, generation, type, check_name, window_name, size, slice, subject,
        metric, first_end, last_end)
      VALUES ('\\x\(key.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())', 'm', 'g', 'verdict',
        'auc', '7d', 604800000, 'all', 'performance', 'auc', 20, 20);
      INSERT INTO results VALUES (1, 20, 0, 3, '{"n":2}', NULL, NULL);
      RESET search_path
      """)
    let ledger = try PostgreSQLLedger(address: address)
    func line(_ text: String, _ stage: Stage = .final, revision: Int64 = 0) -> ResultRecord {
      ResultRecord(
        monitor: "m", generation: "g", type: .verdict, window: "7d", size: 604_800_000, end: .at(20), slice: "all",
        subject: "performance", check: "auc", metric: "auc", stage: stage, line: text, revision: revision)
    }
    func stored() throws -> [ResultRecord] { try ledger.read { try $0.results(ResultQuery(limit: 9)) } }
    #expect(try stored() == [line(#"{"n":2}"#, revision: 3)])
    let early = line(#"{"n":3}"#, .early)
    try ledger.write { try $0.put(results: [line(#"{"n":4}"#), early]) }
    #expect(try stored() == [early, line(#"{"n":4}"#, revision: 4)])
  }

  private static let version1 = """
    dirty_marks id int8, scope int8, kind int8, pane int8
    drift_panes scope int8, pane int8, slice_key bytea, writer text C, slice text C, block bytea
    evaluations scope int8, closed_through int8, final_through int8, matured_through int8, first_pane int8?
    generations id int8, monitor text C, generation text C, starts_at int8, baseline text C
    incidents id text C, monitor text C, cause_group text C, state text C, tier int8, opened_at int8, changed_at \
    int8, resolved_at int8?, checks text C, subjects text C, evidence text C
    leases name text C, holder text? C, epoch int8, until int8
    leeway_schema version int8
    machines monitor text C, cause_group text C, state bytea
    outbox key text C, monitor text C, incident text C, receiver text C, sequence int8, body text C, created_at \
    int8, state text C, attempts int8, first_attempt_at int8?, next_attempt_at int8, last_error text C, leased_until \
    int8?, leases int8
    outside_inputs id int8, monitor text C, incident text C, at int8, kind text C, detail text C
    partitions monitor text C, topic text C, partition int8, role text C, epoch int8, owner text? C, next_offset \
    int8, watermark int8, idle_until int8?, end_offset int8?
    performance_panes scope int8, pane int8, slice_key bytea, writer text C, slice text C, block bytea
    quarantine id int8, monitor text C, topic text C, partition int8, log_offset int8, code text C, reason text C, \
    sample bytea
    result_series id int8, series_key bytea, monitor text C, generation text C, type text C, check_name text C, \
    window_name text C, size int8, slice text C, subject text C, metric text C, first_end int8, last_end int8
    results series int8, end_time int8, sequence int8, revision int8, line text C, raw_tier int8?, value float8?
    retrains id text C, monitor text C, incident text C, state text C, requested_at int8, deadline int8, \
    requested_wall int8, completed_wall int8?, answer text C
    scopes id int8, monitor text C, generation text C
    settings name text C, value bytea
    waiting scope int8, id bytea, reclaim_after int8, state bytea
    writers id text C, flush_seq int8, alive bool, registered_at int8, last_seen int8, last_flush int8?, host text \
    C, process int8
    CREATE UNIQUE INDEX dirty_marks_id_key ON dirty_marks (id)
    CREATE UNIQUE INDEX dirty_marks_pkey ON dirty_marks (scope, kind, pane)
    CREATE INDEX drift_panes_by_writer ON drift_panes (writer, scope, pane)
    CREATE UNIQUE INDEX drift_panes_pkey ON drift_panes (scope, pane, slice_key, writer)
    CREATE UNIQUE INDEX evaluations_pkey ON evaluations (scope)
    CREATE UNIQUE INDEX generations_by_id ON generations (monitor, id)
    CREATE UNIQUE INDEX generations_pkey ON generations (monitor, generation)
    CREATE INDEX incidents_by_time ON incidents (opened_at, id)
    CREATE UNIQUE INDEX incidents_pkey ON incidents (id)
    CREATE UNIQUE INDEX leases_pkey ON leases (name)
    CREATE UNIQUE INDEX machines_pkey ON machines (monitor, cause_group)
    CREATE INDEX outbox_by_incident ON outbox (incident, created_at, sequence, key)
    CREATE INDEX outbox_by_time ON outbox (created_at, sequence, key)
    CREATE INDEX outbox_owed ON outbox (receiver, incident, sequence, key) WHERE (state = 'owed'::text)
    CREATE UNIQUE INDEX outbox_pkey ON outbox (key)
    CREATE INDEX outbox_undelivered ON outbox (receiver, state, created_at) WHERE (state <> 'delivered'::text)
    CREATE INDEX outside_inputs_by_incident ON outside_inputs (incident, id)
    CREATE INDEX outside_inputs_by_monitor ON outside_inputs (monitor, id)
    CREATE UNIQUE INDEX outside_inputs_pkey ON outside_inputs (id)
    CREATE UNIQUE INDEX partitions_pkey ON partitions (monitor, topic, partition)
    CREATE INDEX performance_panes_by_writer ON performance_panes (writer, scope, pane)
    CREATE UNIQUE INDEX performance_panes_pkey ON performance_panes (scope, pane, slice_key, writer)
    CREATE INDEX quarantine_by_monitor ON quarantine (monitor, id)
    CREATE UNIQUE INDEX quarantine_pkey ON quarantine (id)
    CREATE INDEX result_series_by_check ON result_series (monitor, generation, type, check_name)
    CREATE UNIQUE INDEX result_series_pkey ON result_series (id)
    CREATE UNIQUE INDEX result_series_series_key_key ON result_series (series_key)
    CREATE INDEX results_by_series ON results (series, end_time)
    CREATE UNIQUE INDEX results_pkey ON results (end_time, series, sequence)
    CREATE INDEX retrains_by_time ON retrains (requested_wall, id)
    CREATE UNIQUE INDEX retrains_pkey ON retrains (id)
    CREATE UNIQUE INDEX scopes_monitor_generation_key ON scopes (monitor, generation)
    CREATE UNIQUE INDEX scopes_pkey ON scopes (id)
    CREATE UNIQUE INDEX settings_pkey ON settings (name)
    CREATE INDEX waiting_by_reclaim ON waiting (scope, reclaim_after)
    CREATE UNIQUE INDEX waiting_pkey ON waiting (scope, id)
    CREATE UNIQUE INDEX writers_pkey ON writers (id)
    """
}
