// What must hold whatever a CA answers: a try to obtain a certificate ends, soon and with few questions; by a
// certificate of our key for our names, or by a problem that can be shown; and nobody is told of challenges
// but those of our names, each of which is cleaned up.
import { expect, test } from 'bun:test'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { newAccountKey } from '../../server/control/acme/account-key.ts'
import { AcmeClient } from '../../server/control/acme/acme-client.ts'
import { AcmeProblem, hintFor, toldOf } from '../../server/control/acme/acme-problem.ts'
import { obtain } from '../../server/control/acme/order.ts'
import { renewalId } from '../../server/control/acme/renewal.ts'
import { selfSigned } from '../../server/tls/self-signed.ts'
import { readAll } from '../../server/lib/read-der.ts'
import { type Random, seedOfRun, seededRandom } from '../support/random.ts'

const RUNS = Number(process.env['SLUICE_FUZZ_RUNS'] ?? 1500)
const NAMES = ['a.example', '*.a.example', '192.0.2.7']
const OWN = ['a.example', '192.0.2.7']
const CA = 'https://ca.example'
const ASKED_MAX = 400

const accountKey = await newAccountKey()
const pair = selfSigned(NAMES, { nowMs: Date.now() })
const other = selfSigned(NAMES, { nowMs: Date.now() })
const fewer = selfSigned(NAMES.slice(0, 1), { nowMs: Date.now(), key: pair.key })

function order(status: string): object {
  return {
    status,
    authorizations: [`${CA}/authz/0`, `${CA}/authz/1`],
    finalize: `${CA}/finalize`,
    certificate: `${CA}/cert`,
  }
}

function authorization(place: number, status: string): object {
  const [type, value] = place === 0 ? ['dns', OWN[0]] : ['ip', OWN[1]]
  const token = `token-of-sixteen-${place}`
  const challenges = [{ type: 'http-01', url: `${CA}/challenge/${place}`, token, status: 'pending' }]
  return { status, identifier: { type, value }, challenges }
}

const STRANGE: readonly unknown[] = [
  ...[null, true, -1, 1e300, '', [], {}, '\u001b[2J\r\n', 'x'.repeat(5000), 'pending', 'processing', 'ready'],
  ...[
    'valid',
    'invalid',
    `${CA}/order`,
    `${CA}/authz/0`,
    'http://ca.example/',
    'victim.example',
    '*.a.example',
  ],
  ...[pair.cert, other.cert, fewer.cert, '-----BEGIN CERTIFICATE-----\n'.repeat(500), ['a', null, {}]],
  { type: 'urn:ietf:params:acme:error:compound\u001b[31m', detail: 7, subproblems: [null, { detail: '\n' }] },
  {
    type: 'urn:ietf:params:acme:error:connection',
    detail: 'no\u0007',
    subproblems: [{ identifier: { value: 'a\u001b' } }],
  },
]

/** The same with something in it changed, anywhere. */
function mangled(random: Random, value: unknown): unknown {
  if (random.below(4) === 0 || typeof value !== 'object' || value === null) return random.pick(STRANGE)
  if (Array.isArray(value)) {
    const list: unknown[] = [...(value as unknown[])]
    const at = random.below(list.length + 1)
    list[at] = mangled(random, list[at])
    return list
  }
  const map = { ...(value as Record<string, unknown>) }
  const key = random.pick([...Object.keys(map), 'status', 'error'])
  if (random.below(4) === 0) delete map[key]
  else map[key] = mangled(random, map[key])
  return map
}

class StrangeCa {
  asked = 0
  readonly #posted = new Set<string>()
  readonly #random: Random
  /** How often out of ten it says something strange. */
  readonly #strangeness: number

  constructor(random: Random) {
    this.#random = random
    this.#strangeness = random.below(4)
  }

  /** What a good one says. */
  #good(path: string): unknown {
    this.#posted.add(path)
    const statusOf = (place: number): string =>
      this.#posted.has(`/challenge/${place}`) ? 'valid' : 'pending'
    switch (path) {
      case '/dir':
        return { newNonce: `${CA}/nonce`, newAccount: `${CA}/account`, newOrder: `${CA}/new`, meta: {} }
      case '/nonce':
        return ''
      case '/new':
        return order('pending')
      case '/order':
        return order(this.#posted.has('/finalize') ? 'valid' : 'ready')
      case '/finalize':
        return order('processing')
      case '/cert':
        return pair.cert
      default:
        return path.startsWith('/authz/')
          ? authorization(Number(path.at(-1)), statusOf(Number(path.at(-1))))
          : {}
    }
  }

