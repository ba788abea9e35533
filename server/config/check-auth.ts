// Whom rules believe (auth), and where they ask for it: what the schema cannot say.
import { createPublicKey, X509Certificate } from 'node:crypto'
import { hasSecret, isOfSecret, isPem, keySourceOf, whyNoKeys } from '../lib/jwt-words.ts'
import { keyWords } from '../lib/key-hash-text.ts'
import type { MiddlewareConfig } from '../middleware/middleware.options.ts'
import { isOwnOnRequest, OWN_FIELD } from '../lib/own-fields.ts'
import type { Condition } from '../rules/match.options.ts'
import type { JwtProviderConfig } from '../tokens/jwt-provider.options.ts'
import type { Checked } from './checked.ts'
import { HIDDEN } from './hidden.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'
import { whyUnread } from './why-unread.ts'

export function checkAuth(checked: Checked): void {
  for (const [name, words] of Object.entries(checked.config.auth.jwt))
    checkIssuer(checked, ['auth', 'jwt', name], words)
}

const WAYS = ['jwks_url', 'jwks_file', 'key'] as const

function checkIssuer(checked: Checked, path: Path, words: JwtProviderConfig): void {
  const named = WAYS.filter((way) => words[way] !== undefined)
  if (named.length !== 1)
    checked.report({
      code: named.length === 0 ? 'missing-key' : 'conflict',
      path: named[1] === undefined ? path : [...path, named[1]],
      found: named.length === 0 ? 'an issuer without keys' : `${named.join(' and ')} for one issuer`,
      allowed: 'exactly one of jwks_url, jwks_file or key',
    })
  if (words.jwks_file !== undefined) checkFile(checked, [...path, 'jwks_file'], words.jwks_file)
  if (words.key !== undefined) checkKey(checked, [...path, 'key'], words.key)
  checkAlgorithms(checked, path, words)
  checkUrl(checked, path, words)
  if (words.audience.length === 0)
    checked.warn({
      code: 'missing-key',
      path,
      found: 'no audience: tokens that this issuer has made out for others pass as well',
      allowed: 'audience, as stands in their claim "aud"',
    })
  for (const field of Object.keys(words.claims_to_headers))
    if (isOwnOnRequest(field, 'set') || field.toLowerCase() === 'host')
      checked.report({
        code: 'conflict',
        path: [...path, 'claims_to_headers', field],
        found: `the field ${JSON.stringify(field)}`,
        ...OWN_FIELD,
      })
}

function checkFile(checked: Checked, path: Path, file: string): void {
  if (isStandIn(file)) return
  let why: string | null
  try {
    why = whyNoKeys(checked.readText(file))
  } catch (error) {
    why = whyUnread(error)
  }
  if (why === null) return
  checked.report({
    code: 'file',
    path,
    found: `${checked.said(path, file)}: ${why}`,
    allowed: 'a file of public keys: { "keys": […] } (JWKS, RFC 7517)',
  })
}

const SECRET_BYTES_MIN = 32

function checkKey(checked: Checked, path: Path, key: string): void {
  if (isStandIn(key) || key === HIDDEN) return
  if (!isPem(key)) {
    if (Buffer.byteLength(key) >= SECRET_BYTES_MIN) return
    return checked.report({
      code: 'wrong-value',
      path,
      found: `a secret of fewer than ${SECRET_BYTES_MIN} bytes`,
      allowed: `${SECRET_BYTES_MIN} bytes or more (RFC 7518 §3.2)`,
    })
  }
  const isPrivate = key.includes('PRIVATE KEY')
  if (!isPrivate && canBeRead(key)) return
  checked.report({
    code: 'wrong-value',
    path,
    found: isPrivate ? 'a private key' : 'a key in PEM that cannot be read',
    allowed: 'a public key or a certificate (PEM)',
    hint: isPrivate ? 'whoever checks tokens needs the public one: openssl pkey -pubout' : null,
  })
}

