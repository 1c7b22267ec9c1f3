/// The store: offsets, panes, waiting predictions, results, incidents, outbox. Everything that must happen together
/// happens in one `write`. Implementations map each call below to a statement or a batch of them and hold no logic of
/// their own; what a flush, an evaluation or a send means is said once, in this target.
///
/// Leases, idleness and heartbeats are in the ledger's own clock, which all instances share: callers say how long
/// something lasts, and the ledger compares. Times that are data (events, retries, deadlines) come from the caller.
///
/// Calls block; they are made from threads of their own, never from Swift's cooperative pool.
package protocol Ledger: Sendable {
  /// Runs `body` in one read snapshot: everything it reads was committed at one moment.
  func read<T>(_ body: (any LedgerReader) throws -> T) throws -> T
  /// Runs `body` in one serialisable read-write transaction (SQLite: BEGIN IMMEDIATE); commits when it returns, rolls
  /// back when it throws. A call inside that failed dooms the transaction, even if `body` catches the error. A transaction
  /// that loses against others is run again: until it returns, `body` changes nothing but the ledger.
  func write<T>(_ body: (any LedgerWriter) throws -> T) throws -> T
  /// For start-up and the log: kind and place, without secrets.
  var location: String { get }
}

/// The store failed; the operation had no effect unless `outcomeUnknown`.
package struct LedgerError: Error, CustomStringConvertible, Sendable {
  /// What was being done, on which store, and what it said.
  package var description: String
  /// The connection broke during COMMIT: the transaction may or may not stand.
  package var outcomeUnknown: Bool
  /// The disk or the store's own limit is full: trying again helps once there is room.
  package var storageFull: Bool
  /// The same call may succeed later, without a change of what it asks: the server restarts, or another holds a lock.
  package var mayPass: Bool
  /// What was asked for is there and cannot be read: bytes of the store have changed. Other calls may go on.
  package var isDamage: Bool

  package init(
    _ description: String, outcomeUnknown: Bool = false, storageFull: Bool = false, mayPass: Bool = false,
    isDamage: Bool = false
  ) {
    self.description = description
    self.isDamage = isDamage
    self.mayPass = mayPass || storageFull
    self.outcomeUnknown = outcomeUnknown
    self.storageFull = storageFull
  }
}

