// What the audit keeps of a change: all but secrets.
import { isSecretField } from '../../config/secret-field.ts'

const HIDDEN = '(a secret, hidden)'
/** Beside words that header fields have: keys of the config, of uploads and of second factors. */
const SECRET_KEY =
  /^(?:users|hmac|code|recovery_codes|private_?key|key_pem|pem|pfx|pkcs12|passphrase|totp|otpauth|uri_?secret)$/i
/** What shows by itself that it is one, wherever it stands. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, HIDDEN],
  [/\bslt_[0-9A-Za-z]{12}_[0-9A-Za-z]+/g, HIDDEN],
  // JWS in its compact form (RFC 7515 §3.1): a header that begins as JSON does.
  [/\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, HIDDEN],
  [/\$(?:argon2(?:id|i|d)|2[aby]|[156]|scrypt)\$[^\s"']+/g, HIDDEN],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9+/._~=-]{8,}/gi, `$1 ${HIDDEN}`],
  [/\botpauth:\/\/[^\s"']+/g, HIDDEN],
  // Of a query what is called a secret. A text may be a megabyte: nothing is tried again from each "?" in it.
  [
    /([?&](?=[^\s?=&#"']*(?:token|secret|passw|api[-_]?key|credential|signature))[^\s?=&#"']*=)[^\s&#"']+/gi,
    `$1${HIDDEN}`,
  ],
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
    isSecret(key) ? hidden(item) : redacted(item, depth + 1),
  ])
  return Object.fromEntries(entries)
}

export const redactedText = (text: string): string =>
  SECRET_TEXTS.reduce((left, [pattern, by]) => left.replace(pattern, by), text)

const isSecret = (key: string): boolean => isSecretField(key) || SECRET_KEY.test(key)

/** Names of users stay, and which of them have something. */
function hidden(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hidden)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [redactedText(key), hidden(item)]))
  return typeof value === 'string' || typeof value === 'number' ? HIDDEN : value
}