function canBeRead(key: string): boolean {
  try {
    if (key.includes('-----BEGIN CERTIFICATE')) void new X509Certificate(key)
    else createPublicKey(key)
    return true
  } catch {
    return false
  }
}

function checkAlgorithms(checked: Checked, path: Path, words: JwtProviderConfig): void {
  if (keySourceOf(words) === null && words.key === undefined) return
  const isSecret = hasSecret(words)
  for (const [place, algorithm] of words.algorithms.entries()) {
    if (isStandIn(algorithm) || isOfSecret(algorithm) === isSecret) continue
    const isList = checked.written([...path, 'algorithms'])?.is === 'list'
    checked.report({
      code: 'conflict',
      path: [...path, 'algorithms', ...(isList ? [place] : [])],
      found: `${algorithm} ${isSecret ? 'with a secret' : 'with public keys'}`,
      allowed: isSecret ? 'HS256, HS384 or HS512' : 'algorithms of public keys, such as RS256 or ES256',
      hint: isSecret ? null : 'whoever has the public key could sign by it as if it were a secret',
    })
  }
}

function checkUrl(checked: Checked, path: Path, { jwks_url: url, ca }: JwtProviderConfig): void {
  if (ca !== undefined && url === undefined)
    checked.report({
      code: 'conflict',
      path: [...path, 'ca'],
      found: 'ca without jwks_url',
      allowed: 'it beside jwks_url',
    })
  if (url === undefined || isStandIn(url) || url.startsWith('https:')) return
  const { hostname } = URL.canParse(url) ? new URL(url) : { hostname: '' }
  if (/^(?:localhost|127\.[0-9.]+|\[::1\])$/.test(hostname)) return
  checked.warn({
    code: 'wrong-value',
    path: [...path, 'jwks_url'],
    found: `${checked.said([...path, 'jwks_url'], url)}: keys that come in the clear`,
    allowed: 'an https URL',
    hint: 'whoever is on the way decides which tokens are good',
  })
}

/** Checks what a condition asks of tokens. */
export function checkClaims(checked: Checked, path: Path, { jwt, claims }: Condition): void {
  if (jwt !== undefined) checkIssuerName(checked, [...path, 'jwt'], jwt)
  else if (Object.keys(claims).length > 0) {
    const [only, ...others] = Object.keys(checked.config.auth.jwt)
    checked.report({
      code: 'missing-key',
      path: [...path, 'claims'],
      found: 'claims of nobody’s token',
      allowed: 'it beside jwt, the name of an issuer below auth.jwt',
      hint: only !== undefined && others.length === 0 ? `add jwt: ${only}` : null,
    })
  }
}

/** Checks what a step asks of who it is. */
export function checkAccessStep(checked: Checked, path: Path, step: MiddlewareConfig): void {
  if (step.jwt !== undefined) checkIssuerName(checked, [...path, 'jwt', 'provider'], step.jwt.provider)
  const { rules } = checked.config
  for (const [owner, keys] of Object.entries(step.api_key?.keys ?? {}))
    for (const name of keys.flatMap((one) => keyWords(one).rules))
      if (!isStandIn(name) && rules.every((rule) => rule.name !== name))
        checked.report({
          code: 'unknown-name',
          path: [...path, 'api_key', 'keys', owner],
          found: `the rule "${name}", which is not there`,
          allowed: 'names of rules',
        })
}

function checkIssuerName(checked: Checked, path: Path, name: string): void {
  const issuers = Object.keys(checked.config.auth.jwt)
  if (isStandIn(name) || issuers.includes(name)) return
  checked.report({
    code: 'unknown-name',
    path,
    found: `${checked.said(path, name)}, which is not below auth.jwt`,
    allowed:
      issuers.length === 0 ? 'the name of an issuer below auth.jwt: there is none' : issuers.join(', '),
    hint:
      issuers.length === 0
        ? 'add auth: { jwt: { NAME: { issuer: …, jwks_url: … } } } at the top level'
        : null,
  })
}
