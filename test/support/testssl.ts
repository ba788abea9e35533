// testssl.sh, which tries all that TLS was ever broken by, on listeners of a gateway that have both kinds of
// keys, of an issuer that it is told to trust.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Gateway, startGateway } from './gateway.ts'
import { makeIssuer, makePair } from './pki.ts'

/** What it found, as it writes it. */
export interface Finding {
  readonly id: string
  readonly severity: string
  readonly finding: string
}

/** Debian calls it so. */
export const TESTSSL = 'testssl'

/** What is no fault of a listener's, and why. */
const NO_FAULTS: Readonly<Record<string, string>> = {
  cert_expirationStatus: 'one that was made for a test ends in a month',
  cert_notAfter: 'the same',
  cert_revocation: 'its issuer has no place where to ask whether it was revoked',
  cipher_order:
    'the client chooses, as Mozilla has it: none of the ciphers is weak, and it knows what it does fast',
  security_headers: 'of what is answered, which is not ours to say',
  engine_problem: 'of the openssl that it calls',
}
const SEVERE = ['MEDIUM', 'HIGH', 'CRITICAL', 'WARN', 'FATAL']

/** A gateway with an HTTPS listener for each of these profiles, named by it. */
export async function gatewayOf(profiles: readonly string[]): Promise<Gateway> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-testssl-'))
  const root = makeIssuer('a root')
  writeFileSync(join(folder, 'root.pem'), root.cert)
  for (const kind of ['rsa', 'ec'] as const) {
    const { cert, key } = makePair(['localhost', '127.0.0.1'], { kind, issuer: root })
    writeFileSync(join(folder, `${kind}.pem`), cert)
    writeFileSync(join(folder, `${kind}.key`), key)
  }
  const listener = (profile: string): object => ({
    bind: '127.0.0.1:0',
    protocol: 'https',
    certificates: 'both',
    tls: { profile },
  })
  return startGateway({
    folder,
    config: {
      certificates: { both: { cert: ['rsa.pem', 'ec.pem'], key: ['rsa.key', 'ec.key'] } },
      listeners: Object.fromEntries(profiles.map((profile) => [profile, listener(profile)])),
      rules: [{ name: 'all', respond: { status: 200, body: 'hello' } }],
    },
  })
}

/** Ends the gateway, and its folder. */
export async function endOf(gateway: Gateway): Promise<void> {
  await gateway[Symbol.asyncDispose]()
  rmSync(gateway.folder, { recursive: true, force: true })
}

/** All that these checks of it find of a listener. */
export async function findingsOf(
  gateway: Gateway,
  listener: string,
  checks: readonly string[],
): Promise<readonly Finding[]> {
  const into = join(gateway.folder, `${listener}.json`)
  rmSync(into, { force: true })
  const child = Bun.spawn(
    [
      ...[TESTSSL, '--quiet', '--color', '0', '--warnings', 'batch', '-n', 'none', '--ip', '127.0.0.1'],
      ...['--add-ca', join(gateway.folder, 'root.pem'), '--jsonfile', into, ...checks],
      `localhost:${gateway.port(listener)}`,
    ],
    { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore', cwd: gateway.folder },
  )
  await child.exited
  return JSON.parse(readFileSync(into, 'utf8')) as Finding[]
}

/** What is bad of it: a line each. */
export const severe = (findings: readonly Finding[]): readonly string[] =>
  findings
    .filter(({ id, severity }) => SEVERE.includes(severity) && !(nameOf(id) in NO_FAULTS))
    .map(({ id, severity, finding }) => `${severity} ${id}: ${finding}`)

/** Without the number of a certificate, where there are two. */
const nameOf = (id: string): string => id.replace(/ <.*$/, '')
