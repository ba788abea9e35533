// sluice turn test: looks at any STUN or TURN server, step by step, and says what is wrong with it.
import { lookup } from 'node:dns/promises'
import { parseDuration } from '../../lib/durations.ts'
import { Ranges } from '../../lib/ranges.ts'
import { parseSize } from '../../lib/sizes.ts'
import type { TimedLogin, Wishes, World } from './examination.ts'
import { examine } from './examine.ts'
import type { Step } from './report.ts'
import { MESSAGE_BYTES_MIN } from './round-trips.ts'
import {
  type ClientTransport,
  parseTurnUrl,
  type TurnUrl,
  withTransport,
  writeTurnUrl,
} from '../../lib/turn-url.ts'
import { makeCredentials, parseRestName } from '../../turn/state/rest-names.ts'
import { SPECIAL_RANGES } from '../../turn/state/special-ranges.ts'
import { type Args, readArgs } from '../args.ts'
import type { Io } from '../io.ts'
import { readSecret } from '../secret-file.ts'
import { usageLine } from '../usage.ts'

const HELP = `Looks at a STUN or TURN server as a client does, whichever server it is, and says what is wrong with it.

Usage: sluice turn test URL [-u USER] [-p PASSWORD | --password-file FILE] [options]
       sluice turn test URL [-u USER] --secret SECRET | --secret-file FILE [options]

  URL                    turn:HOST[:PORT][?transport=udp|tcp], turns:HOST[:PORT], stun:HOST[:PORT] or stuns:HOST[:PORT]

  -u, --user USER        the user; with --secret what stands behind the expiry in the name
  -p, --password WORD    the password; other users of this machine see it in the list of processes: better name a file
      --password-file FILE  the same from a file, or from stdin (-)
      --secret SECRET    makes time-limited credentials of this secret, good for ten minutes
      --secret-file FILE the same from a file, or from stdin (-)
      --peer-url URL     allocates the second time at this server, or over another transport, with the same credentials
      --transport NAME   udp, tcp or tls: goes before what the URL says
      --insecure         goes on with a certificate that is not to be trusted
      --count N          messages of each round, 1 to 10000; default 100
      --size BYTES       bytes of a message, 8 to 8000; default 500
      --timeout TIME     how long an answer is waited for, such as 5s, which is the default
      --json             prints the steps as a JSON array, when all are done

It resolves the name, asks for an address (Binding), looks at the certificate and at what the server demands, allocates twice, relays
messages from one allocation to the other and back, by indications and by channels, looks whether private networks are refused, and
ends its allocations. Nothing but the server is sent anything.
Exit code: 0 nothing failed (there may be warnings); 1 a step failed; 2 wrong usage.
`

/** Examines the server of a URL and prints each step. */
export async function turnTest(args: readonly string[], io: Io): Promise<number> {
  const read = readArgs(args, SHAPE)
  if ('problem' in read) return usageLine('turn test', read.problem, io)
  if (read.flag('help')) {
    io.stdout(HELP)
    return 0
  }
  const wishes = readWishes(read, io, world.nowMs() / 1000)
  if (typeof wishes === 'string') return usageLine('turn test', wishes, io)
  const steps: Step[] = []
  const isJson = read.flag('json')
  if (!isJson) io.stdout(`${titleOf(wishes)}\n\n`)
  const isGood = await examine(wishes, world, (step) => {
    steps.push(step)
    if (!isJson) io.stdout(textOf(step))
  })
  io.stdout(isJson ? `${JSON.stringify(steps)}\n` : `\n${summaryOf(steps)}\n`)
  return isGood ? 0 : 1
}

const SHAPE = {
  options: {
    user: { short: 'u', takes: 'value' },
    password: { short: 'p', takes: 'value' },
    'password-file': { takes: 'value' },
    secret: { takes: 'value' },
    'secret-file': { takes: 'value' },
    'peer-url': { takes: 'value' },
    transport: { takes: 'value' },
    insecure: { takes: 'flag' },
    count: { takes: 'value' },
    size: { takes: 'value' },
    timeout: { takes: 'value' },
    json: { takes: 'flag' },
  },
  words: { min: 1, max: 1, wanted: 'a URL such as turn:HOST (or --peer ADDRESS)' },
} as const

const world: World = {
  lookup: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  rangeOf: (host) => ranges.findLast(({ has }) => has(host))?.is ?? null,
  nowMs: () => Date.now(),
}

// The narrower ones stand behind those that they lie in.
const ranges = SPECIAL_RANGES.map(({ range, is }) => {
  const compiled = Ranges.parse([range])
  return { is, has: (host: string): boolean => compiled.has(host) }
})

// ── what is wished ──

const SIZE_MAX = 8000
const COUNT_MAX = 10_000
const TIMEOUT_MS_MAX = 120_000
/** Of credentials made of a secret; the longer ones tell whether the clocks differ. */
const TTL_S = 600
const LONGER_TTL_S = 86_400

