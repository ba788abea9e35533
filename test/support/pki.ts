// Certificates as tests want them, made by openssl: of any names, of either kind of key, with issuers.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TestPair {
  /** PEM: its own certificate, then those of its issuers but the root's. */
  readonly cert: string
  readonly key: string
}

export interface PairOptions {
  readonly kind?: KeyKind
  readonly commonName?: string
  /** What clients trust is its issuer's issuer, or the issuer; left out: it is its own. */
  readonly issuer?: Issuer
}

export interface Issuer extends TestPair {
  /** Clients trust it. */
  readonly isRoot: boolean
}

/** For these names and addresses. */
export function makePair(
  names: readonly string[],
  { kind = 'ec', commonName = names[0] ?? 'nobody', issuer }: PairOptions = {},
): TestPair {
  const alternatives = names.map((name) => (/^[\d.]+$|:/.test(name) ? `IP:${name}` : `DNS:${name}`)).join()
  const extensions = names.length === 0 ? [] : [`subjectAltName=${alternatives}`]
  const { cert, key } = issue(commonName, kind, [...extensions, 'basicConstraints=CA:FALSE'], issuer)
  return { cert: issuer === undefined || issuer.isRoot ? cert : cert + issuer.cert, key }
}

/** Who issues certificates; by another one, or by itself. */
export function makeIssuer(commonName: string, issuer?: Issuer): Issuer {
  const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign']
  return { ...issue(commonName, 'ec', extensions, issuer), isRoot: issuer === undefined }
}

const onCurve = (curve: string): string[] => ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`]
const KEYS = {
  ec: onCurve('prime256v1'),
  p224: onCurve('secp224r1'),
  p256: onCurve('prime256v1'),
  p384: onCurve('secp384r1'),
  p521: onCurve('secp521r1'),
  ed25519: ['-newkey', 'ed25519'],
  rsa: ['-newkey', 'rsa:2048'],
} as const
type KeyKind = keyof typeof KEYS

function issue(
  commonName: string,
  kind: KeyKind,
  extensions: readonly string[],
  issuer: TestPair | undefined,
): TestPair {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-pki-'))
  const at = (name: string): string => join(folder, name)
  try {
    if (issuer !== undefined) {
      writeFileSync(at('ca.pem'), issuer.cert)
      writeFileSync(at('ca.key'), issuer.key)
    }
    openssl(
      ...['req', '-x509', '-nodes', '-days', '30', '-subj', `/CN=${commonName}`, ...KEYS[kind]],
      ...['-keyout', at('key.pem'), '-out', at('cert.pem')],
      ...(issuer === undefined ? [] : ['-CA', at('ca.pem'), '-CAkey', at('ca.key')]),
      ...extensions.flatMap((extension) => ['-addext', extension]),
    )
    return { cert: readFileSync(at('cert.pem'), 'latin1'), key: readFileSync(at('key.pem'), 'latin1') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Runs it; throws what it says where it fails. */
export function openssl(...args: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(['openssl', ...args])
  if (exitCode !== 0) throw new Error(`openssl: ${stderr.toString()}`)
  return stdout.toString()
}
