// What stands against something that was asked, as a value (RFC 9457): nothing here throws.

export interface ProblemItem {
  /** Into the body that was sent: /weight. */
  readonly pointer?: string
  readonly parameter?: string
  /** Into the config. */
  readonly path?: string
  readonly file?: string
  readonly line?: number
  readonly column?: number
  readonly code?: string
  readonly message: string
  /** Null: nobody knows what to write. */
  readonly hint?: string | null
}

export interface Problem {
  /** For programs: `etag_mismatch`; `unreachable` where the gateway did not answer. */
  readonly code: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly hint?: string
  readonly errors: readonly ProblemItem[]
  readonly instance?: string
  readonly required_role?: string
  /** Seconds that Retry-After asks for. */
  readonly retryAfterS?: number
  /** Other members, as `current` of 412. */
  readonly [member: string]: unknown
}

/** What stands against single places, beside what the problem says of all of it: nothing is said twice. */
export function linesOf({ errors, detail, hint = '' }: Pick<Problem, 'errors' | 'detail' | 'hint'>) {
  return errors.flatMap(({ path, line, message, hint: own }) => {
    const words = [
      ...(detail.includes(message) ? [] : [message]),
      ...((own ?? '') === '' || hint.includes(own ?? '') ? [] : [own]),
    ].join('; ')
    return words === '' ? [] : [{ path, line, words }]
  })
}

/** Nothing came back. */
export const unreachable = (why: string): Problem => ({
  code: 'unreachable',
  title: 'The gateway does not answer',
  status: 0,
  detail: `It was asked and nothing came back (${why}). What you entered is kept.`,
  errors: [],
})

/** A problem document; where the answer is none, as of a proxy in between, its status in words. */
export function problemOf(status: number, headers: Headers, text: string): Problem {
  const retryAfter = Number(headers.get('retry-after'))
  const more = Number.isFinite(retryAfter) && retryAfter > 0 ? { retryAfterS: retryAfter } : {}
  if (headers.get('content-type')?.startsWith('application/problem+json') === true) {
    try {
      const read = JSON.parse(text) as Partial<Problem>
      if (typeof read.code === 'string')
        return {
          ...{ title: read.code, detail: '', status },
          ...read,
          ...{ code: read.code, errors: read.errors ?? [], ...more },
        }
    } catch {
      // Cut off on its way: said below.
    }
  }
  return {
    ...{ code: 'no_document', title: `Answered ${status}`, status, errors: [], ...more },
    detail: 'Something between this browser and the gateway may have answered in its place.',
  }
}
