// What somebody pastes: a curl command, as browsers and documentation give it, or a URL alone.

export interface PastedRequest {
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** Null: it is neither. */
export function pastedRequest(text: string): PastedRequest | null {
  const trimmed = text.trim()
  const found = /^(?:\$\s*)?curl(?:\.exe)?\s/i.test(trimmed)
    ? requestOfCurl(words(trimmed.replace(/^\$\s*/, '')).slice(1))
    : /^https?:\/\/\S+$/i.test(trimmed)
      ? { method: 'GET', url: trimmed, headers: [] }
      : null
  return found !== null && URL.canParse(found.url) ? found : null
}

/** Options that take a value which says nothing of the request here. */
const VALUED = new Set(
  (
    '-o --output -m --max-time --connect-timeout -w --write-out --resolve --cacert --cert --key -E -x --proxy --retry ' +
    '--retry-delay -c --cookie-jar -T --upload-file --interface -Y -y --limit-rate --ciphers --tls-max --unix-socket'
  ).split(' '),
)
const DATA = new Set([
  '-d',
  '--data',
  '--data-raw',
  '--data-binary',
  '--data-ascii',
  '--data-urlencode',
  '--json',
  '-F',
  '--form',
])
const FIELDS: Readonly<Record<string, string>> = {
  '-A': 'User-Agent',
  '--user-agent': 'User-Agent',
  '-e': 'Referer',
  '--referer': 'Referer',
  '-b': 'Cookie',
  '--cookie': 'Cookie',
}

interface Read {
  method: string | null
  url: string
  headers: [string, string][]
  data: string[]
  isGet: boolean
}

function requestOfCurl(args: readonly string[]): PastedRequest | null {
  const read: Read = { method: null, url: '', headers: [], data: [], isGet: false }
  for (let at = 0; at < args.length; at++) {
    const { option, value, isOwn } = optionAt(args, at)
    if (take(read, option, value) && !isOwn) at++
  }
  if (read.url === '') return null
  const query =
    read.isGet && read.data.length > 0 ? `${read.url.includes('?') ? '&' : '?'}${read.data.join('&')}` : ''
  const method = read.method ?? (read.data.length > 0 && !read.isGet ? 'POST' : 'GET')
  return {
    method,
    url: /^https?:\/\//i.test(read.url) ? read.url + query : `http://${read.url}${query}`,
    headers: read.headers,
  }
}

/** `-XPOST` and `--request=POST` have their value in themselves. */
function optionAt(args: readonly string[], at: number): { option: string; value: string; isOwn: boolean } {
  const word = args[at] ?? ''
  const [, long, own] = /^(--[\w-]+)=(.*)$/s.exec(word) ?? []
  if (long !== undefined && own !== undefined) return { option: long, value: own, isOwn: true }
  if (/^-[XHdAebuFom]./.test(word)) return { option: word.slice(0, 2), value: word.slice(2), isOwn: true }
  return { option: word, value: args[at + 1] ?? '', isOwn: false }
}

/** Whether the option takes a value. */
function take(read: Read, option: string, value: string): boolean {
  const field = FIELDS[option]
  if (option === '-X' || option === '--request') read.method = value.toUpperCase()
  else if (option === '-H' || option === '--header') {
    const [, name, text] = /^([^\s:]+):\s*(.*)$/s.exec(value) ?? []
    if (name !== undefined && text !== undefined) read.headers.push([name, text])
  } else if (DATA.has(option)) {
    read.data.push(value)
    if (option === '--json') read.headers.push(['Content-Type', 'application/json'])
  } else if (field !== undefined) read.headers.push([field, value])
  else if (option === '-u' || option === '--user')
    read.headers.push(['Authorization', `Basic ${base64(value)}`])
  else if (option === '--url') read.url = value
  else if (VALUED.has(option)) return true
  else {
    if (option === '-I' || option === '--head') read.method ??= 'HEAD'
    else if (option === '-G' || option === '--get') read.isGet = true
    else if (!option.startsWith('-') && read.url === '') read.url = option
    return false
  }
  return true
}

/** As a shell reads them: quotes, `\` before a line's end, and the `^` of Windows. */
function words(text: string): readonly string[] {
  const found: string[] = []
  const token =
    /'([^']*)'|\$'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|\^\r?\n|(\s+)|([^\s'"\\]+)/g
  let [word, isOpen] = ['', false]
  for (const [, single, ansi, double, escaped, space, plain] of text.matchAll(token)) {
    if (space !== undefined) {
      if (isOpen) found.push(word)
      ;[word, isOpen] = ['', false]
      continue
    }
    if (escaped === '\n' || escaped === '\r') continue
    const quoted =
      double?.replaceAll(/\\(["\\$`])/g, '$1') ??
      ansi?.replaceAll(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))
    const part = single ?? quoted ?? escaped ?? plain
    if (part === undefined) continue
    ;[word, isOpen] = [word + part, true]
  }
  if (isOpen) found.push(word)
  return found
}

const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)))
