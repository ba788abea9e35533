// Servers as somebody has them at hand: URLs one a line, `host:port`, nginx's `server …;`, HAProxy's
// `server NAME ADDRESS`, or lines of YAML.
import type { ServerFields } from './servers.ts'

export interface PastedLine {
  readonly line: number
  readonly text: string
  readonly why: string
}

export interface Pasted {
  readonly servers: readonly ServerFields[]
  /** Lines that no server could be read from. */
  readonly odd: readonly PastedLine[]
}

/** What nginx and HAProxy call a server that takes nothing. */
const OUT: ReadonlySet<string> = new Set(['down', 'disabled'])

const SCHEMES = /^(?:https?|tcp|tls|udp):\/\//i

/** `scheme` is for addresses that come without one. */
export function readServers(text: string, scheme = 'http'): Pasted {
  const servers: ServerFields[] = []
  const odd: PastedLine[] = []
  const lines = text.split('\n').flatMap((line, at) =>
    // Several on one line: `a:80, b:80`.
    /[{]/.test(line) || / (?:weight|name|max_conns|maxconn|check|backup)\b/.test(line)
      ? [{ at, part: line }]
      : line.split(/,\s*/).map((part) => ({ at, part })),
  )
  for (const { at, part } of lines) {
    const words = bare(part)
    if (words === '') continue
    const server = serverOf(words, scheme)
    if (typeof server === 'string') odd.push({ line: at + 1, text: words, why: server })
    else if (servers.some(({ url, name }) => url === server.url && name === server.name))
      odd.push({ line: at + 1, text: words, why: 'stands there already' })
    else servers.push(server)
  }
  return { servers, odd }
}

/** Without comments, brackets of lists, and what opens and ends a block. */
function bare(line: string): string {
  const text = line
    .replace(/(^|\s)#.*$/, '')
    .replace(/^\s*-\s+/, '')
    .replace(/^url:\s+/, '')
    .trim()
    .replace(/[;,]$/, '')
    .trim()
  return /^(?:upstream\b.*|servers:|backend\b.*|[{}[\]])$/.test(text) ? '' : text
}

function serverOf(text: string, scheme: string): ServerFields | string {
  if (text.startsWith('{')) return inBraces(text, scheme)
  const [first = '', ...rest] = text.split(/\s+/)
  if (first !== 'server') return withOptions(first, rest, null, scheme)
  const [second = '', third, ...more] = rest
  // HAProxy names a server before its address, nginx does not.
  return third !== undefined && isAddress(third) && !second.includes(':')
    ? withOptions(third, more, second, scheme)
    : withOptions(second, rest.slice(1), null, scheme)
}

/** `{ url: "http://a:80", name: a, weight: 3 }` */
function inBraces(text: string, scheme: string): ServerFields | string {
  const fields: Record<string, string> = {}
  for (const [, key = '', quoted, plain] of text.matchAll(/(\w+):\s*(?:["']([^"']*)["']|([^,}\s]+))/g))
    fields[key] ??= quoted ?? plain ?? ''
  if (fields['url'] === undefined) return 'has no url'
  const url = urlOf(fields['url'], scheme)
  if (url === null) return 'is no address'
  return {
    url,
    ...(fields['name'] !== undefined && { name: fields['name'] }),
    ...numbersOf(fields),
    ...(fields['backup'] === 'true' && { backup: true }),
  }
}

function withOptions(
  address: string,
  options: readonly string[],
  name: string | null,
  scheme: string,
): ServerFields | string {
  const url = urlOf(address.replace(/^["']|["']$/g, ''), scheme)
  if (url === null) return 'is no address'
  const fields: Record<string, string> = {}
  for (const [at, option] of options.entries()) {
    const [key = '', value] = option.split(/[=:]/)
    const known = { max_conns: 'max_connections', maxconn: 'max_connections' }[key] ?? key
    fields[known] = value === undefined || value === '' ? (options[at + 1] ?? '') : value
  }
  const off = options.find((option) => OUT.has(option))
  if (off !== undefined) return `is ${off} there, and would be in use here: leave it out, or the word`
  const called = name ?? fields['name']
  return {
    url,
    ...(called !== undefined && called !== '' && { name: called }),
    ...numbersOf(fields),
    ...(options.includes('backup') && { backup: true }),
  }
}

function numbersOf(fields: Readonly<Record<string, string>>): Partial<ServerFields> {
  const numbers: Record<string, number> = {}
  for (const name of ['weight', 'max_connections'])
    if (/^\d+$/.test(fields[name] ?? '')) numbers[name] = Number(fields[name])
  return numbers
}

const isAddress = (word: string): boolean =>
  SCHEMES.test(word) || /^(?:\[[\da-f:]+\]|[^\s:/]+):\d+$/i.test(word)

/** With its scheme, and without the slash that browsers put behind it. */
function urlOf(word: string, scheme: string): string | null {
  const text = SCHEMES.test(word) ? word : `${scheme}://${word}`
  if (/^[a-z]+:\/\/unix:\/./i.test(text)) return text
  const [, head = '', host = ''] = /^([a-z]+:\/\/)([^/?#]+)\/?$/i.exec(text) ?? []
  if (!/^(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i.test(host)) return null
  const port = /:(\d{1,5})$/.exec(host)?.[1]
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return null
  // A host without a dot or a port is a word that somebody left in the text.
  if (!SCHEMES.test(word) && !host.includes(':') && !host.includes('.')) return null
  return `${head.toLowerCase()}${host}`
}
