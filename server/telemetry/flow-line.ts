// The line of the access log for a flow of datagrams that is over. What means the same as for an exchange has
// the same name.
import type { FlowRecord } from '../udp/flow-record.ts'
import type { LineSink } from './line-sink.ts'
import { type Clock, TimePiece } from './line-writer.ts'

/** Most bytes of a line: names have 63 bytes each, a server's name may be a URL. */
const LINE_BYTES = 1024

export class FlowLines {
  readonly #time: TimePiece
  readonly #isJson: boolean

  constructor(clock: Clock, isJson: boolean) {
    this.#isJson = isJson
    this.#time = isJson ? new TimePiece(clock, '{"time":"', '","listener":') : new TimePiece(clock, '', ' ')
  }

  write(flow: FlowRecord, sink: LineSink): void {
    if (!sink.begin(LINE_BYTES)) return
    const { line } = sink
    line.put(this.#time.at(flow.endedMs))
    line.ascii(this.#isJson ? jsonHead(flow) : textHead(flow))
    if (flow.firstByteMs === 0) line.ascii(this.#isJson ? 'null' : '-')
    else line.ms(flow.firstByteMs - flow.startedMs)
    line.ascii(this.#isJson ? ',"total_ms":' : ' total=')
    line.ms(flow.endedMs - flow.startedMs)
    line.ascii(this.#isJson ? jsonTail(flow) : textTail(flow))
    sink.end()
  }
}

const quoted = (text: string | null): string => (text === null ? 'null' : JSON.stringify(text))

const jsonHead = (flow: FlowRecord): string =>
  `"${flow.listener}","client":"${flow.clientHost}","client_port":${flow.clientPort},"protocol":"UDP","backend":"${flow.backend}","server":${quoted(flow.serverName)},"bytes_in":${flow.bytesIn},"bytes_out":${flow.bytesOut},"datagrams_in":${flow.datagramsIn},"datagrams_out":${flow.datagramsOut},"first_byte_ms":`

const jsonTail = ({ attempts, end, fault }: FlowRecord): string =>
  `,"attempts":${attempts},"end":"${end}","fault":${quoted(fault)}}\n`

const textHead = (flow: FlowRecord): string =>
  `${flow.clientHost} ${flow.listener} "UDP ${flow.clientPort}" ${flow.end} in=${flow.bytesIn} out=${flow.bytesOut} datagrams_in=${flow.datagramsIn} datagrams_out=${flow.datagramsOut} backend=${flow.backend} server=${flow.serverName ?? '-'} first_byte=`

const textTail = ({ attempts, fault }: FlowRecord): string => ` attempts=${attempts} fault=${fault ?? '-'}\n`
