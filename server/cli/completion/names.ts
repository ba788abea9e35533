// Names of what a running gateway has. Whoever completes a word is neither kept waiting nor told why there is
// none.
import type { HealthDocument } from '../../telemetry/documents.ts'
import { readArgs } from '../args.ts'
import type { Names } from '../command.ts'
import { askGateway } from '../gateway.ts'
import type { Io } from '../io.ts'
import { GATEWAY_OPTIONS, gatewayOf } from '../remote.ts'
import { type AskPath, pathsFor } from './paths.ts'

const WITHIN_MS = 300
/** More are of no use to who completes a word. */
const NAMES_MAX = 5000

/** None: nobody answered in time. */
export async function namesOfGateway(
  kind: Names,
  words: readonly string[],
  io: Io,
): Promise<readonly string[]> {
  const late = Bun.sleep(WITHIN_MS).then(() => [])
  const names = namesFrom(kind, words, io).catch(() => [])
  return [...new Set(await Promise.race([names, late]))].slice(0, NAMES_MAX)
}

async function namesFrom(kind: Names, words: readonly string[], io: Io): Promise<readonly string[]> {
  const quiet: Io = { ...io, stderr: () => {}, stdout: () => {} }
  const read = readArgs(whichOf(words), { options: GATEWAY_OPTIONS })
  const gateway = 'problem' in read ? 1 : gatewayOf('completion', read, quiet)
  if (typeof gateway === 'number') return []
  const ask: AskPath = async (path) => {
    const answer = await askGateway(gateway, { method: 'GET', path, timeoutMs: WITHIN_MS }, quiet)
    return answer?.body ?? null
  }
  if (kind === 'paths') return pathsFor(words.at(-1) ?? '', ask)
  const body = await ask(kind === 'revisions' ? '/api/v1/config/revisions?limit=50' : '/_health')
  return body === null ? [] : NAMES[kind](body)
}

/** The words that say which gateway is meant: the others are not for us. */
function whichOf(words: readonly string[]): string[] {
  const own = /^(?:-c|--config|--admin|--token|--fingerprint|--ca)(=|$)/
  return words.slice(0, -1).flatMap((word, at) => {
    const found = own.exec(word)
    if (found === null) return []
    const value = words[at + 1]
    return found[1] === '=' ? [word] : value === undefined || at + 1 === words.length - 1 ? [] : [word, value]
  })
}

type Document = Pick<HealthDocument, 'backends' | 'listeners' | 'certificates'>
const backends = (body: unknown): string[] => (body as Document).backends.map(({ backend }) => backend)
const listeners = (body: unknown): string[] =>
  ((body as Document).listeners ?? []).map(({ listener }) => listener)

const NAMES: Readonly<Record<Exclude<Names, 'paths'>, (body: unknown) => readonly string[]>> = {
  backends,
  listeners,
  balancers: (body) => [...backends(body), ...listeners(body)],
  servers: (body) => (body as Document).backends.map(({ server }) => server),
  certificates: (body) => ((body as Document).certificates ?? []).map(({ certificate }) => certificate),
  revisions: (body) =>
    (body as { revisions: readonly { revision: number }[] }).revisions.map(({ revision }) =>
      String(revision),
    ),
}
