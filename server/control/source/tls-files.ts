// Which files TLS is made of beside certificates of listeners: those of servers, and of what clients are
// asked. They are followed for themselves.
import { tlsFilesOf } from '../../backends/tls.ts'
import type { Config } from '../../config/schema.ts'
import { clientFilesOf } from '../../lib/client-auth.ts'

type Words = Pick<Config, 'backends' | 'listeners'>

/** Who has some of them. */
export interface FileOwner {
  readonly kind: 'backend' | 'listener'
  readonly name: string
  /** Their paths, and where in the config each stands first. */
  readonly files: ReadonlyMap<string, string>
}

export function fileOwners({ backends, listeners }: Words): FileOwner[] {
  const owners: FileOwner[] = []
  for (const [name, { tls }] of Object.entries(backends)) {
    if (tls === undefined) continue
    const placeOf = (path: string): string =>
      `backends.${name}.tls.${path === tls.cert ? 'cert' : path === tls.key ? 'key' : 'ca'}`
    const files = new Map(tlsFilesOf(tls).map((path) => [path, placeOf(path)]))
    owners.push({ kind: 'backend', name, files })
  }
  for (const [name, options] of Object.entries(listeners)) {
    if (options.protocol !== 'https' && options.protocol !== 'tcp') continue
    const { client_certificate: words } = options
    if (words === undefined) continue
    const files = new Map(clientFilesOf(words).map((path) => [path, `listeners.${name}.client_certificate`]))
    owners.push({ kind: 'listener', name, files })
  }
  return owners.filter(({ files }) => files.size > 0)
}

/** The path of each, and where in the config it stands first; those of identity providers as well. */
export function tlsFiles(config: Words & Pick<Config, 'auth'>): Map<string, string> {
  const found = new Map<string, string>()
  for (const [name, { ca }] of Object.entries(config.auth.oidc))
    for (const path of ca) if (!found.has(path)) found.set(path, `auth.oidc.${name}.ca`)
  for (const { files } of fileOwners(config))
    for (const [path, place] of files) if (!found.has(path)) found.set(path, place)
  return found
}
