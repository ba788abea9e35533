// Where what is done is written down: in the audit of state.db, once that can be written, and at once as a
// line among the events.
import { logEvent } from '../telemetry/log.ts'
import { type NewEntry, readyEntry, type ReadyEntry, valueOf } from './store/audit.ts'
import type { StoreKeeper } from './store/store-keeper.ts'

/** Of what was before, and of what is after, in a line: those who carry lines cut longer ones anywhere. */
const LOGGED_CHARS_MAX = 4096

/** Never fails, and nobody waits for it: what cannot be kept now is kept later, or told to be lost. */
export function record(store: Pick<StoreKeeper, 'keep'>, entry: NewEntry): void {
  const ready = readyEntry(entry, Date.now())
  logEvent('info', 'audit', lineOf(ready))
  store.keep({
    kind: 'audit',
    bytes: ready.bytes,
    write: ({ audit }) => void audit.write(ready),
    onLost: (why) => notKept(ready, why),
  })
}

/** As the API tells an entry, but for its number, which is given as it is kept. */
const lineOf = (ready: ReadyEntry): Readonly<Record<string, unknown>> => ({
  action: ready.action,
  resource: ready.resource,
  result: ready.result,
  who:
    ready.kind === null ? null : { kind: ready.kind, name: ready.name, role: ready.role, id: ready.who_id },
  from: ready.address,
  before: valueOf(ready.before, LOGGED_CHARS_MAX),
  after: valueOf(ready.after, LOGGED_CHARS_MAX),
  request_id: ready.request_id,
  message: ready.message,
  // When it was done; the line's own time is that of its end.
  at: new Date(ready.at_ms).toISOString(),
})

/** Where lines of the audit are turned off, there is at least who did what. */
function notKept({ kind, name, address, action, resource, result }: ReadyEntry, why: string): void {
  const by = kind === null ? null : `${kind} ${name}`
  logEvent('warn', 'audit_not_kept', { action, resource, by, from: address, result, why })
}
