extension PostgreSQLSchema {
  /// A step that has been released never changes.
  static let changes = [
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
    """
    -- What people do about incidents: it waits here until the monitor's evaluator folds it, and stays with its incident.
    CREATE TABLE acts (
      number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      monitor text COLLATE "C" NOT NULL,
      cause_group text COLLATE "C" NOT NULL,
      incident text COLLATE "C" NOT NULL,
      wall bigint NOT NULL,
      kind text COLLATE "C" NOT NULL,
      body text COLLATE "C" NOT NULL,
      state text COLLATE "C" NOT NULL,
      input bigint,
      because text COLLATE "C" NOT NULL
    );
    CREATE INDEX acts_queued ON acts (monitor, number) WHERE state = 'queued';
    CREATE INDEX acts_by_incident ON acts (incident, number);
    ALTER TABLE incidents ADD COLUMN people text COLLATE "C" NOT NULL DEFAULT 'null';
    -- Who asked for which change.
    CREATE TABLE audit (
      number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at bigint NOT NULL,
      name text COLLATE "C" NOT NULL,
      action text COLLATE "C" NOT NULL,
      outcome text COLLATE "C" NOT NULL,
      monitor text COLLATE "C" NOT NULL,
      incident text COLLATE "C" NOT NULL,
      origin text COLLATE "C" NOT NULL,
      detail text COLLATE "C" NOT NULL
    );
    CREATE INDEX audit_by_time ON audit (at, number);
    -- What a run that a retrain was called for is called in the system that runs it.
    ALTER TABLE outbox ADD COLUMN run text COLLATE "C";
    """,
    """
    -- What people say of a retrained model, and that no corrective action came in time.
    ALTER TABLE retrains ADD COLUMN decisions text COLLATE "C" NOT NULL DEFAULT '[]';
    ALTER TABLE retrains ADD COLUMN overdue_wall bigint;
    """,
    """
    -- What people asked not to be told of for a while, and what waits for that.
    CREATE TABLE silences (
      number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      matchers text COLLATE "C" NOT NULL,
      author text COLLATE "C" NOT NULL,
      reason text COLLATE "C" NOT NULL,
      created_at bigint NOT NULL,
      starts bigint NOT NULL,
      ends bigint NOT NULL,
      expired_by text COLLATE "C"
    );
    CREATE INDEX silences_by_end ON silences (ends, number);
    ALTER TABLE outbox ADD COLUMN silence text COLLATE "C";
    CREATE INDEX outbox_silenced ON outbox (next_attempt_at) WHERE silence IS NOT NULL AND state IN ('owed', 'standing');
    """,
    """
    -- What schema registries have said of numbers: read before a registry is asked, and never changed.
    CREATE TABLE schemas (
      registry text COLLATE "C" NOT NULL,
      id bigint NOT NULL,
      kind text COLLATE "C" NOT NULL,
      text bytea NOT NULL,
      PRIMARY KEY (registry, id)
    );
    """,
    """
    -- Schemas have ids that are no numbers, too.
    ALTER TABLE schemas ALTER COLUMN id TYPE text COLLATE "C" USING id::text;
    """,
    """
    -- What an incident was about, when it has ended.
    ALTER TABLE incidents ADD COLUMN worst text COLLATE "C" NOT NULL DEFAULT '[]';
    """,
  ]
}
