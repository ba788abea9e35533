// What a server says of itself in the head of an answer, turned back into what its client calls it: Location,
// and the paths and domains of cookies.
import type { ResponseHead } from '../head/response-head.ts'
import { isUnder, type PathChange } from './rewrite-path.ts'
import type { RewriteConfig } from './rewrite.options.ts'
import type { Told } from './variables.ts'

/** What the server was asked. */
export interface Seen extends Pick<PathChange, 'stripped' | 'replaced' | 'added'> {
  /** Host in place of the one that was asked for; null: that. */
  readonly host: string | null
}

type Edit = (x: Told, seen: Seen, head: ResponseHead) => void

/** Null: nothing is turned back. */
export function answerEdit({ answers, ...words }: RewriteConfig): Edit | null {
  const hasPrefix =
    words.strip_prefix.length > 0 || words.replace_prefix !== undefined || words.add_prefix !== undefined
  const edits: Edit[] = []
  if (answers.location && (hasPrefix || words.path !== undefined || words.host !== undefined))
    for (const name of ['Location', 'Content-Location']) edits.push(locationEdit(name))
  const domains = new Map(Object.entries(answers.cookie_domain).map(([from, to]) => [bare(from), to]))
  const paths = answers.cookie_path && hasPrefix
  if (paths || domains.size > 0) edits.push(cookieEdit(paths, domains))
  if (edits.length === 0) return null
  return (x, seen, head) => {
    for (const edit of edits) edit(x, seen, head)
  }
}

function locationEdit(name: string): Edit {
  const lower = name.toLowerCase()
  return (x, seen, head) => {
    const value = head.get(lower)
    const turned = value === null ? null : turnedBack(value, x, seen)
    if (turned !== null && turned !== value) head.set(name, turned)
  }
}

/** A URL of the server as its client would call it; null: it is of somebody else, or relative. */
function turnedBack(url: string, x: Told, seen: Seen): string | null {
  const [, scheme, authority, rest = ''] = /^(?:(https?):)?\/\/([^/?#]*)(.*)$/is.exec(url) ?? []
  if (authority === undefined) return url.startsWith('/') ? pathBack(url, seen) : null
  const told = x.request.authority.raw.latin1Slice()
  const host = plain(authority, scheme)
  // It may know by itself what its client calls it.
  if (host === plain(told, x.client.scheme))
    return url.slice(0, url.length - rest.length) + pathBack(rest, seen)
  const own = seen.host === null ? null : plain(seen.host, scheme)
  const isServer = host === own || (x.server !== null && host === plain(x.server.authority, scheme))
  if (!isServer || told === '') return null
  return `${scheme === undefined ? '' : `${x.client.scheme}:`}//${told}${pathBack(rest, seen)}`
}

/** In lower case, without the port that is usual. */
const plain = (authority: string, scheme = ''): string =>
  authority.toLowerCase().replace(scheme.toLowerCase() === 'https' ? /:443$/ : /:80$/, '')

/** A path of the server, with whatever follows it, as its client knows it. One that already is stays. */
function pathBack(url: string, { stripped, replaced, added }: Seen): string {
  const end = /[?#]/.exec(url)?.index ?? url.length
  const [rest, behind] = [url.slice(0, end), url.slice(end)]
  let path = rest
  if (added !== null && added !== '') {
    if (!isUnder(path, added)) return url
    path = path.slice(added.length)
  }
  if (replaced !== null && isUnder(path, replaced.to)) path = replaced.from + path.slice(replaced.to.length)
  if (stripped !== null && !isUnder(path, stripped)) path = stripped + path
  return (path === '' && rest !== '' ? '/' : path) + behind
}

function cookieEdit(turnsPaths: boolean, domains: ReadonlyMap<string, string>): Edit {
  return (_, seen, head) => {
    const lines = head.values('set-cookie')
    if (lines.length === 0) return
    const turned = lines.map((line) => cookieBack(line, turnsPaths ? seen : null, domains))
    if (turned.every((line, at) => line === lines[at])) return
    head.remove('set-cookie')
    for (const line of turned) head.add('Set-Cookie', line)
  }
}

/** RFC 6265 §5.2: attributes follow the first semicolon. */
function cookieBack(line: string, seen: Seen | null, domains: ReadonlyMap<string, string>): string {
  const [pair = '', ...attributes] = line.split(';')
  const turned = attributes.flatMap((attribute) => {
    const [, begin = '', name = '', value = ''] = /^(\s*(path|domain)\s*=\s*)(.*?)\s*$/i.exec(attribute) ?? []
    if (name.toLowerCase() === 'path' && seen !== null && value.startsWith('/'))
      return [begin + pathBack(value, seen)]
    const domain = name.toLowerCase() === 'domain' ? domains.get(bare(value)) : undefined
    if (domain === undefined) return [attribute]
    return domain === '' ? [] : [begin + domain]
  })
  return [pair, ...turned].join(';')
}

/** RFC 6265 §5.2.3: a dot before it means nothing. */
const bare = (domain: string): string => domain.toLowerCase().replace(/^\./, '')
