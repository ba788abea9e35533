// TURN servers for tests: ours, in a gateway, or coturn with the same settings, which the tests themselves
// are checked against (SLUICE_TEST_TURN=coturn bun test test/e2e/turn-tools).
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { testCertificate } from './certificate.ts'
import { startCoturn } from './coturn.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { treeOf } from './processes.ts'
import { REALM } from './turn-line.ts'

/** What a test wants of one TURN listener. */
export interface TurnWords {
  /** Default: 127.0.0.1. */
  readonly host?: string
  readonly tls?: boolean
  /** A secret of time-limited credentials, instead of user "test" with password "test123". */
  readonly secret?: string
  /** Ranges that may be reached; default: loopback. */
  readonly allow?: readonly string[]
  readonly deny?: readonly string[]
  readonly tcp?: boolean
  readonly mobility?: boolean
  readonly userQuota?: number
  readonly nonceTtlS?: number
  /** Where clients are sent instead. */
  readonly redirect?: string
  /** A second address and port, for behaviour discovery. */
  readonly discovery?: string
  readonly ports?: string
  /** Of allocations, whatever clients ask for. */
  readonly lifetime?: string
  /** Further words for our config only, put over the rest. */
  readonly ours?: Readonly<Record<string, unknown>>
}

export interface TurnServer extends AsyncDisposable {
  readonly name: 'sluice' | 'coturn'
  /** Null for coturn. */
  readonly gateway: Gateway | null
  host(listener: string): string
  port(listener: string): number
  tlsPort(listener: string): number
  /** All processes. */
  pids(): number[]
}

const LOOPBACK = ['127.0.0.0/8', '::1']

/** Starts the server that this run is about. */
export function startTurn(listeners: Readonly<Record<string, TurnWords>>): Promise<TurnServer> {
  return isCoturnRun ? startCoturn(listeners) : startSluiceTurn(listeners)
}

/** Whether the tests are being tried on coturn. */
export const isCoturnRun = process.env['SLUICE_TEST_TURN'] === 'coturn'

/** A gateway with these listeners of protocol turn. `further` goes into its config. */
export async function startSluiceTurn(
  listeners: Readonly<Record<string, TurnWords>>,
  further: Readonly<Record<string, unknown>> = {},
): Promise<TurnServer> {
  const gateway = await startGateway({
    config: {
      listeners: Object.fromEntries(
        Object.entries(listeners).map(([name, words]) => [name, turnListener(name, words)]),
      ),
      ...further,
    },
  })
  return {
    name: 'sluice',
    gateway,
    host: (listener) => listeners[listener]?.host ?? '127.0.0.1',
    port: (listener) => gateway.port(listener),
    tlsPort: (listener) => gateway.port(`${listener}.tls`),
    pids: () => treeOf(gateway.pid),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  }
}

/**
 * One listener as the config has it, with a realm of its own: those of one realm share quotas. Limits are
 * wide: a test that is about one sets it.
 */
export function turnListener(name: string, words: TurnWords): Record<string, unknown> {
  const host = words.host ?? '127.0.0.1'
  const bind = host.includes(':') ? `[${host}]:0` : `${host}:0`
  const { cert, key } = testCertificate()
  return {
    bind,
    protocol: 'turn',
    realm: `${name}.${REALM}`,
    auth: {
      ...(words.secret === undefined ? { users: { test: 'test123' } } : { secrets: [words.secret] }),
      ...(words.nonceTtlS !== undefined && { nonce_ttl: `${words.nonceTtlS}s` }),
    },
    relay: {
      bind: ['127.0.0.1', '::1'],
      ...(words.tcp !== undefined && { tcp: words.tcp }),
      ...(words.mobility !== undefined && { mobility: words.mobility }),
      ...(words.ports !== undefined && { ports: words.ports }),
      ...(words.lifetime !== undefined && { lifetime: words.lifetime, lifetime_max: words.lifetime }),
    },
    peers: { allow: words.allow ?? LOOPBACK, deny: words.deny ?? [] },
    quotas: { user: words.userQuota ?? 10_000, address: 10_000, realm: 10_000 },
    limits: { unauthenticated: 100_000, binding: 100_000 },
    ...(words.redirect !== undefined && { alternate: { servers: [words.redirect] } }),
    ...(words.discovery !== undefined && { discovery: words.discovery }),
    ...(words.tls === true && { tls: { bind, cert, key } }),
    ...words.ours,
  }
}

/**
 * Id of the relay's process as the gateway's state file has it, for the gateway that would come after this
 * one.
 */
export function relayOf(gateway: Gateway): number {
  const data = join(gateway.folder, 'data')
  const file = readdirSync(data).find((name) => name.startsWith('run-')) ?? ''
  const text = readFileSync(join(data, file), 'utf8')
  const { relay } = JSON.parse(text) as { relay: { pid: number } | null }
  if (!relay) throw new Error(`no relay in ${text}`)
  return relay.pid
}
