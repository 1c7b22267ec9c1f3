import LeewayCore

/// The tables, and how older databases get them. Only forward: a database of a newer program is refused.
///
/// The same tables, columns and keys as `SQLiteSchema`; its comments say what each is for. Text compares by bytes
/// (`COLLATE "C"`), as it does there. Where a key could be longer than the 2.7 KB that an index entry holds (ids and
/// slices come from messages), the index has `PostgreSQLKey` in its place. Times are milliseconds since the epoch.
enum PostgreSQLSchema {
  static var version: Int64 { Int64(steps.count) }

  /// Brings the database to this program's version, all in one transaction. Among several instances that start at once, one
  /// does it and the others wait.
  ///
  /// - Returns: the schema that holds the tables.
  static func migrate(_ connection: PostgreSQLConnection, place: String) throws -> String {
    try connection.run("BEGIN ISOLATION LEVEL READ COMMITTED")
    defer { if !connection.isIdle, connection.isAlive { _ = try? connection.run("ROLLBACK") } }
    let session = PostgreSQLSession(connection, place: place, schema: "", writes: true)
    func refuse(_ why: String) -> LedgerError { LedgerError("opening the ledger \(place): \(why)") }
    let doing: StaticString = "opening tables"
    let found = try session.first(
      doing,
      """
      SELECT current_setting('server_version_num')::bigint, current_setting('server_encoding'),
        coalesce(current_schema()::text, '')
      """
    ) { (version: try $0.integer(0), encoding: try $0.text(1), schema: try $0.text(2)) }
    guard let found else { throw refuse("the server does not say what it is") }
    guard found.version >= oldestServer * 10_000 else {
      throw refuse("the server is PostgreSQL \(found.version / 10_000); use \(oldestServer) or newer")
    }
    guard found.encoding == "UTF8" else {
      throw refuse("the database is encoded in \(found.encoding); make one with ENCODING 'UTF8'")
    }
    guard !found.schema.isEmpty else {
      throw refuse("none of the schemas in search_path exists; make one, or correct search_path in the address")
    }
    // No other instance may look until it is decided and done.
    try session.lock(.migration, named: found.schema)
    try connection.run("SET LOCAL statement_timeout = 0")
    var version: Int64 = 0
    let known = try session.first(
      doing, "SELECT to_regclass(quote_ident($1) || '.leeway_schema') IS NOT NULL", found.schema
    ) { try $0.flag(0) }
    if known == true {
      version = try session.first(doing, "SELECT version FROM leeway_schema") { try $0.integer(0) } ?? 0
    } else {
      let strangers = try session.rows(
        doing,
        """
        SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname::text = $1 AND c.relname::text = ANY ($2)
        """, found.schema, PostgreSQLArray(["writers", "partitions", "waiting", "results", "settings"])
      ) { try $0.text(0) }
      if let stranger = strangers.sorted(by: utf8Order).first {
        throw refuse("the schema \(found.schema) has another program's table \(stranger); name a database of its own")
      }
    }
    guard (0...self.version).contains(version) else {
      throw refuse(
        "it was written by a newer leeway (schema \(version); this one knows \(self.version)); start the newer one, or "
          + "name another database")
    }
    if version < self.version {
      for step in steps[Int(version)...] { try connection.run(step) }
      try session.run(doing, "DELETE FROM leeway_schema")
      try session.run(doing, "INSERT INTO leeway_schema (version) VALUES ($1)", self.version)
    }
    try connection.run("COMMIT")
    return found.schema
  }

  private static let oldestServer: Int64 = 14

