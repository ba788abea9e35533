// How a certificate is obtained (RFC 8555 §7.4), in the steps of the standard. Any of them may fail with an
// AcmeProblem; whatever challenge was answered until then is cleaned up.
import { X509Certificate, type KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import { canonicalAddress } from '../../lib/ip-address.ts'
import type { AcmeClient, CaAnswer } from './acme-client.ts'
import { notAcme } from './acme-client.ts'
import { AcmeProblem, readProblem, textOf } from './acme-problem.ts'
import type { Asked, Challenger } from './challenger.ts'
import { certificateRequest } from './csr.ts'

export interface OrderParts {
  readonly client: AcmeClient
  readonly names: readonly string[]
  /** Of the certificate. */
  readonly key: KeyObject
  /** Which of its kinds of certificates the CA is asked for; null: its usual one. */
  readonly profile: string | null
  readonly challenger: Challenger
  /** What RFC 9773 calls the certificate that this one replaces; null: none. */
  readonly replaces: string | null
  readonly log: (step: string) => void
  readonly pause: (ms: number) => Promise<void>
  readonly nowMs: () => number
}

const POLL_MS_MIN = 250
const POLL_MS_MAX = 10_000
/** A CA that has not decided by then does not. */
const DECISION_MS_MAX = 300_000
/** Questions in turn that may fail while a decision is waited for. */
const LOST_ANSWERS_MAX = 3

interface Order {
  readonly url: string
  readonly status: string
  readonly authorizations: readonly string[]
  readonly finalize: string
  readonly certificate: string | null
  readonly error: unknown
}

interface Challenge {
  readonly type: string
  readonly url: string
  readonly token: string
  readonly error: unknown
}

interface Authorization {
  readonly url: string
  readonly name: string
  readonly status: string
  readonly challenges: readonly Challenge[]
}

/** The chain in PEM, its own certificate first. */
export async function obtain(parts: OrderParts): Promise<string> {
  const { client, names, key, log } = parts
  // 1. An order for all names (§7.4).
  let order = await begin(parts)
  log(`ordered ${names.join(', ')} (${order.status})`)

  // 2. Each name is proved, unless the CA remembers an earlier proof (§7.5).
  if (order.status === 'pending') {
    await prove(parts, order)
    order = await decided(parts, order.url, readOrder, ({ status }) => status !== 'pending')
  }

  // 3. The CA is given the certificate's key, signed by itself (§7.4).
  if (order.status === 'ready') {
    const csr = certificateRequest(names, key).toString('base64url')
    const answer = await client.post(order.finalize, { csr })
    order = readOrder(answer, order.url)
    log('sent the certificate request')
  }

  // 4. It signs (§7.4).
  if (order.status === 'processing' || order.status === 'ready')
    order = await decided(
      parts,
      order.url,
      readOrder,
      ({ status }) => status !== 'processing' && status !== 'ready',
    )
  if (order.status !== 'valid' || order.certificate === null)
    throw readProblem(order.error, { type: 'notAcme', detail: `the order became ${order.status}` })

  // 5. What it signed is fetched (§7.4.2), and looked at before anybody is shown it.
  const { text } = await client.ask(order.certificate)
  return fitting(text, parts)
}

async function begin(parts: OrderParts): Promise<Order> {
  const { client, names, profile, replaces, log } = parts
  const { newOrder, renewalInfo, profiles } = await client.directory()
  if (profile !== null && !profiles.includes(profile)) throw noProfile(profile, profiles)
  const identifiers = names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }))
  const place = async (more: object): Promise<Order> => {
    const answer = await client.post(newOrder, {
      identifiers,
      ...(profile !== null && { profile }),
      ...more,
    })
    if (answer.location === null) throw notAcme('the CA gave no URL of the order')
    return readOrder(answer, answer.location)
  }
  if (replaces === null || renewalInfo === null) return place({})
  try {
    return await place({ replaces })
  } catch (error) {
    // RFC 9773 §5: it was replaced already, or the CA knows nothing of it: that is no reason to go without.
    if (
      !(error instanceof AcmeProblem) ||
      error.isStop ||
      !/alreadyReplaced|malformed|unauthorized/.test(error.type)
    )
      throw error
    log(`the CA does not take it as a replacement: ${error.message}`)
    return place({})
  }
}

