// Fetches the keys of an issuer of tokens (JWKS, RFC 7517).
import { readBounded } from '../../lib/read-bounded.ts'
import { whyNoKeys } from '../../lib/jwt-words.ts'

const ANSWER_MS_MAX = 5000
const BYTES_MAX = 1_048_576
const REDIRECTS_MAX = 3

export interface FetchKeysOptions {
  readonly url: string
  /** File of the CAs (PEM) that its certificate may be of; null: those that the machine trusts. */
  readonly ca: string | null
  readonly signal: AbortSignal
}

/** Their text; throws why there is none, in words. */
export async function fetchKeys({ url, ca, signal }: FetchKeysOptions): Promise<string> {
  const trusted = ca === null ? {} : { tls: { ca: Buffer.from(readBounded(ca, BYTES_MAX)).toString() } }
  let at = url
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const response = await ask(at, { ...trusted, signal })
    const location = response.headers.get('location')
    if (response.status < 300 || response.status > 399 || location === null) return await keysOf(response)
    const next = URL.canParse(location, at) ? new URL(location, at).href : ''
    // None of them leads into the clear.
    if (!next.startsWith('https://') && !(next.startsWith('http://') && url.startsWith('http://')))
      throw new Error(`it leads to "${next.slice(0, 200)}"`)
    at = next
  }
  throw new Error('it leads nowhere')
}

async function ask(url: string, init: RequestInit & { readonly signal: AbortSignal }): Promise<Response> {
  try {
    return await fetch(url, {
      ...init,
      headers: { accept: 'application/jwk-set+json, application/json' },
      redirect: 'manual',
      signal: AbortSignal.any([init.signal, AbortSignal.timeout(ANSWER_MS_MAX)]),
    })
  } catch (error) {
    throw new Error(whyUnreachable(error, url), { cause: error })
  }
}

function whyUnreachable(error: unknown, url: string): string {
  const { code, message, name } = error as Error & { code?: unknown }
  const { host } = new URL(url)
  if (name === 'TimeoutError') return `${host} did not answer within ${ANSWER_MS_MAX / 1000} s`
  const said = typeof code === 'string' ? code : message
  return `${host}: ${message.includes(said) ? message : `${message} (${said})`}`
}

async function keysOf(response: Response): Promise<string> {
  if (response.status !== 200) throw new Error(`it answers ${response.status}`)
  const text = await textOf(response)
  const why = whyNoKeys(text)
  if (why !== null) throw new Error(why)
  return text
}

async function textOf(response: Response): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of response.body ?? []) {
    length += (piece as Uint8Array).length
    if (length > BYTES_MAX) throw new Error('it answers with more than a MiB')
    pieces.push(piece as Uint8Array)
  }
  return Buffer.concat(pieces).toString('utf8')
}
