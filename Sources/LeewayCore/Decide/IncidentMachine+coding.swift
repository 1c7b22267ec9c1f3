/// The stored form: JSON, since it is small, rarely written, and people have to read it at night.
extension IncidentMachine {
  /// 1: without the log, highest tiers and the past. 2: without what people do. 3: without candidates and deadlines. 4: without
  /// clearing, reopening, flapping and reminders. The oldest from 2 on that holds all there is is written, so that older instances
  /// beside a new one can go on.
  static let formatVersion: Int64 = 5

  private var recurs: Bool {
    policy != IncidentPolicy() || ended != nil || !recoveries.isEmpty || requests.contains(where: \.isOfPeople)
      || interventions.contains { $0.calm != nil } || active.values.contains { $0.clearing != nil }
      || incident?.reopenedAt != nil || incident?.flapping != nil || incident?.reminded ?? 0 > 0
      || incident?.retrain?.isOver == true
  }

  private var neededVersion: Int64 {
    if recurs { return 5 }
    if incident.map({ $0.escalated > 0 }) == true || incident?.retrain?.state == .candidate
      || incident?.retrain?.isOverdue == true
    {
      return 4
    }
    return isOfPeople ? 3 : 2
  }

  package func encoded() -> [UInt8] {
    var w = JSONWriter()
    w.beginObject()
    w.key("version")
    w.number(neededVersion)
    w.key("number")
    w.number(number)
    if finalVerdicts > 0 {
      w.key("final_verdicts")
      w.number(finalVerdicts)
    }
    w.key("through_ms")
    w.number(through.milliseconds)
    w.key("active")
    w.list(active.sorted { $0.key < $1.key }) { w, element in
      w.beginObject()
      element.key.writeMembers(to: &w)
      element.value.writeMembers(to: &w)
      element.value.writeTimes(to: &w)
      w.endObject()
    }
    w.key("resting")
    w.list(resting.sorted()) { w, key in
      w.beginObject()
      key.writeMembers(to: &w)
      w.endObject()
    }
    w.key("past")
    w.list(past) { w, span in span.write(to: &w) }
    w.key("requests")
    w.list(requests) { w, request in request.write(to: &w) }
    w.key("unconfirmed")
    w.list(unconfirmed) { w, opening in
      w.beginObject()
      w.pairs([("id", opening.id), ("tier", opening.tier.name)])
      w.time("at_ms", opening.at)
      if let input = opening.input {
        w.key("input")
        w.number(input)
      }
      w.key("keys")
      w.list(opening.keys) { w, key in
        w.beginObject()
        key.writeMembers(to: &w)
        w.endObject()
      }
      w.endObject()
    }
    if isOfPeople { writePeople(to: &w) }
    if policy != IncidentPolicy() {
      w.key("policy")
      w.beginObject()
      policy.writeMembers(to: &w)
      w.endObject()
    }
    if let ended {
      w.key("ended")
      w.beginObject()
      w.time("at_ms", ended.at)
      w.key("incident")
      ended.incident.write(to: &w)
      w.endObject()
    }
    if !recoveries.isEmpty {
      w.key("recoveries")
      w.list(recoveries) { w, end in w.number(end.milliseconds) }
    }
    w.key("incident")
    if let incident { incident.write(to: &w) } else { w.null() }
    w.endObject()
    return w.bytes
  }

  package init(encoded bytes: [UInt8]) throws(JSONFailure) {
    let root = JSONReader(try JSONValue(parsing: bytes))
    let version = try root.member("version").integer()
    guard (1...Self.formatVersion).contains(version) else {
      throw root.failure("the incident's state was written by a newer version of leeway; run that version")
    }
    self.init()
    number = try root.member("number").optional { (r) throws(JSONFailure) in try r.integer() } ?? 0
    finalVerdicts = try root.member("final_verdicts").optional { (r) throws(JSONFailure) in try r.integer() } ?? 0
    through = try root.member("through_ms").time() ?? .distantPast
    for element in try root.member("active").elements() { active[try Key(element)] = try Evidence(element) }
    resting = Set(try root.member("resting").list { (e) throws(JSONFailure) in try Key(e) })
    past = try root.member("past").list { (e) throws(JSONFailure) in try Span(e) }
    requests = try root.member("requests").list { (e) throws(JSONFailure) in try Request(e) }
    unconfirmed = try root.member("unconfirmed").list { (e) throws(JSONFailure) in
      Opening(
        id: try e.member("id").string(), at: try e.member("at_ms").time() ?? .distantPast,
        tier: try Tier(e.member("tier")), keys: try e.member("keys").list { (k) throws(JSONFailure) in try Key(k) },
        input: try e.member("input").optional { (i) throws(JSONFailure) in try i.integer() })
    }
    try readPeople(root)
    policy = try root.member("policy").optional { (p) throws(JSONFailure) in try IncidentPolicy(p) } ?? policy
    ended = try root.member("ended").optional { (e) throws(JSONFailure) in
      Ended(incident: try Incident(e.member("incident")), at: try e.member("at_ms").time() ?? .distantPast)
    }
    recoveries = try root.member("recoveries").list { (e) throws(JSONFailure) in
      EventTime(milliseconds: try e.integer())
    }
    let written = root
    incident = try root.member("incident").optional { (r) throws(JSONFailure) in
      version == 1 ? try Incident(version1: r, active: written) : try Incident(r)
    }
  }
}