  readonly answer = (url: string): Promise<Response> => {
    this.asked++
    const random = this.#random
    const { pathname } = new URL(url)
    const good = this.#good(pathname)
    const said = pathname !== '/nonce' && random.below(10) < this.#strangeness ? mangled(random, good) : good
    const status = random.below(25) === 0 ? random.pick([301, 400, 403, 429, 500, 503]) : 200
    const headers: Record<string, string> = { 'replay-nonce': `n${this.asked}`, location: `${CA}/order` }
    if (random.below(10) === 0) headers['retry-after'] = random.pick(['0', '9', '999999999', 'x', '-1'])
    if (random.below(30) === 0) delete headers['location']
    const text = typeof said === 'string' ? said : JSON.stringify(said)
    if (typeof said !== 'string') headers['content-type'] = 'application/json'
    return Promise.resolve(new Response(text, { status, headers }))
  }
}

/** Ends well or not; true: by a certificate. */
async function check(random: Random): Promise<boolean> {
  const ca = new StrangeCa(random)
  const state = { nowMs: Date.now() }
  const begunMs = state.nowMs
  const open: string[] = []
  const lines: string[] = []
  const client = new AcmeClient({
    directory: `${CA}/dir`,
    ca: null,
    agent: 'sluice',
    nowMs: () => state.nowMs,
    signal: new AbortController().signal,
    fetch: ca.answer as unknown as typeof fetch,
  })
  client.account = { key: accountKey, url: `${CA}/me` }
  const tried = obtain({
    client,
    names: NAMES,
    key: createPrivateKey(pair.key),
    profile: null,
    challenger: {
      type: 'http-01',
      present(asked) {
        for (const { name, token } of asked) {
          expect(OWN).toContain(name)
          expect(token).toMatch(/^[\w-]{16,256}$/)
          open.push(token)
        }
        return Promise.resolve()
      },
      cleanUp(asked) {
        for (const { token } of asked) open.splice(open.indexOf(token), 1)
        return Promise.resolve()
      },
    },
    replaces: null,
    log: (step) => void lines.push(step),
    pause: (ms) => {
      state.nowMs += ms
      return Promise.resolve()
    },
    nowMs: () => state.nowMs,
  })
  const end = await tried.then(
    (chain) => chain,
    (error: unknown) => error,
  )
  expect(open).toEqual([])
  expect(ca.asked).toBeLessThan(ASKED_MAX)
  // Each decision is waited for a while.
  expect(state.nowMs - begunMs).toBeLessThan(5 * 310_000)
  if (typeof end === 'string') {
    const leaf = new X509Certificate(end)
    expect(leaf.checkPrivateKey(createPrivateKey(pair.key))).toBe(true)
    for (const name of OWN) expect(leaf.checkHost(name) ?? leaf.checkIP(name)).toBeDefined()
    return true
  }
  if (!(end instanceof AcmeProblem)) throw end
  const told = `${toldOf('ca.example', end)} ${hintFor(end) ?? ''}`
  expect(told).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
  expect(end.message.length).toBeLessThan(1001)
  for (const name of end.names) expect(name).toMatch(/^[\w*.:-]{1,255}$/)
  return false
}

test('a CA that says strange things anywhere', async () => {
  const seed = seedOfRun()
  let obtained = 0
  for (let run = 0; run < RUNS; run++) {
    try {
      if (await check(seededRandom(seed + run))) obtained++
    } catch (problem) {
      throw new Error(`SLUICE_SEED=${seed + run} SLUICE_FUZZ_RUNS=1: ${String(problem)}`, { cause: problem })
    }
  }
  if (RUNS > 100) expect(obtained).toBeGreaterThan(RUNS / 10)
})

test('DER that is mangled is read to its end, or refused; a certificate that can be read has its number, or none', () => {
  const seed = seedOfRun()
  const { raw } = new X509Certificate(pair.cert)
  for (let run = 0; run < RUNS; run++) {
    const random = seededRandom(seed + run)
    const bytes = Buffer.from(raw)
    for (let times = random.below(4); times >= 0; times--)
      bytes[random.below(bytes.length)] = random.below(256)
    const cut = bytes.subarray(0, 1 + random.below(bytes.length))
    try {
      const found = readAll(random.below(2) === 0 ? bytes : cut)
      const length = found.reduce((sum, { content }) => sum + content.length, 0)
      expect(length).toBeLessThan(bytes.length)
    } catch (error) {
      if (!/^DER (?:that is cut off|has no such length)$/.test((error as Error).message))
        throw new Error(`SLUICE_SEED=${seed + run}: ${String(error)}`, { cause: error })
    }
    let isRead = true
    try {
      void new X509Certificate(bytes)
    } catch {
      isRead = false
    }
    const text = `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`
    if (isRead && !/^[\w-]+\.[\w-]+$/.test(renewalId(text) ?? 'a.b'))
      throw new Error(`SLUICE_SEED=${seed + run}: ${renewalId(text)}`)
  }
})
