// What a route of the admin API is: a row of the table that requests are checked against before anything
// else sees them.
import type { TObject, TSchema } from '@sinclair/typebox'
import type { Principal } from '../control/store/principal.ts'

/** What is wanted of who asks; each includes those before it. `open`: nobody has to be known. */
export type Permission = 'open' | 'view' | 'operate' | 'edit' | 'administer'

/** One kind of answer of a route. */
export interface AnswerKind {
  readonly description: string
  readonly schema?: TSchema
  /** Content type; default application/json, or that of problems from 400 on. */
  readonly type?: string
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /**
   * `{name}` is one segment, decoded, none of the empty ones; verbs are a last segment: `/rules/reorder`.
   * `{name...}` at the end is all that follows, as it was sent, also nothing: for pages and files.
   */
  readonly path: string
  readonly permission: Permission
  /** This machine and `admin.trusted` need no credential: for documents that monitoring reads. */
  readonly isForTrusted?: boolean
  readonly tag: string
  readonly summary: string
  readonly query?: TObject
  /** Of a JSON body, which is checked against it. */
  readonly body?: TSchema
  /** Default application/json, and for PATCH application/merge-patch+json as well. */
  readonly bodyTypes?: readonly string[]
  /** Default 1 MiB. */
  readonly bodyBytesMax?: number
  readonly answers: Readonly<Record<number, AnswerKind>>
  /** A fresh password or TOTP is asked of browser sign-ins. */
  readonly needsStepUp?: boolean
  /** A POST that changes nothing, as a dry run: no audit entry. */
  readonly isReadOnly?: boolean
  readonly answer: (asked: Asked) => Response | Promise<Response>
}

/** A request that was let through, with what is known of it. */
export interface Asked {
  /** Its body has been read: it is `body`. */
  readonly request: Request
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** JSON as parsed and checked; bytes (Uint8Array) where other types are taken; undefined: none. */
  readonly body: unknown
  readonly who: Principal
  /** A browser whose password was given too long ago for what is dangerous. */
  readonly isStepUpDue?: boolean
  /** `req_…`; problems name it as `instance`. */
  readonly requestId: string
  /** For `timeout(request, 0)` of event streams. */
  readonly server: Bun.Server<undefined>
}

/** Whether the path stands for all below it; the API's documents name no such row. */
export const isBranch = ({ path }: Pick<Route, 'path'>): boolean => path.endsWith('...}')

/** A parameter of a path. */
export const param = ({ params }: Pick<Asked, 'params'>, name: string): string => params[name] ?? ''
