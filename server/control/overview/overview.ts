// What the gateway says of itself: one sentence on how it is, and what is wrong, worst first: what, why, and
// what to do. Pure: dashboard and `sluice status` say the same words as they are made here.
import type { Overview, OverviewProblem, Severity } from './document.ts'
import { backendProblems } from './of-backends.ts'
import { certificateProblems } from './of-certificates.ts'
import { configProblems } from './of-config.ts'
import { faultProblems } from './of-faults.ts'
import { limitProblems } from './of-limits.ts'
import { orderProblems } from './of-orders.ts'
import { processProblems } from './of-processes.ts'
import type { Seen } from './seen.ts'
import { countsOf } from './counts.ts'
import { verdictOf } from './verdict.ts'

/** More are left out, and counted: those that are told are the worst. */
const TOLD_MAX = 100

const RANK: Readonly<Record<Severity, number>> = { down: 0, warn: 1, note: 2 }

export function overviewOf(seen: Seen): Overview {
  const found = [
    ...processProblems(seen),
    ...backendProblems(seen),
    ...configProblems(seen),
    ...certificateProblems(seen),
    ...limitProblems(seen),
    ...faultProblems(seen),
    ...orderProblems(seen),
  ]
  // The order of their making holds among equals: sorting is stable.
  const problems: readonly OverviewProblem[] = found.toSorted((a, b) => RANK[a.severity] - RANK[b.severity])
  return {
    time: new Date(seen.nowMs).toISOString(),
    verdict: verdictOf(seen, problems),
    problems: problems.slice(0, TOLD_MAX),
    left_out: Math.max(0, problems.length - TOLD_MAX),
    counts: countsOf(seen, problems),
  }
}
