// Where a request may carry what its client is known by: fields, parts of its query, cookies. What was
// found there is taken out, so that servers and whoever reads their logs do not get it.
import { cookiesIn, withoutCookie } from '../head/cookie.ts'
import type { RequestHead } from '../head/request-head.ts'
import { queryValues } from '../rules/query.ts'
import { hideToo } from '../telemetry/shown-target.ts'

export interface SecretPlace {
  readonly is: 'header' | 'query' | 'cookie'
  /** Of a field in lower case. */
  readonly name: string
}

/** What stands in a place; null: nothing. odd: two that differ, of which readers may believe either. */
export type Found = { readonly text: string } | 'odd' | null

/** "header X-API-Key", "query key", "cookie NAME". */
export function placeOf(words: string): SecretPlace {
  const space = words.indexOf(' ')
  const is = words.slice(0, space) as SecretPlace['is']
  const name = words.slice(space + 1)
  return { is, name: is === 'header' ? name.toLowerCase() : name }
}

/** What stands there is hidden wherever requests are shown; cookies are in any case. */
export function hidePlaces(places: readonly SecretPlace[]): void {
  for (const { is, name } of places) if (is !== 'cookie') hideToo(is, name)
}

/** In the first of the places where something is. */
export function secretIn(request: RequestHead, places: readonly SecretPlace[]): Found {
  for (const place of places) {
    const found = theOne(valuesAt(request, place))
    if (found !== null) return found
  }
  return null
}

function valuesAt(request: RequestHead, { is, name }: SecretPlace): readonly string[] {
  if (is === 'cookie') return fieldsOf(request, 'cookie').flatMap((field) => cookiesIn(field, name))
  if (is === 'query') return request.query === '' ? [] : (queryValues(request.query).get(name) ?? [])
  const fields = fieldsOf(request, name)
  return name === 'authorization' ? fields.flatMap(bearerOf) : fields
}

/** As they came, or as a step before has set it. */
function fieldsOf(request: RequestHead, lower: string): readonly string[] {
  const first = request.get(lower)
  if (first === null) return []
  const all = request.values(lower)
  return all[0] === first ? all : [first]
}

/** RFC 6750 §2.1; other schemes are none of ours. */
function bearerOf(field: string): readonly string[] {
  const token = /^bearer +([^ ]+)$/i.exec(field.trim())?.[1]
  return token === undefined ? [] : [token]
}

function theOne([first = '', ...others]: readonly string[]): Found {
  if (first === '') return null
  return others.every((other) => other === first) ? { text: first } : 'odd'
}

/** Takes what stands in these places out of what servers get. */
export function takeOut(request: RequestHead, places: readonly SecretPlace[]): void {
  for (const { is, name } of places) {
    if (is === 'header') takeField(request, name)
    else if (is === 'cookie') takeCookie(request, name)
    else takeQuery(request, name)
  }
}

/** Of Authorization only what is ours. */
function takeField(request: RequestHead, name: string): void {
  if (name !== 'authorization' || fieldsOf(request, name).some((field) => /^bearer(?: |$)/i.test(field)))
    request.remove(name)
}

function takeCookie(request: RequestHead, name: string): void {
  const fields = fieldsOf(request, 'cookie')
  if (!fields.some((field) => cookiesIn(field, name).length > 0)) return
  const left = fields.map((field) => withoutCookie(field, name)).filter((field) => field !== '')
  request.remove('cookie')
  if (left.length > 0) request.add('Cookie', left.join('; '))
}

/** Other parts stay as they came, byte for byte. */
function takeQuery(request: RequestHead, name: string): void {
  const { query } = request
  if (query === '') return
  const parts = query.split('&')
  const left = parts.filter((part) => !queryValues(part).has(name))
  if (left.length < parts.length) request.leaveQuery(left.join('&'))
}
