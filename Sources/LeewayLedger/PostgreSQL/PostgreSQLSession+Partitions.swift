import LeewayCore

extension PostgreSQLSession {
  func advance(partitions: [PartitionAdvance]) throws -> [Bool] {
    guard !partitions.isEmpty else { return [] }
    // One statement; the rows it locks it locks first, in the order given, which is every flush's.
    var parameters = PostgreSQLParameters()
    parameters.append(partitions) { $0.key.monitor }
    parameters.append(partitions) { $0.key.topic }
    parameters.append(partitions) { $0.key.partition }
    parameters.append(partitions) { $0.epoch }
    parameters.append(partitions) { $0.expectedOffset }
    parameters.append(partitions) { $0.nextOffset }
    parameters.append(partitions) { $0.watermark }
    parameters.append(partitions) { $0.idleFor?.milliseconds }
    parameters.append(partitions) { $0.endOffset }
    parameters.append(time)
    let matched = try rows(
      "advancing partitions",
      """
      WITH wanted AS MATERIALIZED (
        SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
          $7::bigint[], $8::bigint[], $9::bigint[]) WITH ORDINALITY
          AS w (monitor, topic, partition, epoch, expected, next_offset, watermark, idle_for, end_offset, n)
      ), locked AS MATERIALIZED (
        SELECT w.n FROM wanted w JOIN LATERAL (
          SELECT 1 FROM partitions p
          WHERE p.monitor = w.monitor AND p.topic = w.topic AND p.partition = w.partition
            AND p.epoch = w.epoch AND p.next_offset = w.expected
          FOR UPDATE OF p
        ) p ON true
      )
      UPDATE partitions p SET next_offset = w.next_offset, watermark = w.watermark,
        idle_until = \(Self.clock("$10")) + w.idle_for, end_offset = coalesce(w.end_offset, p.end_offset)
      FROM wanted w JOIN locked l ON l.n = w.n
      WHERE p.monitor = w.monitor AND p.topic = w.topic AND p.partition = w.partition
      RETURNING w.n
      """, parameters
    ) { Int(clamping: try $0.integer(0)) - 1 }
    var advanced = [Bool](repeating: false, count: partitions.count)
    for index in matched where advanced.indices.contains(index) { advanced[index] = true }
    return advanced
  }
}
