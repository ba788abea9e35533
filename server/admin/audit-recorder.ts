// Writes into the audit what was changed by the API, and what was refused to somebody who is known.
import { record } from '../control/audit-trail.ts'
import type { ControlFacts } from '../control/facts.ts'
import type { NewEntry } from '../control/store/audit.ts'
import { accountOf } from '../control/store/principal.ts'
import { AuditAllowance } from './audit-allowance.ts'
import { type AuditNote, auditNoteOf } from './audit-notes.ts'
import type { Pass } from './came.ts'
import type { Route } from './route.ts'

const VERBS: Readonly<Record<string, string>> = { PUT: 'replace', PATCH: 'update', DELETE: 'remove' }

export class AuditRecorder {
  readonly #facts: Pick<ControlFacts, 'store' | 'revision'>
  readonly #allowance = new AuditAllowance(() => performance.now())
  /** Closed, as the routes are. */
  readonly #actions: ReadonlyMap<Route, string>

  constructor(facts: Pick<ControlFacts, 'store' | 'revision'>, routes: readonly Route[]) {
    this.#facts = facts
    this.#actions = new Map(routes.map((route) => [route, actionOf(route, routes)]))
  }

  /** Once a request has been answered. Never fails: an answer does not wait for what cannot be kept. */
  answered(pass: Pass, status: number): void {
    const { route, isReading, came } = pass
    const note = auditNoteOf(came.request)
    const who = note?.who ?? pass.who
    if (route === null || isReading || route.isReadOnly === true) return
    // Whoever is not known and has no route that tells of them would only fill it.
    if (who === null && note === null) return
    const isDry = isDryRun(route, pass.url)
    // One that was given up half way was refused to nobody.
    if (isDry && (status < 400 || came.request.signal.aborted)) return
    const entry = {
      ...{ at: Date.now(), who, from: came.caller.address, requestId: pass.requestId },
      ...{ action: this.#actions.get(route) ?? route.path, resource: note?.resource ?? pass.resource },
      ...this.#revisions(pass, note),
      message: note?.message ?? (isDry ? 'a dry run' : null),
      result: status < 400 ? ('done' as const) : ('refused' as const),
    }
    const isCounted = status >= 400 || route.permission === 'view'
    const leftOut = this.#allowance.take(who === null ? entry.from : accountOf(who), isCounted)
    if (leftOut === null) return
    const message =
      leftOut === 0 ? entry.message : `${entry.message ?? ''} (${leftOut} before it were left out)`
    record(this.#facts.store, { ...entry, message: message?.trim() ?? null })
  }

  /** Before and after; of a change of the config with the revisions, whose texts are kept to be compared. */
  #revisions({ revision, route }: Pass, note: AuditNote | null): Pick<NewEntry, 'before' | 'after'> {
    const now = this.#facts.revision()
    // Of what is no edit another's change may have come between.
    if (now === revision || route?.permission !== 'edit') return { before: note?.before, after: note?.after }
    return {
      before: { revision, ...asObject(note?.before) },
      after: { revision: now, ...asObject(note?.after) },
    }
  }
}

/**
 * Changes nothing, whatever is answered. Only where the route knows the word, and read as the route reads it:
 * whoever adds it elsewhere, or once more, does not hide a change.
 */
const isDryRun = ({ query }: Route, { searchParams }: URL): boolean =>
  query !== undefined && 'dry_run' in query.properties && searchParams.get('dry_run') === 'true'

/** As `users.create`, `backends.servers.update`, `config.rollback`: what is changed, and how. */
export function actionOf({ method, path }: Route, routes: readonly Pick<Route, 'path'>[]): string {
  const segments = path.replace(/^\/(?:api\/v1\/)?/, '').split('/')
  const literal = segments.filter((segment) => !segment.startsWith('{')).join('.')
  // POST makes one more of what has members; else its last segment is the verb.
  const isCollection = routes.some((other) => other.path.startsWith(`${path}/{`))
  const verb = method === 'POST' ? (isCollection ? 'create' : null) : (VERBS[method] ?? 'read')
  return verb === null ? literal : `${literal}.${verb}`
}

const asObject = (noted: unknown): object => (typeof noted === 'object' && noted !== null ? noted : {})
