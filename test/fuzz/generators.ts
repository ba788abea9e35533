// Heads and chunked bodies to try: put together from good and evil parts, then sometimes mangled. About half
// of them are lawful, so that accepting is tried as much as refusing. Seeded: the same seed gives the same
// inputs.
import type { Random } from '../support/random.ts'

const often = <T>(random: Random, usual: T, rare: readonly T[]): T =>
  random.below(100) < 92 ? usual : random.pick(rare)
const many = (random: Random, most: number, make: () => string): string =>
  Array.from({ length: random.below(most + 1) }, make).join('')

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'OPTIONS',
  'CONNECT',
  'PATCH',
  'M-SEARCH',
  'get',
  '_',
  'Q'.repeat(32),
]
const EVIL_METHODS = ['', 'G T', 'G(', '\x00', 'G\xe4', 'Q'.repeat(33), '\r\nGET', 'GET\t', '"']
const PATHS = [
  '/',
  '/a',
  '//',
  '/a/../b',
  '/%41%2e',
  '/.',
  '/a?b=c',
  '/?',
  '/a/b.c?d=/../',
  '/{x}|^"<>`',
  '/*',
  '/:80@h',
]
const TUNNELS = ['h:443', '[::1]:443', 'h:00443', 'h:0', 'h:', 'h', '[::1]', '/', '?']
const EVIL_TARGETS = [
  '',
  '*',
  'a',
  '/a#b',
  '/a\\b',
  '/\xe4',
  '/\x7f',
  '/a b',
  '/\t',
  '?',
  '//h\0',
  'h:443',
  '*?',
  'ftp://h/',
  'http:/h',
  'http:///',
]
const HOSTS = [
  'h',
  'example.com',
  'EXAMPLE.com.',
  'h:80',
  'h:',
  '[::1]',
  '[2001:db8::1]:8080',
  '127.0.0.1:8080',
  'a_b',
  "!$&'()*+;=",
]
const EVIL_HOSTS = [
  '', '.', ':80', 'h i', 'h,i', 'u@h', 'h/', 'h:x', 'h:65536', 'h:000080', '[::1', '[::::]', '[1.2.3.4]', '[fe80::1%25a]', 'h%41', '::1',
  'h\x0b', '\xe4', 'h"', 'h\\', 'h:80:80', '[::1]x', 'h'.repeat(261), 'h'.repeat(262),
] // prettier-ignore
const EVIL_VERSIONS = [
  'HTTP/1.2',
  'HTTP/2.0',
  'HTTP/0.9',
  'http/1.1',
  'HTTP/1.1 ',
  'HTTP/1.10',
  'HTTP/11',
  '',
  ' HTTP/1.1',
  'HTTP/1,1',
]
const NAMES = [
  'X-A',
  'Accept',
  'x_b',
  'X-Forwarded-For',
  'Forwarded',
  'Via',
  'X-Request-Id',
  'Keep-Alive',
  'Date',
  'Cookie',
  'X-Hop',
  'Upgrade',
  "!#$%&'*+-.^`|~",
  'Content_Length',
  'Transfer_Encoding',
  'Content-Lengt',
  'Expect',
  'Set-Cookie',
]
const VALUES = [
  '',
  '1',
  'a b',
  '\ta\t',
  ' \xe4\xff ',
  '"q,\\""',
  ',',
  'x'.repeat(70),
  ':',
  'chunked',
  'trailers',
  'a,\tb',
  '%0d%0a',
]
const EVIL_LINES = [
  'X-A : 1\r\n', 'XA\r\n', ': 1\r\n', ' X-A: 1\r\n', '\tX\r\n', 'X A: 1\r\n', 'X-\xe4: 1\r\n', 'X: \0\r\n', 'X: a\rb\r\n', 'X: a\nb\r\n', 'X: a\r\r\n',
  'X: \x0b\r\n', 'X: \x7f\r\n', 'X: 1\n', '\n', '\r', 'Host : h\r\n', 'Content-Length : 2\r\n', 'Host: h\r\n', 'X:1\r\n b\r\n',
] // prettier-ignore
const LENGTHS = ['0', '2', '1000', '007', '999999999999999', '\t5 ']
const EVIL_LENGTHS = [
  '',
  '+2',
  '-1',
  '0x2',
  '2, 2',
  '2 2',
  '2.0',
  '1e3',
  '9999999999999999',
  '\xb2',
  '2;',
  '\x0b2',
]
const CODINGS = ['chunked', 'Chunked', '\tCHUNKED ']
const EVIL_CODINGS = [
  '',
  'gzip',
  'gzip, chunked',
  'chunked, gzip',
  'chunked, chunked',
  ',chunked',
  'chunked,',
  'xchunked',
  '"chunked"',
  '\x0bchunked',
  'chunked;q=1',
  'identity',
]
const CONNECTIONS = [
  'close',
  'keep-alive',
  'Upgrade',
  'X-Hop',
  'Host, X-A',
  'Content-Length',
  'Transfer-Encoding, close',
  'x-a ,, te',
  'Via, X-Forwarded-For',
  '',
]

