// Speaks ACME with a CA (RFC 8555 §6): signed requests with a nonce each, its problems as values of ours,
// its words bounded. It asks once: what is tried again, and when, is decided above.
import type { AccountKey, ExternalAccount } from './account-key.ts'
import { AcmeProblem, readProblem, textOf } from './acme-problem.ts'

/** What a CA offers (RFC 8555 §7.1.1). */
export interface Directory {
  readonly newNonce: string
  readonly newAccount: string
  readonly newOrder: string
  /** RFC 9773; null: it does not say when certificates are to be renewed. */
  readonly renewalInfo: string | null
  /** Where its terms stand; null: it has none. */
  readonly terms: string | null
  readonly needsExternalAccount: boolean
  /** Kinds of certificates that it may be asked for (draft-ietf-acme-profiles). */
  readonly profiles: readonly string[]
}

export interface CaAnswer {
  readonly status: number
  /** Read as JSON; null where it is none. */
  readonly json: unknown
  readonly text: string
  readonly location: string | null
  readonly retryAtMs: number | null
}

export interface AcmeClientOptions {
  /** URL of the CA's directory. */
  readonly directory: string
  /** PEM of the CAs that its own certificate may be signed by; null: those that the machine trusts. */
  readonly ca: string | null
  readonly agent: string
  readonly nowMs: () => number
  /** Given up with it. */
  readonly signal: AbortSignal
  readonly fetch?: typeof fetch
  /** An answer is to be whole after so long. */
  readonly answerMs?: number
}

interface Account {
  readonly key: AccountKey
  readonly url: string
}

const ANSWER_MS_MAX = 30_000
const ANSWER_BYTES_MAX = 1_048_576
/** RFC 8555 §6.5: a nonce that is not good any more says nothing of the request. */
const NONCE_TRIES = 20
const NONCES_KEPT = 8
/** No CA is believed that asks for more. */
export const RETRY_MS_MAX = 7 * 86_400_000
/** RFC 9110 §15.4, as clients follow them. */
const REDIRECTS_MAX = 5

export class AcmeClient {
  readonly #options: AcmeClientOptions
  readonly #nonces: string[] = []
  #directory: Directory | null = null
  account: Account | null = null

  constructor(options: AcmeClientOptions) {
    this.#options = options
  }

  async directory(): Promise<Directory> {
    const { directory } = this.#options
    return (this.#directory ??= readDirectory((await this.get(directory)).json, directory))
  }

  /** Makes the account of this key known, or finds it (RFC 8555 §7.3). Returns its URL. */
  async register(
    key: AccountKey,
    { email, eab }: { readonly email: string | null; readonly eab: ExternalAccount | null },
  ): Promise<string> {
    const { newAccount } = await this.directory()
    const payload = {
      termsOfServiceAgreed: true,
      ...(email !== null && { contact: [`mailto:${email}`] }),
      ...(eab !== null && { externalAccountBinding: key.bindTo(eab, newAccount) }),
    }
    const { location } = await this.#post(newAccount, payload, { key, url: null })
    if (location === null) throw notAcme('the CA gave no URL of the account')
    this.account = { key, url: location }
    return location
  }

  /** Asks for what is there (POST-as-GET). */
  ask(url: string): Promise<CaAnswer> {
    return this.post(url, null)
  }

  post(url: string, payload: object | null): Promise<CaAnswer> {
    if (this.account === null) throw new Error('there is no account yet')
    return this.#post(url, payload, this.account)
  }

  /** Without an account; only the directory and renewal information are open. */
  async get(url: string): Promise<CaAnswer> {
    let at = url
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
      const answer = await this.#fetch(at, { method: 'GET', headers: { accept: 'application/json' } })
      if (answer.status >= 400) throw problemIn(answer)
      if (answer.status < 300) return answer
      // Followed one by one: none of them may lead into the clear.
      if (answer.location === null || !URL.canParse(answer.location, at)) break
      at = new URL(answer.location, at).href
    }
    throw notAcme(`${url} leads nowhere`)
  }

