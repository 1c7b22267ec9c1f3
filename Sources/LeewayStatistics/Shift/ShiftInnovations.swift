/// T hours of a history through the filters: T × K each.
struct ShiftInnovations {
  let adjusted: ShiftAdjusted
  var u, response, gain: [Double]

  /// The filters start at rest.
  init(_ values: ShiftValues, _ fit: ShiftFit, _ calendar: ShiftCalendar) {
    let k = values.streams
    adjusted = ShiftAdjusted(values, fit.profile, calendar)
    u = [Double](repeating: 0, count: values.y.count)
    response = u
    gain = u
    for stream in 0..<k {
      var filter = ShiftFilter(restingAt: fit.variance[stream])
      for cell in stride(from: stream, to: values.y.count, by: k) {
        let hour = filter.take(
          adjusted.has[cell] ? adjusted.r[cell] : nil, noise: fit.rowVariance[stream] / max(values.n[cell], 1),
          memory: fit.memory[stream], variance: fit.variance[stream])
        u[cell] = hour.u
        response[cell] = hour.response
        gain[cell] = hour.gain
      }
    }
  }
}
