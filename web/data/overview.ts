// How the gateway is as a whole, asked once for all who show something of it.
export const OVERVIEW = {
  topics: ['health', 'server', 'config', 'certificate', 'worker', 'turn', 'limits', 'listener'],
  everyMs: 10_000,
} as const

/** What runs, and since when. */
export const STATUS = { topics: ['worker', 'config'], everyMs: 60_000 } as const
