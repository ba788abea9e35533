// What the audit keeps of a change: all but secrets.
import { isSecretField } from '../../config/secret-field.ts'
import { decoded } from '../../telemetry/shown-target.ts'

const HIDDEN = '(a secret, hidden)'
/** Beside words that header fields have: keys of the config, of uploads and of second factors. */
const SECRET_KEY =
  /^(?:users|hmac|code|recovery_codes|private_?key|key_pem|pem|pfx|pkcs12|passphrase|totp|otpauth|uri_?secret)$/i
/** What shows by itself that it is one, wherever it stands. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, HIDDEN],
  [/\bslt_[0-9A-Za-z]{12}_[0-9A-Za-z]+/g, HIDDEN],
  [/\$(?:argon2(?:id|i|d)|2[aby]|[156]|scrypt)\$[^\s"']+/g, HIDDEN],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9+/._~=-]{8,}/gi, `$1 ${HIDDEN}`],
  [/\botpauth:\/\/[^\s"']+/g, HIDDEN],
  // Of a URL the password.
  [/(\b[a-z][a-z0-9+.-]{0,63}:\/\/[^\s/:@"']*):[^\s/@"']+@/gi, `$1:${HIDDEN}@`],
]
const DEPTH_MAX = 32

/** The same with every secret hidden. */
export function redacted(value: unknown, depth = 0): unknown {
  if (depth > DEPTH_MAX) return '(too deep)'
  if (typeof value === 'string') return redactedText(value)
  if (Array.isArray(value)) return value.map((item: unknown) => redacted(item, depth + 1))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]: [string, unknown]) => [
    key,
    isSecret(key) || (key === 'key' && isIssuer(value)) ? hidden(item) : redacted(item, depth + 1),
  ])
  return Object.fromEntries(entries)
}

/** A text may be a megabyte of whatever somebody makes up: each character is looked at a few times. */
export const redactedText = (text: string): string =>
  withoutJwts(
    withoutParameters(SECRET_TEXTS.reduce((left, [pattern, by]) => left.replace(pattern, by), text)),
  )

/** JWS in its compact form (RFC 7515 §3.1): a header that begins as JSON does, and two more parts. */
const withoutJwts = (text: string): string =>
  text.replaceAll(/[\w.-]{12,}/g, (run) => (run.includes('eyJ') ? withoutJwtsIn(run) : run))

function withoutJwtsIn(run: string): string {
  const parts = run.split('.')
  const shown: string[] = []
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at] ?? ''
    const from = part.startsWith('eyJ') ? 0 : part.indexOf('-eyJ') + 1
    const isHeader = from > 0 || part.startsWith('eyJ')
    const isOne = isHeader && part.length - from >= JWT_HEADER_MIN && (parts[at + 1] ?? '') !== ''
    if (isOne && at + 2 < parts.length) {
      shown.push(`${part.slice(0, from)}${HIDDEN}`)
      at += 2
    } else shown.push(part)
  }
  return shown.join('.')
}

const JWT_HEADER_MIN = 8
const SECRET_PARAMETER = /token|secret|passw|api[-_]?key|credential|signature/i

/** Of a query what is called a secret, as servers read its name. */
function withoutParameters(text: string): string {
  const name = /[?&]([^\s?=&#"']*)=/g
  const value = /[^\s&#"']+/y
  let shown = ''
  let from = 0
  for (let found = name.exec(text); found !== null; found = name.exec(text)) {
    value.lastIndex = name.lastIndex
    if (!SECRET_PARAMETER.test(decoded(found[1] ?? '')) || !value.test(text)) continue
    shown += `${text.slice(from, name.lastIndex)}${HIDDEN}`
    from = value.lastIndex
    name.lastIndex = from
  }
  return shown + text.slice(from)
}

const isSecret = (key: string): boolean => isSecretField(key) || SECRET_KEY.test(key)

/** Of tokens: its key may be one that both share. Elsewhere it is a path, or what requests go by. */
const isIssuer = (map: object): boolean => Object.hasOwn(map, 'issuer')

/** Names of users stay, and which of them have something. */
function hidden(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hidden)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [redactedText(key), hidden(item)]))
  return typeof value === 'string' || typeof value === 'number' ? HIDDEN : value
}
