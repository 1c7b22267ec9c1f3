import LeewayCore

extension Main {
  /// Writes what the peers read: the events, the training rows and the bins.
  static func generate(_ arguments: Arguments) throws {
    let traffic = try arguments.traffic()
    try TextFile.write(
      traffic.events(try arguments.integer("events", 200_000)).bytes, to: try arguments.path("events-out"))
    let plan = try traffic.plan()
    var training: [UInt8] = []
    for row in traffic.training(BenchmarkIntake.trainingRows) {
      var members: [String] = []
      for (subject, text) in zip(plan.drift.subjects, row) { members.append("\"\(subject.name)\":\(text ?? "null")") }
      training.append(contentsOf: "{\(members.joined(separator: ","))}\n".utf8)
    }
    try TextFile.write(training, to: try arguments.path("training-out"))
    var json = JSONWriter()
    json.beginArray()
    for (index, subject) in plan.drift.subjects.enumerated() {
      json.beginObject()
      json.key("name")
      json.string(subject.name)
      json.key("path")
      json.string(index == plan.outputSubject ? "score" : traffic.path(index))
      switch subject.domain {
      case .numeric(let domain):
        json.key("knots")
        json.beginArray()
        for knot in domain.binning.knots { json.number(knot) }
        json.endArray()
      case .categorical(let domain):
        json.key("categories")
        json.beginArray()
        for category in domain.categories { json.string(category) }
        json.endArray()
      }
      json.endObject()
    }
    json.endArray()
    try TextFile.write(json.bytes, to: try arguments.path("bins-out"))
  }
}
