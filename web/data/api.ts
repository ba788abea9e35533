// Asks the admin API. Every answer is a value: what was asked for, or the problem that stands against it.
import { signal } from '@preact/signals'
import type { Api, QueryValue } from './api-types.ts'
import { type Problem, problemOf, unreachable } from './problem.ts'
import { API_BASE, queryOf, segment } from './urls.ts'
import { want } from './wanted.ts'

export type Route = keyof Api
export type AnswerOf<R extends Route> = Api[R]['answer']

export interface Ok<T> {
  readonly ok: true
  readonly value: T
  /** For If-Match; null: it has none. */
  readonly etag: string | null
  readonly status: number
}
export interface No {
  readonly ok: false
  readonly problem: Problem
}
export type Answer<T> = Ok<T> | No

/** The parameters of a path, `{backend}`, by name. */
export type ParamsOf<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [Key in Name]: string } & ParamsOf<Rest>
  : unknown

export interface Asking<R extends Route> {
  readonly query?: Api[R]['query']
  readonly body?: Api[R]['body']
  /** In place of a JSON body. */
  readonly text?: { readonly type: string; readonly body: string }
  readonly ifMatch?: string
  readonly accept?: string
  readonly signal?: AbortSignal
  /** The call says itself what a missing sign-in or password means. */
  readonly isAlone?: boolean
}

/** The revision that is served, as each answer tells it. */
export const servedRevision = signal(0)

const JSON_TYPE = 'application/json'
const credentials = { csrf: '' }

/** What changes something carries: the token of the sign-in. */
export const useCsrf = (token: string): void => void (credentials.csrf = token)

let renewed: () => Promise<boolean> = () => Promise.resolve(false)

/** Asks for a token where that of this tab is of a sign-in of before; whether there is one now. */
export const onStaleToken = (renew: () => Promise<boolean>): void => void (renewed = renew)

/**
 * Asks; never rejects. A sign-in that has ended, or a password that is due, is asked for, and the call goes
 * on.
 */
export async function ask<R extends Route>(
  route: R,
  params: ParamsOf<R>,
  asking: Asking<R> = {},
): Promise<Answer<AnswerOf<R>>> {
  for (let isRenewed = false; ;) {
    const sinceMs = performance.now()
    const answer = await once(route, params, asking)
    if (answer.ok) return answer
    const { status, code } = answer.problem
    if (code === 'csrf_missing' && !isRenewed && (await renewed())) {
      isRenewed = true
      continue
    }
    if (asking.isAlone === true || asking.signal?.aborted === true) return answer
    const kind = status === 401 ? 'sign-in' : code === 'step_up_needed' ? 'step-up' : null
    // A token of before the sign-in was made anew: once more with the one of now is what signing in does.
    if (kind === null || !(await want(kind, sinceMs))) return answer
  }
}

async function once<R extends Route>(
  route: R,
  params: ParamsOf<R>,
  asking: Asking<R>,
): Promise<Answer<AnswerOf<R>>> {
  const { method, url } = addressOf(route, params as Readonly<Record<string, string>>, asking.query)
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method,
      headers: headersOf(method, asking),
      ...bodyOf(asking),
      ...(asking.signal !== undefined && { signal: asking.signal }),
      credentials: 'same-origin',
      cache: 'no-store',
    })
    text = await response.text()
  } catch (error) {
    return { ok: false, problem: unreachable(error instanceof Error ? error.message : String(error)) }
  }
  // 0 while the gateway starts: nothing is served yet, and nothing can be made from that.
  const served = Number(response.headers.get('sluice-config-revision') ?? 0)
  if (served > 0) servedRevision.value = served
  if (!response.ok) return { ok: false, problem: problemOf(response.status, response.headers, text) }
  const value = valueOf(response.headers, text, asking.accept)
  if (value === undefined) return { ok: false, problem: problemOf(response.status, response.headers, '') }
  return {
    ok: true,
    value: value as AnswerOf<R>,
    etag: response.headers.get('etag'),
    status: response.status,
  }
}

/** Undefined: it is not what was asked for, as the page of a proxy's own sign-in. */
function valueOf(headers: Headers, text: string, accept = JSON_TYPE): unknown {
  // A text that is asked for as one stays one, though it is JSON.
  if (text === '' || accept.startsWith('text/')) return text
  if (headers.get('content-type')?.includes('json') !== true) return accept === JSON_TYPE ? undefined : text
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Method and address of a route with its parameters. */
export function addressOf(
  route: Route,
  params: Readonly<Record<string, string>>,
  query: Readonly<Record<string, QueryValue>> = {},
): { readonly method: string; readonly url: string } {
  const [method = 'GET', path = ''] = route.split(' ')
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => segment(params[name] ?? ''))
  return { method, url: `${API_BASE}${filled.slice(1)}${queryOf(query)}` }
}

function headersOf(method: string, asking: Asking<Route>): Headers {
  const headers = new Headers({ Accept: asking.accept ?? JSON_TYPE })
  if (method !== 'GET') headers.set('X-CSRF-Token', credentials.csrf)
  if (asking.ifMatch !== undefined) headers.set('If-Match', asking.ifMatch)
  if (asking.text !== undefined) headers.set('Content-Type', asking.text.type)
  else if (asking.body !== undefined)
    headers.set('Content-Type', method === 'PATCH' ? 'application/merge-patch+json' : JSON_TYPE)
  return headers
}

function bodyOf({ text, body }: Asking<Route>): { body?: string } {
  if (text !== undefined) return { body: text.body }
  return body === undefined ? {} : { body: JSON.stringify(body) }
}
