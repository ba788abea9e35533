// turnutils_uclient, and a peer that echoes what reaches it.
import { PATIENCE_MS } from './wait.ts'
import { programPath } from './needs.ts'
import { sendOn } from './udp.ts'

export interface UclientResult {
  /** 0 also when messages were lost; 255: it could not be set up; null: it had to be killed. */
  readonly code: number | null
  readonly sent: number
  readonly received: number
  readonly lost: number
  /** How long it sent, in whole seconds. */
  readonly seconds: number
  /** Of a message there and back, on average. */
  readonly delayMs: number
  /** Error answers in their order, with their reasons. */
  readonly errors: readonly string[]
  readonly output: string
}

/**
 * Runs it to its end, though not for ever: it hangs when a server is silent. Names are its own flags. It
 * draws the numbers of its two channels by chance, and gives up where they are one and refused, as must
 * be one time in 16,384: it is run once more then.
 */
export async function uclient(
  args: readonly (string | number)[],
  forMs = PATIENCE_MS,
): Promise<UclientResult> {
  const result = await ran(args, forMs)
  const isRefused = result.code === 255 && result.output.includes('channel bind: error 400')
  return isRefused ? ran(args, forMs) : result
}

async function ran(args: readonly (string | number)[], forMs: number): Promise<UclientResult> {
  const child = Bun.spawn([programPath('turnutils_uclient') ?? 'turnutils_uclient', ...args.map(String)], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: forMs,
    killSignal: 'SIGKILL',
  })
  const [out, problems] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  const output = `${out}${problems}`
  const last = (pattern: RegExp): number => Number([...output.matchAll(pattern)].at(-1)?.[1] ?? Number.NaN)
  return {
    code: child.signalCode === null ? child.exitCode : null,
    sent: last(/tot_send_msgs=(\d+)/g),
    received: last(/tot_recv_msgs=(\d+)/g),
    lost: last(/Total lost packets (\d+)/g),
    seconds: last(/Total transmit time is (\d+)/g),
    delayMs: last(/Average round trip delay ([\d.]+) ms/g),
    errors: [...output.matchAll(/error (\d{3} \([^)]*\))/g)].map(([, error = '']) => error),
    output,
  }
}

/**
 * The same over TLS (-S, and -l for how long its messages are), where it takes whatever it reads at once for
 * one message: no stream owes it a record for each, and there is none where the server was held up for longer
 * than from one message to the next. How much it has read each time tells how many came.
 */
export async function uclientOverTls(args: readonly (string | number)[]): Promise<UclientResult> {
  const result = await uclient(['-v', ...args])
  const [, data = ''] = result.output.split('Total connect time')
  const reads = [...data.matchAll(/response received: size=(\d+)/g)].map(([, size]) => Number(size))
  const length = Number(args[args.indexOf('-l') + 1])
  const one = Math.min(...reads.filter((size) => size >= length))
  const received = reads.reduce((sum, size) => sum + Math.floor(size / one), 0)
  return { ...result, received, lost: result.sent - received }
}

export interface Echo {
  readonly port: number
  /** Who sent the newest datagram. */
  lastSender(): { host: string; port: number }
  /** How many datagrams came. */
  count(): number
  close(): void
}

/** Echoes datagrams on two ports that follow each other, as a peer of RTP and RTCP; the first is even. */
export async function startEcho(host = '127.0.0.1'): Promise<Echo> {
  let last = { host: '', port: 0 }
  let count = 0
  // Where the port is taken it throws at once, and rejects nothing.
  const open = async (port: number): Promise<Bun.udp.Socket<'buffer'>> =>
    await Bun.udpSocket({
      hostname: host,
      port,
      socket: {
        data(socket, bytes, port, address) {
          count++
          last = { host: address, port }
          sendOn(socket, bytes, port, address)
        },
        error() {},
      },
    })
  for (;;) {
    const first = await open(0)
    const second = first.port % 2 === 0 ? await open(first.port + 1).catch(() => null) : null
    if (second !== null) {
      const close = (): void => [first, second].forEach((socket) => socket.close())
      return { port: first.port, lastSender: () => last, count: () => count, close }
    }
    first.close()
  }
}
