extension SQLiteSchema {
  /// The tables as they were at first; what has changed since is in `changes`. A step that has been released never changes.
  static let firstTables = """
    CREATE TABLE writers (
      id TEXT PRIMARY KEY,
      flush_seq INTEGER NOT NULL,
      alive INTEGER NOT NULL,
      registered_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE generations (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      monitor TEXT NOT NULL,
      generation TEXT NOT NULL,
      starts_at INTEGER NOT NULL,
      baseline TEXT NOT NULL,
      UNIQUE (monitor, generation)
    ) STRICT;

    CREATE TABLE partitions (
      monitor TEXT NOT NULL,
      topic TEXT NOT NULL,
      partition INTEGER NOT NULL,
      role TEXT NOT NULL,
      epoch INTEGER NOT NULL,
      owner TEXT,
      next_offset INTEGER NOT NULL,
      watermark INTEGER NOT NULL,
      idle_until INTEGER,
      PRIMARY KEY (monitor, topic, partition)
    ) STRICT, WITHOUT ROWID;

    -- A number for (monitor, generation): millions of waiting rows carry it instead of two texts.
    CREATE TABLE scopes (
      id INTEGER PRIMARY KEY,
      monitor TEXT NOT NULL,
      generation TEXT NOT NULL,
      UNIQUE (monitor, generation)
    ) STRICT;

    CREATE TABLE waiting (
      scope INTEGER NOT NULL,
      id BLOB NOT NULL,
      reclaim_after INTEGER NOT NULL,
      state BLOB NOT NULL,
      PRIMARY KEY (scope, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX waiting_by_reclaim ON waiting (scope, reclaim_after);

    -- Blocks are kilobytes, so they stay out of the key's tree.
    CREATE TABLE drift_panes (
      row INTEGER PRIMARY KEY,
      scope INTEGER NOT NULL,
      pane INTEGER NOT NULL,
      slice TEXT NOT NULL,
      writer TEXT NOT NULL,
      block BLOB NOT NULL,
      UNIQUE (scope, pane, slice, writer)
    ) STRICT;
    CREATE TABLE performance_panes (
      row INTEGER PRIMARY KEY,
      scope INTEGER NOT NULL,
      pane INTEGER NOT NULL,
      slice TEXT NOT NULL,
      writer TEXT NOT NULL,
      block BLOB NOT NULL,
      UNIQUE (scope, pane, slice, writer)
    ) STRICT;

    CREATE TABLE dirty_marks (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      scope INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      pane INTEGER NOT NULL,
      UNIQUE (scope, kind, pane)
    ) STRICT;

    CREATE TABLE evaluations (
      scope INTEGER PRIMARY KEY,
      closed_through INTEGER NOT NULL,
      matured_through INTEGER NOT NULL,
      first_pane INTEGER
    ) STRICT;

    -- What a result line repeats from window to window, and from when to when there are lines.
    CREATE TABLE result_series (
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
      first_end INTEGER NOT NULL,
      last_end INTEGER NOT NULL,
      UNIQUE (monitor, generation, type, check_name, window_name, size, slice, subject, metric)
    ) STRICT;
    -- One index, by end: an evaluation's lines lie side by side in it, and so are few pages to write.
    CREATE TABLE results (
      row INTEGER PRIMARY KEY,
      series INTEGER NOT NULL,
      end_time INTEGER NOT NULL,
      sequence INTEGER NOT NULL,
      revision INTEGER NOT NULL,
      line TEXT NOT NULL,
      raw_tier INTEGER,
      value REAL,
      UNIQUE (end_time, series, sequence)
    ) STRICT;

    CREATE TABLE machines (
      monitor TEXT NOT NULL,
      cause_group TEXT NOT NULL,
      state BLOB NOT NULL,
      PRIMARY KEY (monitor, cause_group)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE incidents (
      id TEXT NOT NULL UNIQUE,
      monitor TEXT NOT NULL,
      cause_group TEXT NOT NULL,
      state TEXT NOT NULL,
      tier INTEGER NOT NULL,
      opened_at INTEGER NOT NULL,
      changed_at INTEGER NOT NULL,
      resolved_at INTEGER,
      checks TEXT NOT NULL,
      subjects TEXT NOT NULL,
      evidence TEXT NOT NULL
    ) STRICT;
    CREATE INDEX incidents_by_time ON incidents (opened_at, id);

    CREATE TABLE retrains (
      id TEXT NOT NULL UNIQUE,
      monitor TEXT NOT NULL,
      incident TEXT NOT NULL,
      state TEXT NOT NULL,
      requested_at INTEGER NOT NULL,
      deadline INTEGER NOT NULL,
      requested_wall INTEGER NOT NULL,
      completed_wall INTEGER,
      answer TEXT NOT NULL
    ) STRICT;
    CREATE INDEX retrains_by_time ON retrains (requested_wall, id);

    CREATE TABLE outbox (
      key TEXT NOT NULL UNIQUE,
      monitor TEXT NOT NULL,
      incident TEXT NOT NULL,
      receiver TEXT NOT NULL,
      sequence INTEGER NOT NULL,
      body TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      state TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      first_attempt_at INTEGER,
      next_attempt_at INTEGER NOT NULL,
      last_error TEXT NOT NULL,
      leased_until INTEGER
    ) STRICT;
    CREATE INDEX outbox_owed ON outbox (receiver, incident, sequence, key) WHERE state = 'owed';
    CREATE INDEX outbox_undelivered ON outbox (receiver, state, created_at) WHERE state <> 'delivered';
    CREATE INDEX outbox_by_time ON outbox (created_at, sequence, key);
    CREATE INDEX outbox_by_incident ON outbox (incident, created_at, sequence, key);

    CREATE TABLE leases (
      name TEXT PRIMARY KEY,
      holder TEXT,
      epoch INTEGER NOT NULL,
      until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE quarantine (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      monitor TEXT NOT NULL,
      topic TEXT NOT NULL,
      partition INTEGER NOT NULL,
      log_offset INTEGER NOT NULL,
      code TEXT NOT NULL,
      reason TEXT NOT NULL,
      sample BLOB NOT NULL
    ) STRICT;
    CREATE INDEX quarantine_by_monitor ON quarantine (monitor, id);

    CREATE TABLE outside_inputs (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      monitor TEXT NOT NULL,
      incident TEXT NOT NULL,
      at INTEGER NOT NULL,
      kind TEXT NOT NULL,
      detail TEXT NOT NULL
    ) STRICT;
    CREATE INDEX outside_inputs_by_monitor ON outside_inputs (monitor, id);
    CREATE INDEX outside_inputs_by_incident ON outside_inputs (incident, id);

    CREATE TABLE settings (
      name TEXT PRIMARY KEY,
      value BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    """
}
