// Why no server of a backend is usable, in words.
import type { Backend } from './backend.ts'

/** With names and addresses of servers. */
export const whyNone = (backend: Backend): string =>
  told(
    backend,
    backend.down().map(({ server, reason }) => `${server}: ${reason}`),
  )

/** Strangers hear the reasons, but not where our servers are. */
export const whyNoneForStrangers = (backend: Backend): string =>
  told(
    backend,
    backend.down().map(({ reason }) => withoutNames(reason)),
  )

const told = ({ name }: Backend, reasons: readonly string[]): string =>
  `backend ${name}: ${[...new Set(reasons)].slice(0, 10).join('; ')}`

/**
 * What stands behind a colon or between marks is a name, an address, or a text of the config; but passive
 * health says nothing else than what its rules found.
 */
const withoutNames = (reason: string): string =>
  reason.startsWith('passive: ') ? reason : reason.replace(/[:"/].*$/s, '').trim()
