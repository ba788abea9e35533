// Lines of the access log for connections of tcp listeners. Fields have the names and the order of those of
// exchanges where they mean the same.
import type { Server } from '../backends/server.ts'
import type { TcpRecord } from './connection-record.ts'
import type { LineSink } from './line-sink.ts'
import { type Clock, ESCAPE_BYTES, type LineWriter, piece, TimePiece } from './line-writer.ts'
import { tlsWords } from './tls-words.ts'
import { certificateJson, certificateText, type Why, whyJson, whyText } from './why-line.ts'

/** Most bytes of a line beside its texts of any length. */
const LINE_BYTES = 1024

const FROM_STATUS = piece(',"bytes_in":')
const BYTES_OUT = piece(',"bytes_out":')
const NO_QUEUE = piece(',"queue_ms":0,"connect_ms":')
const QUEUE = piece(',"queue_ms":')
const CONNECT = piece(',"connect_ms":')
const NULL = piece('null')
const TOTAL = piece(',"total_ms":')
const USUAL_END = piece(',"attempts":1,"fault":null}\n')

const whyOf = ({ detail, tries }: TcpRecord): Why | null =>
  detail === null && tries === null ? null : { detail, tries, shadow: null }

export class JsonConnectionLines {
  readonly #time: TimePiece
  readonly #listeners = new WeakMap<TcpRecord['listener'], Uint8Array>()
  readonly #names = new WeakMap<Server, Uint8Array>()

  constructor(clock: Clock) {
    this.#time = new TimePiece(clock, '{"time":"', '",')
  }

  write(one: TcpRecord, sink: LineSink): void {
    const names = this.#namesOf(one)
    const why = whyOf(one)
    const more = `${askedJson(one)}${why === null ? '' : whyJson(why)}`
    if (!sink.begin(LINE_BYTES + names.length + more.length + ESCAPE_BYTES * one.client.length)) return
    const { line } = sink
    line.put(this.#time.at(one.endedMs))
    line.put(this.#listeners.get(one.listener) ?? this.#listener(one.listener))
    line.quotedOrNull(one.client)
    line.put(names)
    writeNumbers(one, line)
    if (one.attempts === 1 && one.fault === null && more === '') line.put(USUAL_END)
    else line.ascii(`,"attempts":${one.attempts},"fault":${one.fault && `"${one.fault}"`}${more}}\n`)
    sink.end()
  }

  #listener(listener: TcpRecord['listener']): Uint8Array {
    const made = piece(`"listener":"${listener.name}","client":`)
    this.#listeners.set(listener, made)
    return made
  }

  #namesOf({ backend, server }: TcpRecord): Uint8Array {
    const known = server === null ? undefined : this.#names.get(server)
    if (known !== undefined) return known
    const names = {
      protocol: 'TCP',
      backend: backend && backend.name,
      server: server === null ? null : server.name,
    }
    const made = piece(`,${JSON.stringify(names).slice(1, -1)}`)
    if (server !== null) this.#names.set(server, made)
    return made
  }
}

/** The reader of ClientHellos lets no character through that would have to be escaped. */
const askedJson = ({ askedFor, tls, certificate }: TcpRecord): string =>
  `${tlsWords(tls).json}${askedFor === null ? '' : `,"server_name":"${askedFor}"`}${certificate === null ? '' : certificateJson(certificate)}`

function writeNumbers(one: TcpRecord, line: LineWriter): void {
  line.put(FROM_STATUS)
  line.integer(one.bytesIn)
  line.put(BYTES_OUT)
  line.integer(one.bytesOut)
  if (one.queueMs === 0) line.put(NO_QUEUE)
  else {
    line.put(QUEUE)
    line.ms(one.queueMs)
    line.put(CONNECT)
  }
  if (one.attempts === 0) line.put(NULL)
  else line.ms(one.connectMs)
  line.put(TOTAL)
  line.ms(one.endedMs - one.startedMs)
}

/** One line for people. */
export class TextConnectionLines {
  readonly #time: TimePiece

  constructor(clock: Clock) {
    this.#time = new TimePiece(clock, '', ' ')
  }

  write(one: TcpRecord, sink: LineSink): void {
    const { listener, backend, server, fault } = one
    const why = whyOf(one)
    const asked = one.askedFor === null ? '' : ` server_name=${one.askedFor}`
    const whose = one.certificate === null ? '' : certificateText(one.certificate)
    const more = `${tlsWords(one.tls).text}${asked}${whose}${why === null ? '' : whyText(why)}`
    const to = `in=${one.bytesIn} out=${one.bytesOut} backend=${backend?.name ?? '-'} server=${server?.name ?? '-'}`
    if (!sink.begin(LINE_BYTES + to.length + more.length + one.client.length)) return
    const { line } = sink
    line.put(this.#time.at(one.endedMs))
    line.ascii(`${one.client} ${listener.name} "TCP" ${to} queue=`)
    line.ms(one.queueMs)
    line.ascii(' connect=')
    if (one.attempts === 0) line.ascii('-')
    else line.ms(one.connectMs)
    line.ascii(' total=')
    line.ms(one.endedMs - one.startedMs)
    line.ascii(` attempts=${one.attempts} fault=${fault ?? '-'}${more}\n`)
    sink.end()
  }
}
