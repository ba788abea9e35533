// The access log: a line for each exchange, refused ones too. The fields of the JSON form and their order are
// a contract with those who read it.
import type { Server } from '../backends/server.ts'
import type { Exchange } from '../http/exchange.ts'
import { filled } from '../lib/filled.ts'
import type { LogSegments } from '../scoreboard/log-segments.ts'
import type { Rule } from '../snapshot/snapshot.ts'
import type { FlowRecord } from '../udp/flow-record.ts'
import { METHOD_OTHER, METHODS } from '../tables/methods.ts'
import { JsonConnectionLines, TextConnectionLines } from './connection-lines.ts'
import type { TcpRecord } from './connection-record.ts'
import { backendOf } from './exchange-meter.ts'
import { FlowLines } from './flow-line.ts'
import { CACHE_JSON, isOff, whoJson, whoText, whyJson, whyText } from './why-line.ts'
import { LineSink } from './line-sink.ts'
import { type Clock, ESCAPE_BYTES, type LineWriter, Quotes, TimePiece, piece } from './line-writer.ts'
import type { LogEvent } from './log.ts'
import type { LogsConfig } from './logs.options.ts'
import { shownTarget } from './shown-target.ts'
import { tlsWords, type TlsWords } from './tls-words.ts'

export interface AccessLogOptions {
  /** null: stdout. */
  readonly file: string | null
  readonly onEvent: LogEvent
  readonly format: LogsConfig['format']
  readonly clock?: Clock
  /** Of a worker: lines in them are not lost with it. */
  readonly segments?: LogSegments | null
}

const CLOCK: Clock = { wallMs: () => Date.now(), steadyMs: () => performance.now() }

/** Writes a line for each exchange into a file that all workers append to, or to stdout. */
export class AccessLog {
  readonly #sink: LineSink
  readonly #lines: JsonLines | TextLines
  readonly #connections: JsonConnectionLines | TextConnectionLines
  readonly #flows: FlowLines

  constructor(options: AccessLogOptions) {
    const { file, onEvent } = options
    this.#sink = new LineSink({
      to: file === null ? 'stdout' : { file },
      segments: options.segments ?? null,
      onFailed: (reason) => onEvent('error', 'access_log_failed', { file, reason }),
    })
    const clock = options.clock ?? CLOCK
    const isJson = options.format === 'json'
    this.#lines = isJson ? new JsonLines(clock) : new TextLines(clock)
    this.#connections = isJson ? new JsonConnectionLines(clock) : new TextConnectionLines(clock)
    this.#flows = new FlowLines(clock, isJson)
  }

  /** Logs an exchange that ended. */
  exchange(x: Exchange): void {
    this.#lines.write(x, this.#sink)
  }

  /** Logs a connection of a tcp listener that ended. */
  connection(one: TcpRecord): void {
    this.#connections.write(one, this.#sink)
  }

  /** Logs a flow of datagrams that ended. */
  flow(flow: FlowRecord): void {
    this.#flows.write(flow, this.#sink)
  }

  /** Lines that were given up since the start, as the file took them too slowly or not at all. */
  get dropped(): number {
    return this.#sink.dropped
  }
  /** Begins to write what waits. */
  flush(): void {
    this.#sink.flush()
  }
  /** Opens the file by its name again, after it was moved away. */
  reopen(): void {
    this.#sink.reopen()
  }
  /** Writes what waits and closes. */
  close(): Promise<void> {
    return this.#sink.close()
  }
}

/**
 * Most bytes of a line beside its texts of any length: constants, names (63 bytes each, a server's name is a
 * URL), numbers.
 */
const LINE_BYTES = 1024

const OTHER_METHOD = piece(',"method":')
const HOST = ',"host":'
const PATH = ',"path":'
/** From behind the client's address to the path, by method id. */
const usualHosts = (): Quotes[] => METHODS.map((method) => new Quotes(`,"method":"${method}"${HOST}`, PATH))
/** Made when they are first needed: few are. */
const STATUS_PIECES = filled<Uint8Array | null>(1024, null)
const statusPiece = (status: number): Uint8Array =>
  (STATUS_PIECES[status] ??= piece(`${status === 0 ? null : status},"bytes_in":`))
