// What servers answer, lawful and not. The server sends these segments (latin1), each in a packet of its own, and then ends as told.

export interface WantedAnswer {
  readonly status: number
  readonly body?: string
  readonly has?: Readonly<Record<string, string>>
  readonly lacks?: readonly string[]
  readonly trailers?: readonly (readonly [string, string])[]
  readonly interim?: readonly number[]
  /** How the connection to the client ends, when the answer is delimited by it. */
  readonly ending?: 'fin'
}

export type Outcome =
  /** Exactly this reaches the client, whole. */
  | { readonly is: 'answer'; readonly answer: WantedAnswer }
  /** A whole 502, or an answer that visibly breaks off. */
  | { readonly is: 'failed' }
  /** The standard leaves the choice. */
  | { readonly is: 'either'; readonly answer: WantedAnswer }

export interface AnswerVector {
  readonly name: string
  readonly request: string
  readonly segments: readonly string[]
  readonly end: 'nothing' | 'fin' | 'rst'
  readonly outcome: Outcome
  /** Whether the next request may come on the same connection to the server. */
  readonly reused: 'yes' | 'no' | 'any'
}

const GET = 'GET /1 HTTP/1.1\r\nHost: h\r\n\r\n'
const HEAD = 'HEAD /1 HTTP/1.1\r\nHost: h\r\n\r\n'
const OLD = 'GET /1 HTTP/1.0\r\nHost: h\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\n'
const TE = 'Transfer-Encoding: chunked\r\n'
const EXTRA = `${OK}Content-Length: 4\r\n\r\nsmug`

interface Extras {
  readonly request?: string
  readonly end?: AnswerVector['end']
  readonly reused?: AnswerVector['reused']
}
type Bytes = string | readonly string[]
const list = (bytes: Bytes): readonly string[] => (typeof bytes === 'string' ? [bytes] : bytes)

const passed = (name: string, bytes: Bytes, answer: WantedAnswer, { request = GET, end = 'nothing', reused = 'yes' }: Extras = {}): AnswerVector =>
  ({ name, request, segments: list(bytes), end, reused, outcome: { is: 'answer', answer } })
const failed = (name: string, bytes: Bytes, { request = GET, end = 'nothing' }: Extras = {}): AnswerVector =>
  ({ name, request, segments: list(bytes), end, reused: 'no', outcome: { is: 'failed' } })
const either = (name: string, bytes: Bytes, answer: WantedAnswer, { request = GET, end = 'nothing', reused = 'any' }: Extras = {}): AnswerVector =>
  ({ name, request, segments: list(bytes), end, reused, outcome: { is: 'either', answer } })

const HI: WantedAnswer = { status: 200, body: 'hi' }
const early = (count: number): string => 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(count)

