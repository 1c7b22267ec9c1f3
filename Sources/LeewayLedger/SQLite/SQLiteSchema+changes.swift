extension SQLiteSchema {
  /// A step that has been released never changes.
  static let changes = [
    """
    ALTER TABLE writers ADD COLUMN host TEXT NOT NULL DEFAULT '';
    ALTER TABLE writers ADD COLUMN process INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE writers ADD COLUMN last_seen INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE writers ADD COLUMN last_flush INTEGER;
    UPDATE writers SET last_seen = registered_at;

    ALTER TABLE partitions ADD COLUMN end_offset INTEGER;
    ALTER TABLE evaluations ADD COLUMN final_through INTEGER NOT NULL DEFAULT -9223372036854775808;
    UPDATE evaluations SET final_through = closed_through;
    ALTER TABLE outbox ADD COLUMN leases INTEGER NOT NULL DEFAULT 0;

    -- What one writer holds: for folding, and to see that a dead one holds nothing any more.
    CREATE INDEX drift_panes_by_writer ON drift_panes (writer, scope, pane);
    CREATE INDEX performance_panes_by_writer ON performance_panes (writer, scope, pane);
    CREATE INDEX results_by_series ON results (series, end_time);
    """,
    """
    -- Errors of labelled predictions until detectors have been fed with them, and what these made of each pane.
    CREATE TABLE errors (
      scope INTEGER NOT NULL,
      time INTEGER NOT NULL,
      id BLOB NOT NULL,
      version BLOB NOT NULL,
      error REAL NOT NULL,
      slices BLOB NOT NULL,
      PRIMARY KEY (scope, time, id, version)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE fed_panes (
      scope INTEGER NOT NULL,
      pane INTEGER NOT NULL,
      block BLOB NOT NULL,
      PRIMARY KEY (scope, pane)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE error_feeds (
      scope INTEGER PRIMARY KEY,
      state BLOB NOT NULL
    ) STRICT;
    """,
    """
    -- Sorted pieces of the waiting rows; see SQLiteSession+Waiting.swift.
    CREATE TABLE waiting_runs (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      scope INTEGER NOT NULL,
      newest INTEGER NOT NULL,
      level INTEGER NOT NULL,
      state INTEGER NOT NULL,
      rows INTEGER NOT NULL,
      blocks INTEGER NOT NULL,
      reclaim_after INTEGER NOT NULL,
      due_before INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX waiting_runs_by_scope ON waiting_runs (scope, newest);
    CREATE TABLE waiting_summaries (run INTEGER PRIMARY KEY, summary BLOB NOT NULL) STRICT;
    CREATE TABLE waiting_blocks (key INTEGER PRIMARY KEY, rows BLOB NOT NULL) STRICT;
    -- What merges have left out because it was due, until somebody asks.
    CREATE TABLE waiting_departed (id INTEGER PRIMARY KEY, scope INTEGER NOT NULL, state BLOB NOT NULL) STRICT;
    CREATE INDEX waiting_departed_by_scope ON waiting_departed (scope, id);
    """,
    """
    -- Performance has two stages: by the labels that came early, and by those within the horizon.
    CREATE TABLE early_performance_panes (
      row INTEGER PRIMARY KEY,
      scope INTEGER NOT NULL,
      pane INTEGER NOT NULL,
      slice TEXT NOT NULL,
      writer TEXT NOT NULL,
      block BLOB NOT NULL,
      UNIQUE (scope, pane, slice, writer)
    ) STRICT;
    CREATE INDEX early_performance_panes_by_writer ON early_performance_panes (writer, scope, pane);
    ALTER TABLE evaluations ADD COLUMN early_matured_through INTEGER NOT NULL DEFAULT -9223372036854775808;
    CREATE TABLE staged_series (
      id INTEGER PRIMARY KEY,
      monitor TEXT NOT NULL,
      generation TEXT NOT NULL,
      type TEXT NOT NULL,
      check_name TEXT NOT NULL,
      window_name TEXT NOT NULL,
      size INTEGER NOT NULL,
      slice TEXT NOT NULL,
      subject TEXT NOT NULL,
      metric TEXT NOT NULL,
      stage TEXT NOT NULL,
      first_end INTEGER NOT NULL,
      last_end INTEGER NOT NULL,
      UNIQUE (monitor, generation, type, check_name, window_name, size, slice, subject, metric, stage)
    ) STRICT;
    INSERT INTO staged_series SELECT id, monitor, generation, type, check_name, window_name, size, slice, subject, metric,
      'final', first_end, last_end FROM result_series;
    DROP TABLE result_series;
    ALTER TABLE staged_series RENAME TO result_series;
    """,
    """
    -- What incident machines are a fold over: verdicts of ends that changed something, and what came from outside.
    CREATE TABLE decision_log (
      monitor TEXT NOT NULL,
      cause_group TEXT NOT NULL,
      number INTEGER NOT NULL,
      kind TEXT NOT NULL,
      at INTEGER NOT NULL,
      wall INTEGER,
      body TEXT NOT NULL,
      PRIMARY KEY (monitor, cause_group, number)
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE incidents ADD COLUMN slices TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE incidents ADD COLUMN retrain TEXT NOT NULL DEFAULT 'null';
    ALTER TABLE incidents ADD COLUMN twin TEXT NOT NULL DEFAULT 'null';
    -- All performance had been judged at the horizon.
    UPDATE incidents SET cause_group = 'performance/final' WHERE cause_group = 'performance';
    UPDATE machines SET cause_group = 'performance/final' WHERE cause_group = 'performance';
    """,
    """
    -- Pairs may go over to a later generation, and one that is superseded goes on until its labels have come.
    ALTER TABLE generations ADD COLUMN definition TEXT NOT NULL DEFAULT '';
    ALTER TABLE generations ADD COLUMN pairs TEXT NOT NULL DEFAULT '';
    ALTER TABLE generations ADD COLUMN pairs_start_at INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE generations ADD COLUMN early_starts_at INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE generations ADD COLUMN pair_shape TEXT NOT NULL DEFAULT '';
    ALTER TABLE generations ADD COLUMN read_through INTEGER NOT NULL DEFAULT -9223372036854775808;
    ALTER TABLE generations ADD COLUMN drained INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE generations ADD COLUMN monitor_file BLOB;
    ALTER TABLE generations ADD COLUMN baseline_file BLOB;
    UPDATE generations SET definition = generation, pairs = generation, pairs_start_at = starts_at,
      early_starts_at = starts_at;
    """,
    """
    -- How long a delivery has waited is judged so that a clock which is set back keeps none waiting.
    ALTER TABLE outbox ADD COLUMN waiting_since INTEGER NOT NULL DEFAULT -9223372036854775808;
    ALTER TABLE outbox ADD COLUMN tried_for INTEGER NOT NULL DEFAULT 0;
    """,
    """
    -- Calls to retrain are told apart from messages: they have a deadline and are never sent again.
    ALTER TABLE outbox ADD COLUMN retrain TEXT;
    UPDATE outbox SET retrain = json_extract(body, '$.retrain') WHERE key LIKE '%-retrain/retrain';
    """,
    """
    -- The first days of production that checks with `reference: first …` are measured from, whatever the generation.
    CREATE TABLE frozen_references (
      row INTEGER PRIMARY KEY,
      monitor TEXT NOT NULL,
      hash TEXT NOT NULL,
      slice TEXT NOT NULL,
      begins INTEGER NOT NULL,
      ends INTEGER NOT NULL,
      through INTEGER NOT NULL,
      used_at INTEGER NOT NULL,
      block BLOB NOT NULL,
      UNIQUE (monitor, hash, slice)
    ) STRICT;
    CREATE INDEX frozen_references_by_use ON frozen_references (monitor, used_at);
    """,
    """
    -- Lines packed with what their like have in common; `line` is then empty. Older lines are packed bit by bit later:
    -- `plain_from` is the first end from which on a series may have lines that are not.
    CREATE TABLE result_dictionaries (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      monitor TEXT NOT NULL,
      generation TEXT NOT NULL,
      type TEXT NOT NULL,
      body BLOB NOT NULL
    ) STRICT;
    CREATE INDEX result_dictionaries_by_kind ON result_dictionaries (monitor, generation, type, id);
    ALTER TABLE results ADD COLUMN packed BLOB;
    ALTER TABLE result_series ADD COLUMN plain_from INTEGER;
    UPDATE result_series SET plain_from = first_end;
    CREATE TABLE result_thinnings (
      monitor TEXT PRIMARY KEY,
      through INTEGER NOT NULL,
      before INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
    """
    -- What detectors of shifts know after the last hour that they took.
    CREATE TABLE shift_states (
      row INTEGER PRIMARY KEY,
      monitor TEXT NOT NULL,
      hash TEXT NOT NULL,
      slice TEXT NOT NULL,
      through INTEGER NOT NULL,
      state BLOB NOT NULL,
      UNIQUE (monitor, hash, slice)
    ) STRICT;
    CREATE INDEX shift_states_by_age ON shift_states (monitor, through);
    """,
    """
    -- What people do about incidents: it waits here until the monitor's evaluator folds it, and stays with its incident.
    CREATE TABLE acts (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      monitor TEXT NOT NULL,
      cause_group TEXT NOT NULL,
      incident TEXT NOT NULL,
      wall INTEGER NOT NULL,
      kind TEXT NOT NULL,
      body TEXT NOT NULL,
      state TEXT NOT NULL,
      input INTEGER,
      because TEXT NOT NULL
    ) STRICT;
    CREATE INDEX acts_queued ON acts (monitor, number) WHERE state = 'queued';
    CREATE INDEX acts_by_incident ON acts (incident, number);
    ALTER TABLE incidents ADD COLUMN people TEXT NOT NULL DEFAULT 'null';
    -- Who asked for which change.
    CREATE TABLE audit (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      at INTEGER NOT NULL,
      name TEXT NOT NULL,
      action TEXT NOT NULL,
      outcome TEXT NOT NULL,
      monitor TEXT NOT NULL,
      incident TEXT NOT NULL,
      origin TEXT NOT NULL,
      detail TEXT NOT NULL
    ) STRICT;
    CREATE INDEX audit_by_time ON audit (at, number);
    -- What a run that a retrain was called for is called in the system that runs it.
    ALTER TABLE outbox ADD COLUMN run TEXT;
    """,
    """
    -- What people say of a retrained model, and that no corrective action came in time.
    ALTER TABLE retrains ADD COLUMN decisions TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE retrains ADD COLUMN overdue_wall INTEGER;
    """,
    """
    -- What people asked not to be told of for a while, and what waits for that.
    CREATE TABLE silences (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      matchers TEXT NOT NULL,
      author TEXT NOT NULL,
      reason TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      starts INTEGER NOT NULL,
      ends INTEGER NOT NULL,
      expired_by TEXT
    ) STRICT;
    CREATE INDEX silences_by_end ON silences (ends, number);
    ALTER TABLE outbox ADD COLUMN silence TEXT;
    CREATE INDEX outbox_silenced ON outbox (next_attempt_at) WHERE silence IS NOT NULL AND state IN ('owed', 'standing');
    """,
    """
    -- What schema registries have said of numbers: read before a registry is asked, and never changed.
    CREATE TABLE schemas (
      registry TEXT NOT NULL,
      id INTEGER NOT NULL,
      kind TEXT NOT NULL,
      text BLOB NOT NULL,
      PRIMARY KEY (registry, id)
    ) STRICT;
    """,
    """
    -- Schemas have ids that are no numbers, too.
    CREATE TABLE named_schemas (
      registry TEXT NOT NULL,
      id TEXT NOT NULL,
      kind TEXT NOT NULL,
      text BLOB NOT NULL,
      PRIMARY KEY (registry, id)
    ) STRICT;
    INSERT INTO named_schemas SELECT registry, CAST(id AS TEXT), kind, text FROM schemas;
    DROP TABLE schemas;
    ALTER TABLE named_schemas RENAME TO schemas;
    """,
    """
    -- What an incident was about, when it has ended.
    ALTER TABLE incidents ADD COLUMN worst TEXT NOT NULL DEFAULT '[]';
    """,
  ]
}
