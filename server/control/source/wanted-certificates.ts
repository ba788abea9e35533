// Which certificates a config has: those of the top level, and pairs of files that listeners name themselves.
import type { Config } from '../../config/schema.ts'
import type { CertificateConfig } from '../../tls/certificate.options.ts'
import { type CertificateFiles, certificateName } from '../../tls/certificates.ts'
import { listenerPath } from '../sockets/bind-problem.ts'

export interface WantedCertificate {
  /** As plans call it. */
  readonly name: string
  /** Where in the config it stands first. */
  readonly path: string
  /** Where it comes from. */
  readonly words: CertificateConfig
}

/** A pair of files, and where in the config each stands. */
export interface PlacedFiles extends CertificateFiles {
  readonly certPath: string
  readonly keyPath: string
}

/** By name. */
export function wantedCertificates({
  certificates,
  listeners,
}: Pick<Config, 'certificates' | 'listeners'>): Map<string, WantedCertificate> {
  const found = new Map<string, WantedCertificate>()
  for (const [name, words] of Object.entries(certificates))
    found.set(name, { name, path: placeOf('certificates', name), words })
  for (const [listener, options] of Object.entries(listeners)) {
    if (options.protocol !== 'turn' || options.tls === undefined) continue
    const { cert, key } = options.tls
    const name = certificateName({ cert, key })
    const words = { cert: [cert], key: [key] }
    if (!found.has(name)) found.set(name, { name, path: `${listenerPath(listener)}.tls`, words })
  }
  return found
}

const placeOf = (map: string, name: string): string =>
  name.includes('.') ? `${map}[${JSON.stringify(name)}]` : `${map}.${name}`

/** The files that it is read from; none: it comes from elsewhere. */
export function filesOf({ path, words }: WantedCertificate): PlacedFiles[] {
  const { cert: certs = [], key: keys = [] } = words
  const place = (field: string, index: number): string =>
    certs.length === 1 ? `${path}.${field}` : `${path}.${field}[${index}]`
  return certs.map((cert, index) => ({
    cert,
    key: keys[index] ?? cert,
    certPath: place('cert', index),
    keyPath: place('key', index),
  }))
}
