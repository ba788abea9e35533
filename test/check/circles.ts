// Files that import each other in a circle, types included: none of them can be read, moved or tried without
// the others. Those that remain are known, with the reason; a new one, or one that grows, is a breach.
import { type Breach, namedBy, type Source, sourcesIn } from './sources.ts'

interface Known {
  /** Where its files stand. */
  readonly rooms: readonly string[]
  /** How many files it has at the most. */
  readonly most: number
  readonly why: string
}

const KNOWN: readonly Known[] = [
  { rooms: ['http'], most: 9, why: 'the life of an exchange is told in files that pass it on' },
  {
    rooms: ['http', 'middleware', 'snapshot'],
    most: 3,
    why: 'a step is given the exchange, which has the snapshot, which has the steps',
  },
  { rooms: ['http1'], most: 3, why: 'a connection to a server, its pool, and who dials it' },
  { rooms: ['turn'], most: 11, why: 'the state of TURN: allocations, clients and peers know each other' },
  { rooms: ['turn'], most: 2, why: 'a client is in the set of those that its listener has' },
]

/** Every circle that is not known. */
export function checkCircles(): Breach[] {
  const left = [...KNOWN]
  const sources = [...sourcesIn('server'), ...sourcesIn('web', ['.ts', '.tsx'])]
  return circlesIn(sources).flatMap((files) => {
    const rooms = roomsOf(files)
    const at = left.findIndex((known) => known.most >= files.length && isSame(known.rooms, rooms))
    if (at < 0) return [`${files.length} files import each other in a circle: ${files.join(', ')}`]
    left.splice(at, 1)
    return []
  })
}

const roomsOf = (files: readonly string[]): string[] =>
  [...new Set(files.map((path) => path.split('/')[1] ?? ''))].sort()

const isSame = (a: readonly string[], b: readonly string[]): boolean => a.join() === b.join()

/** Sets of files of which each reaches each other (Tarjan), largest first. */
export function circlesIn(sources: readonly Source[]): string[][] {
  const imports = new Map(sources.map((source) => [source.path, namedBy(source)]))
  const place = new Map<string, number>()
  /** The first place of those still open that a file reaches. */
  const lowest = new Map<string, number>()
  const open: string[] = []
  const circles: string[][] = []
  const visit = (path: string): number => {
    const at = place.size
    place.set(path, at)
    let low = at
    open.push(path)
    for (const other of imports.get(path) ?? []) {
      if (!imports.has(other)) continue
      if (!place.has(other)) low = Math.min(low, visit(other))
      else if (open.includes(other)) low = Math.min(low, lowest.get(other) ?? place.get(other) ?? low)
    }
    lowest.set(path, low)
    if (low < at) return low
    const files = open.splice(open.indexOf(path)).sort()
    if (files.length > 1) circles.push(files)
    return low
  }
  for (const path of imports.keys()) if (!place.has(path)) visit(path)
  return circles.sort((a, b) => b.length - a.length)
}
