// What HTTPS is compared with: certificates for both sides, and a client that offers one cipher of TLS 1.3,
// so that all contenders do the same work.
import { connect } from 'node:tls'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyKind } from './cases.ts'

/** A certificate and its key, as files. */
export interface Pair {
  readonly cert: string
  readonly key: string
}

const KEYS: Readonly<Record<KeyKind, readonly string[]>> = {
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  rsa: ['-newkey', 'rsa:2048'],
}

/** Makes one in this folder. */
export function makePair(folder: string, kind: KeyKind): Pair {
  const pair = { cert: join(folder, `${kind}.pem`), key: join(folder, `${kind}.key`) }
  const { exitCode, stderr } = Bun.spawnSync([
    ...['openssl', 'req', '-x509', '-nodes', '-days', '2', '-subj', '/CN=www.example.org', ...KEYS[kind]],
    ...['-keyout', pair.key, '-out', pair.cert],
  ])
  if (exitCode !== 0) throw new Error(`openssl: ${stderr.toString()}`)
  return pair
}

/** What wrk, which has no option for it, is told by OpenSSL's own config. */
const ONE_CIPHER = `openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = one
[one]
MinProtocol = TLSv1.3
Ciphersuites = TLS_AES_128_GCM_SHA256
`

/** The environment of a client that offers TLS 1.3 with AES-128-GCM, and nothing else. */
export function oneCipher(folder: string): Readonly<Record<string, string>> {
  const file = join(folder, 'openssl.cnf')
  writeFileSync(file, ONE_CIPHER)
  return { OPENSSL_CONF: file }
}

/** Opens so many connections, each with a request that was answered; ends them all. */
export async function openIdleTls(port: number, count: number): Promise<IdleTls[]> {
  const clients: IdleTls[] = []
  while (clients.length < count) {
    const batch = Array.from({ length: Math.min(32, count - clients.length) }, () => openOne(port))
    clients.push(...(await Promise.all(batch)))
  }
  return clients
}

export interface IdleTls {
  readonly isOpen: boolean
  rst(): void
}

function openOne(port: number): Promise<IdleTls> {
  const { promise, resolve, reject } = Promise.withResolvers<IdleTls>()
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ciphers: CIPHER }, () => {
    socket.write('GET /small HTTP/1.1\r\nHost: www.example.org\r\n\r\n')
  })
  const state = {
    get isOpen() {
      return !socket.destroyed
    },
    rst: () => void socket.destroy(),
  }
  socket.once('data', () => resolve(state))
  socket.on('error', reject)
  return promise
}

const CIPHER = 'TLS_AES_128_GCM_SHA256'