/** Lawful. */
const PASSED: readonly AnswerVector[] = [
  passed('CL', `${OK}Content-Length: 2\r\n\r\nhi`, { ...HI, has: { 'content-length': '2' } }),
  passed('CL 0', `${OK}Content-Length: 0\r\n\r\n`, { status: 200, body: '' }),
  passed('CL, cut everywhere', [...`${OK}Content-Length: 2\r\n\r\nhi`], HI),
  passed('chunked', `${OK}${TE}\r\n2\r\nhi\r\n0\r\n\r\n`, HI),
  passed('chunked, cut everywhere', [...`${OK}${TE}\r\n2;x\r\nhi\r\n0\r\nX-T: 1\r\n\r\n`], HI),
  passed('chunked with an extension, which stays here', `${OK}${TE}\r\n2;a="b"\r\nhi\r\n0;c\r\n\r\n`, HI),
  passed('chunked with blanks behind sizes, which stay here', `${OK}${TE}\r\n2 \t\r\nhi\r\n0  ;a=b\r\n\r\n`, HI),
  passed('a trailer that must be none is left out', `${OK}${TE}\r\n2\r\nhi\r\n0\r\nX-T: 1\r\nSet-Cookie: a\r\nDate: x\r\nX-U: 2\r\n\r\n`, { ...HI, trailers: [['X-T', '1'], ['X-U', '2']] }),
  passed('chunked in other case', `${OK}transfer-encoding: CHUNKED\r\n\r\n2\r\nhi\r\n0\r\n\r\n`, HI),
  passed('trailers are forwarded as trailers', `${OK}${TE}Trailer: X-T\r\n\r\n2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n`, { ...HI, lacks: ['x-t'], trailers: [['X-T', '1']] }),
  passed('close-delimited', `${OK}\r\nhi`, HI, { end: 'fin', reused: 'no' }),
  passed('close-delimited without a byte', `${OK}\r\n`, { status: 200, body: '' }, { end: 'fin', reused: 'no' }),
  passed('close-delimited in pieces', [`${OK}Content-Type: text/plain\r\n\r\n`, 'h', 'i'], HI, { end: 'fin', reused: 'no' }),
  passed('204', 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n', { status: 204, body: '', has: { 'x-a': '1' }, lacks: ['content-length', 'transfer-encoding'] }),
  passed('304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "a"\r\n\r\n', { status: 304, body: '', has: { etag: '"a"' } }),
  passed('304 without one', 'HTTP/1.1 304 Not Modified\r\n\r\n', { status: 304, body: '' }),
  passed('205', 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n', { status: 205, body: '' }),
  passed('HEAD with a length', `${OK}Content-Length: 5\r\n\r\n`, { status: 200, body: '', has: { 'content-length': '5' } }, { request: HEAD }),
  passed('HEAD of a chunked answer', `${OK}${TE}\r\n`, { status: 200, body: '' }, { request: HEAD }),
  passed('HEAD without either', `${OK}X-A: 1\r\n\r\n`, { status: 200, body: '', has: { 'x-a': '1' } }, { request: HEAD }),
  passed('103, then 200', `${early(1)}${OK}Content-Length: 2\r\n\r\nhi`, { ...HI, interim: [103] }),
  passed('103 apart from 200', [early(1), `${OK}Content-Length: 2\r\n\r\nhi`], { ...HI, interim: [103] }),
  passed('two hundred interim answers', `${early(200)}${OK}Content-Length: 2\r\n\r\nhi`, { ...HI, interim: Array.from({ length: 200 }, () => 103) }),
  passed('Connection: close', `${OK}Connection: close\r\nContent-Length: 2\r\n\r\nhi`, HI, { reused: 'no' }),
  passed('close in a list', `${OK}Connection: x-a, Close\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nhi`, { ...HI, lacks: ['x-a'] }, { reused: 'no' }),
  passed('an HTTP/1.0 server', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi', HI, { end: 'fin', reused: 'no' }),
  passed('an HTTP/1.0 server that closes', 'HTTP/1.0 200 OK\r\n\r\nhi', HI, { end: 'fin', reused: 'no' }),
  passed('no reason', 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nhi', HI),
  passed('a status of its own', 'HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\nhi', { ...HI, status: 299 }),
  passed('an error of the server', 'HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nhi', { ...HI, status: 500 }),
  passed('hop-by-hop fields stay here', `${OK}Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nhi`, { ...HI, lacks: ['x-hop', 'keep-alive'] }),
  passed('CL listed in Connection still frames', `${OK}Connection: Content-Length\r\nContent-Length: 2\r\n\r\nhi`, HI),
  passed('field values of high bytes', `${OK}X-A: \xe4\xff\r\nContent-Length: 2\r\n\r\nhi`, { ...HI, has: { 'x-a': '\xe4\xff' } }),
  passed('an answer to HTTP/1.0: length', `${OK}Content-Length: 2\r\n\r\nhi`, { ...HI, ending: 'fin' }, { request: OLD }),
  passed('an answer to HTTP/1.0: chunked', `${OK}${TE}\r\n2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n`, { ...HI, lacks: ['transfer-encoding', 'trailer'], ending: 'fin' }, { request: OLD }),
  passed('an answer to HTTP/1.0: close-delimited', `${OK}\r\nhi`, { ...HI, ending: 'fin' }, { request: OLD, end: 'fin', reused: 'no' }),
  passed('no interim answer to HTTP/1.0', `${early(2)}${OK}Content-Length: 2\r\n\r\nhi`, { ...HI, interim: [], ending: 'fin' }, { request: OLD }),
]

/** Framed in a way that two readers could read differently: nothing of it may look whole. */
const FRAMED: readonly AnswerVector[] = [
  failed('CL+TE', `${OK}Content-Length: 2\r\n${TE}\r\n2\r\nhi\r\n0\r\n\r\n`),
  failed('TE+CL', `${OK}${TE}Content-Length: 2\r\n\r\n2\r\nhi\r\n0\r\n\r\n`),
  failed('dup CL differ', `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi`),
  failed('CL list that differs', `${OK}Content-Length: 2, 3\r\n\r\nhi`),
  either('dup CL same', `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi`, { ...HI, has: { 'content-length': '2' } }),
  either('CL list', `${OK}Content-Length: 2, 2\r\n\r\nhi`, { ...HI, has: { 'content-length': '2' } }),
  failed('CL +2', `${OK}Content-Length: +2\r\n\r\nhi`),
  failed('CL -1', `${OK}Content-Length: -1\r\n\r\nhi`),
  failed('CL 0x2', `${OK}Content-Length: 0x2\r\n\r\nhi`),
  failed('CL empty', `${OK}Content-Length:\r\n\r\nhi`),
  failed('CL huge', `${OK}Content-Length: 99999999999999999999\r\n\r\nhi`),
  failed('TE gzip', `${OK}Transfer-Encoding: gzip\r\n\r\nhi`, { end: 'fin' }),
  failed('TE gzip,chunked', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`),
  failed('TE chunked,identity', `${OK}Transfer-Encoding: chunked, identity\r\n\r\n2\r\nhi\r\n0\r\n\r\n`),
  failed('TE xchunked', `${OK}Transfer-Encoding: xchunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`),
  failed('TE twice', `${OK}${TE}${TE}\r\n2\r\nhi\r\n0\r\n\r\n`),
  failed('TE empty', `${OK}Transfer-Encoding:\r\n\r\n2\r\nhi\r\n0\r\n\r\n`),
  failed('TE \\x0b', `${OK}Transfer-Encoding: \x0bchunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`),
  failed('TE in 1.0', `HTTP/1.0 200 OK\r\n${TE}\r\n2\r\nhi\r\n0\r\n\r\n`, { end: 'fin' }),
  failed('101 unasked', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nsmug'),
  failed('endless interim answers', early(3000)),
  failed('an interim answer and no other', early(1), { end: 'fin' }),
]

/** Heads that are none. */
const HEADS: readonly AnswerVector[] = [
  failed('no version', '200 OK\r\nContent-Length: 2\r\n\r\nhi'),
  failed('another protocol', 'ICY 200 OK\r\nContent-Length: 2\r\n\r\nhi'),
  failed('not HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'),
  failed('version 2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nhi'),
  failed('version in small letters', 'http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'),
  failed('status of words', 'HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\nhi'),
  failed('status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nhi'),
  failed('status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nhi'),
  failed('status 099', 'HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nhi'),
  failed('two spaces', 'HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nhi'),
  failed('a leading space', ' HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'),
  failed('NUL in the reason', 'HTTP/1.1 200 O\0K\r\nContent-Length: 2\r\n\r\nhi'),
  failed('bare CR in the reason', 'HTTP/1.1 200 O\rK\r\nContent-Length: 2\r\n\r\nhi'),
  failed('bare LF ends the lines', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nhi'),
  failed('field bare LF', `${OK}X-A: 1\nX-B: 2\r\nContent-Length: 2\r\n\r\nhi`),
  failed('field bare CR', `${OK}X-A: 1\rX-B: 2\r\nContent-Length: 2\r\n\r\nhi`),
  failed('field NUL', `${OK}X-A: 1\0\r\nContent-Length: 2\r\n\r\nhi`),
  failed('field no colon', `${OK}XA\r\nContent-Length: 2\r\n\r\nhi`),
  failed('field name empty', `${OK}: 1\r\nContent-Length: 2\r\n\r\nhi`),
  failed('field name with a space', `${OK}X A: 1\r\nContent-Length: 2\r\n\r\nhi`),
  passed('field space colon', `${OK}X-A \t: 1\r\nContent-Length : 2\r\n\r\nhi`, { ...HI, has: { 'x-a': '1', 'content-length': '2' } }),
  either('obs-fold', `${OK}X-A: a\r\n b\r\nContent-Length: 2\r\n\r\nhi`, { ...HI, has: { 'x-a': 'a b' } }),
  failed('CL space colon', `${OK}Content-Length : 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`),
  failed('a head of 2 MB', `${OK}X-A: ${'a'.repeat(2_000_000)}\r\nContent-Length: 2\r\n\r\nhi`),
  failed('a head without end', `${OK}${'X-A: 1\r\n'.repeat(200_000)}`),
  failed('no byte, FIN', '', { end: 'fin' }),
  failed('no byte, RST', '', { end: 'rst' }),
  failed('half a head, FIN', `${OK}Content-Le`, { end: 'fin' }),
  failed('half a head that is wrong already, FIN', `${OK}X A`, { end: 'fin' }),
  failed('half a head that is wrong already, silence', `${OK}X-A: 1\0`),
  failed('a line that ends in LF, FIN', 'HTTP/1.1 200 OK\nX-A: 1', { end: 'fin' }),
  failed('half a head, RST', `${OK}Content-Le`, { end: 'rst' }),
]

/** Bodies that break off or break the rules: the client must see that it did not get all. */
const BODIES: readonly AnswerVector[] = [
  failed('CL cut by FIN', `${OK}Content-Length: 9\r\n\r\nhi`, { end: 'fin' }),
  failed('CL cut by RST', [`${OK}Content-Length: 9\r\n\r\n`, 'hi'], { end: 'rst' }),
  failed('CL cut before its first byte', `${OK}Content-Length: 9\r\n\r\n`, { end: 'fin' }),
  failed('chunked cut in a chunk by FIN', [`${OK}${TE}\r\n`, '9\r\nhi'], { end: 'fin' }),
  failed('chunked cut in a chunk by RST', [`${OK}${TE}\r\n`, '9\r\nhi'], { end: 'rst' }),
  failed('chunked cut between chunks', [`${OK}${TE}\r\n`, '2\r\nhi\r\n'], { end: 'fin' }),
  failed('chunked cut in a size', [`${OK}${TE}\r\n`, '2\r\nhi\r\n1'], { end: 'fin' }),
  failed('chunked cut after the last size', [`${OK}${TE}\r\n`, '2\r\nhi\r\n0\r\n'], { end: 'fin' }),
  failed('chunked cut in trailers', [`${OK}${TE}\r\n`, '2\r\nhi\r\n0\r\nX-T: 1\r\n'], { end: 'fin' }),
  failed('chunk not hex', [`${OK}${TE}\r\n`, '2\r\nhi\r\nzz\r\n'], {}),
  failed('chunk not hex at once', `${OK}${TE}\r\nzz\r\nhi\r\n0\r\n\r\n`),
  failed('chunk -2', `${OK}${TE}\r\n-2\r\nhi\r\n0\r\n\r\n`),
  failed('chunk huge', `${OK}${TE}\r\nffffffffffffffffff2\r\nhi\r\n0\r\n\r\n`),
  failed('chunk bad term', `${OK}${TE}\r\n2\r\nhiXX0\r\n\r\n`),
  failed('chunk LF', `${OK}${TE}\r\n2\nhi\n0\n\n`),
  failed('chunk blank between digits', `${OK}${TE}\r\n1 0\r\nhi\r\n0\r\n\r\n`),
  failed('trailer that would frame', `${OK}${TE}\r\n2\r\nhi\r\n0\r\nContent-Length: 9\r\n\r\n`),
  failed('chunk ext without end', [`${OK}${TE}\r\n`, `2;${'a'.repeat(100_000)}`]),
  failed('trailer that is none', `${OK}${TE}\r\n2\r\nhi\r\n0\r\nX T\r\n\r\n`),
  failed('trailer bare LF', `${OK}${TE}\r\n2\r\nhi\r\n0\r\nX-T: 1\nX-U: 2\r\n\r\n`),
  failed('RST in a close-delimited body', [`${OK}\r\n`, 'hi'], { end: 'rst' }),
  failed('RST in a close-delimited body, to HTTP/1.0', [`${OK}\r\n`, 'hi'], { request: OLD, end: 'rst' }),
  failed('chunked cut, to HTTP/1.0: FIN would look whole', [`${OK}${TE}\r\n`, '2\r\nhi\r\n'], { request: OLD, end: 'fin' }),
  failed('chunk not hex, to HTTP/1.0', [`${OK}${TE}\r\n`, '2\r\nhi\r\n', 'zz\r\n'], { request: OLD }),
]

/** More than was promised: it must never be taken for the next answer. */
const EXTRAS: readonly AnswerVector[] = [
  passed('an answer after a complete answer', `${OK}Content-Length: 2\r\n\r\nhi${EXTRA}`, HI, { reused: 'no' }),
  passed('an answer after a complete answer, later', [`${OK}Content-Length: 2\r\n\r\nhi`, EXTRA], HI, { reused: 'no' }),
  passed('an answer after a complete chunked answer', `${OK}${TE}\r\n2\r\nhi\r\n0\r\n\r\n${EXTRA}`, HI, { reused: 'no' }),
  passed('one byte after a complete answer', `${OK}Content-Length: 2\r\n\r\nhiX`, HI, { reused: 'no' }),
  passed('CRLF after a complete answer', `${OK}Content-Length: 2\r\n\r\nhi\r\n`, HI, { reused: 'no' }),
  passed('CRLF after an answer without content', `${OK}Content-Length: 0\r\n\r\n\r\n`, { status: 200, body: '' }, { reused: 'no' }),
  passed('a body longer than its length', `${OK}Content-Length: 3\r\n\r\nabc\r\n`, { status: 200, body: 'abc' }, { reused: 'no' }),
  passed('204 with a body', `HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nsmug`, { status: 204, body: '', lacks: ['content-length'] }, { reused: 'no' }),
  passed('204 that is chunked', `HTTP/1.1 204 No Content\r\n${TE}\r\n0\r\n\r\n`, { status: 204, body: '', lacks: ['transfer-encoding'] }, { reused: 'no' }),
  passed('304 with a body', `HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nsmug`, { status: 304, body: '' }, { reused: 'no' }),
  passed('HEAD with a body', `${OK}Content-Length: 4\r\n\r\nsmug`, { status: 200, body: '', has: { 'content-length': '4' } }, { request: HEAD, reused: 'no' }),
  either('an interim answer with a length', `HTTP/1.1 103 Early\r\nContent-Length: 4\r\n\r\n${OK}Content-Length: 2\r\n\r\nhi`, HI),
  either('an interim answer with a body', `HTTP/1.1 103 Early\r\nContent-Length: 4\r\n\r\nsmug${OK}Content-Length: 2\r\n\r\nhi`, HI, { reused: 'no' }),
]

export const ANSWERS: readonly AnswerVector[] = [...PASSED, ...FRAMED, ...HEADS, ...BODIES, ...EXTRAS]
