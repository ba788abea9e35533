// Which certificates listeners have for TLS: those files are followed for themselves.
import type { Config } from '../../config/schema.ts'
import { type CertificateFiles, certificateName } from '../../tls/certificates.ts'
import { listenerPath } from '../sockets/bind-problem.ts'

export interface NamedFiles extends CertificateFiles {
  /** Where in the config it stands first. */
  readonly path: string
}

/** Their files, by name. */
export function certificateFiles({ listeners }: Pick<Config, 'listeners'>): Map<string, NamedFiles> {
  const found = new Map<string, NamedFiles>()
  for (const [listener, options] of Object.entries(listeners)) {
    const { tls } = { tls: undefined, ...options }
    if (tls === undefined) continue
    const name = certificateName(tls)
    if (!found.has(name)) found.set(name, { ...tls, path: `${listenerPath(listener)}.tls` })
  }
  return found
}
