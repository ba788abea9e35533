// One try to obtain a certificate: at its CA, and where that could or would not, at the next one.
import { accountKey, newAccountKey } from './account-key.ts'
import { AcmeClient } from './acme-client.ts'
import { AcmeProblem, toldOf } from './acme-problem.ts'
import type { Challenger } from './challenger.ts'
import { newKey } from './csr.ts'
import { failureKeys, waitsUntil } from './failures.ts'
import { obtain } from './order.ts'
import { renewalId, renewalOf } from './renewal.ts'
import type { KeptCertificate, Store } from './store.ts'
import type { Issuer, Wanted } from './wanted.ts'

export interface AttemptGround {
  readonly store: Store
  /** What CAs are told that we are. */
  readonly agent: string
  readonly nowMs: () => number
  readonly chance: () => number
  readonly pause: (ms: number) => Promise<void>
  /** Given up with it. */
  readonly signal: AbortSignal
  readonly log: (step: string) => void
  readonly challenger: Challenger
  /** The certificate that is to be replaced; null: there is none. */
  readonly before: KeptCertificate | null
  /** The text of a file. */
  readonly readFile: (path: string) => string
}

/** What went wrong at a CA. */
export interface Refused {
  readonly issuer: Issuer
  readonly problem: AcmeProblem
}

/** Null: no CA gave one, and each that was asked is among those that `refused` told. */
export async function attempt(
  wanted: Wanted,
  ground: AttemptGround,
  refused: (refusal: Refused) => void,
): Promise<KeptCertificate | null> {
  const { log, store, nowMs, signal } = ground
  for (const issuer of wanted.issuers) {
    const stoppedMs = waitsUntil(store.failures(), [failureKeys.ca(issuer.directory)], nowMs())
    if (stoppedMs > nowMs()) {
      const until = new Date(stoppedMs).toISOString()
      const problem = new AcmeProblem({
        type: 'rateLimited',
        detail: `${issuer.shown} asked to be left alone until ${until}`,
        retryAtMs: stoppedMs,
      })
      log(problem.message)
      refused({ issuer, problem })
      continue
    }
    try {
      return await obtainWithAccount(issuer, wanted, ground)
    } catch (error) {
      if (signal.aborted || !(error instanceof AcmeProblem)) throw error
      log(toldOf(issuer.shown, error))
      refused({ issuer, problem: error })
      // Another CA would see the same, and count it.
      if (error.names.length > 0 && isSeenByAll(error)) return null
    }
  }
  return null
}

const isSeenByAll = ({ type }: AcmeProblem): boolean =>
  /^(?:connection|dns|incorrectResponse|tls|unauthorized|compound)$/.test(type)

/** An account that the CA knows no more is no reason to fail: there is a new one in its place. */
async function obtainWithAccount(
  issuer: Issuer,
  wanted: Wanted,
  ground: AttemptGround,
): Promise<KeptCertificate> {
  try {
    return await obtainAt(issuer, wanted, ground)
  } catch (error) {
    if (!(error instanceof AcmeProblem) || error.type !== 'accountDoesNotExist') throw error
    ground.log(`${issuer.shown} knows our account no more`)
    ground.store.forgetAccount(issuer.directory, issuer.eab?.kid ?? null)
    return obtainAt(issuer, wanted, ground)
  }
}

async function obtainAt(issuer: Issuer, wanted: Wanted, ground: AttemptGround): Promise<KeptCertificate> {
  const { log, nowMs, challenger, pause, before, chance } = ground
  const { names, config } = wanted
  const client = clientFor(issuer, ground)
  const { needsExternalAccount } = await client.directory()
  if (needsExternalAccount && issuer.eab === null)
    throw new AcmeProblem({
      type: 'externalAccountRequired',
      detail: `${issuer.shown} takes only accounts that were made on its site`,
    })
  await haveAccount(client, issuer, wanted, ground)
  const key = await newKey(config.key_type)
  // RFC 9773 §5: only the CA that gave it knows it.
  const replaces = before?.directory === issuer.directory ? renewalId(before.cert) : null
  const { profile = null } = config
  const parts = { client, names, key, profile, challenger, replaces, log, pause, nowMs }
  const cert = await obtain(parts)
  return {
    cert,
    key: key.export({ type: 'pkcs8', format: 'pem' }) as string,
    names,
    directory: issuer.directory,
    keyType: config.key_type,
    obtainedMs: nowMs(),
    renewAtMs: renewalOf(cert, chance()),
    advice: null,
    adviseAtMs: nowMs(),
  }
}

export function clientFor(
  { directory, ca }: Issuer,
  { agent, nowMs, signal, readFile }: Pick<AttemptGround, 'agent' | 'nowMs' | 'signal' | 'readFile'>,
): AcmeClient {
  return new AcmeClient({ directory, ca: ca === null ? null : textOfCa(ca, readFile), agent, nowMs, signal })
}

/** Its file was there when the config was checked. */
function textOfCa(file: string, readFile: AttemptGround['readFile']): string {
  try {
    return readFile(file)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new AcmeProblem({ type: 'untrusted', detail: `cannot read the file of "ca": ${why}` })
  }
}

/** Accounts that are being looked for or made, by folder and CA: each settles, whatever comes of it. */
const making = new Map<string, Promise<void>>()

/** One for all certificates that begin at once: CAs allow few, and those that are not kept are lost. */
async function haveAccount(
  client: AcmeClient,
  issuer: Issuer,
  wanted: Wanted,
  ground: Pick<AttemptGround, 'store' | 'log'>,
): Promise<void> {
  const place = JSON.stringify([ground.store.folder, issuer.directory, issuer.eab?.kid ?? null])
  const before = making.get(place) ?? Promise.resolve()
  const made = before.then(() => findAccount(client, issuer, wanted, ground))
  const settled = made.catch(() => {})
  making.set(place, settled)
  await made.finally(() => {
    if (making.get(place) === settled) making.delete(place)
  })
}

/** The account that was kept, or a new one. */
async function findAccount(
  client: AcmeClient,
  { directory, eab, shown }: Issuer,
  { config }: Wanted,
  { store, log }: Pick<AttemptGround, 'store' | 'log'>,
): Promise<void> {
  const kid = eab?.kid ?? null
  const kept = store.account(directory, kid)
  if (kept !== null) {
    client.account = { key: await accountKey(kept.key), url: kept.url }
    return
  }
  const key = await newAccountKey()
  const url = await client.register(key, { email: config.email ?? null, eab })
  store.keepAccount({ directory, url, key: key.jwk }, kid)
  log(`made an account at ${shown}: ${url}`)
}
