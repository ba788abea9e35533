// A server that stays gets the checks of another config: those that ask the same go on as they are.
import type { ClientTls } from '../../tls/server-tls.ts'
import { OneCheck, type Watched } from './checked-server.ts'
import type { ServerCheck } from './probe.ts'
import type { Schedule } from './schedule.ts'
import { asksTheSame, isSameCheck } from './watched-parts.ts'

interface Wanted {
  readonly checks: readonly ServerCheck[]
  readonly tls: ClientTls | null
}

/** Those that are to be asked at once. */
export function adoptChecks(
  watched: Watched,
  { checks, tls }: Wanted,
  schedule: Schedule,
): readonly OneCheck[] {
  const isSameTls = watched.tls === tls
  watched.tls = tls
  const left = new Set(watched.checks)
  const take = (fits: (one: OneCheck) => boolean): OneCheck | undefined => {
    const found = [...left].find(fits)
    if (found !== undefined) left.delete(found)
    return found
  }
  // Each finds its like before another takes what is left.
  const same = checks.map((check) => take((one) => isSameCheck(one.check, check)))
  const alike = checks.map((check, i) => same[i] ?? take((one) => asksTheSame(one.check, check)))
  const due: OneCheck[] = []
  watched.checks = checks.map((check, i) => {
    const own = alike[i] ?? take(() => true)
    if (own === undefined) {
      // It is as it is until the first result says otherwise.
      const made = new OneCheck(watched, check, tls)
      made.trust()
      due.push(made)
      return made
    }
    if (changesOf(own, { check, tls, isSameTls }, schedule)) due.push(own)
    return own
  })
  for (const one of left) schedule.rest(one)
  return due
}

interface Change {
  readonly check: ServerCheck
  readonly tls: ClientTls | null
  readonly isSameTls: boolean
}

/** Makes a check another one; true when it is to be asked at once. */
function changesOf(one: OneCheck, { check, tls, isSameTls }: Change, schedule: Schedule): boolean {
  const before = one.check
  if (isSameTls && isSameCheck(check, before)) return false
  one.ask(check, tls)
  if (isSameTls && asksTheSame(check, before)) return schedule.restsIdle(one)
  one.judge.askAnew()
  schedule.rest(one)
  return true
}
