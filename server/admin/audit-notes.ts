// What a route has to tell of a change for the audit: only it knows what was before and what is after.
import type { Principal } from '../control/store/principal.ts'

export interface AuditNote {
  /** In place of the path behind /api/v1/. */
  readonly resource?: string
  readonly before?: unknown
  readonly after?: unknown
  readonly message?: string
  /** Somebody who was not known before, as one who has just signed in. */
  readonly who?: Principal
}

const notes = new WeakMap<Request, AuditNote>()

/** Tells more of a request, which is recorded once it is answered. Secrets in it are hidden by the audit. */
export const noteForAudit = (request: Request, note: AuditNote): void =>
  void notes.set(request, { ...notes.get(request), ...note })

/** Null: nothing was told. */
export const auditNoteOf = (request: Request): AuditNote | null => notes.get(request) ?? null
