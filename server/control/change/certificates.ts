// Certificates travel in the plan, as text: a worker that is replaced comes up also when their files have
// been broken since.
import type { Config } from '../../config/schema.ts'
import { readBounded } from '../../lib/read-bounded.ts'
import type { CertificateText } from '../../tls/certificate.ts'
import type { Plan } from '../../snapshot/plan.ts'
import { listenerPath } from '../sockets/bind-problem.ts'

const FILE_BYTES_MAX = 1_048_576

/**
 * The certificates that listeners have for TLS, as their files are now. Throws what stands against one, with
 * its place in the config as `path`.
 */
export async function readCertificates({ listeners }: Config): Promise<Plan['certificates']> {
  const read: Record<string, CertificateText> = {}
  for (const [name, listener] of Object.entries(listeners)) {
    const { tls } = { tls: undefined, ...listener }
    if (tls === undefined) continue
    const path = `${listenerPath(name)}.tls`
    const { cert, key } = tls
    read[name] = { cert: await textOf(cert, `${path}.cert`), key: await textOf(key, `${path}.key`) }
  }
  return read
}

async function textOf(file: string, path: string): Promise<string> {
  // Only where there is a certificate: at boot all that this brings is loaded already.
  const { whyUnread } = await import('../../config/why-unread.ts')
  try {
    return Buffer.from(readBounded(file, FILE_BYTES_MAX)).toString('latin1')
  } catch (error) {
    throw Object.assign(new Error(`cannot read ${file}: ${whyUnread(error)}`, { cause: error }), { path })
  }
}
