extension ShiftFold {
  /// The same fold under other tiers of the same null: filters stay, and so do evidence and incidents of tiers that stay.
  ///
  /// - Parameters:
  ///   - origins: for each tier of `new` its index among those of `old`; nil: it begins without evidence.
  ///   - old: the null that the fold was under.
  ///   - new: the same with other tiers.
  package func moved(_ origins: [Int?], from old: ShiftNull, to new: ShiftNull) -> ShiftFold {
    let k = old.streams.count
    let d = old.configuration.sizes.count * 2
    precondition(new.streams.count == k && new.configuration.sizes == old.configuration.sizes, "another null")
    precondition(origins.count == new.configuration.tiers.count, "an origin for each tier")
    var out = self
    out.bank = []
    out.bank.reserveCapacity(origins.count * 2 * k * d)
    for origin in origins {
      if let origin {
        out.bank += bank[origin * 2 * k * d..<(origin + 1) * 2 * k * d]
      } else {
        out.bank += [ShiftHypothesis](repeating: ShiftHypothesis(), count: 2 * k * d)
      }
    }
    // What a tier does not watch any more holds nothing open.
    for (index, level) in new.levels.enumerated() where level == .infinity {
      for cell in index * d..<(index + 1) * d { out.bank[cell] = ShiftHypothesis() }
    }
    out.incidents = incidents.compactMap { incident in
      guard let tier = origins.firstIndex(of: incident.tier),
        new.level(tier: tier, view: 0, stream: incident.stream) < .infinity
      else { return nil }
      var moved = incident
      moved.tier = tier
      return moved
    }
    return out
  }

  /// The same fold under a null that was fitted again to the same streams: filters and evidence begin again, since what was expected has
  /// changed; what is open stays open until its own stream is back.
  package func refitted(to null: ShiftNull) -> ShiftFold {
    precondition(null.streams.count == memories.count, "the null of other streams")
    var out = ShiftFold(null, next: next)
    out.incidents = incidents
    return out
  }

  /// Mean of a stream's r over the last 24 hours that had a value; nil where none had.
  package func lastDay(of stream: Int) -> Double? {
    let memory = memories[stream]
    guard memory.had != 0 else { return nil }
    return memory.recent.reduce(0, +) / Double(memory.had.nonzeroBitCount)
  }
}
