// TOML of the short form with the headers of the long one.
import { SHORT_KEYS } from '../short.ts'
import { lineEnd } from './piece.ts'
import { linesOfPair, linesOfSection, type Section, sectionsOf } from './toml-sheet.ts'

const LISTENER: readonly string[] = SHORT_KEYS.listener

/** Its lines in their new order. What comes of it must be read again. */
export function tomlToLong(text: string, newline: string): string {
  const sections = sectionsOf(text)
  const groups: Record<Group, string[]> = { global: [], listener: [], backend: [], match: [], steps: [] }
  const below: Record<Group, string[]> = { global: [], listener: [], backend: [], match: [], steps: [] }
  const pairs = sections[0]?.pairs ?? []
  let above: number | null = null
  for (const pair of pairs) {
    const limit = above
    above = lineEnd(text, pair.value.end)
    const { from, to } = linesOfPair(text, pair, limit)
    const [key] = pair.keys
    const name = key?.name ?? ''
    const own = text.slice(from, to)
    const said =
      key && newName(name) ? own.slice(0, key.at - from) + newName(name) + own.slice(key.end - from) : own
    const group = groupOf(name)
    groups[group].push(group === 'steps' ? stepOfPair(name, said, newline) : said)
  }
  let before = lineEnd(text, pairs.at(-1)?.value.end ?? 0)
  for (const section of sections.slice(1)) {
    const { from, to } = linesOfSection(text, section, before)
    before = to
    const group = groupOf(section.keys?.[0]?.name ?? '')
    below[group].push(underHeader(text.slice(from, to), section, { from, newline }))
  }
  const first = pairs[0]
  const head = first === undefined ? '' : text.slice(0, linesOfPair(text, first, null).from)
  const hasEndpoints = [...groups.listener, ...below.listener].some((said) =>
    said.includes('status_endpoints'),
  )
  const endpoints = hasEndpoints
    ? ''
    : `status_endpoints = { health = "/_health", metrics = "/_metrics" }${newline}`
  const blocks = [
    `${head}${groups.global.join('')}`,
    ...below.global,
    `[listeners.default]${newline}${groups.listener.join('')}${endpoints}`,
    ...below.listener,
    `[backends.default]${newline}${groups.backend.join('')}`,
    ...below.backend,
    `[[rules]]${newline}name = "default"${newline}backend = "default"${newline}${groups.match.join('')}`,
    ...below.match,
    ...groups.steps,
    ...below.steps,
  ]
  return blocks.filter((block) => block.trim() !== '').join(newline)
}

type Group = 'global' | 'listener' | 'backend' | 'match' | 'steps'

function groupOf(name: string): Group {
  if (name === 'listen' || LISTENER.includes(name)) return 'listener'
  if (name === 'backends' || SHORT_KEYS.backend.includes(name)) return 'backend'
  if (name === 'match') return 'match'
  return name === 'middleware' || SHORT_KEYS.steps.includes(name) ? 'steps' : 'global'
}

const newName = (name: string): string => (name === 'listen' ? 'bind' : name === 'backends' ? 'servers' : '')

const stepOfPair = (name: string, said: string, newline: string): string =>
  name === 'middleware' ? `# middleware${newline}${said}` : `[[rules.middleware]]${newline}${said}`

const UNDER: Readonly<Record<Group, string>> = {
  global: '',
  listener: 'listeners.default.',
  backend: 'backends.default.',
  match: 'rules.',
  steps: 'rules.middleware.',
}

function underHeader(
  said: string,
  { keys }: Section,
  { from, newline }: { from: number; newline: string },
): string {
  const [first] = keys ?? []
  if (first === undefined) return said
  const group = groupOf(first.name)
  const isListed = first.name === 'middleware'
  const written = isListed
    ? 'rules.middleware'
    : UNDER[group] + (newName(first.name) || said.slice(first.at - from, first.end - from))
  const made = said.slice(0, first.at - from) + written + said.slice(first.end - from)
  const isStep = group === 'steps' && !isListed && keys?.length === 1
  return isStep ? `[[rules.middleware]]${newline}${made}` : made
}