  async #post(
    url: string,
    payload: object | null,
    { key, url: account }: { readonly key: AccountKey; readonly url: string | null },
  ): Promise<CaAnswer> {
    for (let tries = 1; ; tries++) {
      const nonce = this.#nonces.pop() ?? (await this.#newNonce())
      const body = JSON.stringify(await key.sign(payload, { url, nonce, account }))
      const headers = { 'content-type': 'application/jose+json' }
      const answer = await this.#fetch(url, { method: 'POST', headers, body })
      if (answer.status < 300) return answer
      // RFC 8555 §6.2: what is signed is signed for one URL.
      if (answer.status < 400) throw notAcme(`the CA answered ${answer.status} to a signed request`)
      const problem = problemIn(answer)
      if (problem.type !== 'badNonce' || tries >= NONCE_TRIES) throw problem
      // What was kept is as old as this one; the answer to it brought another.
      this.#nonces.splice(0, this.#nonces.length - 1)
    }
  }

  async #newNonce(): Promise<string> {
    const { newNonce } = await this.directory()
    const answer = await this.#fetch(newNonce, { method: 'HEAD' })
    if (answer.status >= 300) throw problemIn(answer)
    const nonce = this.#nonces.pop()
    if (nonce === undefined) throw notAcme('the CA gave no nonce')
    return nonce
  }

  async #fetch(url: string, init: RequestInit): Promise<CaAnswer> {
    const { ca, agent, nowMs, signal, answerMs = ANSWER_MS_MAX } = this.#options
    const ask = this.#options.fetch ?? fetch
    // RFC 8555 §6.1: never in the clear.
    if (!url.startsWith('https://')) throw notAcme(`the CA named "${textOf(url)}", which is no https URL`)
    try {
      const response = await ask(url, {
        ...init,
        headers: { ...init.headers, 'user-agent': agent, 'accept-language': 'en' },
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
        ...(ca !== null && { tls: { ca } }),
      })
      const nonce = response.headers.get('replay-nonce')
      if (nonce !== null && /^[\w-]+$/.test(nonce) && this.#nonces.length < NONCES_KEPT)
        this.#nonces.push(nonce)
      return await answerOf(response, nowMs())
    } catch (error) {
      throw unreachable(error, url, answerMs)
    }
  }
}

async function answerOf(response: Response, nowMs: number): Promise<CaAnswer> {
  const text = await boundedText(response)
  const { status, headers } = response
  const isJson = /json/.test(headers.get('content-type') ?? '')
  return {
    status,
    text,
    json: isJson ? parsed(text) : null,
    location: headers.get('location'),
    retryAtMs: readRetryAfter(headers.get('retry-after'), nowMs, headers.get('date')),
  }
}

async function boundedText(response: Response): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of response.body ?? []) {
    length += (piece as Uint8Array).length
    if (length > ANSWER_BYTES_MAX) throw notAcme('the CA answered with more than a MiB')
    pieces.push(piece as Uint8Array)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/**
 * Seconds or a date (RFC 9110 §10.2.3), as a moment; null: neither. A date is one of the CA's clock, which
 * `date` tells: ours may be wrong.
 */
export function readRetryAfter(value: string | null, nowMs: number, date: string | null): number | null {
  if (value === null) return null
  const isSeconds = /^[0-9]{1,9}$/.test(value)
  if (!isSeconds && !value.endsWith(' GMT')) return null
  const theirsMs = Date.parse(date ?? '')
  const fromMs = Number.isNaN(theirsMs) ? nowMs : theirsMs
  const waitMs = isSeconds ? Number(value) * 1000 : Date.parse(value) - fromMs
  return Number.isNaN(waitMs) ? null : nowMs + Math.min(Math.max(waitMs, 0), RETRY_MS_MAX)
}

function readDirectory(json: unknown, url: string): Directory {
  const found = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>
  const { meta } = found
  const { termsOfService, externalAccountRequired, profiles } = (meta ?? {}) as Record<string, unknown>
  const [newNonce, newAccount, newOrder, renewalInfo] = [
    'newNonce',
    'newAccount',
    'newOrder',
    'renewalInfo',
  ].map((key) => (typeof found[key] === 'string' ? found[key] : null))
  if (!newNonce || !newAccount || !newOrder) throw notAcme(`${url} is no directory of an ACME CA`)
  return {
    newNonce,
    newAccount,
    newOrder,
    renewalInfo: renewalInfo ?? null,
    terms: typeof termsOfService === 'string' ? termsOfService : null,
    needsExternalAccount: externalAccountRequired === true,
    profiles: typeof profiles === 'object' && profiles !== null ? Object.keys(profiles).map(textOf) : [],
  }
}

const problemIn = ({ status, json, text, retryAtMs }: CaAnswer): AcmeProblem =>
  readProblem(json, {
    type: status === 429 ? 'rateLimited' : status >= 500 ? 'serverInternal' : 'notAcme',
    detail: textOf(
      `the CA answered ${status}${json === null && text !== '' ? `: ${text.slice(0, 200)}` : ''}`,
    ),
    status,
    retryAtMs,
  })

export const notAcme = (detail: string): AcmeProblem => new AcmeProblem({ type: 'notAcme', detail })

/** Codes of TLS where the CA's own certificate is not believed. */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|ALTNAME/

function unreachable(error: unknown, url: string, answerMs: number): unknown {
  if (error instanceof AcmeProblem) return error
  const { code, message, name } = error as Error & { code?: unknown }
  const said = typeof code === 'string' ? code : message
  const host = URL.canParse(url) ? new URL(url).host : url
  if (name === 'TimeoutError')
    return new AcmeProblem({
      type: 'timeout',
      detail: `${host} did not answer within ${answerMs / 1000} s`,
    })
  if (name === 'AbortError') return error
  return new AcmeProblem({
    type: UNTRUSTED.test(said) ? 'untrusted' : 'unreachable',
    detail: textOf(`${host}: ${message.includes(said) ? message : `${message} (${said})`}`),
  })
}