function noProfile(profile: string, profiles: readonly string[]): AcmeProblem {
  const offered = profiles.length === 0 ? 'none' : profiles.join(', ')
  return new AcmeProblem({
    type: 'invalidProfile',
    detail: `the CA has no profile "${profile}", but: ${offered}`,
  })
}

async function prove(parts: OrderParts, order: Order): Promise<void> {
  const { client, challenger, log } = parts
  const own = new Set(parts.names.map((name) => name.replace(/^\*\./, '')))
  // RFC 8555 §7.1.3: one for each name that was asked for.
  if (order.authorizations.length > parts.names.length)
    throw notAcme('the CA wants more proved than was asked')
  const all: Authorization[] = []
  for (const url of order.authorizations) all.push(readAuthorization(await client.ask(url), url))
  // Nothing is answered for others' names, and no command is told of them.
  const strange = all.find(({ name }) => !own.has(canonicalAddress(name) ?? name.toLowerCase()))
  if (strange !== undefined)
    throw notAcme(`the CA wants "${textOf(strange.name)}" proved, which was not asked`)
  const open = all.filter(({ status }) => status !== 'valid')
  if (open.length === 0) return
  const asked = open.map((authorization) => choose(parts, authorization))
  try {
    await challenger.present(asked.map(({ asked: one }) => one))
    for (const { asked: one, challenge } of asked) {
      log(`asked the CA to look at ${one.name} (${challenger.type})`)
      await client.post(challenge.url, {})
    }
    const refusals: AcmeProblem[] = []
    for (const { authorization } of asked) {
      const isDecided = ({ status }: Authorization): boolean =>
        status !== 'pending' && status !== 'processing'
      const seen = await decided(parts, authorization.url, readAuthorization, isDecided)
      if (seen.status === 'valid') log(`the CA believes ${seen.name}`)
      else refusals.push(refusal(seen, challenger.type))
    }
    const [first, ...others] = refusals
    if (first !== undefined) throw others.length === 0 ? first : allOf(refusals)
  } finally {
    await challenger.cleanUp(asked.map(({ asked: one }) => one))
  }
}

function choose({ client, challenger }: OrderParts, authorization: Authorization) {
  const { name, status, challenges } = authorization
  if (status !== 'pending') throw refusal(authorization, challenger.type)
  const challenge = challenges.find(({ type }) => type === challenger.type)
  const key = client.account?.key
  if (challenge === undefined || key === undefined) {
    const offered = challenges.map(({ type }) => type).join(', ') || 'none'
    const detail = `the CA offers no ${challenger.type} for ${name}, but: ${offered}`
    throw new AcmeProblem({ type: 'noChallenge', detail, names: [name] })
  }
  const { token } = challenge
  // RFC 8555 §8.1: base64url only. It becomes part of a path that we answer.
  if (!/^[\w-]{16,256}$/.test(token)) throw notAcme('the CA gave a token that is none')
  const asked: Asked = { name, token, authorization: key.authorize(token) }
  return { asked, authorization, challenge }
}

/** What the CA says of the challenge that failed. */
function refusal({ name, status, challenges }: Authorization, type: string): AcmeProblem {
  const tried = challenges.find((one) => one.type === type && one.error !== undefined)
  const failed = tried ?? challenges.find(({ error }) => error !== undefined)
  return readProblem(failed?.error, {
    type: 'unauthorized',
    detail: `the CA does not believe ${name} (${status})`,
    names: [name],
  })
}

