// What the words of a config say of each server that is watched.
import type { Config } from '../../config/schema.ts'
import { checkTypeOf, schemeOf } from '../../lib/server-url.ts'
import type { BackendSlots, Slot } from '../../scoreboard/slot.ts'
import type { ClientTls } from '../../tls/server-tls.ts'
import type { ServerCheck } from './probe.ts'

export interface WatchedParts {
  readonly backend: string
  readonly name: string
  readonly url: string
  readonly backendSlot: number
  readonly slot: Slot
  /** All of them must pass; none: it is up. */
  readonly checks: readonly ServerCheck[]
  /** How TLS is spoken with it; null: it is not. */
  readonly tls: ClientTls | null
}

/** Whether both say the same, down to the pace. */
export const isSameCheck = (one: ServerCheck, other: ServerCheck): boolean =>
  JSON.stringify(one) === JSON.stringify(other)

/** Whether both put the same question to the server. */
export function asksTheSame(one: ServerCheck, other: ServerCheck): boolean {
  const pace = { interval: 0, interval_down: 0, timeout: 0, rise: 0, fall: 0 }
  return isSameCheck({ ...one, ...pace }, { ...other, ...pace })
}

/** Asks no more than whether somebody is there: of servers that have no check. Null: that cannot be asked. */
export function connectCheck(url: string): ServerCheck | null {
  return url.startsWith('udp:') ? null : { ...CONNECT, type: 'tcp' }
}

const CONNECT: ServerCheck = {
  path: '/',
  method: 'GET',
  headers: {},
  interval: 10_000,
  interval_down: 5000,
  timeout: 2000,
  follow_redirects: 0,
  rise: 2,
  fall: 3,
  expect: { status: [], body_limit: 1, data_limit: 1 },
}

/** By backend and server. */
export const identityOf = ({ backend, name }: Pick<WatchedParts, 'backend' | 'name'>): string =>
  `${backend}\n${name}`

/** The servers of a config. */
export function* partsOf(
  { backends }: Config,
  slots: Readonly<Record<string, BackendSlots>>,
  tlsOf: (backend: string) => ClientTls | null = () => null,
): Generator<[identity: string, parts: WatchedParts]> {
  for (const [backend, { servers, health_check, answers, proxy_protocol }] of Object.entries(backends)) {
    const checks = (health_check ?? []).map((check) => ({
      ...check,
      type: checkTypeOf(check, servers),
      answers,
      proxy_protocol,
    }))
    const tls = tlsOf(backend)
    for (const { name: given, url } of servers) {
      const name = given ?? url
      const own = slots[backend]
      const slot = own?.servers[name]
      if (own === undefined || slot === undefined)
        throw new Error(`no slot for server "${name}" of backend "${backend}"`)
      const parts = {
        backend,
        name,
        url,
        backendSlot: own.slot.index,
        slot,
        checks,
        tls: schemeOf(url)?.isTls === true ? tls : null,
      }
      yield [identityOf(parts), parts]
    }
  }
}
