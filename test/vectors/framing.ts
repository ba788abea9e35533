// Requests that two readers could frame differently, and lawful oddities beside them. One raw connection each; strings are latin1.
// RFC 9112 unless another is named. `/smug` and `/next` must never be seen by a server unless they are expected below.

/** A request that a server must have seen, exactly so. */
export interface Seen {
  readonly target: string
  readonly method?: string
  readonly body?: string
  /** Fields that must be there with this value, in lower case. */
  readonly has?: Readonly<Record<string, string>>
  /** Fields that must not be there, in lower case. */
  readonly lacks?: readonly string[]
}

export type Expected =
  /** Answered with one of these statuses, then closed. No byte of it reaches a server; with `late`, its head may, but the request is never completed. */
  | { readonly is: 'refused'; readonly status: readonly number[]; readonly late: boolean }
  /** Each request is answered with 200 in its order, and the connection goes on in step (`closes`: is closed). */
  | { readonly is: 'served'; readonly requests: readonly Seen[]; readonly closes: boolean }
  /** The standard leaves the choice: refused with one of these, or served like this. */
  | { readonly is: 'either'; readonly status: readonly number[]; readonly requests: readonly Seen[] }

export interface FramingVector {
  readonly name: string
  /** Each is sent in a packet of its own. */
  readonly segments: readonly string[]
  readonly expected: Expected
}

const H = 'Host: h\r\n'
const SMUG = `GET /smug HTTP/1.1\r\n${H}\r\n`
const NEXT = `GET /next HTTP/1.1\r\n${H}\r\n`
const TE = 'Transfer-Encoding: chunked\r\n'

type Bytes = string | readonly string[]
const list = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T])

/** Refused before a byte of it went on. */
const refused = (name: string, bytes: Bytes, status: number | readonly number[] = 400): FramingVector =>
  ({ name, segments: list(bytes), expected: { is: 'refused', status: list(status), late: false } })
/** Refused when its head may have gone on already: the fault shows in the body. */
const aborted = (name: string, bytes: Bytes, status: number | readonly number[] = 400): FramingVector =>
  ({ name, segments: list(bytes), expected: { is: 'refused', status: list(status), late: true } })
const served = (name: string, bytes: Bytes, ...requests: readonly Seen[]): FramingVector =>
  ({ name, segments: list(bytes), expected: { is: 'served', requests, closes: false } })
const servedThenClosed = (name: string, bytes: Bytes, ...requests: readonly Seen[]): FramingVector =>
  ({ name, segments: list(bytes), expected: { is: 'served', requests, closes: true } })
const either = (name: string, bytes: Bytes, status: number | readonly number[], ...requests: readonly Seen[]): FramingVector =>
  ({ name, segments: list(bytes), expected: { is: 'either', status: list(status), requests } })

const get = (fields: string, target = '/1'): string => `GET ${target} HTTP/1.1\r\n${H}${fields}\r\n`
const post = (fields: string, body = ''): string => `POST /1 HTTP/1.1\r\n${H}${fields}\r\n${body}`
const chunked = (body: string, more = ''): string => post(TE + more, body)
const manyFields = (count: number): string => Array.from({ length: count }, (_, i) => `X-${i}: 1\r\n`).join('')

const ONE: Seen = { target: '/1' }
const HI: Seen = { target: '/1', method: 'POST', body: 'hi' }
const EMPTY: Seen = { target: '/1', method: 'POST', body: '' }
const ASKED: Seen = { target: '/next' }

