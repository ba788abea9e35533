// A pair of certificates whose files are replaced again and again while clients shake hands, whole and by
// sessions of before, by either kind of key and under several names: none fails, and each is shown one that
// was there meanwhile.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type ConnectionOptions } from 'node:tls'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { makeIssuer, makePair, type TestPair } from '../support/pki.ts'
import type { Random } from '../support/random.ts'
import type { SocketsKind } from '../../server/sockets/socket.ts'
import { waitFor, within } from '../support/wait.ts'
import type { StormResult } from './storm.ts'

export interface SwapsOptions {
  readonly swaps: number
  readonly kind: SocketsKind
  readonly random: Random
}

const CLIENTS = 8
/** So many pairs take turns. */
const PAIRS = 6
const NAMES = ['a.example', 'b.example', 'www.c.example']
const KINDS = ['rsa', 'ec'] as const
type Kind = (typeof KINDS)[number]
/** What a client can sign with decides which of a pair it is shown: by its ciphers where TLS is 1.2. */
const CIPHERS: Readonly<Record<Kind, string>> = {
  rsa: 'ECDHE-RSA-AES128-GCM-SHA256',
  ec: 'ECDHE-ECDSA-AES128-GCM-SHA256',
}

/** Runs it; what failed. */
export async function soakSwaps(options: SwapsOptions): Promise<StormResult> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-swaps-'))
  const swaps = new Swaps(options, folder)
  try {
    swaps.put(0)
    await using gateway = await startGateway({
      ...{ folder, workers: 2, env: { SLUICE_SOCKETS: options.kind } },
      config: {
        certificates: { site: { cert: ['rsa.pem', 'ec.pem'], key: ['rsa.key', 'ec.key'] } },
        listeners: { web: { bind: '127.0.0.1:0', protocol: 'https', certificates: 'site' } },
        rules: [{ name: 'all', respond: { status: 200 } }],
      },
    })
    await swaps.all(gateway)
    return swaps
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

class Swaps implements StormResult {
  readonly notes: string[] = []
  readonly problems: string[] = []
  readonly #options: SwapsOptions
  readonly #folder: string
  readonly #pairs: readonly Readonly<Record<Kind, TestPair>>[]
  /** Which was put there last, and which everybody was seen to serve. */
  #put = 0
  #seen = 0
  #isOver = false
  #whole = 0
  #resumed = 0

  constructor(options: SwapsOptions, folder: string) {
    this.#options = options
    this.#folder = folder
    const issuer = makeIssuer('a root')
    this.#pairs = Array.from({ length: PAIRS }, (_, place) => {
      const make = (kind: Kind): TestPair => makePair(NAMES, { kind, issuer, commonName: nameOf(place) })
      return { rsa: make('rsa'), ec: make('ec') }
    })
  }

  async all(gateway: Gateway): Promise<void> {
    const { swaps, kind, random } = this.#options
    const clients = Array.from({ length: CLIENTS }, (_, place) => this.#client(gateway, place))
    for (let swap = 1; swap <= swaps && this.problems.length === 0; swap++) {
      this.put(swap)
      const subject = `CN=${nameOf(swap)}`
      // In between it may be one of two: then there are two subjects.
      await gateway.event('certificate_replaced', (event) => event['subject'] === subject)
      this.#seen = swap
      const wanted = this.#whole + random.below(12)
      await waitFor(() => this.#whole >= wanted || this.problems.length > 0, { what: 'clients' })
    }
    this.#isOver = true
    await Promise.all(clients)
    this.notes.push(
      `on ${kind}: ${this.#seen} swaps, ${this.#whole} whole handshakes, ${this.#resumed} resumed ones`,
    )
  }

  /** Shakes hands until all is over. */
  async #client(gateway: Gateway, place: number): Promise<void> {
    const { random } = this.#options
    const port = gateway.port('web')
    const sessions = new Map<string, Buffer>()
    while (!this.#isOver && this.problems.length === 0) {
      const servername = NAMES[place % NAMES.length]!
      const kind = random.pick(['rsa', 'ec', 'any'] as const)
      const session = random.below(2) === 0 ? sessions.get(kind) : undefined
      // It may have begun before the one that is seen now was at each worker.
      const since = this.#seen - 1
      try {
        const { shown, isResumed } = await visit({
          ...{ port, host: '127.0.0.1', servername, rejectUnauthorized: false, session },
          ...(kind !== 'any' && { maxVersion: 'TLSv1.2', ciphers: CIPHERS[kind] }),
          keep: (bytes) => sessions.set(kind, bytes),
        })
        if (isResumed) this.#resumed++
        else this.#whole++
        if (!isResumed && !this.#mayBe(shown, since))
          this.problems.push(`${kind}: shown ${shown}, where ${since} to ${this.#put} were there`)
      } catch (problem) {
        this.problems.push(`${kind}, after swap ${this.#seen}: ${String(problem)}`)
      }
    }
  }

  #mayBe(shown: string, since: number): boolean {
    for (let swap = Math.max(0, since); swap <= this.#put; swap++) if (nameOf(swap) === shown) return true
    return false
  }

  /** Each file in one move, but four files: for a moment a key may be of another pair. */
  put(swap: number): void {
    this.#put = swap
    for (const kind of KINDS)
      for (const what of ['cert', 'key'] as const) {
        const file = join(this.#folder, `${kind}.${what === 'cert' ? 'pem' : 'key'}`)
        writeFileSync(`${file}.new`, this.#pairs[swap % PAIRS]![kind][what])
        renameSync(`${file}.new`, file)
      }
  }
}

const nameOf = (swap: number): string => `pair ${swap % PAIRS}`

type Visit = ConnectionOptions & { keep(session: Buffer): void }

/** A handshake and an answer; whose certificate it was. */
function visit({ keep, ...options }: Visit): Promise<{ shown: string; isResumed: boolean }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ shown: string; isResumed: boolean }>()
  let answer = ''
  const socket = connect(options, () => {
    socket.write('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  })
  socket.on('session', keep)
  socket.on('error', reject)
  socket.on('data', (bytes: Buffer) => {
    answer += bytes.toString('latin1')
    if (!answer.includes('\r\n\r\n')) return
    const { subject } = socket.getPeerCertificate()
    resolve({ shown: String(subject?.CN), isResumed: socket.isSessionReused() })
    socket.destroy()
  })
  socket.on('close', () => reject(new Error(`it ended with ${JSON.stringify(answer)}`)))
  return within(promise, 'a handshake and its answer')
}
