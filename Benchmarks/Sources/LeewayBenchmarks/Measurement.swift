import CAllocationCount
import Glibc

/// What a piece of work cost this thread.
struct Measurement {
  /// Of the processor, so that a busy machine weighs less.
  var seconds: Double
  var allocations: UInt64

  static func of(_ body: () throws -> Void) rethrows -> Measurement {
    let allocations = leeway_allocation_count()
    let start = processorSeconds()
    try body()
    return Measurement(seconds: processorSeconds() - start, allocations: leeway_allocation_count() - allocations)
  }

  private static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