/** Content-Length (§6.2, §6.3). */
const LENGTHS: readonly FramingVector[] = [
  refused('CL+TE', post(`Content-Length: 6\r\n${TE}`, `0\r\n\r\n${SMUG}`)),
  refused('TE+CL', post(`${TE}Content-Length: 6\r\n`, '0\r\n\r\n')),
  refused('TE+CL, the length covers the smuggled request', post(`${TE}Content-Length: 5\r\n`, `0\r\n\r\n${SMUG}`)),
  refused('dup CL same', post('Content-Length: 2\r\nContent-Length: 2\r\n', 'hi')),
  refused('dup CL same, other case', post('Content-Length: 2\r\ncontent-length: 2\r\n', 'hi')),
  refused('dup CL differ', post('Content-Length: 2\r\nContent-Length: 3\r\n', 'hiX')),
  refused('dup CL, zero first', post('Content-Length: 0\r\nContent-Length: 44\r\n', SMUG)),
  refused('CL list', post('Content-Length: 2, 2\r\n', 'hi')),
  refused('CL list that differs', post('Content-Length: 2, 3\r\n', 'hiX')),
  refused('CL +2', post('Content-Length: +2\r\n', 'hi')),
  refused('CL -1', post('Content-Length: -1\r\n', 'hi')),
  refused('CL 0x2', post('Content-Length: 0x2\r\n', 'hi')),
  refused('CL empty', post('Content-Length:\r\n', 'hi')),
  refused('CL only white space', post('Content-Length: \t \r\n', 'hi')),
  refused('CL huge', post('Content-Length: 99999999999999999999\r\n', 'hi')),
  refused('CL 2^64', post('Content-Length: 18446744073709551616\r\n', 'hi')),
  refused('CL 2^64+2', post('Content-Length: 18446744073709551618\r\n', 'hi')),
  refused('CL 2^32 in exponent form', post('Content-Length: 2e0\r\n', 'hi')),
  refused('CL with a fraction', post('Content-Length: 2.0\r\n', 'hi')),
  refused('CL with words after', post('Content-Length: 2 2\r\n', 'hi')),
  refused('CL with a parameter', post('Content-Length: 2;a=b\r\n', 'hi')),
  refused('CL in quotes', post('Content-Length: "2"\r\n', 'hi')),
  refused('CL with a comma after', post('Content-Length: 2,\r\n', 'hi')),
  refused('CL in digits beyond ASCII', post('Content-Length: \xb2\r\n', 'hi')),
  refused('CL space colon', post('Content-Length : 2\r\n', 'hi')),
  refused('CL tab colon', post('Content-Length\t: 2\r\n', 'hi')),
  refused('CL with a vertical tab', post('Content-Length: \x0b2\r\n', 'hi')),
  refused('CL with NUL', post('Content-Length: 2\0\r\n', 'hi')),
  refused('CL NUL in name', post('Content\0-Length: 2\r\n', 'hi')),
  served('CL with white space around', post('Content-Length: \t 2 \t\r\n', 'hi'), HI),
  served('CL without white space', post('Content-Length:2\r\n', 'hi'), HI),
  served('CL in capitals', post('CONTENT-LENGTH: 2\r\n', 'hi'), HI),
  either('CL with zeros before', post('Content-Length: 0002\r\n', 'hi'), 400, HI),
  served('CL 0 and a request after', [post('Content-Length: 0\r\n') + NEXT], EMPTY, ASKED),
  served('no CL means no body', [post('') + NEXT], EMPTY, ASKED),
]