/// What can be read in a snapshot.
package protocol LedgerReader {
  /// The ledger's own clock (PostgreSQL: `clock_timestamp()`), wall-clock time.
  func now() throws -> EventTime
  /// The time that people read. It differs from ``now()`` where that goes on from the clock as it was at the start, so that whoever sets
  /// the clock ends no lease.
  func wallTime() throws -> EventTime

  // Intake
  /// The one put last. In a transaction that writes, it stays the current one until the transaction ends.
  func generation(of monitor: String) throws -> GenerationRecord?
  /// All that are stored, the one put last at the end.
  func generations(of monitor: String) throws -> [GenerationRecord]
  /// What a generation was made of; nil where that was not kept.
  func files(monitor: String, generation: String) throws -> GenerationFiles?
  /// Ordered by (topic, partition).
  func partitions(of monitor: String) throws -> [PartitionRecord]
  /// nil if unknown.
  func writer(_ id: String) throws -> WriterRecord?
  /// All that are stored, by (registration, id).
  func writers() throws -> [WriterRecord]
  /// Stored join states, parallel to `ids`.
  func waiting(monitor: String, generation: String, ids: [[UInt8]]) throws -> [[UInt8]?]

  // Panes
  /// Every stored block with start in `range`, ordered by (pane, slice, writer).
  func panes(
    _ kind: PaneKind, monitor: String, generation: String, in range: Range<EventTime>,
    visit: (_ pane: EventTime, _ slice: String, _ block: [UInt8]) throws -> Void) throws
  /// Distinct starts of stored panes in `range`, ascending.
  func paneStarts(_ kind: PaneKind, monitor: String, generation: String, in range: Range<EventTime>) throws
    -> [EventTime]
  /// One writer's own blocks, parallel to `keys`.
  func ownPanes(_ kind: PaneKind, monitor: String, generation: String, writer: String, keys: [PaneKey]) throws
    -> [[UInt8]?]
  /// Slices that one writer has stored for a pane, ascending by bytes.
  func ownSlices(_ kind: PaneKind, monitor: String, generation: String, writer: String, pane: EventTime) throws
    -> [String]

  /// Which blocks one writer has stored with start below `before`, by (pane, slice's bytes); at most `limit`.
  func ownKeys(
    _ kind: PaneKind, monitor: String, generation: String, writer: String, before: EventTime, limit: Int
  ) throws
    -> [PaneKey]

  // Errors, for the detectors of concept drift
  /// Rows with time in `range`, by (time, id's bytes, version's bytes).
  func errors(
    monitor: String, generation: String, in range: Range<EventTime>, visit: (_ row: ErrorRow) throws -> Void) throws
  /// What the detectors have come to; nil before the first were fed.
  func errorFeed(monitor: String, generation: String) throws -> [UInt8]?
  /// What they made of the panes with start in `range`, ascending by pane.
  func fedPanes(monitor: String, generation: String, in range: Range<EventTime>) throws -> [FedPaneRecord]

  // References from production
  /// All of a monitor without their blocks, by (hash, slice's bytes).
  func references(monitor: String) throws -> [ReferenceRecord]
  /// Their blocks, parallel to `keys`; nil: there is none.
  func referenceBlocks(monitor: String, keys: [SliceKey]) throws -> [[UInt8]?]

  // Shifts
  /// What detectors of shifts know, parallel to `keys`; nil: they have taken no hour.
  func shiftStates(monitor: String, keys: [SliceKey]) throws -> [[UInt8]?]

  // Evaluation
  /// What every monitor has, by its name; those of which nothing is stored are left out.
  func standings() throws -> [String: MonitorStanding]
  /// By name; those that were released or have expired too.
  func leases() throws -> [LeaseRecord]
  func dirtyMarks(monitor: String, generation: String) throws -> [DirtyMark]
  func progress(monitor: String, generation: String) throws -> EvaluationProgress?
  /// Stored verdicts of one check and stage at the given ends, any order.
  func verdicts(monitor: String, generation: String, check: String, stage: Stage, ends: [EventTime]) throws
    -> [VerdictRecord]
  /// The stored state of one incident machine.
  func machine(monitor: String, group: CauseGroup) throws -> [UInt8]?
  /// Result lines in their fixed order; at most `query.limit`.
  func results(_ query: ResultQuery) throws -> [ResultRecord]
  /// For each (window, slice, subject, check, metric, stage) of a type the line with the greatest (end, sequence), in the fixed
  /// order.
  func latestResults(monitor: String, generation: String, type: ResultType) throws -> [ResultRecord]
  /// The lines with these positions, parallel to them; nil: there is none.
  func results(at positions: [ResultPosition]) throws -> [ResultRecord?]
  /// The worst raw tiers of verdicts by (subject, check, column), in the order of their bytes.
  func tiers(_ query: TierMapQuery) throws -> [TierCell]
  /// What is stored of a monitor with end after `after`, up to `through`, without the lines; any order.
  func resultKeys(monitor: String, after: EventTime, through: EventTime) throws -> [ResultKey]
  /// How far a monitor's old lines have been thinned; nil: not at all.
  func thinning(of monitor: String) throws -> ThinningProgress?

  // Decisions
  /// Newest first.
  func incidents(_ query: IncidentQuery) throws -> [IncidentRecord]
  func incident(_ id: String) throws -> IncidentRecord?
  /// Incidents of every monitor that are open, and those that were resolved at or after `time`; by (monitor, opening, id).
  func incidentSpans(openAfter time: EventTime) throws -> [IncidentSpan]
  /// By wall-clock time of the request, newest first; nil: of every monitor, in every state.
  func retrains(monitor: String?, state: RetrainState?, limit: Int) throws -> [RetrainRecord]
  func retrain(_ id: String) throws -> RetrainRecord?
  /// Rows that are not delivered: how many are owed or dead, and when the oldest that is owed was created. Ordered by
  /// receiver; receivers without such rows are left out.
  func outboxBacklog() throws -> [OutboxBacklog]
  /// The first owed row of each incident for `receiver` if its next attempt is at or before `due`, whoever may have leased it: at
  /// most `limit`, those that have been due longest first. What a silence holds keeps calls of its incident from nothing.
  func dueDeliveries(receiver: String, due: EventTime, limit: Int) throws -> [OutboxRecord]
  /// The row with this key, whatever its state; nil if there is none.
  func delivery(key: String) throws -> OutboxRecord?
  /// Newest first.
  func deliveries(incident: String?, limit: Int) throws -> [OutboxRecord]
  /// Those of one state, newest first as above.
  func deliveries(state: DeliveryState, limit: Int) throws -> [OutboxRecord]
  /// Newest first.
  func quarantined(monitor: String?, limit: Int) throws -> [QuarantineRecord]
  /// Acts of people that no evaluator has folded yet, in the order of asking.
  func queuedActs(monitor: String, limit: Int) throws -> [ActRecord]
  /// What people have done about an incident, in the order of asking.
  func acts(incident: String, limit: Int) throws -> [ActRecord]
  /// Newest first.
  func audit(_ query: AuditQuery) throws -> [AuditRecord]
  /// What was recorded from outside, newest first; nil: of every monitor, of every incident.
  func inputs(monitor: String?, incident: String?, limit: Int) throws -> [OutsideInput]
  /// The log of a monitor's decisions, ascending by (group's name, number).
  ///
  /// - Parameters:
  ///   - group: nil: of every group.
  ///   - outside: only what came from outside, which has a wall-clock time.
  ///   - after: entries behind this one in the order.
  func decisions(
    monitor: String, group: CauseGroup?, outside: Bool, after: (group: CauseGroup, number: Int64)?, limit: Int
  ) throws -> [DecisionRecord]
  /// Numbers of the final verdicts in the log of a monitor's early performance, ascending.
  func finalVerdicts(monitor: String) throws -> [Int64]
  /// Those in one of the states by the ledger's clock, newest first.
  func silences(_ states: Set<SilenceState>, limit: Int) throws -> [SilenceRecord]
  func silence(_ number: Int64) throws -> SilenceRecord?
  /// A value kept by name: schema-independent settings such as the service's own key.
  func setting(_ name: String) throws -> [UInt8]?

  // Schemas
  /// What a registry has said of ids; those without a row are left out. By ascending id.
  func schemas(registry: String, ids: [SchemaID]) throws -> [SchemaRecord]
  /// The rows of a registry with the greatest ids, which come first.
  func newestSchemas(registry: String, limit: Int) throws -> [SchemaRecord]
}