extension IncidentMachine.Incident {
  fileprivate func write(to w: inout JSONWriter) {
    w.beginObject()
    w.pairs([("id", id), ("tier", tier.name)])
    w.time("opened_at_ms", openedAt)
    w.key("sequence")
    w.number(sequence)
    w.key("highest")
    w.reached(highest)
    w.key("told")
    w.told(told)
    w.key("retrain")
    if let retrain {
      w.beginObject()
      w.pairs([("id", retrain.id), ("state", retrain.state.rawValue)])
      w.time("at_ms", retrain.at)
      if retrain.isOverdue {
        w.key("overdue")
        w.bool(true)
      }
      if retrain.isOver {
        w.key("over")
        w.bool(true)
      }
      w.endObject()
    } else {
      w.null()
    }
    w.key("hold")
    if let hold {
      w.beginObject()
      w.pairs([("cause", hold.cause), ("reason", hold.reason)])
      w.time("since_ms", hold.since)
      if let released = hold.released { w.time("released_ms", released) }
      w.endObject()
    } else {
      w.null()
    }
    if let early { w.pairs([("early", early)]) }
    if let acknowledged { w.pairs([("acknowledged", acknowledged)]) }
    if let assigned { w.pairs([("assigned", assigned)]) }
    if let accepted {
      w.pairs([("accepted_by", accepted.by)])
      w.time("accepted_since_ms", accepted.since)
    }
    if escalated > 0 {
      w.key("escalated")
      w.number(escalated)
    }
    if let reopenedAt { w.time("reopened_at_ms", reopenedAt) }
    if let flapping {
      w.key("flapping")
      w.beginObject()
      if let quiet = flapping.quiet { w.time("quiet_ms", quiet) }
      w.endObject()
    }
    if reminded > 0 {
      w.key("reminded")
      w.number(reminded)
    }
    if let confirmed {
      w.key("confirmed")
      w.bool(confirmed)
    }
    if let input {
      w.key("input")
      w.number(input)
    }
    w.endObject()
  }

  fileprivate init(_ r: JSONReader) throws(JSONFailure) {
    id = try r.member("id").string()
    openedAt = EventTime(milliseconds: try r.member("opened_at_ms").integer())
    tier = try Tier(r.member("tier"))
    sequence = try r.member("sequence").integer()
    highest = try Self.reached(r.member("highest"), openedAt)
    told = try Self.told(r.member("told"))
    retrain = try r.member("retrain").optional { (e) throws(JSONFailure) in
      guard let state = IncidentMachine.Retrain.State(rawValue: try e.member("state").string()) else {
        throw e.failure("unknown state of a retrain")
      }
      return IncidentMachine.Retrain(
        id: try e.member("id").string(), at: try e.member("at_ms").time() ?? .distantPast, state: state,
        isOverdue: try e.member("overdue").optional { (o) throws(JSONFailure) in try o.bool() } ?? false,
        isOver: try e.member("over").optional { (o) throws(JSONFailure) in try o.bool() } ?? false)
    }
    hold = try r.member("hold").optional { (e) throws(JSONFailure) in
      IncidentMachine.Hold(
        cause: try e.member("cause").string(), reason: try e.member("reason").string(),
        since: try e.member("since_ms").time() ?? .distantPast, released: try e.member("released_ms").time())
    }
    early = try r.member("early").text()
    acknowledged = try r.member("acknowledged").text()
    assigned = try r.member("assigned").text()
    accepted = try r.member("accepted_by").optional { (e) throws(JSONFailure) in
      IncidentMachine.Acceptance(
        by: try e.string(), since: try r.member("accepted_since_ms").time() ?? .distantPast)
    }
    escalated = Int(
      clamping: try r.member("escalated").optional { (e) throws(JSONFailure) in try e.integer() } ?? 0)
    reopenedAt = try r.member("reopened_at_ms").time()
    flapping = try r.member("flapping").optional { (e) throws(JSONFailure) in
      IncidentMachine.Flapping(quiet: try e.member("quiet_ms").time())
    }
    reminded = try r.member("reminded").optional { (e) throws(JSONFailure) in try e.integer() } ?? 0
    confirmed = try r.member("confirmed").optional { (e) throws(JSONFailure) in try e.bool() }
    input = try r.member("input").optional { (e) throws(JSONFailure) in try e.integer() }
  }