const BYTES_OUT = piece(',"bytes_out":')
const NO_QUEUE = piece(',"queue_ms":0,"connect_ms":')
const QUEUE = piece(',"queue_ms":')
const CONNECT = piece(',"connect_ms":')
const NULL = piece('null')
const FIRST_BYTE = piece(',"first_byte_ms":')
const TOTAL = piece(',"total_ms":')
const END = '}\n'
/** Of what a cache has given. */
const HIT = CACHE_JSON.hit
const HIT_END = piece(`,"attempts":0,"fault":null${HIT},"user_agent":`)

class JsonLines {
  readonly #time: TimePiece
  readonly #listeners = new Map<string, Uint8Array>()
  readonly #http11 = new Names('"HTTP/1.1"')
  readonly #http10 = new Names('"HTTP/1.0"')
  readonly #hosts = usualHosts()
  readonly #otherHosts = new Quotes(HOST, PATH)
  readonly #agents = new Quotes('', END)

  constructor(clock: Clock) {
    this.#time = new TimePiece(clock, '{"time":"', '","request_id":')
  }

  write(x: Exchange, sink: LineSink): void {
    const { request, listener } = x
    const target = shownTarget(request.target)
    const isOther = request.methodId === METHOD_OTHER
    const host = (isOther ? this.#otherHosts : this.#hosts[request.methodId]!).of(request.host)
    const agent = this.#agents.of(request.userAgent)
    const names = (request.version === 11 ? this.#http11 : this.#http10).of(x)
    const tls = tlsWords(x.client.tls)
    const why = `${hasWhy(x) ? whyJson(x) : ''}${whoJson(x)}`
    const room =
      LINE_BYTES +
      names.length +
      host.length +
      agent.length +
      why.length +
      tls.json.length +
      ESCAPE_BYTES * (x.id.length + target.length)
    if (!sink.begin(room)) return
    const line = sink.line
    line.put(this.#time.at(x.endedMs))
    line.quotedOrNull(x.id)
    line.put(this.#listeners.get(listener.name) ?? this.#listener(listener.name))
    line.quotedOrNull(x.client.address)
    if (isOther) {
      line.put(OTHER_METHOD)
      line.quotedOrNull(request.method.slice(0, METHOD_LENGTH_MAX))
    }
    line.put(host)
    line.quotedOrNull(target)
    line.put(names)
    writeNumbers(x, line, why, tls)
    line.put(agent)
    sink.end()
  }

  #listener(name: string): Uint8Array {
    const made = piece(`,"listener":"${name}","client":`)
    if (this.#listeners.size >= KEPT_MAX) this.#listeners.clear()
    this.#listeners.set(name, made)
    return made
  }
}

const METHOD_LENGTH_MAX = 64
const hasWhy = ({ fault, detail, tries, shadow, sticky }: Exchange): boolean =>
  fault !== null || detail !== null || tries !== null || shadow !== null || isOff(sticky)
const KEPT_MAX = 1024

/** From `status` to `fault`. */
function writeNumbers(x: Exchange, line: LineWriter, why: string, { json, end }: TlsWords): void {
  line.put(statusPiece(x.status))
  line.integer(x.bytesIn)
  line.put(BYTES_OUT)
  line.integer(x.bytesOut)
  if (x.queueMs === 0) line.put(NO_QUEUE)
  else {
    line.put(QUEUE)
    line.ms(x.queueMs)
    line.put(CONNECT)
  }
  if (x.attempts === 0) line.put(NULL)
  else line.ms(x.connectMs)
  line.put(FIRST_BYTE)
  if (x.firstByteMs === 0) line.put(NULL)
  else line.ms(x.firstByteMs - x.startedMs)
  line.put(TOTAL)
  line.ms(x.endedMs - x.startedMs)
  if (x.attempts === 1 && x.fault === null && why === '') line.put(end)
  else if (x.attempts === 0 && x.fault === null && json === '' && why === HIT) line.put(HIT_END)
  else
    line.ascii(
      `,"attempts":${x.attempts},"fault":${x.fault === null ? null : `"${x.fault.code}"`}${json}${why},"user_agent":`,
    )
}

/** Servers may leave a rule that stays: nothing here is to hold them. */
type PieceByServer = WeakMap<Server | typeof NO_SERVER, Uint8Array>
const NO_SERVER = {}

/** The piece from `protocol` to `status`, kept for each rule and server. */
class Names {
  readonly #protocol: string
  readonly #byRule = new WeakMap<Rule, PieceByServer>()
  #rule: Rule | null = null
  #ofRule: PieceByServer = new WeakMap()
  readonly #none: Uint8Array

  constructor(protocol: string) {
    this.#protocol = protocol
    this.#none = this.#piece(null, null, null)
  }

  of(x: Exchange): Uint8Array {
    const { rule, server } = x
    if (rule === null) return this.#none
    if (rule !== this.#rule) this.#turnTo(rule)
    const known = this.#ofRule.get(server ?? NO_SERVER)
    if (known !== undefined) return known
    const made = this.#piece(rule.name, backendOf(x), server === null ? null : server.name)
    this.#ofRule.set(server ?? NO_SERVER, made)
    return made
  }

  #turnTo(rule: Rule): void {
    this.#rule = rule
    const kept = this.#byRule.get(rule)
    this.#ofRule = kept ?? new WeakMap()
    if (kept === undefined) this.#byRule.set(rule, this.#ofRule)
  }

  #piece(rule: string | null, backend: string | null, server: string | null): Uint8Array {
    const names = `"rule":${JSON.stringify(rule)},"backend":${JSON.stringify(backend)},"server":${JSON.stringify(server)}`
    return piece(`,"protocol":${this.#protocol},${names},"status":`)
  }
}

/** One line for people: who asked what, how it went, who answered, how long it took. */
class TextLines {
  readonly #time: TimePiece

  constructor(clock: Clock) {
    this.#time = new TimePiece(clock, '', ' ')
  }

  write(x: Exchange, sink: LineSink): void {
    const { request, client, listener } = x
    const asked = `${request.method || '-'} ${request.host || '-'}${shownTarget(request.target) || '-'}`
    const agent = request.userAgent ?? '-'
    const answered = answeredText(x)
    const why = `${tlsWords(x.client.tls).text}${whoText(x)}${whyText(x)}`
    if (
      !sink.begin(
        LINE_BYTES +
          answered.length +
          why.length +
          ESCAPE_BYTES * (asked.length + x.id.length + agent.length),
      )
    )
      return
    const line = sink.line
    line.put(this.#time.at(x.endedMs))
    line.ascii(`${client.address ?? '-'} ${listener.name} "`)
    line.escaped(asked)
    line.ascii(` HTTP/1.${request.version - 10}" ${answered} queue=`)
    line.ms(x.queueMs)
    line.ascii(' connect=')
    if (x.attempts === 0) line.ascii('-')
    else line.ms(x.connectMs)
    line.ascii(' first_byte=')
    if (x.firstByteMs === 0) line.ascii('-')
    else line.ms(x.firstByteMs - x.startedMs)
    line.ascii(' total=')
    line.ms(x.endedMs - x.startedMs)
    line.ascii(` attempts=${x.attempts} fault=${x.fault === null ? '-' : x.fault.code}${why} id=`)
    line.escaped(x.id || '-')
    line.ascii(' agent="')
    line.escaped(agent)
    line.ascii('"\n')
    sink.end()
  }
}

function answeredText(x: Exchange): string {
  const rule = x.rule === null ? '-' : x.rule.name
  const server = x.server === null ? '-' : x.server.name
  const status = x.status === 0 ? '-' : x.status
  return `${status} in=${x.bytesIn} out=${x.bytesOut} rule=${rule} backend=${backendOf(x) ?? '-'} server=${server}`
}
