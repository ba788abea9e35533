// TLS with the servers of a backend: one for those whose URL asks for it.
import { schemeOf } from '../lib/server-url.ts'
import { ClientTls, type ServerTlsTexts } from '../tls/server-tls.ts'
import type { ServerTlsWords } from '../tls/server-tls.options.ts'
import type { BackendConfig } from './backend.options.ts'

/** What stands in files that a config names, by their paths. */
export type FileTexts = Readonly<Record<string, string>>

/**
 * Null: none of its servers asks for TLS. One that says the same as before is the same, with all that it
 * knows. Throws what stands against its files.
 */
export function clientTlsOf(
  { servers, tls }: Pick<BackendConfig, 'servers' | 'tls'>,
  files: FileTexts,
  previous: ClientTls | null,
): ClientTls | null {
  if (!servers.some(({ url }) => schemeOf(url)?.isTls)) return null
  const texts = textsOf(tls, files)
  return previous?.isOf(tls, texts) === true ? previous : new ClientTls(tls, texts)
}

/** What stands in the files that these words name. */
export function textsOf(
  words: Partial<Pick<ServerTlsWords, 'ca' | 'cert' | 'key'>> | undefined,
  files: FileTexts,
): ServerTlsTexts {
  const { ca = [], cert, key } = words ?? {}
  const textOf = (path: string): string => {
    const text = files[path]
    if (text === undefined) throw new Error(`the plan has no text for ${path}`)
    return text
  }
  return {
    ca: ca.length === 0 ? null : ca.map(textOf),
    cert: cert === undefined ? null : textOf(cert),
    key: key === undefined ? null : textOf(key),
  }
}

/** The files that these words name. */
export function tlsFilesOf(words: ServerTlsWords | undefined): readonly string[] {
  const { ca = [], cert, key } = words ?? {}
  return [...ca, cert, key].filter((path) => path !== undefined)
}