/** Transfer-Encoding (§6.1, §7). */
const CODINGS: readonly FramingVector[] = [
  refused('TE xchunked', post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'), [400, 501]),
  refused('TE chunkedx', post('Transfer-Encoding: chunkedx\r\n', '0\r\n\r\n'), [400, 501]),
  refused('TE chunked,identity', post('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'), [400, 501]),
  refused('TE gzip,chunked', post('Transfer-Encoding: gzip, chunked\r\n', '2\r\nhi\r\n0\r\n\r\n'), [400, 501]),
  refused('TE gzip', post('Transfer-Encoding: gzip\r\n', 'hi'), [400, 501]),
  refused('TE identity', post('Transfer-Encoding: identity\r\nContent-Length: 2\r\n', 'hi')),
  refused('TE identity alone', post('Transfer-Encoding: identity\r\n', 'hi'), [400, 501]),
  refused('dup TE', post(TE + TE, '0\r\n\r\n')),
  refused('dup TE id', post(`Transfer-Encoding: identity\r\n${TE}`, '0\r\n\r\n'), [400, 501]),
  refused('dup TE, a cow after', post(`${TE}Transfer-encoding: cow\r\n`, '0\r\n\r\n'), [400, 501]),
  refused('TE chunked twice in a list', post('Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\n')),
  refused('TE space colon', post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n')),
  refused('TE tab colon', post('Transfer-Encoding\t: chunked\r\n', '0\r\n\r\n')),
  refused('TE \\x0b', post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n'), [400, 501]),
  refused('TE \\x0c', post('Transfer-Encoding: chunked\x0c\r\n', '0\r\n\r\n'), [400, 501]),
  refused('TE with NUL after', post('Transfer-Encoding: chunked\0\r\n', '0\r\n\r\n')),
  refused('TE with a no-break space', post('Transfer-Encoding: \xa0chunked\r\n', '0\r\n\r\n'), [400, 501]),
  refused('TE in quotes', post('Transfer-Encoding: "chunked"\r\n', '0\r\n\r\n'), [400, 501]),
  refused('TE with a parameter', post('Transfer-Encoding: chunked;q=1\r\n', '0\r\n\r\n'), [400, 501]),
  refused('TE empty', post('Transfer-Encoding:\r\n', '0\r\n\r\n'), [400, 501]),
  refused('TE empty and CL', post('Transfer-Encoding:\r\nContent-Length: 2\r\n', 'hi'), [400, 501]),
  refused('TE comma before', post('Transfer-Encoding: ,chunked\r\n', '0\r\n\r\n'), [400, 501]),
  refused('TE comma after', post('Transfer-Encoding: chunked,\r\n', '0\r\n\r\n'), [400, 501]),
  refused('TE on a folded line', post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n')),
  refused('TE with a folded name', post('Transfer-Encoding\r\n : chunked\r\n', '0\r\n\r\n')),
  refused('TE behind a bare LF', post(`X-A: a\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n`, '0\r\n\r\nX')),
  refused('TE behind a bare CR', post(`X-A: a\rTransfer-Encoding: chunked\r\nContent-Length: 6\r\n`, '0\r\n\r\nX')),
  refused('TE after a leading space', `POST /1 HTTP/1.1\r\n Transfer-Encoding: chunked\r\n${H}\r\n0\r\n\r\n`),
  refused('TE in 1.0', `POST /1 HTTP/1.0\r\n${H}${TE}\r\n2\r\nhi\r\n0\r\n\r\n`),
  refused('TE in 1.0 with keep-alive', `POST /1 HTTP/1.0\r\n${H}Connection: keep-alive\r\n${TE}\r\n0\r\n\r\n${SMUG}`),
  served('TE tab val', post('Transfer-Encoding:\tchunked\r\n', '0\r\n\r\n'), EMPTY),
  served('TE in other case', post('transfer-ENCODING: ChUnKeD\r\n', '2\r\nhi\r\n0\r\n\r\n'), HI),
  served('TE with white space after', post('Transfer-Encoding: chunked \t\r\n', '2\r\nhi\r\n0\r\n\r\n'), HI),
  served('TE listed in Connection still frames', post(`Connection: Transfer-Encoding\r\n${TE}`, `2\r\nhi\r\n0\r\n\r\n${NEXT}`), HI, ASKED),
  served('CL listed in Connection still frames', post('Connection: Content-Length\r\nContent-Length: 2\r\n', `hi${NEXT}`), HI, ASKED),
  served('Host listed in Connection stays', get('Connection: host\r\n'), { ...ONE, has: { host: 'h' } }),
]

/** Chunks, extensions and trailers (§7.1). */
const CHUNKS: readonly FramingVector[] = [
  served('chunk ext', chunked('2;a=b\r\nhi\r\n0\r\n\r\n'), HI),
  served('chunk ext in quotes', chunked('2;a="b;c"\r\nhi\r\n0;d\r\n\r\n'), HI),
  served('chunk sizes in hex of both cases', chunked(`a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n`), { ...HI, body: '01234567890123456789a' }),
  served('chunk size with zeros', chunked('0002\r\nhi\r\n000\r\n\r\n'), HI),
  served('no chunk but the last', [chunked('0\r\n\r\n') + NEXT], EMPTY, ASKED),
  aborted('chunk LF', chunked('2\nhi\n0\n\n')),
  aborted('chunk LF after the size', chunked('2\nhi\r\n0\r\n\r\n')),
  aborted('chunk LF after the data', chunked('2\r\nhi\n0\r\n\r\n')),
  aborted('chunk CR after the data', chunked('2\r\nhi\r0\r\n\r\n')),
  aborted('chunk bare CR in the size line', chunked('2\r\rhi\r\n0\r\n\r\n')),
  aborted('chunk LF after the last size', chunked('2\r\nhi\r\n0\n\r\n')),
  aborted('chunk LF at the end', chunked(`2\r\nhi\r\n0\r\n\n${SMUG}`)),
  aborted('chunk 0x', chunked('0x2\r\nhi\r\n0\r\n\r\n')),
  served('chunk space', chunked('2 \r\nhi\r\n0\r\n\r\n'), HI),
  served('chunk BWS before an extension', chunked('2 \t;a=b\r\nhi\r\n0 ; c\r\n\r\n'), HI),
  aborted('chunk blank between digits', chunked('1 0\r\nhi\r\n0\r\n\r\n')),
  aborted('chunk of endless blanks', chunked(`2${' '.repeat(20_000)}`), [400, 413]),
  aborted('chunk space before', chunked(' 2\r\nhi\r\n0\r\n\r\n')),
  served('chunk tab', chunked('2\t\r\nhi\r\n0\r\n\r\n'), HI),
  aborted('chunk +2', chunked('+2\r\nhi\r\n0\r\n\r\n')),
  aborted('chunk -2', chunked('-2\r\nhi\r\n0\r\n\r\n')),
  aborted('chunk empty size', chunked('\r\nhi\r\n0\r\n\r\n')),
  aborted('chunk size of an extension alone', chunked(';a=b\r\nhi\r\n0\r\n\r\n')),
  aborted('chunk not hex', chunked('g\r\nhi\r\n0\r\n\r\n')),
  aborted('chunk with an underscore', chunked('0_2\r\nhi\r\n0\r\n\r\n')),
  aborted('chunk huge', chunked('ffffffffffffffffff2\r\nhi\r\n0\r\n\r\n')),
  aborted('chunk 2^64+2', chunked('10000000000000002\r\nhi\r\n0\r\n\r\n')),
  aborted('chunk 2^53', chunked('20000000000000\r\nhi\r\n0\r\n\r\n'), [400, 413]),
  aborted('chunk bad term', chunked('2\r\nhiXX0\r\n\r\n')),
  aborted('chunk longer than its size', chunked(`2\r\nhix\r\n0\r\n\r\n`)),
  aborted('chunk ext with a bare LF', chunked(`2;a\nhi\r\n0\r\n\r\n${SMUG}`)),
  aborted('chunk ext with a bare CR', chunked(`2;a\rb\r\nhi\r\n0\r\n\r\n`)),
  aborted('chunk ext with NUL', chunked(`2;a=\0\r\nhi\r\n0\r\n\r\n`)),
  aborted('chunk ext without end', chunked(`2;${'a'.repeat(20_000)}`), [400, 413]),
  aborted('chunk size of endless zeros', chunked('0'.repeat(20_000)), [400, 413]),
  aborted('the next request stands where trailers are due', chunked(`2\r\nhi\r\n0\r\n${SMUG}`)),
  served('chunk trailers', chunked(`2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n${NEXT}`, 'Trailer: X-T\r\n'), { ...HI, lacks: ['x-t'] }, ASKED),
  served('chunk trailers split', [chunked('2\r\nhi\r\n0\r\n'), 'X-T: 1\r\n', `\r\n${NEXT}`], { ...HI, lacks: ['x-t'] }, ASKED),
  served('chunk cut everywhere', [...chunked('2;x\r\nhi\r\n0\r\nX-T: 1\r\n\r\n')], HI),
  aborted('trailer folded', chunked('2\r\nhi\r\n0\r\nX-T: 1\r\n 2\r\n\r\n')),
  aborted('trailer bare LF', chunked('2\r\nhi\r\n0\r\nX-T: 1\nX-U: 2\r\n\r\n')),
  aborted('trailer bare CR', chunked('2\r\nhi\r\n0\r\nX-T: 1\rX-U: 2\r\n\r\n')),
  aborted('trailer space colon', chunked('2\r\nhi\r\n0\r\nX-T : 1\r\n\r\n')),
  aborted('trailer no colon', chunked('2\r\nhi\r\n0\r\nXT\r\n\r\n')),
  aborted('trailer NUL', chunked('2\r\nhi\r\n0\r\nX-T: \0\r\n\r\n')),
  aborted('trailers without end', chunked(`0\r\n${manyFields(3000)}`), [400, 431]),
  aborted('trailer that would frame', chunked(`2\r\nhi\r\n0\r\nContent-Length: 40\r\n\r\n${NEXT}`)),
  aborted('trailer that would frame, in other spelling', chunked(`2\r\nhi\r\n0\r\nTRANSFER_Encoding: chunked\r\n\r\n${NEXT}`)),
  served('trailer that would name a host is left out', chunked(`2\r\nhi\r\n0\r\nHost: evil\r\nX-T: 1\r\n\r\n${NEXT}`), { ...HI, has: { host: 'h' } }, ASKED),
]

/** Field lines (§5). */
const FIELDS: readonly FramingVector[] = [
  refused('obs-fold', get('X-A: a\r\n b\r\n')),
  refused('obs-fold with a tab', get('X-A: a\r\n\tb\r\n')),
  refused('obs-fold of an empty line', get('X-A: a\r\n \r\n')),
  refused('white space before the first field', `GET /1 HTTP/1.1\r\n X-A: 1\r\n${H}\r\n`),
  refused('hdr no colon', get('XA\r\n')),
  refused('hdr name space', get('X A: 1\r\n')),
  refused('hdr name empty', get(': 1\r\n')),
  refused('hdr name with a parenthesis', get('X(A: 1\r\n')),
  refused('hdr name with a high byte', get('X-\xe4: 1\r\n')),
  refused('hdr name with a control character', get('X\x01A: 1\r\n')),
  refused('hdr space colon', get('X-A : 1\r\n')),
  refused('hdr bare CR', get('X-A: 1\rX-B: 2\r\n')),
  refused('hdr bare LF', get('X-A: 1\nX-B: 2\r\n')),
  refused('hdr ends in CR CR LF', get('X-A: 1\r\r\n')),
  refused('hdr NUL', get('X-A: 1\0 2\r\n')),
  refused('hdr control character', get('X-A: 1\x012\r\n')),
  refused('hdr DEL', get('X-A: 1\x7f2\r\n')),
  refused('head ends in LF LF', `GET /1 HTTP/1.1\r\nHost: h\n\n${SMUG}`),
  refused('head ends in CRLF LF', `GET /1 HTTP/1.1\r\n${H}\n${SMUG}`),
  served('hdr underscores', get('X_A: 1\r\nContent_Length: 4\r\n'), { ...ONE, lacks: ['x_a', 'content_length'] }),
  served('hdr underscores never frame', [get('Transfer_Encoding: chunked\r\n') + NEXT], { ...ONE, lacks: ['transfer_encoding'] }, ASKED),
  served('hdr value of high bytes and tabs', get('X-A: \xe4\t\xff\r\n'), { ...ONE, has: { 'x-a': '\xe4\t\xff' } }),
  served('hdr value empty', get('X-A:\r\nX-B: \t\r\n'), { ...ONE, has: { 'x-a': '', 'x-b': '' } }),
  served('hdr 10k', get(`X-A: ${'a'.repeat(10_000)}\r\n`), ONE),
  refused('hdr 20k', get(`X-A: ${'a'.repeat(20_000)}\r\n`), 431),
  refused('hdr without end', `GET /1 HTTP/1.1\r\n${H}X-A: ${'a'.repeat(40_000)}`, 431),
  refused('150 headers', get(manyFields(150)), 431),
  refused('250 headers', get(manyFields(250)), 431),
  served('90 headers', get(manyFields(90)), ONE),
]

/** Request lines, targets and Host (§3, RFC 9110 §7.2). */
const LINES: readonly FramingVector[] = [
  served('split request line', ['GE', 'T /sp HT', 'TP/1.1\r\nHo', 'st: h\r\n', '\r\n'], { target: '/sp' }),
  served('cut everywhere', [...`GET /cut HTTP/1.1\r\n${H}X-A: 1\r\n\r\n`], { target: '/cut' }),
  served('one empty line before', `\r\n${get('')}`, ONE),
  either('leading CRLF', `\r\n\r\n${get('')}`, 400, ONE),
  refused('a leading LF', `\n${get('')}`),
  refused('a leading space', ` ${get('')}`),
  refused('two spaces', `GET  /1 HTTP/1.1\r\n${H}\r\n`),
  refused('a space at the end', `GET /1 HTTP/1.1 \r\n${H}\r\n`),
  refused('a tab between', `GET\t/1 HTTP/1.1\r\n${H}\r\n`),
  refused('request line bare LF', `GET /1 HTTP/1.1\n${H}\r\n`),
  refused('request line bare CR', `GET /1 HTTP/1.1\r${H}\r\n`),
  refused('request line CR inside', `GET /1\rHTTP/1.1\r\n${H}\r\n`),
  refused('request line NUL', `GET /1\0 HTTP/1.1\r\n${H}\r\n`),
  refused('no version', `GET /1\r\n${H}\r\n`),
  refused('a space in the target', `GET /1 /2 HTTP/1.1\r\n${H}\r\n`),
  refused('version in small letters', `GET /1 http/1.1\r\n${H}\r\n`, [400, 505]),
  refused('version 1.10', `GET /1 HTTP/1.10\r\n${H}\r\n`, [400, 505]),
  refused('version 01.1', `GET /1 HTTP/01.1\r\n${H}\r\n`, [400, 505]),
  refused('version 2.0', `GET /1 HTTP/2.0\r\n${H}\r\n`, [400, 505]),
  refused('version 0.9', `GET /1 HTTP/0.9\r\n${H}\r\n`, [400, 505]),
  refused('version ICE/1.0', `GET /1 ICE/1.0\r\n${H}\r\n`, [400, 505]),
  refused('h2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 505]),
  refused('TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'),
  refused('method with a parenthesis', `G(T /1 HTTP/1.1\r\n${H}\r\n`),
  refused('method empty', ` /1 HTTP/1.1\r\n${H}\r\n`),
  refused('method without end', 'G'.repeat(40_000), [400, 414, 431, 501]),
  served('method unknown', `FOOBAR /1 HTTP/1.1\r\n${H}\r\n`, { target: '/1', method: 'FOOBAR' }),
  served('method in small letters is another method', `get /1 HTTP/1.1\r\n${H}\r\n`, { target: '/1', method: 'get' }),
  refused('url 10k', get('', `/${'a'.repeat(10_000)}`), 414),
  refused('url 20k', get('', `/${'a'.repeat(20_000)}`), 414),
  refused('url without end', `GET /${'a'.repeat(40_000)}`, 414),
  served('url 8000', get('', `/${'a'.repeat(8000)}`), { target: `/${'a'.repeat(8000)}` }),
  refused('target without slash', get('', '1')),
  refused('target * for GET', get('', '*')),
  refused('target with a fragment', get('', '/1#a')),
  refused('target with a backslash', get('', '/a\\..\\b')),
  refused('target with an escaped NUL', get('', '/a%00b')),
  refused('target with a broken escape', get('', '/a%g1')),
  refused('target of authority form for GET', get('', 'h:80')),
  served('target kept byte for byte', get('', "/a/./b//c;d=1/%41%7e%2F?q=%20'&x=/../"), { target: "/a/./b//c;d=1/%41%7e%2F?q=%20'&x=/../" }),
  served('OPTIONS *', `OPTIONS * HTTP/1.1\r\n${H}\r\n`, { target: '*', method: 'OPTIONS' }),
  served('absolute-form: its authority wins', `GET http://other:81/p?q HTTP/1.1\r\n${H}\r\n`, { target: '/p?q', has: { host: 'other:81' } }),
  served('absolute-form without a path', `GET http://other HTTP/1.1\r\n${H}\r\n`, { target: '/', has: { host: 'other' } }),
  refused('absolute-form with a user', `GET http://u:p@other/p HTTP/1.1\r\n${H}\r\n`),
  refused('absolute-form without a host', `GET http:///p HTTP/1.1\r\n${H}\r\n`),
  refused('Host missing', 'GET /1 HTTP/1.1\r\nX-A: 1\r\n\r\n'),
  refused('Host twice', `GET /1 HTTP/1.1\r\n${H}Host: i\r\n\r\n`),
  refused('Host twice, the same', `GET /1 HTTP/1.1\r\n${H}${H}\r\n`),
  refused('Host twice, other case and place', `GET /1 HTTP/1.1\r\n${H}X-A: 1\r\nhOST: i\r\n\r\n`),
  refused('Host with a path', 'GET /1 HTTP/1.1\r\nHost: h/smug\r\n\r\n'),
  refused('Host with a user', 'GET /1 HTTP/1.1\r\nHost: a@h\r\n\r\n'),
  refused('Host with a space', 'GET /1 HTTP/1.1\r\nHost: h i\r\n\r\n'),
  refused('Host with a comma', 'GET /1 HTTP/1.1\r\nHost: h, i\r\n\r\n'),
  refused('Host with a port beyond', 'GET /1 HTTP/1.1\r\nHost: h:99999\r\n\r\n'),
  refused('Host with a port that is none', 'GET /1 HTTP/1.1\r\nHost: h:a\r\n\r\n'),
  refused('Host with an open bracket', 'GET /1 HTTP/1.1\r\nHost: [::1\r\n\r\n'),
  refused('Host space colon', 'GET /1 HTTP/1.1\r\nHost : h\r\n\r\n'),
  served('Host of IPv6', 'GET /1 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n', { ...ONE, has: { host: '[::1]:80' } }),
]

/** Bodies where they are rare, connections, methods with rules of their own. */
const EXCHANGES: readonly FramingVector[] = [
  served('GET with body CL', get('Content-Length: 2\r\n') + `hi${NEXT}`, { ...ONE, method: 'GET', body: 'hi' }, ASKED),
  served('DELETE with chunked body', `DELETE /1 HTTP/1.1\r\n${H}${TE}\r\n2\r\nhi\r\n0\r\n\r\n${NEXT}`, { ...ONE, method: 'DELETE', body: 'hi' }, ASKED),
  served('GET chunked body', get(TE) + `2\r\nhi\r\n0\r\n\r\n${NEXT}`, { ...ONE, body: 'hi' }, ASKED),
  served('HEAD with body', `HEAD /1 HTTP/1.1\r\n${H}Content-Length: 2\r\n\r\nhi${NEXT}`, { ...ONE, method: 'HEAD', body: 'hi' }, ASKED),
  refused('CONNECT with CL', `CONNECT a:1 HTTP/1.1\r\n${H}Content-Length: 2\r\n\r\nhi`, [405, 501]),
  refused('CONNECT and a request after', `CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n${SMUG}`, [405, 501]),
  refused('TRACE', `TRACE /1 HTTP/1.1\r\n${H}\r\n`, 405),
  served('pipelining x3', get('') + get('', '/2') + `POST /3 HTTP/1.1\r\n${H}Content-Length: 2\r\n\r\nhi`, ONE, { target: '/2' }, { target: '/3', body: 'hi' }),
  refused('bytes after a request that are none', `XYZ\r\n${get('')}`),
  servedThenClosed('Connection: close ends it', get('Connection: close\r\n') + SMUG, ONE),
  servedThenClosed('close in a list of other case', get('Connection: x-a, CLOSE\r\nX-A: 1\r\n') + SMUG, { ...ONE, lacks: ['x-a'] }),
  servedThenClosed('HTTP/1.0 closes', `GET /1 HTTP/1.0\r\n${H}\r\n${SMUG}`, ONE),
  servedThenClosed('HTTP/1.0 without Host', `GET /1 HTTP/1.0\r\n\r\n`, ONE),
  served('HTTP/1.0 keep-alive', `GET /1 HTTP/1.0\r\n${H}Connection: keep-alive\r\n\r\n${NEXT}`, ONE, ASKED),
  served('expect 100', [post('Expect: 100-continue\r\nContent-Length: 2\r\n'), 'hi'], HI),
  served('expect 100 with the body at once', post('Expect: 100-Continue\r\nContent-Length: 2\r\n', 'hi'), HI),
  refused('expect other', post('Expect: foo\r\nContent-Length: 2\r\n', 'hi'), 417),
  served('upgrade h2c', get('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'), { ...ONE, lacks: ['upgrade', 'http2-settings'] }),
  served('upgrade not listed in Connection', get('Upgrade: websocket\r\n'), { ...ONE, lacks: ['upgrade'] }),
  served('hop-by-hop fields stay here', get('Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=9\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\n'), { ...ONE, lacks: ['x-hop', 'keep-alive', 'proxy-connection'] }),
  served('our own fields cannot be listed away', get('Connection: X-Forwarded-For, Via\r\n'), { ...ONE, has: { 'x-forwarded-for': '127.0.0.1' } }),
]

export const FRAMING: readonly FramingVector[] = [...LENGTHS, ...CODINGS, ...CHUNKS, ...FIELDS, ...LINES, ...EXCHANGES]