  /// What the first version knew of it; what each key had reached is taken to be what it is at.
  fileprivate init(version1 r: JSONReader, active root: JSONReader) throws(JSONFailure) {
    id = try r.member("id").string()
    openedAt = EventTime(milliseconds: try r.member("opened_at_ms").integer())
    tier = try Tier(r.member("tier"))
    sequence = try r.member("sequence").integer()
    for element in try root.member("active").elements() {
      let tier = try Tier(element.member("tier"))
      highest[try IncidentMachine.Key(element)] = IncidentMachine.Reached(
        tier: tier, sequence: 0, ends: [tier: openedAt])
    }
    for receiver in try r.member("receivers").texts() { told[receiver] = openedAt }
    retrain = try r.member("retrain").text().map { IncidentMachine.Retrain(id: $0, at: openedAt, state: .requested) }
  }

  /// - Parameter openedAt: what was written before ends were kept is taken to have been reached then.
  fileprivate static func reached(
    _ r: JSONReader, _ openedAt: EventTime
  ) throws(JSONFailure) -> [IncidentMachine.Key: IncidentMachine.Reached] {
    var reached: [IncidentMachine.Key: IncidentMachine.Reached] = [:]
    for element in try r.list({ (e) throws(JSONFailure) in e }) {
      let tier = try Tier(element.member("tier"))
      var ends: [Tier: EventTime] = [:]
      for end in try element.member("ends").list({ (e) throws(JSONFailure) in e }) {
        ends[try Tier(end.member("tier"))] = try end.member("at_ms").time()
      }
      reached[try IncidentMachine.Key(element)] = IncidentMachine.Reached(
        tier: tier, sequence: try element.member("sequence").integer(), ends: ends.isEmpty ? [tier: openedAt] : ends)
    }
    return reached
  }

  fileprivate static func told(_ r: JSONReader) throws(JSONFailure) -> [String: EventTime] {
    var told: [String: EventTime] = [:]
    for element in try r.list({ (e) throws(JSONFailure) in e }) {
      told[try element.member("receiver").string()] = try element.member("since_ms").time() ?? .distantPast
    }
    return told
  }
}

extension IncidentMachine.Span {
  fileprivate func write(to w: inout JSONWriter) {
    w.beginObject()
    w.pairs([("id", id)])
    w.time("opened_at_ms", openedAt)
    w.time("resolved_at_ms", resolvedAt)
    w.key("told")
    w.told(told)
    if !reached.isEmpty {
      w.key("reached")
      w.reached(reached)
    }
    if let retrain {
      w.key("asked")
      retrain.write(to: &w)
    }
    w.endObject()
  }

  fileprivate init(_ r: JSONReader) throws(JSONFailure) {
    id = try r.member("id").string()
    openedAt = EventTime(milliseconds: try r.member("opened_at_ms").integer())
    resolvedAt = EventTime(milliseconds: try r.member("resolved_at_ms").integer())
    told = try IncidentMachine.Incident.told(r.member("told"))
    reached = try IncidentMachine.Incident.reached(r.member("reached"), openedAt)
    retrain = try r.member("asked").optional { (e) throws(JSONFailure) in try IncidentMachine.Request(e) }
  }
}

extension IncidentMachine.Request {
  fileprivate func write(to w: inout JSONWriter) {
    w.beginObject()
    w.pairs([("retrain", id)])
    w.time("at_ms", at)
    if isOfPeople {
      w.key("of_people")
      w.bool(true)
    }
    w.endObject()
  }

  fileprivate init(_ r: JSONReader) throws(JSONFailure) {
    self.init(
      id: try r.member("retrain").string(), at: try r.member("at_ms").time() ?? .distantPast,
      isOfPeople: try r.member("of_people").optional { (o) throws(JSONFailure) in try o.bool() } ?? false)
  }
}

extension JSONWriter {
  fileprivate mutating func pairs(_ pairs: [(String, String)]) {
    for (key, text) in pairs {
      self.key(key)
      string(text)
    }
  }

  fileprivate mutating func time(_ key: String, _ time: EventTime) {
    self.key(key)
    number(time.milliseconds)
  }

  fileprivate mutating func reached(_ reached: [IncidentMachine.Key: IncidentMachine.Reached]) {
    list(reached.sorted { $0.key < $1.key }) { w, element in
      w.beginObject()
      element.key.writeMembers(to: &w)
      w.pairs([("tier", element.value.tier.name)])
      w.key("sequence")
      w.number(element.value.sequence)
      w.key("ends")
      w.list(element.value.ends.sorted { $0.key < $1.key }) { w, end in
        w.beginObject()
        w.pairs([("tier", end.key.name)])
        w.time("at_ms", end.value)
        w.endObject()
      }
      w.endObject()
    }
  }

  fileprivate mutating func told(_ told: [String: EventTime]) {
    list(told.sorted { utf8Order($0.key, $1.key) }) { w, element in
      w.beginObject()
      w.pairs([("receiver", element.key)])
      w.time("since_ms", element.value)
      w.endObject()
    }
  }
}