/// What can be changed in a transaction.
package protocol LedgerWriter: LedgerReader {
  // Intake
  /// Throws if the id is taken.
  func register(writer: String, instance: InstanceIdentity) throws
  /// Says that the writer lives; false if it may not flush any more.
  func heartbeat(writer: String) throws -> Bool
  /// Adds 1 to the writer's flush sequence if it is `expected` and the writer is alive, and says that it lives; false
  /// changes nothing.
  func advance(writer: String, expected: Int64) throws -> Bool
  /// Waits for a flush of the writer that is under way, and lets none begin until the transaction ends; nil if unknown.
  func lock(writer: String) throws -> WriterRecord?
  /// A writer that is dead may not flush again; partitions that it owns have no owner and are not idle any more.
  func retire(writer: String) throws
  /// Waits for transactions that have read the monitor's generation, and lets none read it until this one ends.
  func lockGeneration(of monitor: String) throws
  /// The generation is the current one from now on.
  func put(generation: GenerationRecord, files: GenerationFiles?) throws
  /// Creates rows that are missing, at offset 0 and the watermark −∞; leaves the others as they are.
  func ensure(partitions: [(key: PartitionKey, role: StreamRole)]) throws
  /// Takes partitions over: adds 1 to the epoch, sets the owner (a writer's id), ends idleness. Returns the rows, parallel
  /// to `keys`. Throws if a row is missing.
  func claim(partitions keys: [PartitionKey], owner: String) throws -> [PartitionRecord]
  /// Those that `owner` still owns have no owner and are not idle any more.
  func release(partitions keys: [PartitionKey], owner: String) throws
  /// Compare-and-set on (epoch, nextOffset), in the order given (topic, partition). False: taken over, nothing changed.
  func advance(partitions: [PartitionAdvance]) throws -> [Bool]
  /// Stored join states, parallel to `ids`, which ascend by bytes. Until the transaction ends no other changes them, and
  /// what a concurrent transaction has stored is waited for and seen, also where there was no row before.
  func lockWaiting(monitor: String, generation: String, ids: [[UInt8]]) throws -> [[UInt8]?]
  /// Rows locked before. nil state deletes the row.
  func put(waiting rows: [WaitingRow], monitor: String, generation: String) throws
  func put(
    _ kind: PaneKind, monitor: String, generation: String, writer: String, blocks: [(key: PaneKey, block: [UInt8])])
    throws
  func delete(_ kind: PaneKind, monitor: String, generation: String, writer: String, keys: [PaneKey]) throws
  /// Rows of ids that were locked before. An error of nil deletes the row.
  func put(errors: [ErrorRow], monitor: String, generation: String) throws
  /// A new mark on a marked pane replaces the older one and has a higher id.
  func mark(dirty panes: [(kind: PaneKind, pane: EventTime)], monitor: String, generation: String) throws
  /// Keeps at most `keep` rows a monitor, the newest.
  func quarantine(_ records: [QuarantineRecord], keep: Int) throws

  // Evaluation
  /// Takes or renews the named lease for `lasting` from now; nil if somebody else holds it now. The epoch rises when it
  /// changes hands or is taken after a release; it starts at 1.
  ///
  /// All who want a lease take it for the same time. So one that would last longer than `lasting` from now was taken before
  /// the clock was set back, and has ended.
  func acquire(lease: String, holder: String, lasting: TimeSpan) throws -> Int64?
  /// Renews for `lasting` from now all leases that `holder` has and no other has taken over; returns their epochs by name.
  func renew(leasesOf holder: String, lasting: TimeSpan) throws -> [String: Int64]
  /// The epoch of the lease as stored; no other can take the lease until the transaction ends.
  func epoch(ofLease lease: String) throws -> Int64?
  func release(lease: String, holder: String) throws
  /// Inserts or replaces by position, revision 0 at first; a replaced line's revision rises by 1 if the line differs.
  /// A value that is not a number is stored as nil.
  func put(results: [ResultRecord]) throws
  func put(progress: EvaluationProgress, monitor: String, generation: String) throws
  /// Deletes rows with time below `before`, but for those that a flush is at; returns how many.
  func delete(errorsBefore before: EventTime, monitor: String, generation: String) throws -> Int
  func put(errorFeed: [UInt8], monitor: String, generation: String) throws
  /// Inserts or replaces by pane.
  func put(fedPanes: [FedPaneRecord], monitor: String, generation: String) throws
  /// Inserts or replaces by key; the last of several stands. A block of nil leaves the stored one, or is empty in a new row.
  func put(references: [ReferenceRecord], monitor: String) throws
  /// Inserts or replaces by key; the last of several stands.
  func put(shiftStates: [ShiftRecord], monitor: String) throws
  func delete(dirtyMarks ids: [Int64]) throws
  func put(machine: [UInt8], monitor: String, group: CauseGroup) throws
  func put(incident: IncidentRecord) throws
  func put(retrain: RetrainRecord) throws
  /// Adds an entry to a log. Throws if its number is taken.
  func append(decision: DecisionRecord) throws
  /// Rows whose key exists stay as they are.
  ///
  /// What a silence holds of the same incident and receiver is looked at when a message's row is due.
  func enqueue(_ rows: [OutboxRecord]) throws
  func put(setting name: String, value: [UInt8]) throws
  /// A row that exists stays as it is: all instances read what was stored first.
  func add(schemas: [SchemaRecord]) throws
  /// An append-only record of what came from outside: callbacks, guards that held.
  func record(input: OutsideInput) throws
  /// Stores an act of a person; returns its number.
  func enqueue(act: ActRecord) throws -> Int64
  /// Stores state, input and reason of an act that is queued.
  func settle(act: ActRecord) throws
  /// Adds a line to the audit log; its number is given by the ledger.
  func record(audit: AuditRecord) throws
  /// Stores a silence and returns its number. Until the transaction ends no other adds one.
  func add(silence: SilenceRecord) throws -> Int64
  /// Ends a silence at `at`; false if it is unknown or has ended by then, and nothing changed.
  func expire(silence number: Int64, by name: String, at: EventTime) throws -> Bool
  /// What waits for a silence is due at `at`, if its next attempt is later.
  func wakeSilenced(at: EventTime) throws

  // Delivery
  /// Stores body and next attempt of a row that is owed and has never been leased; false if it is not, and nothing changed.
  func amend(delivery: OutboxRecord) throws -> Bool
  /// Leases for `lasting` from now the first owed row of each incident for `receiver` if its next attempt is at or before
  /// `due` and it is not leased: at most `limit`, those that have been due longest first. Rows that another
  /// transaction is leasing are passed over. A message that a silence holds keeps back later messages, and no calls.
  ///
  /// A clock that was set back keeps no row waiting: a row is due also where its wait began after `due`, and a lease has
  /// ended also where it would last longer than `lasting` from now.
  func leaseDeliveries(receiver: String, due: EventTime, lasting: TimeSpan, limit: Int) throws -> [OutboxRecord]
  /// Leases for `lasting` from now the rows for `receiver` that stand, if their next attempt is at or before `due` and they are
  /// not leased: at most `limit`, those that have been due longest first. Clocks that are set back are met as above.
  func leaseStanding(receiver: String, due: EventTime, lasting: TimeSpan, limit: Int) throws -> [OutboxRecord]
  /// Leases a row for `lasting` from now with another body, free of any silence, if it is owed and was leased last with
  /// `delivery.leases`; nil: it was leased or settled elsewhere since, and nothing changed.
  func lease(delivery: OutboxRecord, lasting: TimeSpan) throws -> OutboxRecord?
  /// Stores state, attempts, first and next attempt, waits, last error and silence of a row that is owed or stands and was leased last
  /// with `delivery.leases`, and ends that lease. False: it was leased or settled elsewhere since; nothing changed.
  ///
  /// A row that is settled as standing takes the place of those that stand before it for the same receiver and incident, which
  /// are then delivered. One that was given its place so stays delivered, whatever it is settled as.
  func settle(delivery: OutboxRecord) throws -> Bool

  /// Owes a dead row once more, due at `due` and with all its time before it; false if it is not dead, is unknown, or calls
  /// for a retrain, and nothing changed.
  func revive(delivery key: String, due: EventTime) throws -> Bool

  // Reclaiming, in bounded steps; each returns how many rows it removed, unless it says otherwise.
  /// Rows stored by now whose `reclaimAfter` is below `before` may go, at once or at any time later; others stay. Returns
  /// the states of rows that have gone since the last call, about `limit` of them: what they were waiting for is not the
  /// ledger's to know.
  func reclaimWaiting(monitor: String, generation: String, before: EventTime, limit: Int) throws -> [[UInt8]]
  func reclaimPanes(_ kind: PaneKind, monitor: String, generation: String, before: EventTime, limit: Int) throws -> Int
  /// Rows of errors and of what detectors made of panes, the oldest first.
  func reclaimErrors(monitor: String, generation: String, before: EventTime, limit: Int) throws -> Int
  /// References that were last asked for before `before`, those first that were so longest ago.
  func reclaimReferences(monitor: String, usedBefore before: EventTime, limit: Int) throws -> Int
  /// States whose last hour ended before `before`, the oldest first.
  func reclaimShiftStates(monitor: String, before: EventTime, limit: Int) throws -> Int
  /// Lines with end below `before`, the oldest first.
  func reclaimResults(monitor: String, generation: String, before: EventTime, limit: Int) throws -> Int
  /// Lines at these positions; those that are not there count for nothing.
  func delete(results: [ResultPosition]) throws -> Int
  func put(thinning: ThinningProgress, monitor: String) throws
  /// Stores at most `limit` lines more compactly that are stored as they came, once there are enough of their kind to learn
  /// from; returns how many. What is read stays the same, and revisions do too. 0: nothing is left to do for now.
  func packResults(monitor: String, generation: String, limit: Int) throws -> Int
  /// Entries of a monitor's log with time below `before`, the oldest of each group first.
  func reclaimDecisions(monitor: String, before: EventTime, limit: Int) throws -> Int
  /// Incidents of a monitor that were resolved before `before`, the first resolved first, with their retrains, what people did
  /// and what came from outside about them; returns how many incidents.
  func reclaimIncidents(monitor: String, resolvedBefore before: EventTime, limit: Int) throws -> Int
  /// Rows that were created before `before` and are neither owed nor standing, the oldest first; but for those of incidents that are
  /// open, or of which something is owed to the same receiver: they say who has heard of them.
  func reclaimDeliveries(createdBefore before: EventTime, limit: Int) throws -> Int
  /// Lines of the audit log from before `before`, the oldest first.
  func reclaimAudit(before: EventTime, limit: Int) throws -> Int
  /// Silences that ended before `before`, the oldest first.
  func reclaimSilences(endedBefore before: EventTime, limit: Int) throws -> Int
  /// Writers that are dead and have no panes left.
  func reclaimWriters(limit: Int) throws -> Int
  /// Says of every generation with these pairs that it is drained and forgets its files, if no row of the pairs waits any more;
  /// returns how many there were.
  func drain(monitor: String, pairs: String) throws -> Int
  /// Marks, progress, detectors and the generation itself, if it is not the monitor's last and none of its panes, waiting
  /// rows, errors and results are left; 1 if it has gone.
  func reclaimGeneration(monitor: String, generation: String) throws -> Int
}

extension LedgerWriter {
  package func put(generation: GenerationRecord) throws { try put(generation: generation, files: nil) }
}
