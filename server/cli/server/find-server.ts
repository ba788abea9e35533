// Which server somebody means: names may be cut short as long as it is clear which one that is.
import type { ServerHealth } from '../../telemetry/server-health.ts'

export type Known = Pick<ServerHealth, 'backend' | 'server' | 'url'>

/** By its name or URL, else its host and port, else the beginning of its name, else a part of it. */
const WAYS: readonly ((known: Known, word: string) => boolean)[] = [
  ({ server, url }, word) => server === word || url === word,
  ({ url }, word) => placeOf(url) === word,
  ({ server }, word) => server.toLowerCase().startsWith(word.toLowerCase()),
  ({ server, url }, word) => `${server} ${url}`.toLowerCase().includes(word.toLowerCase()),
]

/** All that may be meant; the first way by which any is found decides. */
export function serversMeant(
  servers: readonly Known[],
  word: string,
  backend: string | null,
): readonly Known[] {
  const own = servers.filter((one) => backend === null || one.backend === backend)
  for (const isMeant of WAYS) {
    const found = own.filter((known) => isMeant(known, word))
    if (found.length > 0) return found
  }
  return []
}

const placeOf = (url: string): string => url.replace(/^[a-z]+:\/\//, '').replace(/\/$/, '')

const SHOWN_MAX = 10

/** What is said where it is not one. */
export function whichOf(
  found: readonly Known[],
  word: string,
  backend: string | null,
  all: readonly Known[],
): string {
  if (found.length > 0) return `"${word}" may be ${listed(found)}; which of these? ${hintFor(found, word)}`
  if (backend !== null && !all.some((one) => one.backend === backend))
    return `there is no backend "${backend}"; there are ${[...new Set(all.map((one) => one.backend))].slice(0, SHOWN_MAX).join(', ')}`
  const own = all.filter((one) => backend === null || one.backend === backend)
  if (own.length === 0) return `there is no server "${word}": the config has none`
  return `there is no server "${word}"; there are ${listed(own)}`
}

/** Names are enough where they differ, and the word is not one of them, or an address, already. */
function hintFor(found: readonly Known[], word: string): string {
  const isWhole = found.some(({ server, url }) => [server, url, placeOf(url)].includes(word))
  const hasBackends = new Set(found.map(({ backend }) => backend)).size > 1
  if (isWhole && hasBackends) return 'Name its backend with --backend'
  const names = new Set(found.map(({ server }) => server))
  if (names.size < found.length) return 'Name its backend with --backend'
  return isWhole ? 'Write its name' : 'Write it whole'
}

function listed(servers: readonly Known[]): string {
  const shown = servers.slice(0, SHOWN_MAX).map(({ backend, server }) => `${server} (${backend})`)
  return `${shown.join(', ')}${servers.length > SHOWN_MAX ? ` and ${servers.length - SHOWN_MAX} more` : ''}`
}