  /// Step `i` leads from version `i` to `i + 1`. A step that has been released never changes.
  static let steps = [
    """
    CREATE TABLE leeway_schema (version bigint NOT NULL);

    CREATE TABLE writers (
      id text COLLATE "C" PRIMARY KEY,
      flush_seq bigint NOT NULL,
      alive boolean NOT NULL,
      registered_at bigint NOT NULL,
      last_seen bigint NOT NULL,
      last_flush bigint,
      host text COLLATE "C" NOT NULL,
      process bigint NOT NULL
    ) WITH (fillfactor = 50);

    CREATE SEQUENCE generation_ids;
    CREATE TABLE generations (
      id bigint NOT NULL DEFAULT nextval('generation_ids'),
      monitor text COLLATE "C" NOT NULL,
      generation text COLLATE "C" NOT NULL,
      starts_at bigint NOT NULL,
      baseline text COLLATE "C" NOT NULL,
      PRIMARY KEY (monitor, generation)
    );
    CREATE UNIQUE INDEX generations_by_id ON generations (monitor, id);

    CREATE TABLE partitions (
      monitor text COLLATE "C" NOT NULL,
      topic text COLLATE "C" NOT NULL,
      partition bigint NOT NULL,
      role text COLLATE "C" NOT NULL,
      epoch bigint NOT NULL,
      owner text COLLATE "C",
      next_offset bigint NOT NULL,
      watermark bigint NOT NULL,
      idle_until bigint,
      end_offset bigint,
      PRIMARY KEY (monitor, topic, partition)
    ) WITH (fillfactor = 50);

    -- Kept for good: connections remember their numbers.
    CREATE TABLE scopes (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      monitor text COLLATE "C" NOT NULL,
      generation text COLLATE "C" NOT NULL,
      UNIQUE (monitor, generation)
    );

    -- Room in each page for the states that grow when their label comes: such an update touches no index.
    CREATE TABLE waiting (
      scope bigint NOT NULL,
      id bytea NOT NULL,
      reclaim_after bigint NOT NULL,
      state bytea NOT NULL,
      PRIMARY KEY (scope, id)
    ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
    ALTER TABLE waiting ALTER COLUMN state SET STORAGE EXTERNAL;
    CREATE INDEX waiting_by_reclaim ON waiting (scope, reclaim_after);

    -- Blocks are packed already: compressing them again costs more than it saves.
    CREATE TABLE drift_panes (
      scope bigint NOT NULL,
      pane bigint NOT NULL,
      slice_key bytea NOT NULL,
      writer text COLLATE "C" NOT NULL,
      slice text COLLATE "C" NOT NULL,
      block bytea NOT NULL,
      PRIMARY KEY (scope, pane, slice_key, writer)
    ) WITH (autovacuum_vacuum_scale_factor = 0.05);
    ALTER TABLE drift_panes ALTER COLUMN block SET STORAGE EXTERNAL;
    CREATE TABLE performance_panes (
      scope bigint NOT NULL,
      pane bigint NOT NULL,
      slice_key bytea NOT NULL,
      writer text COLLATE "C" NOT NULL,
      slice text COLLATE "C" NOT NULL,
      block bytea NOT NULL,
      PRIMARY KEY (scope, pane, slice_key, writer)
    ) WITH (autovacuum_vacuum_scale_factor = 0.05);
    CREATE INDEX drift_panes_by_writer ON drift_panes (writer, scope, pane);
    CREATE INDEX performance_panes_by_writer ON performance_panes (writer, scope, pane);
    ALTER TABLE performance_panes ALTER COLUMN block SET STORAGE EXTERNAL;

    CREATE SEQUENCE dirty_mark_ids;
    CREATE TABLE dirty_marks (
      id bigint NOT NULL UNIQUE DEFAULT nextval('dirty_mark_ids'),
      scope bigint NOT NULL,
      kind bigint NOT NULL,
      pane bigint NOT NULL,
      PRIMARY KEY (scope, kind, pane)
    );

    CREATE TABLE evaluations (
      scope bigint PRIMARY KEY,
      closed_through bigint NOT NULL,
      final_through bigint NOT NULL,
      matured_through bigint NOT NULL,
      first_pane bigint
    );

    -- `series_key` is a digest of what is unique together.
    CREATE TABLE result_series (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      series_key bytea NOT NULL UNIQUE,
      monitor text COLLATE "C" NOT NULL,
      generation text COLLATE "C" NOT NULL,
      type text COLLATE "C" NOT NULL,
      check_name text COLLATE "C" NOT NULL,
      window_name text COLLATE "C" NOT NULL,
      size bigint NOT NULL,
      slice text COLLATE "C" NOT NULL,
      subject text COLLATE "C" NOT NULL,
      metric text COLLATE "C" NOT NULL,
      first_end bigint NOT NULL,
      last_end bigint NOT NULL
    ) WITH (fillfactor = 50);
    CREATE INDEX result_series_by_check ON result_series (monitor, generation, type, check_name);
    CREATE TABLE results (
      series bigint NOT NULL,
      end_time bigint NOT NULL,
      sequence bigint NOT NULL,
      revision bigint NOT NULL,
      line text COLLATE "C" NOT NULL,
      raw_tier bigint,
      value double precision,
      PRIMARY KEY (end_time, series, sequence)
    );
    CREATE INDEX results_by_series ON results (series, end_time);

    CREATE TABLE machines (
      monitor text COLLATE "C" NOT NULL,
      cause_group text COLLATE "C" NOT NULL,
      state bytea NOT NULL,
      PRIMARY KEY (monitor, cause_group)
    );

    CREATE TABLE incidents (
      id text COLLATE "C" PRIMARY KEY,
      monitor text COLLATE "C" NOT NULL,
      cause_group text COLLATE "C" NOT NULL,
      state text COLLATE "C" NOT NULL,
      tier bigint NOT NULL,
      opened_at bigint NOT NULL,
      changed_at bigint NOT NULL,
      resolved_at bigint,
      checks text COLLATE "C" NOT NULL,
      subjects text COLLATE "C" NOT NULL,
      evidence text COLLATE "C" NOT NULL
    );
    CREATE INDEX incidents_by_time ON incidents (opened_at, id);

    CREATE TABLE retrains (
      id text COLLATE "C" PRIMARY KEY,
      monitor text COLLATE "C" NOT NULL,
      incident text COLLATE "C" NOT NULL,
      state text COLLATE "C" NOT NULL,
      requested_at bigint NOT NULL,
      deadline bigint NOT NULL,
      requested_wall bigint NOT NULL,
      completed_wall bigint,
      answer text COLLATE "C" NOT NULL
    );
    CREATE INDEX retrains_by_time ON retrains (requested_wall, id);

    CREATE TABLE outbox (
      key text COLLATE "C" PRIMARY KEY,
      monitor text COLLATE "C" NOT NULL,
      incident text COLLATE "C" NOT NULL,
      receiver text COLLATE "C" NOT NULL,
      sequence bigint NOT NULL,
      body text COLLATE "C" NOT NULL,
      created_at bigint NOT NULL,
      state text COLLATE "C" NOT NULL,
      attempts bigint NOT NULL,
      first_attempt_at bigint,
      next_attempt_at bigint NOT NULL,
      last_error text COLLATE "C" NOT NULL,
      leased_until bigint,
      leases bigint NOT NULL DEFAULT 0
    );
    CREATE INDEX outbox_owed ON outbox (receiver, incident, sequence, key) WHERE state = 'owed';
    CREATE INDEX outbox_undelivered ON outbox (receiver, state, created_at) WHERE state <> 'delivered';
    CREATE INDEX outbox_by_time ON outbox (created_at, sequence, key);
    CREATE INDEX outbox_by_incident ON outbox (incident, created_at, sequence, key);

    CREATE TABLE leases (
      name text COLLATE "C" PRIMARY KEY,
      holder text COLLATE "C",
      epoch bigint NOT NULL,
      until bigint NOT NULL
    );

    CREATE TABLE quarantine (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      monitor text COLLATE "C" NOT NULL,
      topic text COLLATE "C" NOT NULL,
      partition bigint NOT NULL,
      log_offset bigint NOT NULL,
      code text COLLATE "C" NOT NULL,
      reason text COLLATE "C" NOT NULL,
      sample bytea NOT NULL
    );
    CREATE INDEX quarantine_by_monitor ON quarantine (monitor, id);

    CREATE TABLE outside_inputs (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      monitor text COLLATE "C" NOT NULL,
      incident text COLLATE "C" NOT NULL,
      at bigint NOT NULL,
      kind text COLLATE "C" NOT NULL,
      detail text COLLATE "C" NOT NULL
    );
    CREATE INDEX outside_inputs_by_monitor ON outside_inputs (monitor, id);
    CREATE INDEX outside_inputs_by_incident ON outside_inputs (incident, id);

    CREATE TABLE settings (
      name text COLLATE "C" PRIMARY KEY,
      value bytea NOT NULL
    );
    """,
    """
    -- `row_key` is a digest of id and version.
    CREATE TABLE errors (
      scope bigint NOT NULL,
      time bigint NOT NULL,
      row_key bytea NOT NULL,
      id bytea NOT NULL,
      version bytea NOT NULL,
      error double precision NOT NULL,
      slices bytea NOT NULL,
      PRIMARY KEY (scope, time, row_key)
    ) WITH (autovacuum_vacuum_scale_factor = 0.05);
    CREATE TABLE fed_panes (
      scope bigint NOT NULL,
      pane bigint NOT NULL,
      block bytea NOT NULL,
      PRIMARY KEY (scope, pane)
    );
    CREATE TABLE error_feeds (
      scope bigint PRIMARY KEY,
      state bytea NOT NULL
    );
    """,
    """
    -- Performance has two stages: by the labels that came early, and by those within the horizon.
    CREATE TABLE early_performance_panes (
      scope bigint NOT NULL,
      pane bigint NOT NULL,
      slice_key bytea NOT NULL,
      writer text COLLATE "C" NOT NULL,
      slice text COLLATE "C" NOT NULL,
      block bytea NOT NULL,
      PRIMARY KEY (scope, pane, slice_key, writer)
    ) WITH (autovacuum_vacuum_scale_factor = 0.05);
    CREATE INDEX early_performance_panes_by_writer ON early_performance_panes (writer, scope, pane);
    ALTER TABLE early_performance_panes ALTER COLUMN block SET STORAGE EXTERNAL;
    ALTER TABLE evaluations ADD COLUMN early_matured_through bigint NOT NULL DEFAULT -9223372036854775808;
    ALTER TABLE result_series ADD COLUMN stage text COLLATE "C" NOT NULL DEFAULT 'final';
    """,
    """
    -- What incident machines are a fold over: verdicts of ends that changed something, and what came from outside.
    CREATE TABLE decision_log (
      monitor text COLLATE "C" NOT NULL,
      cause_group text COLLATE "C" NOT NULL,
      number bigint NOT NULL,
      kind text COLLATE "C" NOT NULL,
      at bigint NOT NULL,
      wall bigint,
      body text COLLATE "C" NOT NULL,
      PRIMARY KEY (monitor, cause_group, number)
    );
    ALTER TABLE incidents ADD COLUMN slices text COLLATE "C" NOT NULL DEFAULT '[]';
    ALTER TABLE incidents ADD COLUMN retrain text COLLATE "C" NOT NULL DEFAULT 'null';
    ALTER TABLE incidents ADD COLUMN twin text COLLATE "C" NOT NULL DEFAULT 'null';
    -- All performance had been judged at the horizon.
    UPDATE incidents SET cause_group = 'performance/final' WHERE cause_group = 'performance';
    UPDATE machines SET cause_group = 'performance/final' WHERE cause_group = 'performance';
    """,
    """
    -- Pairs may go over to a later generation, and one that is superseded goes on until its labels have come.
    ALTER TABLE generations ADD COLUMN definition text COLLATE "C" NOT NULL DEFAULT '';
    ALTER TABLE generations ADD COLUMN pairs text COLLATE "C" NOT NULL DEFAULT '';
    ALTER TABLE generations ADD COLUMN pairs_start_at bigint NOT NULL DEFAULT 0;
    ALTER TABLE generations ADD COLUMN early_starts_at bigint NOT NULL DEFAULT 0;
    ALTER TABLE generations ADD COLUMN pair_shape text COLLATE "C" NOT NULL DEFAULT '';
    ALTER TABLE generations ADD COLUMN read_through bigint NOT NULL DEFAULT -9223372036854775808;
    ALTER TABLE generations ADD COLUMN drained bigint NOT NULL DEFAULT 0;
    ALTER TABLE generations ADD COLUMN monitor_file bytea;
    ALTER TABLE generations ADD COLUMN baseline_file bytea;
    UPDATE generations SET definition = generation, pairs = generation, pairs_start_at = starts_at,
      early_starts_at = starts_at;
    """,
    """
    -- How long a delivery has waited is judged so that a clock which is set back keeps none waiting.
    ALTER TABLE outbox ADD COLUMN waiting_since bigint NOT NULL DEFAULT -9223372036854775808;
    ALTER TABLE outbox ADD COLUMN tried_for bigint NOT NULL DEFAULT 0;
    """,
    """
    -- Calls to retrain are told apart from messages: they have a deadline and are never sent again.
    ALTER TABLE outbox ADD COLUMN retrain text COLLATE "C";
    UPDATE outbox SET retrain = body::json ->> 'retrain' WHERE key LIKE '%-retrain/retrain';
    """,
    """
    -- The first days of production that checks with `reference: first …` are measured from, whatever the generation.
    CREATE TABLE frozen_references (
      monitor text COLLATE "C" NOT NULL,
      hash text COLLATE "C" NOT NULL,
      slice_key bytea NOT NULL,
      slice text COLLATE "C" NOT NULL,
      begins bigint NOT NULL,
      ends bigint NOT NULL,
      through bigint NOT NULL,
      used_at bigint NOT NULL,
      block bytea NOT NULL,
      PRIMARY KEY (monitor, hash, slice_key)
    );
    CREATE INDEX frozen_references_by_use ON frozen_references (monitor, used_at);
    """,
    """
    -- Lines packed with what their like have in common; `line` is then empty. Older lines are packed bit by bit later:
    -- `plain_from` is the first end from which on a series may have lines that are not.
    CREATE TABLE result_dictionaries (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      monitor text COLLATE "C" NOT NULL,
      generation text COLLATE "C" NOT NULL,
      type text COLLATE "C" NOT NULL,
      body bytea NOT NULL
    );
    ALTER TABLE result_dictionaries ALTER COLUMN body SET STORAGE EXTERNAL;
    CREATE INDEX result_dictionaries_by_kind ON result_dictionaries (monitor, generation, type, id);
    ALTER TABLE results ADD COLUMN packed bytea;
    ALTER TABLE results ALTER COLUMN packed SET STORAGE EXTERNAL;
    ALTER TABLE result_series ADD COLUMN plain_from bigint;
    UPDATE result_series SET plain_from = first_end;
    CREATE TABLE result_thinnings (
      monitor text COLLATE "C" PRIMARY KEY,
      through bigint NOT NULL,
      before bigint NOT NULL
    );
    """,
    """
    -- An index of every line by its series took 40 bytes a line. Only lines that are not packed yet are looked for by series.
    DROP INDEX results_by_series;
    CREATE INDEX results_plain ON results (series, end_time) WHERE packed IS NULL;
    """,
    """
    -- What detectors of shifts know after the last hour that they took.
    CREATE TABLE shift_states (
      monitor text COLLATE "C" NOT NULL,
      hash text COLLATE "C" NOT NULL,
      slice_key bytea NOT NULL,
      slice text COLLATE "C" NOT NULL,
      through bigint NOT NULL,
      state bytea NOT NULL,
      PRIMARY KEY (monitor, hash, slice_key)
    );
    ALTER TABLE shift_states ALTER COLUMN state SET STORAGE EXTERNAL;
    CREATE INDEX shift_states_by_age ON shift_states (monitor, through);
    """,
  ]
}
