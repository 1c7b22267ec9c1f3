extension PostgreSQLSchema {
  /// The tables as they were at first; what has changed since is in `changes`. A step that has been released never changes.
  static let firstTables = """
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
    """
}
