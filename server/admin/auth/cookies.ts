// The cookie of a sign-in. Its name has a mark of the gateway: browsers send the cookies of a host to all of
// its ports, and of two gateways on one machine neither takes the cookie of the other for its own, or its
// place. By TLS it begins with __Host-: browsers take that name only with Secure, for the whole host and from
// the host itself, so that no other page can plant one. By HTTP on this machine they would not take it.
import { WHOLE_MS } from '../../control/store/sign-ins.ts'
import type { StateKey } from '../../control/store/state-key.ts'
import { SIGN_IN_NAMES } from '../../head/sign-in-cookies.ts'

const { secure: SECURE_NAME, plain: PLAIN_NAME } = SIGN_IN_NAMES
const MARK_BYTES = 4
const FORM = /^[0-9A-Za-z]{43}$/

/** Whether a request came by TLS. */
export const isSecure = (request: Request): boolean => request.url.startsWith('https:')

const marks = new WeakMap<StateKey, string>()

/** Of a gateway: nobody knows its key by it. */
function markOf(key: StateKey): string {
  const mark = marks.get(key) ?? Buffer.from(key.markOf('cookie', 'name')).toString('hex', 0, MARK_BYTES)
  marks.set(key, mark)
  return mark
}

const nameOf = (request: Request, key: StateKey): string =>
  `${isSecure(request) ? SECURE_NAME : PLAIN_NAME}${markOf(key)}`

const pairsOf = (request: Request): string[] =>
  (request.headers.get('cookie') ?? '').split(';').map((pair) => pair.trim())

/** Whether one of its cookies is of a gateway, this one or another. */
export function hasCookie(request: Request): boolean {
  const name = isSecure(request) ? SECURE_NAME : PLAIN_NAME
  return pairsOf(request).some((pair) => pair.startsWith(name))
}

/** What its cookie holds; null: it has none, or two, of which one may have been planted. */
export function cookieOf(request: Request, key: StateKey): string | null {
  const start = `${nameOf(request, key)}=`
  const values = pairsOf(request).flatMap((pair) =>
    pair.startsWith(start) ? [pair.slice(start.length)] : [],
  )
  const [value = ''] = values
  return values.length === 1 && FORM.test(value) ? value : null
}

/** The field Set-Cookie of a sign-in. */
export const cookieFor = (request: Request, key: StateKey, secret: string): string =>
  fieldOf(request, key, { value: secret, seconds: Math.floor(WHOLE_MS / 1000) })

/** The same that has it forgotten. */
export const noCookie = (request: Request, key: StateKey): string =>
  fieldOf(request, key, { value: '', seconds: 0 })

function fieldOf(
  request: Request,
  key: StateKey,
  { value, seconds }: { readonly value: string; readonly seconds: number },
): string {
  const more = isSecure(request) ? '; Secure' : ''
  return `${nameOf(request, key)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${more}`
}