function framingLines(random: Random): string {
  const length = (): string =>
    `${random.pick(['Content-Length', 'content-length'])}: ${often(random, random.pick(LENGTHS), EVIL_LENGTHS)}\r\n`
  const coding = (): string =>
    `${random.pick(['Transfer-Encoding', 'TRANSFER-ENCODING'])}:${often(random, random.pick(CODINGS), EVIL_CODINGS)}\r\n`
  switch (random.below(12)) {
    case 0:
      return many(random, 2, length) + many(random, 2, coding)
    case 1:
    case 2:
    case 3:
      return length()
    case 4:
    case 5:
    case 6:
      return coding()
    default:
      return ''
  }
}

function fieldLines(random: Random): string {
  const field = (): string =>
    often(
      random,
      `${random.pick(NAMES)}:${random.pick(['', ' ', '\t '])}${random.pick(VALUES)}\r\n`,
      EVIL_LINES,
    )
  const connection = random.below(3) === 0 ? `Connection: ${random.pick(CONNECTIONS)}\r\n` : ''
  const te = random.below(8) === 0 ? 'TE: trailers\r\n' : ''
  const parts = [many(random, 3, field), connection, framingLines(random), te, many(random, 2, field)]
  return parts.sort(() => random.next() - 0.5).join('')
}

