// What of this process tells that it has too much to do.
import { descriptorLimit, nextDescriptor } from '../lib/descriptors.ts'
import type { Measures } from './shedder.ts'

export const processMeasures: Measures = {
  now: () => performance.now(),
  memory: () => {
    try {
      return process.memoryUsage.rss()
    } catch {
      return 0 // no descriptor is left to look with
    }
  },
  descriptors: () => nextDescriptor() / descriptorLimit(),
}
