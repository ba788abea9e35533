// The cookie of a sign-in. By TLS it is called __Host-sluice: browsers take that name only with Secure, for
// the whole host and from the host itself, so that no other page can plant one. By HTTP on this machine,
// where browsers would not take it, it is called sluice.
import { WHOLE_MS } from '../../control/store/sign-ins.ts'

const SECURE_NAME = '__Host-sluice'
const PLAIN_NAME = 'sluice'
const FORM = /^[0-9A-Za-z]{43}$/

/** Whether a request came by TLS. */
export const isSecure = (request: Request): boolean => request.url.startsWith('https:')

/** What its cookie holds; null: it has none, or two, of which one may have been planted. */
export function cookieOf(request: Request): string | null {
  const name = isSecure(request) ? SECURE_NAME : PLAIN_NAME
  const pairs = (request.headers.get('cookie') ?? '').split(';').map((pair) => pair.trim())
  const values = pairs.flatMap((pair) => (pair.startsWith(`${name}=`) ? [pair.slice(name.length + 1)] : []))
  const [value = ''] = values
  return values.length === 1 && FORM.test(value) ? value : null
}

/** The field Set-Cookie of a sign-in. */
export const cookieFor = (request: Request, secret: string): string =>
  fieldOf(request, secret, Math.floor(WHOLE_MS / 1000))

/** The same that has it forgotten. */
export const noCookie = (request: Request): string => fieldOf(request, '', 0)

function fieldOf(request: Request, value: string, seconds: number): string {
  const [name, more] = isSecure(request) ? [SECURE_NAME, '; Secure'] : [PLAIN_NAME, '']
  return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${more}`
}