/** What the arguments ask for; a text says what is wrong with them. */
function readWishes(read: Args, io: Io, nowS: number): Wishes | string {
  const transport = read.value('transport')
  if (transport !== null && !isTransport(transport))
    return `--transport "${transport}" is not udp, tcp or tls`
  const url = urlOf(read.words[0] ?? '', transport)
  if (typeof url === 'string') return url
  const peerText = read.value('peer-url')
  const peerUrl = peerText === null ? null : urlOf(peerText, null)
  if (typeof peerUrl === 'string') return `--peer-url ${peerUrl}`
  if (peerUrl !== null && !(url.isTurn && peerUrl.isTurn))
    return '--peer-url needs a "turn:" or "turns:" URL on both sides'
  const login = loginOf(read, io, nowS)
  if (typeof login === 'string') return login
  const count = wholeNumber(read.value('count') ?? '100', 1, COUNT_MAX)
  if (count === null) return `--count "${read.value('count')}" is no whole number from 1 to ${COUNT_MAX}`
  const size = parseSize(read.value('size') ?? '500') ?? 0
  if (size < MESSAGE_BYTES_MIN || size > SIZE_MAX)
    return `--size "${read.value('size')}" is no size from ${MESSAGE_BYTES_MIN} to ${SIZE_MAX} bytes`
  const timeoutMs = parseDuration(read.value('timeout') ?? '5s') ?? 0
  if (timeoutMs === 0 || timeoutMs > TIMEOUT_MS_MAX)
    return `--timeout "${read.value('timeout')}" is no time from 1ms to 2m, such as 5s`
  return { url, peerUrl, login, insecure: read.flag('insecure'), count, size, timeoutMs }
}

function urlOf(text: string, transport: ClientTransport | null): TurnUrl | string {
  const url = parseTurnUrl(text)
  return typeof url === 'string' || transport === null ? url : withTransport(url, transport)
}

const isTransport = (text: string): text is ClientTransport => ['udp', 'tcp', 'tls'].includes(text)

function wholeNumber(text: string, least: number, most: number): number | null {
  const number = /^[0-9]{1,6}$/.test(text) ? Number(text) : -1
  return number >= least && number <= most ? number : null
}

function loginOf(read: Args, io: Io, nowS: number): TimedLogin | null | string {
  const password = wordOf(read, 'password', io)
  if (password !== null && typeof password === 'object') return password.problem
  const secret = wordOf(read, 'secret', io)
  if (secret !== null && typeof secret === 'object') return secret.problem
  return loginWith(read.value('user'), password, secret, nowS)
}

/** A word that is given as it is or by a file; null: neither. */
function wordOf(read: Args, name: string, io: Io): string | null | { readonly problem: string } {
  const [word, file] = [read.value(name), read.value(`${name}-file`)]
  if (file === null) return word
  if (word !== null) return { problem: `either "--${name}" or "--${name}-file"` }
  return readSecret(file, io)
}

function loginWith(
  user: string | null,
  password: string | null,
  secret: string | null,
  nowS: number,
): TimedLogin | null | string {
  if (secret !== null) {
    if (password !== null) return '--password and --secret exclude each other'
    const [login, longer] = [TTL_S, LONGER_TTL_S].map((ttlS) => {
      const made = makeCredentials(secret, user ?? '', ttlS, nowS)
      return { user: made.username, password: made.password }
    })
    return login === undefined
      ? null
      : { ...login, expiryS: Math.floor(nowS + TTL_S), longer: longer ?? null }
  }
  if (user === null && password === null) return null
  if (user === null) return '--password needs --user'
  if (password === null) return '--user needs --password or --secret'
  return { user, password, expiryS: expiryOf(user), longer: null }
}

/** Numbers below are somebody's name, not a time: 2001. */
const EXPIRY_S_MIN = 1_000_000_000

function expiryOf(user: string): number | null {
  const expiryS = parseRestName(user)?.expiryS ?? 0
  return expiryS >= EXPIRY_S_MIN ? expiryS : null
}

// ── what is printed ──

function titleOf({ url, peerUrl, login }: Wishes): string {
  const as = login === null ? 'without credentials' : `as "${login.user}"`
  return `${writeTurnUrl(url)}${peerUrl === null ? '' : ` and ${writeTurnUrl(peerUrl)}`}${url.isTurn ? `, ${as}` : ''}`
}

const LABELS = { ok: 'ok', warning: 'WARNING', failed: 'FAILED' } as const

function textOf({ step, outcome, found, advice }: Step): string {
  const head = `${LABELS[outcome].padEnd(8)} ${step.replaceAll('_', ' ').padEnd(14)} ${found}\n`
  return advice === null ? head : `${head}${' '.repeat(24)}→ ${advice}\n`
}

function summaryOf(steps: readonly Step[]): string {
  const namesOf = (outcome: Step['outcome']): string =>
    steps
      .filter((step) => step.outcome === outcome)
      .map(({ step }) => step.replaceAll('_', ' '))
      .join(', ')
  const [failed, warned] = [namesOf('failed'), namesOf('warning')]
  if (failed !== '') return `failed: ${failed}${warned === '' ? '' : `; warnings: ${warned}`}`
  return warned === '' ? 'all is well' : `it works; warnings: ${warned}`
}