/** A request's head, and sometimes what follows it. */
export function someRequestHead(random: Random): string {
  const method = often(random, random.pick(METHODS), EVIL_METHODS)
  const host = often(random, random.pick(HOSTS), EVIL_HOSTS)
  const path = random.pick(PATHS)
  const target =
    method === 'CONNECT'
      ? random.pick(TUNNELS)
      : random.below(4) === 0
        ? `${random.pick(['http://', 'HTTPS://'])}${host}${random.pick(['', '?q', path])}`
        : often(random, path, EVIL_TARGETS)
  const version = often(random, random.pick(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0']), EVIL_VERSIONS)
  const hostLine = often(random, `Host: ${often(random, random.pick(HOSTS), EVIL_HOSTS)}\r\n`, [
    '',
    'Host: h\r\nHOST: h\r\n',
  ])
  const fields = random.below(2) === 0 ? hostLine + fieldLines(random) : fieldLines(random) + hostLine
  const head = `${method} ${method === 'OPTIONS' && random.below(2) === 0 ? '*' : target} ${version}\r\n${fields}\r\n`
  return (
    mangled(random, head) + random.pick(['', '', 'GET /smug HTTP/1.1\r\nHost: s\r\n\r\n', '\r\n\r\n', '\0'])
  )
}

const STATUS_LINES = [
  'HTTP/1.1 200 OK',
  'HTTP/1.1 204 No Content',
  'HTTP/1.1 304 x',
  'HTTP/1.1 103 Early',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 599 \xe4\t',
  'HTTP/1.1 200 ',
  'HTTP/1.1 404',
]
const EVIL_STATUS_LINES = [
  'HTTP/1.1 099 x',
  'HTTP/1.1 20 x',
  'HTTP/1.1 2000 x',
  'HTTP/1.1  200 x',
  'HTTP/2.0 200 x',
  'HTTP/1.2 200 x',
  'ICY 200 x',
  'HTTP/1.1\t200 x',
  'HTTP/1.1 200 \0',
  'HTTP/1.1 200 a\rb',
  '',
  'HTTP/1.1 200\tx',
]

/** An answer's head, and sometimes what follows it. */
export function someAnswerHead(random: Random): string {
  const head = `${often(random, random.pick(STATUS_LINES), EVIL_STATUS_LINES)}\r\n${fieldLines(random)}\r\n`
  return mangled(random, head) + random.pick(['', '', 'HTTP/1.1 200 OK\r\n\r\n', '\r\n'])
}

const EXTENSIONS = [';a', ';a=b', ';a="b;c"', ';a="\\"\xe4\t"', '; a = b', ';', ';a;b;c']
const EVIL_EXTENSIONS = [' ;a', ';a,b', ';a="', ';\xe4', ';a=\0', ';a\rb', ';a\nb', ' ']
const TRAILERS = ['X-T: 1\r\n', 'Grpc-Status:0\r\n', 'X:\t\xe4 \r\n', 'X_Y:\r\n', 'ETag: "a"\r\n']
const EVIL_TRAILERS = [
  'X : 1\r\n',
  'X\r\n',
  ' X: 1\r\n',
  'X: 1\n',
  'X: \0\r\n',
  ': 1\r\n',
  'Content-Length: 5\r\n',
  'host: h\r\n',
  'GET / HTTP/1.1\r\n',
]
const EVIL_SIZES = ['0x2', '+2', '-2', ' 2', '2 ', '', 'g', '10000000000000', '00000000000002', '\x12', '2_0']

/** A chunked body, and sometimes what follows it. */
export function someChunkedBody(random: Random): string {
  const extension = (): string =>
    random.below(4) === 0 ? often(random, random.pick(EXTENSIONS), EVIL_EXTENSIONS) : ''
  const chunk = (): string => {
    const data = random.pick(['x', '0\r\n\r\n', '\r\n', 'y'.repeat(1 + random.below(40))])
    const size = data.length.toString(16)
    const written = often(random, random.pick([size, size.toUpperCase(), `00${size}`]), EVIL_SIZES)
    return `${written}${extension()}\r\n${data}${often(random, '\r\n', ['', '\n', '\r', 'z\r\n', '\r\r\n'])}`
  }
  const trailers = many(random, 2, () => often(random, random.pick(TRAILERS), EVIL_TRAILERS))
  const last = often(random, random.pick(['0', '000']), EVIL_SIZES)
  return (
    mangled(
      random,
      `${many(random, 4, chunk)}${last}${extension()}\r\n${trailers}${often(random, '\r\n', ['\n', '\r', ''])}`,
    ) + random.pick(['', 'GET /smug', '\r\n'])
  )
}

const SPECIAL = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '"',
  '\\',
  '0',
  '1',
  'f',
  '\x7f',
  '\xff',
  '\x0b',
  '_',
  '/',
  '?',
  '#',
  '%',
  '[',
  ']',
  '@',
]

/** Left alone mostly; else a few bytes are put in, taken out, doubled or changed. */
function mangled(random: Random, text: string): string {
  if (random.below(3) > 0) return text
  let result = text
  for (let times = 1 + random.below(2); times > 0; times--) {
    const at = random.below(result.length + 1)
    const length = 1 + random.below(4)
    const [before, after] = [result.slice(0, at), result.slice(at)]
    switch (random.below(4)) {
      case 0:
        result = before + random.pick(SPECIAL) + after
        break
      case 1:
        result = before + after.slice(length)
        break
      case 2:
        result = before + after.slice(0, length) + after
        break
      default:
        result = before + String.fromCharCode(random.below(256)) + after.slice(1)
    }
  }
  return result
}

/** The text in pieces; none is empty. */
export function someCutting(random: Random, text: string): string[] {
  const pieces: string[] = []
  const longest = random.pick([1, 3, 10, 100])
  for (let at = 0; at < text.length;) {
    const length = 1 + random.below(longest)
    pieces.push(text.slice(at, at + length))
    at += length
  }
  return pieces
}

const PROXY_LINES = [
  'PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n',
  'PROXY TCP6 2001:db8::7 ::ffff:192.0.2.1 0 65535\r\n',
  'PROXY UNKNOWN\r\n',
  'PROXY UNKNOWN a b c\r\n',
]

/** A header of the PROXY protocol, mostly with something wrong or something behind it. */
export function someProxyHeader(random: Random): string {
  let text = random.below(2) === 0 ? random.pick(PROXY_LINES) : someBinaryHeader(random)
  for (let times = random.below(3); times > 0; times--) {
    const at = random.below(text.length)
    const byte = random.pick(['\r', '\n', ' ', '0', ':', '.', String.fromCharCode(random.below(256))])
    const removed = random.below(3)
    text = text.slice(0, at) + (random.below(3) === 0 ? '' : byte) + text.slice(at + removed)
  }
  return random.below(2) === 0
    ? text
    : text + random.pick(['GET / HTTP/1.1\r\n', '\x16\x03\x01', '\0', 'x'.repeat(120)])
}

function someBinaryHeader(random: Random): string {
  const latin1 = (count: number): string => Buffer.from(random.bytes(count)).latin1Slice()
  const family = random.pick([0x11, 0x11, 0x21, 0x00, 0x31, 0x12])
  const size = { 0x11: 12, 0x21: 36, 0x31: 216 }[family] ?? random.below(20)
  let body = latin1(size)
  for (let times = random.below(3); times > 0; times--) {
    const length = random.below(9)
    body += `${latin1(1)}\0${String.fromCharCode(length)}${latin1(length)}`
  }
  const command = random.pick(['\x21', '\x21', '\x21', '\x20', '\x11'])
  const length = String.fromCharCode(body.length >> 8, body.length & 255)
  return `\r\n\r\n\0\r\nQUIT\n${command}${String.fromCharCode(family)}${length}${body}`
}
