import LeewayCore

extension SQLiteSession {
  func advance(partitions: [PartitionAdvance]) throws -> [Bool] {
    let sql = """
      UPDATE partitions SET next_offset = ?, watermark = ?, idle_until = ?, end_offset = ifnull(?, end_offset)
      WHERE monitor = ? AND topic = ? AND partition = ? AND epoch = ? AND next_offset = ?
      """
    let now = try now()
    return try statement("advancing partitions", sql) { update in
      try partitions.map { part in
        try update.run(
          part.nextOffset, part.watermark, part.idleFor.map { now + $0 }, part.endOffset, part.key.monitor,
          part.key.topic, part.key.partition, part.epoch, part.expectedOffset) == 1
      }
    }
  }
}
