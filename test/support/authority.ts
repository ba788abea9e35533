// Certificates of an issuer of our own, made by openssl in a folder that goes when the process ends.
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Issued {
  /** Files (PEM), and what stands in them. */
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
  /** As configs write it. */
  readonly pin: string
}

export interface Wanted {
  /** As openssl writes them: "DNS:a.example, IP:127.0.0.1". */
  readonly names: string
  /** As openssl writes them: "20200101000000Z". */
  readonly from?: string
  readonly until?: string
  /** Of its subject, as openssl writes it: "/O=Acme". */
  readonly more?: string
}

/** An issuer; it signs what is asked for. */
export class Authority {
  readonly folder: string
  /** Its own certificate (PEM), which is to be trusted. */
  readonly file: string
  #count = 0

  /** `by`: who issues its own certificate; left out: itself. */
  constructor(name = 'Test CA', by?: Authority) {
    this.folder = mkdtempSync(join(tmpdir(), 'sluice-authority-'))
    process.on('exit', () => rmSync(this.folder, { recursive: true, force: true }))
    this.file = join(this.folder, 'ca.pem')
    writeFileSync(join(this.folder, 'index.txt'), '')
    writeFileSync(join(this.folder, 'ca.cnf'), CONFIG.replaceAll('FOLDER', this.folder))
    if (by === undefined) this.#signItself(name)
    else by.#sign(this, name)
  }

  #signItself(name: string): void {
    openssl(this.folder, [
      ...[
        'req',
        '-x509',
        ...EC,
        '-keyout',
        'ca.key',
        '-out',
        'ca.pem',
        '-days',
        '30',
        '-subj',
        `/CN=${name}`,
      ],
    ])
  }

  #sign({ folder }: Authority, name: string): void {
    openssl(folder, ['req', ...EC, '-keyout', 'ca.key', '-out', 'ca.csr', '-subj', `/CN=${name}`])
    writeFileSync(join(folder, 'ca.ext'), 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\n')
    openssl(this.folder, [
      ...['ca', '-batch', '-notext', '-config', 'ca.cnf', '-in', join(folder, 'ca.csr')],
      ...['-out', join(folder, 'ca.pem'), '-days', '30', '-extfile', join(folder, 'ca.ext')],
    ])
  }

  /** From the next list on this one is revoked. */
  revoke(certFile: string): void {
    openssl(this.folder, ['ca', '-config', 'ca.cnf', '-revoke', certFile])
  }

  /** A list of what is revoked (PEM). */
  crl(until = '20990101000000Z'): string {
    const times = ['-crl_lastupdate', '20200101000000Z', '-crl_nextupdate', until]
    openssl(this.folder, ['ca', '-config', 'ca.cnf', '-gencrl', ...times, '-out', 'crl.pem'])
    return readFileSync(join(this.folder, 'crl.pem'), 'latin1')
  }

  /** Another certificate (PEM) of its key, as an issuer of this name. */
  signedAs(name: string): string {
    const of = ['-key', 'ca.key', '-days', '30', '-subj', `/CN=${name}`]
    openssl(this.folder, ['req', '-x509', '-new', ...of, '-out', 'other.pem'])
    return readFileSync(join(this.folder, 'other.pem'), 'latin1')
  }

  get text(): string {
    return readFileSync(this.file, 'latin1')
  }

  issue(
    { names, from = '20200101000000Z', until = '20990101000000Z', more = '' }: Wanted,
    subject = names,
  ): Issued {
    const name = `leaf-${this.#count++}`
    const { folder } = this
    const common = subject.replace(/^(?:DNS|IP):/, '').replace(/,.*$/, '')
    openssl(folder, [
      'req',
      ...EC,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-utf8',
      '-subj',
      `/CN=${common}${more}`,
    ])
    writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${names}\n`)
    openssl(folder, [
      ...['ca', '-batch', '-notext', '-config', 'ca.cnf', '-in', `${name}.csr`, '-out', `${name}.pem`],
      ...['-startdate', from, '-enddate', until, '-extfile', `${name}.ext`],
    ])
    return issued(join(folder, `${name}.pem`), join(folder, `${name}.key`))
  }
}

export function issued(certFile: string, keyFile: string): Issued {
  const cert = readFileSync(certFile, 'latin1')
  const spki = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' })
  const pin = `sha256/${createHash('sha256').update(spki).digest('base64')}`
  return { certFile, keyFile, cert, key: readFileSync(keyFile, 'latin1'), pin }
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
const CONFIG = `
[ca]
default_ca = own
[own]
dir = FOLDER
database = FOLDER/index.txt
new_certs_dir = FOLDER
rand_serial = yes
unique_subject = no
certificate = FOLDER/ca.pem
private_key = FOLDER/ca.key
default_md = sha256
policy = any
[any]
commonName = supplied
organizationName = optional
`

function openssl(cwd: string, args: readonly string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(['openssl', ...args], { cwd })
  if (exitCode !== 0) throw new Error(`openssl ${args[0]}: ${stderr.toString()}`)
}
