// How the checks of a server are, as documents tell it.
import { calledOf } from './check-words.ts'
import type { OneCheck } from './checked-server.ts'

/** How one of the checks of a server is. */
export interface CheckFacts {
  /** In a few words: "http :8081/ready". */
  readonly check: string
  readonly state: 'up' | 'down' | 'starting'
  /** Why it says that the server is not up; null: it says that it is. */
  readonly reason: string | null
  /** How the last of its askings ended; null: none has. */
  readonly last: {
    readonly time: string
    readonly result: 'pass' | 'fail'
    readonly reason: string | null
    readonly ms: number
  } | null
}

export function checkFacts({ check, judge: { verdict }, reason, ended }: OneCheck): CheckFacts {
  const last = ended && {
    time: new Date(ended.atMs).toISOString(),
    result: ended.reason === null ? ('pass' as const) : ('fail' as const),
    reason: ended.reason,
    ms: Math.round(ended.ms * 10) / 10,
  }
  return { check: calledOf(check), state: verdict, reason, last }
}
