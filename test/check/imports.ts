// Values are imported one way only: from the left of this list to its right. Types may cross.
import { type Breach, importsOf, namedBy, type Source, sourcesIn } from './sources.ts'

const ORDER = [
  ['lib'],
  ['tables'],
  ['scoreboard'],
  ['telemetry'],
  ['geo'],
  ['plugins'],
  ['head'],
  ['sockets'],
  ['reach'],
  ['tls'],
  ['backends'],
  ['rules'],
  ['cache'],
  ['tokens'],
  ['middleware'],
  ['http', 'tcp', 'udp', 'turn'],
  ['http1', 'http2', 'http3'],
  ['accept'],
  ['snapshot'],
  ['worker'],
  ['control'],
  ['admin'],
  ['cli'],
  ['main.ts'],
]
/** What an exchange must not know, not even as types: whichever codec it is stands behind http/ends.ts. */
const CODECS = ['http1', 'http2', 'http3']
// `config` stands beside the order: it reads words, and only those who decide read it.
const READERS_OF_CONFIG = ['config', 'snapshot', 'control', 'admin', 'cli', 'main.ts']
const READERS_OF_OPTIONS = ['config', 'control', 'admin', 'cli']
/** Programs of their own, which are no part of the gateway: they may read all of it. */
const PROGRAMS = ['server/config/write-schema.ts']
/** What a process that only moves bytes has no use for. */
const NOT_IN_WORKERS = ['@sinclair/typebox', 'yaml', 'smol-toml', 'jose', 'bun:sqlite', 'elysia']
const WORKERS = ['server/worker/', 'server/turn/relay/']

// Inside of turn: the engine in its order, and beside it what speaks to sockets, which knows nothing of STUN.
const ENGINE = ['bytes', 'state', 'answers', 'turn.ts', 'relay']
const BESIDE_ENGINE: Readonly<Record<string, readonly string[]>> = {
  sockets: [],
  relay: ['sockets'],
}
/**
 * The client that examines TURN servers judges them from outside: it shares the bytes and the words, not the
 * engine.
 */
const TURN_FOR_CLI = /^server\/turn\/(?:bytes\/|messages\.ts$|state\/(?:rest-names|special-ranges)\.ts$)/

// Rooms of control, in the same way; what stands beside them tells the story and may import all. Rooms know
// no more of that than its words.
const ROOMS_OF_CONTROL = [
  ...['sockets', 'children', 'processes', 'explain', 'source', 'orders', 'circuits', 'store'],
  ...['events', 'history', 'certificates', 'health', 'relay', 'acme', 'change', 'requests', 'overview'],
]
const WORDS_OF_CONTROL = ['problem.ts', 'news.ts']

/** Every value import against the direction of the house. */
export function checkImports(): Breach[] {
  const sources = sourcesIn('server')
  return [...sources.flatMap(breachesOf), ...sources.flatMap(codecsNamedBy), ...reachedByWorkers(sources)]
}

function codecsNamedBy(source: Source): Breach[] {
  if (roomOf(source.path) !== 'http') return []
  return namedBy(source)
    .filter((from) => CODECS.includes(roomOf(from)))
    .map((from) => `${source.path}: names ${from}: an exchange knows streams only (http/ends.ts)`)
}

function breachesOf(source: Source): Breach[] {
  return importsOf(source)
    .filter(({ from }) => from.startsWith('server/'))
    .flatMap(({ from }) => {
      const why = whyNot(source.path, from)
      return why === null ? [] : [`${source.path}: imports ${from}: ${why}`]
    })
}

function whyNot(importer: string, imported: string): string | null {
  if (PROGRAMS.includes(importer)) return null
  const [a, b] = [roomOf(importer), roomOf(imported)]
  if (imported.endsWith('.options.ts')) {
    const allowed = importer.endsWith('.options.ts') || READERS_OF_OPTIONS.includes(a)
    return allowed ? null : 'options are schemas; import their types'
  }
  if (importer.endsWith('.options.ts')) return b === 'lib' ? null : 'options import lib and options only'
  if (a === b) return whyNotInRoom(a, importer, imported)
  if (b === 'config') return READERS_OF_CONFIG.includes(a) ? null : 'config is not for the data path'
  if (a === 'config') return b === 'lib' ? null : 'config imports lib and options only'
  const [from, to] = [placeOf(a), placeOf(b)]
  if (a === 'cli' && b === 'turn' && !TURN_FOR_CLI.test(imported)) return 'cli knows the bytes of turn only'
  if (from < 0) return `server/${a} has no place in the order`
  if (to < 0) return `server/${b} has no place in the order`
  if (from > to) return null
  return from === to ? 'these two never import each other' : 'against the order'
}

function whyNotInRoom(room: string, importer: string, imported: string): string | null {
  if (room === 'turn') return whyNotInTurn(importer, imported)
  return room === 'control' ? whyNotInControl(importer, imported) : null
}

function whyNotInControl(importer: string, imported: string): string | null {
  const [from, to] = [importer, imported].map((path) => ROOMS_OF_CONTROL.indexOf(path.split('/')[2] ?? ''))
  if (from === undefined || to === undefined || from === -1) return null
  if (to === -1 && !WORDS_OF_CONTROL.includes(imported.split('/')[2] ?? ''))
    return `rooms of server/control know ${WORDS_OF_CONTROL.join(' and ')} of the story, no more`
  if (from >= to) return null
  return `against the order of server/control: ${ROOMS_OF_CONTROL.join(' ← ')} ← the story`
}

function whyNotInTurn(importer: string, imported: string): string | null {
  const [a, b] = [importer.split('/')[2] ?? '', imported.split('/')[2] ?? '']
  if (a === b || BESIDE_ENGINE[a]?.includes(b)) return null
  // Words that all of them share, and the workers' side.
  if (!(b in BESIDE_ENGINE) && !ENGINE.includes(b)) return null
  const [from, to] = [ENGINE.indexOf(a), ENGINE.indexOf(b)]
  if (from >= 0 && to >= 0 && from > to) return null
  if (!(a in BESIDE_ENGINE) && from < 0 && b === 'bytes') return null
  return `against the order of server/turn: ${ENGINE.join(' ← ')}; sockets know nothing of STUN`
}

const roomOf = (path: string): string => path.split('/')[1] ?? ''
const placeOf = (room: string): number => ORDER.findIndex((rooms) => rooms.includes(room))

/** Follows what workers and the relay load at once; schema compiler and file formats must not be among it. */
function reachedByWorkers(sources: readonly Source[]): Breach[] {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const waysTo = new Map<string, string>()
  const walk = (path: string, way: string): void => {
    if (waysTo.has(path)) return
    waysTo.set(path, way)
    const source = byPath.get(path)
    if (source === undefined) return
    for (const { from, lazy } of importsOf(source)) if (!lazy) walk(from, `${way} → ${from}`)
  }
  for (const { path } of sources) if (WORKERS.some((folder) => path.startsWith(folder))) walk(path, path)
  return NOT_IN_WORKERS.flatMap((name) => {
    const way = waysTo.get(name)
    return way === undefined ? [] : [`workers load ${name}: ${way}`]
  })
}
