// Which files TLS with servers is made of: they are followed for themselves.
import { tlsFilesOf } from '../../backends/tls.ts'
import type { Config } from '../../config/schema.ts'

/** The path of each, and where in the config it stands first. */
export function serverFiles({ backends }: Pick<Config, 'backends'>): Map<string, string> {
  const found = new Map<string, string>()
  for (const [backend, { tls }] of Object.entries(backends))
    for (const path of tlsFilesOf(tls))
      if (!found.has(path)) found.set(path, `backends.${backend}.tls.${keyOf(tls, path)}`)
  return found
}

const keyOf = (tls: Config['backends'][string]['tls'], path: string): string =>
  path === tls?.cert ? 'cert' : path === tls?.key ? 'key' : 'ca'