/** Several names that the CA does not believe. */
function allOf(refusals: readonly AcmeProblem[]): AcmeProblem {
  const subproblems = refusals.map(({ type, detail, names }) => ({ type, detail, name: names[0] ?? null }))
  const { length } = refusals
  return new AcmeProblem({
    type: 'compound',
    detail: `the CA does not believe ${length} of the names`,
    subproblems,
  })
}

/** Asks until it is decided, as often as the CA would have us (§7.5.1). */
async function decided<T>(
  { client, pause, nowMs }: OrderParts,
  url: string,
  read: (answer: CaAnswer, url: string) => T,
  isDecided: (found: T) => boolean,
): Promise<T> {
  // What was waited is counted: a clock may be set back meanwhile.
  let waitedMs = 0
  let lost = 0
  for (let waitMs = POLL_MS_MIN; ; waitMs = Math.min(waitMs * 1.5, POLL_MS_MAX)) {
    let retryAtMs: number | null = null
    try {
      const answer = await client.ask(url)
      lost = 0
      const found = read(answer, url)
      if (isDecided(found)) return found
      ;({ retryAtMs } = answer)
    } catch (error) {
      if (!isPassing(error) || ++lost > LOST_ANSWERS_MAX) throw error
    }
    const nextMs = retryAtMs === null ? waitMs : Math.max(waitMs, retryAtMs - nowMs())
    waitedMs += nextMs
    if (waitedMs > DECISION_MS_MAX)
      throw new AcmeProblem({
        type: 'timeout',
        detail: `the CA did not decide within ${DECISION_MS_MAX / 60_000} min`,
      })
    await pause(nextMs)
  }
}

const isPassing = (error: unknown): boolean =>
  error instanceof AcmeProblem && !error.isStop && /^(?:unreachable|timeout|serverInternal)$/.test(error.type)

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g

/** A chain that is of use: for all the names, of our key. */
function fitting(text: string, { names, key }: OrderParts): string {
  const blocks = text.match(BLOCK) ?? []
  const [first] = blocks
  if (first === undefined) throw notAcme('the CA sent no certificate')
  let leaf: X509Certificate
  try {
    leaf = new X509Certificate(first)
  } catch {
    throw notAcme('the CA sent a certificate that cannot be read')
  }
  if (!leaf.checkPrivateKey(key)) throw notAcme('the CA signed another key than ours')
  const missing = names.filter((name) => !isFor(leaf, name))
  if (missing.length > 0) throw notAcme(`the CA left out ${missing.join(', ')}`)
  return `${blocks.join('\n')}\n`
}

export const isFor = (leaf: X509Certificate, name: string): boolean =>
  (isIP(name) === 0
    ? leaf.checkHost(name.replace(/^\*\./, 'any-name.'), { subject: 'never' })
    : leaf.checkIP(name)) !== undefined

function readOrder({ json }: CaAnswer, url: string): Order {
  const { status, authorizations, finalize, certificate, error } = mapOf(json)
  if (typeof status !== 'string' || typeof finalize !== 'string' || !Array.isArray(authorizations))
    throw notAcme('the CA answered with no order')
  return {
    url,
    status,
    authorizations: authorizations.filter((one) => typeof one === 'string'),
    finalize,
    certificate: typeof certificate === 'string' ? certificate : null,
    error,
  }
}

function readAuthorization({ json }: CaAnswer, url: string): Authorization {
  const { status, identifier, challenges } = mapOf(json)
  const { value } = mapOf(identifier)
  if (typeof status !== 'string' || typeof value !== 'string' || !Array.isArray(challenges))
    throw notAcme('the CA answered with no authorization')
  const all = challenges.map(mapOf).flatMap(({ type, url: at, token, error }) => {
    const isWhole = typeof type === 'string' && typeof at === 'string' && typeof token === 'string'
    return isWhole ? [{ type, url: at, token, error }] : []
  })
  return { url, name: value, status, challenges: all }
}

const mapOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
